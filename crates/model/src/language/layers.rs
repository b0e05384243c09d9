//! What each part of a language model makes of whole tunes.

use super::{LanguageModel, LanguageTape, Reader, Rows};
use crate::gru::Steps;
use crate::pooling::{Pool, PoolTape, Pooling};
use crate::{Error, MelodyBatch, Mode};

/// Tunes as one part of a language model sees them.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// The part: `embedding`, `note`, `bar` or `output`.
    pub name: &'static str,
    /// Mean, standard deviation, greatest and last value of each of its features over a tune, (B, 4 H).
    pub vectors: Vec<f32>,
}

impl LanguageModel {
    /// Reads tunes and gives what each part of the model makes of them, the first one first.
    ///
    /// # Errors
    /// When the batch does not fit the config.
    pub fn layers(
        &self,
        batch: &MelodyBatch,
        tape: &mut LanguageTape,
    ) -> Result<Vec<Layer>, Error> {
        let rows = Rows { lengths: &batch.lengths, ids: &batch.notes, bars: &batch.bars };
        self.read_rows(rows, &mut Mode::Evaluate, tape)?;
        let on = &tape.sequences;
        let mut layers = vec![layer("embedding", Steps { on, rows: &tape.embedded })];
        if let Reader::Hierarchical(_) = &self.reader {
            layers.push(layer("note", Steps { on, rows: tape.hierarchy.notes() }));
            layers.push(layer("bar", tape.hierarchy.of_bars()));
        }
        layers.push(layer("output", Steps { on, rows: &tape.states }));
        Ok(layers)
    }
}

fn layer(name: &'static str, steps: Steps<'_>) -> Layer {
    let width = steps.rows.len() / steps.on.rows().max(1);
    let mut vectors = vec![0.0; steps.on.lengths().len() * width * Pooling::Statistics.factor()];
    Pool::Statistics.forward(steps, &mut vectors, &mut PoolTape::default());
    Layer { name, vectors }
}
