//! Trained towers with all that they need to read tunes and titles.

use tokens::{Tokens, Vocabulary};

use crate::{Error, MelodyTape, MelodyTower, Mode, Reading, TitleBatch, TitleTape, TitleTower};

/// Tunes and titles that are embedded at a time: enough to keep the cores busy, few enough to stay
/// in their caches.
const BATCH: usize = 128;

/// Trained towers with all that they need to read tunes and titles.
#[derive(Clone, Debug)]
pub struct Embedder {
    /// What the melody tower reads of a tune.
    pub reading: Reading,
    /// Values of the features.
    pub vocabulary: Vocabulary,
    /// Embeds tunes.
    pub melody: MelodyTower,
    /// Embeds titles.
    pub title: TitleTower,
}

impl Embedder {
    /// D, the length of the vectors.
    pub fn output(&self) -> usize {
        self.title.config().output
    }

    /// Unit vectors of tunes that went through [`Reading::prepare`], (B, D).
    ///
    /// # Errors
    /// When the towers do not fit the reading or the vocabulary.
    pub fn embed_melodies(&self, tunes: &[&Tokens]) -> Result<Vec<f32>, Error> {
        embed_melodies(&self.melody, (&self.reading, &self.vocabulary), tunes)
    }

    /// Unit vectors of titles, (B, D).
    pub fn embed_titles(&self, titles: &[&str]) -> Vec<f32> {
        embed_titles(&self.title, titles)
    }
}

/// Unit vectors of prepared tunes, (B, D), by a tower still in training or not.
///
/// # Errors
/// When the tower does not fit the reading or the vocabulary.
pub fn embed_melodies(
    tower: &MelodyTower,
    (reading, vocabulary): (&Reading, &Vocabulary),
    tunes: &[&Tokens],
) -> Result<Vec<f32>, Error> {
    // Tunes of like length go together, so that no batch waits for one long tune.
    let mut order: Vec<usize> = (0..tunes.len()).collect();
    order.sort_by_key(|&tune| tunes[tune].len());
    let width = tower.config().output;
    let mut vectors = vec![0.0; tunes.len() * width];
    let mut tape = MelodyTape::default();
    for part in order.chunks(BATCH) {
        let batch: Vec<&Tokens> = part.iter().map(|&tune| tunes[tune]).collect();
        tower.forward(&reading.batch(vocabulary, &batch), Mode::Evaluate, &mut tape)?;
        for (&tune, vector) in part.iter().zip(tape.embeddings().chunks_exact(width)) {
            vectors[tune * width..][..width].copy_from_slice(vector);
        }
    }
    Ok(vectors)
}

/// Unit vectors of titles, (B, D), by a tower still in training or not.
pub fn embed_titles(tower: &TitleTower, titles: &[&str]) -> Vec<f32> {
    let mut tape = TitleTape::default();
    let mut vectors = Vec::with_capacity(titles.len() * tower.config().output);
    for part in titles.chunks(BATCH) {
        tower.forward(&TitleBatch::new(part.iter().copied()), Mode::Evaluate, &mut tape);
        vectors.extend_from_slice(tape.embeddings());
    }
    vectors
}
