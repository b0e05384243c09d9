//! Musically structured tokens and their vocabulary.
