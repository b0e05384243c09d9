//! Importers, titles, families, splits and the store of tunes.
