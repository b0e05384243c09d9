//! What can go wrong in a model, one variant for each thing a caller can act on.

/// A config, a batch, a file of weights or a number that the model cannot go on with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A config that describes no model.
    #[error("config: {0}")]
    Config(String),
    /// A batch whose parts do not fit each other or the model.
    #[error("batch: {what}: expected {expected}, found {found}")]
    Batch {
        /// Which part.
        what: &'static str,
        /// How many values the model expects there.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A feature's value that its vocabulary does not have.
    #[error("batch: {side} feature {feature}: id {id} is outside its vocabulary of {size}")]
    Vocabulary {
        /// `note`, `header` or `gram`.
        side: &'static str,
        /// The feature's place, from 0.
        feature: usize,
        /// The value.
        id: u32,
        /// The size of the vocabulary.
        size: usize,
    },
    /// A row or a column of a loss without a positive pair.
    #[error("batch: {side} {place} has no positive pair")]
    NoPositive {
        /// `melody` or `title`.
        side: &'static str,
        /// Its place in the batch, from 0.
        place: usize,
    },
    /// A vocabulary of a sentence encoder that is damaged or of another kind.
    #[error("tokenizer: {0}")]
    Tokenizer(String),
    /// A file of weights that is not the model's.
    #[error("weights: {0}")]
    Weights(String),
    /// A file that is not in the safetensors format.
    #[error("weights: not a readable safetensors file: {0}")]
    Safetensors(#[from] safetensors::SafeTensorError),
    /// A loss or gradient that is infinite or not a number; whoever counts the steps should name the step.
    #[error("the {what} is not finite")]
    NotFinite {
        /// What was being computed.
        what: &'static str,
    },
}
