//! What a melody tower reads of a tune.

use rayon::prelude::*;
use tokens::{Feature, Tokens, Vocabulary};

use crate::MelodyBatch;

/// Which features a melody tower reads, in which key, of how much of a tune.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Features of every row, in the order of the tower's note vocabularies.
    pub notes: Vec<Feature>,
    /// Features of the whole tune, in the order of the tower's header vocabularies.
    pub header: Vec<Feature>,
    /// Whether tunes are moved to the tonic C first.
    pub common_tonic: bool,
    /// Longer tunes are cut to this many rows.
    pub max_rows: usize,
}

impl Reading {
    /// A tune in the key and length that the tower reads.
    ///
    /// # Errors
    /// When a note would leave MIDI's 0..=127 in that key.
    pub fn prepare(&self, tokens: Tokens) -> Result<Tokens, tokens::Error> {
        let moved = if self.common_tonic { tokens.to_common_tonic()? } else { tokens };
        Ok(moved.truncated(self.max_rows))
    }

    /// Prepared tunes as ids: what the tower takes.
    pub fn batch(&self, vocabulary: &Vocabulary, tunes: &[&Tokens]) -> MelodyBatch {
        let header = tunes.iter().flat_map(|tune| vocabulary.encode_header(tune, &self.header));
        let header = header.collect();
        if self.notes.is_empty() {
            return MelodyBatch { header, ..MelodyBatch::default() };
        }
        let encoded: Vec<_> =
            tunes.par_iter().map(|tune| vocabulary.encode(tune, &self.notes)).collect();
        MelodyBatch {
            lengths: encoded.iter().map(|tune| tune.rows).collect(),
            notes: encoded.into_iter().flat_map(|tune| tune.ids).collect(),
            header,
        }
    }
}
