//! Rankings, metrics and their honest measurement.
