//! What a melody tower reads of a tune.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use tokens::{Feature, Tokens, UNKNOWN, Vocabulary};

use crate::{MelodyBatch, SparseRows, melody_grams};

/// The key in which a tower reads tunes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReadingKey {
    /// Every tune is moved to the tonic C, so that a melody looks the same in every key.
    #[default]
    CommonTonic,
    /// Every tune is moved to the key in which it is played.
    AsPlayed,
    /// Every tune stays as it is written.
    AsWritten,
}

/// Which features a melody tower reads, in which key, of how much of a tune.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Features of every row, in the order of the tower's note vocabularies.
    pub notes: Vec<Feature>,
    /// Those of them that the tower is not told: they are unknown in every row.
    pub withheld: Vec<Feature>,
    /// Features of the whole tune, in the order of the tower's header vocabularies.
    pub header: Vec<Feature>,
    /// How many buckets the grams of a tune are hashed into; 0 for a tower that reads none.
    pub grams: usize,
    /// In which key.
    pub key: ReadingKey,
    /// Longer tunes are cut to this many rows.
    pub max_rows: usize,
}

impl Reading {
    /// A tune in the key and length that the tower reads.
    ///
    /// # Errors
    /// When a note would leave MIDI's 0..=127 in that key.
    pub fn prepare(&self, tokens: Tokens) -> Result<Tokens, tokens::Error> {
        let moved = match self.key {
            ReadingKey::CommonTonic => tokens.to_common_tonic()?,
            ReadingKey::AsPlayed => tokens.as_played()?,
            ReadingKey::AsWritten => tokens,
        };
        Ok(moved.truncated(self.max_rows))
    }

    /// Prepared tunes of whose notes a tower's language model has made something before, (B, width).
    pub fn batch_of_pooled(
        &self,
        vocabulary: &Vocabulary,
        tunes: &[&Tokens],
        pooled: &[&[f32]],
    ) -> MelodyBatch {
        MelodyBatch {
            lengths: tunes.iter().map(|tune| tune.len()).collect(),
            header: self.headers(vocabulary, tunes),
            pooled: pooled.concat(),
            grams: self.grams(tunes),
            ..MelodyBatch::default()
        }
    }

    /// The headers of tunes as ids, (B, H).
    fn headers(&self, vocabulary: &Vocabulary, tunes: &[&Tokens]) -> Vec<u32> {
        tunes.iter().flat_map(|tune| vocabulary.encode_header(tune, &self.header)).collect()
    }

    /// The grams of tunes by bucket, each with the fourth root of how often it occurs, (B); nothing where none are read.
    pub fn grams(&self, tunes: &[&Tokens]) -> SparseRows {
        let mut rows = SparseRows::default();
        if self.grams == 0 {
            return rows;
        }
        let grams: Vec<Vec<(u32, u32)>> = tunes.par_iter().map(|tune| melody_grams(tune)).collect();
        for grams in grams {
            let bucket = |hash| (u64::from(hash) % self.grams as u64) as u32;
            rows.push(grams.iter().map(|&(hash, n)| (bucket(hash), (n as f32).sqrt().sqrt())));
        }
        rows
    }

    /// Prepared tunes as ids: what the tower takes.
    pub fn batch(&self, vocabulary: &Vocabulary, tunes: &[&Tokens]) -> MelodyBatch {
        let (header, grams) = (self.headers(vocabulary, tunes), self.grams(tunes));
        if self.notes.is_empty() {
            return MelodyBatch { header, grams, ..MelodyBatch::default() };
        }
        let encoded: Vec<_> =
            tunes.par_iter().map(|tune| vocabulary.encode(tune, &self.notes)).collect();
        let mut batch = MelodyBatch {
            lengths: encoded.iter().map(|tune| tune.rows).collect(),
            bars: tunes.iter().flat_map(|tune| bars(tune, tune.len())).collect(),
            notes: encoded.into_iter().flat_map(|tune| tune.ids).collect(),
            header,
            pooled: Vec::new(),
            grams,
        };
        let columns = self.notes.iter().enumerate();
        for (column, _) in columns.filter(|(_, feature)| self.withheld.contains(feature)) {
            let rows = batch.notes.chunks_exact_mut(self.notes.len());
            rows.for_each(|row| row[column] = UNKNOWN);
        }
        batch
    }
}

/// The bar of each of the first rows of a tune, from 0: what closes a bar belongs to it.
pub(crate) fn bars(tune: &Tokens, rows: usize) -> Vec<usize> {
    let mut bar = 0;
    let number = |row| {
        let own = bar;
        bar += usize::from(tune.symbol(row).closes_bar());
        own
    };
    (0..rows).map(number).collect()
}
