//! The shape of a melody language model.

use serde::{Deserialize, Serialize};

use crate::melody::check_dropout;
use crate::{Dims, Error, Precision};

/// A stack of recurrent layers of one width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stack {
    /// The width of the state.
    pub hidden: usize,
    /// How many layers.
    pub layers: usize,
}

/// How the model reads a tune so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Structure {
    /// One stack over all rows.
    Flat(Stack),
    /// Three stacks, as VirtuosoTune has them (Jeong 2023): one over rows; one over bars, each the rows of a bar pooled
    /// by attention; and one over rows again, which sees the first one's states beside the bars that are over: the
    /// second one's state, and, which is ours, the bars four and eight back as they were pooled.
    Hierarchical {
        /// Over rows.
        note: Stack,
        /// Over bars.
        bar: Stack,
        /// Over rows and bars.
        output: Stack,
    },
}

impl Structure {
    /// H, the width of a row's state.
    pub fn width(&self) -> usize {
        match self {
            Structure::Flat(stack) | Structure::Hierarchical { output: stack, .. } => stack.hidden,
        }
    }
}

/// The shape of a melody language model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageConfig {
    /// The size of each feature's vocabulary.
    pub vocab: Vec<usize>,
    /// The dimensions of the features' embeddings.
    pub dims: Dims,
    /// How the rows so far are read.
    pub structure: Structure,
    /// The number of symbols, S.
    pub symbols: usize,
    /// The number of durations, D.
    pub durations: usize,
    /// The dimensions in which the duration's head sees the symbol.
    pub symbol_dims: usize,
    /// The width of the hidden layer of the duration's head.
    pub duration_hidden: usize,
    /// The rate of dropout on embedded rows, between and after recurrent layers.
    pub dropout: f32,
    /// How exactly numbers enter products.
    #[serde(default)]
    pub precision: Precision,
}

impl LanguageConfig {
    /// The tables of the features, (V, D) each.
    pub(super) fn tables(&self) -> Result<Vec<(usize, usize)>, Error> {
        self.dims.shapes(&self.vocab, "language")
    }

    /// Whether the numbers describe a model.
    pub(super) fn check(&self) -> Result<(), Error> {
        let stacks = match self.structure {
            Structure::Flat(stack) => vec![stack],
            Structure::Hierarchical { note, bar, output } => vec![note, bar, output],
        };
        let stacks = stacks.iter().flat_map(|s| [("hidden", s.hidden), ("layers", s.layers)]);
        let heads = [
            ("symbols", self.symbols),
            ("durations", self.durations),
            ("symbol_dims", self.symbol_dims),
            ("duration_hidden", self.duration_hidden),
        ];
        for (name, size) in stacks.chain(heads) {
            if size == 0 {
                return Err(Error::Config(format!("{name} has to be at least 1")));
            }
        }
        if self.vocab.is_empty() {
            return Err(Error::Config("a language model needs features to read".to_owned()));
        }
        check_dropout(self.dropout)
    }
}
