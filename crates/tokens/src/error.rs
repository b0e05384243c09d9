//! What can go wrong.

/// Why a tune, a transposition or a vocabulary was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The tune has no notes.
    #[error("the tune has no notes; a melody needs one at least")]
    NoMelody,
    /// Transposed, a note would leave the MIDI range.
    #[error("MIDI pitch {pitch} moved by {semitones} semitones leaves 0..=127")]
    OutOfRange {
        /// The note that does not fit.
        pitch: u8,
        /// Semitones up, negative for down.
        semitones: i8,
    },
    /// No feature has this name.
    #[error("no feature is called `{0}`; see docs/features.md for their names")]
    UnknownFeature(String),
    /// A vocabulary is not JSON, or its fields are not those of one.
    #[error("the vocabulary cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// A vocabulary was written in another form.
    #[error("the vocabulary is of version {found}, expected {expected}")]
    Version {
        /// The version in the file.
        found: u32,
        /// The version that this crate reads and writes.
        expected: u32,
    },
    /// A vocabulary holds no list for a feature.
    #[error("the vocabulary has no values for `{0}`, expected a list, be it empty")]
    MissingFeature(&'static str),
    /// A value of a vocabulary makes no sense for its feature, or stands there twice.
    #[error("the vocabulary's value `{value}` of `{feature}` is {problem}")]
    Entry {
        /// The feature's name.
        feature: &'static str,
        /// The value as it stands in the file.
        value: String,
        /// `no value of that feature` or `there twice`.
        problem: &'static str,
    },
    /// A tune was asked for whose symbols are not in the vocabulary.
    #[error("id {id} of `{feature}` stands for no value; the vocabulary has ids 2..{size}")]
    UnknownId {
        /// The feature's name.
        feature: &'static str,
        /// The id that was to be decoded.
        id: u32,
        /// The number of ids of that feature.
        size: usize,
    },
}
