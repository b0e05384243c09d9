//! Both towers and the loss between them: what contrastive training works on.

use rand_chacha::ChaCha8Rng;

use crate::param::parameters;
use crate::{
    Error, Loss, LossTape, Matched, MelodyBatch, MelodyTape, MelodyTower, Mode, Pairs, TitleBatch,
    TitleTape, TitleTower,
};

/// A melody tower, a title tower and the loss between them.
#[derive(Clone, Debug)]
pub struct Towers {
    /// Embeds tunes.
    pub melody: MelodyTower,
    /// Embeds titles.
    pub title: TitleTower,
    /// Compares them.
    pub loss: Loss,
}

parameters!(Towers: melody, title, loss);

/// Tunes, titles, and what they are to each other.
#[derive(Clone, Debug)]
pub struct TowersBatch {
    /// The tunes, B of them.
    pub melodies: MelodyBatch,
    /// The titles, B of them.
    pub titles: TitleBatch,
    /// What they are to each other, (B, B).
    pub pairs: Pairs,
}

/// What the backward pass needs of the forward pass; the memory is kept from one batch to the next.
#[derive(Clone, Debug, Default)]
pub struct TowersTape {
    melody: MelodyTape,
    title: TitleTape,
    loss: LossTape,
}

impl Towers {
    /// Towers that embed in one space.
    ///
    /// # Errors
    /// When the embeddings differ in width.
    pub fn new(melody: MelodyTower, title: TitleTower, loss: Loss) -> Result<Self, Error> {
        let (m, t) = (melody.config().output, title.config().output);
        if m != t {
            return Err(Error::Config(format!("melodies get {m} dimensions, titles {t}")));
        }
        Ok(Towers { melody, title, loss })
    }

    /// The loss of a batch in training.
    ///
    /// # Errors
    /// When the batch does not fit or the loss is not finite.
    pub fn forward(
        &self,
        batch: &TowersBatch,
        rng: &mut ChaCha8Rng,
        tape: &mut TowersTape,
    ) -> Result<f32, Error> {
        self.melody.forward(&batch.melodies, Mode::Train(rng), &mut tape.melody)?;
        self.title.forward(&batch.titles, Mode::Train(rng), &mut tape.title)?;
        self.compare(&batch.pairs, tape)
    }

    /// The loss of a batch in evaluation: nothing is dropped out.
    ///
    /// # Errors
    /// When the batch does not fit or the loss is not finite.
    pub fn evaluate(&self, batch: &TowersBatch, tape: &mut TowersTape) -> Result<f32, Error> {
        self.melody.forward(&batch.melodies, Mode::Evaluate, &mut tape.melody)?;
        self.title.forward(&batch.titles, Mode::Evaluate, &mut tape.title)?;
        self.compare(&batch.pairs, tape)
    }

    fn compare(&self, pairs: &Pairs, tape: &mut TowersTape) -> Result<f32, Error> {
        let TowersTape { melody, title, loss } = tape;
        let (melodies, titles) = (melody.embeddings(), title.embeddings());
        self.loss.forward(Matched { melodies, titles, pairs }, loss)
    }

    /// Takes the loss back to all parameters.
    ///
    /// # Panics
    /// When the batch is not that of the pass that `tape` is from.
    pub fn backward(&mut self, batch: &TowersBatch, tape: &mut TowersTape) {
        let TowersTape { melody, title, loss } = tape;
        let (melodies, titles) = (melody.embeddings(), title.embeddings());
        let matched = Matched { melodies, titles, pairs: &batch.pairs };
        let (of_melodies, of_titles) = self.loss.backward(matched, loss);
        self.melody.backward(of_melodies, melody);
        self.title.backward(of_titles, title);
    }
}
