//! The melody tower: a tune's notes and header as a unit vector.

mod cnn;
mod config;
mod grams;
mod notes;
mod reader;
mod transformer;

use rand::Rng;

use crate::columns::Columns;
use crate::embedding::Embeddings;
use crate::head::{Head, HeadConfig, HeadTape, Side};
use crate::mode::Mode;
use crate::param::parameters;
use crate::{Error, SparseRows, weights};
use notes::{Notes, NotesTape};

pub(crate) use config::check_dropout;
pub use config::{Dims, Encoder, LinearLayer, MelodyConfig};
pub use grams::{GramComponents, GramsConfig};

/// Tunes to embed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MelodyBatch {
    /// The number of notes of each tune, (B); not looked at by a tower that reads headers only.
    pub lengths: Vec<usize>,
    /// The features of all notes, tune after tune, (sum of lengths, F).
    pub notes: Vec<u32>,
    /// The bar that each note stands in, from 0 in every tune, (sum of lengths); looked at by a tower that reads with
    /// a language model alone.
    pub bars: Vec<usize>,
    /// The features of each header, (B, H); not looked at by a tower that reads notes only.
    pub header: Vec<u32>,
    /// What [`MelodyTower::pool`] made of the notes before, (B, width): a tower whose language model is frozen takes it
    /// instead of the notes; empty for none.
    pub pooled: Vec<f32>,
    /// The grams of each tune, (B), by bucket; looked at by a tower that reads them alone.
    pub grams: SparseRows,
}

/// What the backward pass needs of the forward pass; the memory is kept from one batch to the next.
#[derive(Clone, Debug, Default)]
pub struct MelodyTape {
    notes: NotesTape,
    header_ids: Vec<u32>,
    header: Vec<f32>,
    /// The pooled notes, the components of the grams and the header side by side, (B, features).
    features: Vec<f32>,
    head: HeadTape,
    part: Vec<f32>,
}

impl MelodyTape {
    /// The unit vectors of the tunes, (B, D), in the batch's order.
    pub fn embeddings(&self) -> &[f32] {
        self.head.output()
    }
}

/// The tower: notes through embeddings, encoder and pooling; grams through fixed components; the header through embeddings;
/// all through a head.
#[derive(Clone, Debug)]
pub struct MelodyTower {
    config: MelodyConfig,
    notes: Option<Notes>,
    grams: Option<GramComponents>,
    header: Embeddings,
    head: Head,
}

parameters!(MelodyTower: notes, grams, header, head);

impl MelodyTower {
    /// A tower with random weights.
    ///
    /// # Errors
    /// When the config describes no tower.
    pub fn new(config: MelodyConfig, rng: &mut impl Rng) -> Result<Self, Error> {
        config.check()?;
        let notes = match config.note_vocab.is_empty() {
            true => None,
            false => Some(Notes::new(&config, rng)?),
        };
        let header = Embeddings::new(&config.header_shapes()?, rng);
        let grams = config.grams.map(GramComponents::new);
        let input = notes.as_ref().map_or(0, Notes::width)
            + grams.as_ref().map_or(0, GramComponents::width)
            + header.width();
        let MelodyConfig { mlp: hidden, output, dropout, lift, .. } = config;
        let side = Side::Melody;
        let head = Head::new(HeadConfig { input, hidden, output, dropout, lift, side }, rng);
        Ok(MelodyTower { config, notes, grams, header, head })
    }

    /// The config that the tower was made from.
    pub fn config(&self) -> &MelodyConfig {
        &self.config
    }

    /// Embeds the tunes of a batch; the result is [`MelodyTape::embeddings`].
    ///
    /// # Errors
    /// When the batch does not fit the config.
    pub fn forward(
        &self,
        batch: &MelodyBatch,
        mut mode: Mode<'_>,
        tape: &mut MelodyTape,
    ) -> Result<(), Error> {
        let tunes = self.check(batch)?;
        let width = self.features();
        tape.features.resize(tunes * width, 0.0);
        if let Some(notes) = &self.notes {
            notes.forward(batch, &mut mode, &mut tape.notes)?;
            let columns = Columns { start: 0, count: notes.width(), width };
            columns.put(notes.output(&tape.notes), &mut tape.features);
        }
        if let Some(grams) = &self.grams {
            self.gram_columns(grams).put(&grams.of(&batch.grams), &mut tape.features);
        }
        if self.header.width() > 0 {
            tape.header_ids.clone_from(&batch.header);
            self.header.forward(&tape.header_ids, &mut tape.header);
            self.header_columns().put(&tape.header, &mut tape.features);
        }
        self.head.forward(&tape.features, &mut mode, &mut tape.head);
        Ok(())
    }

    /// Sets what a linear tower computes: the tables of its header's features, (V, dims) each, and the layer that reads
    /// what was pooled of the notes, the components of the grams, and the header's rows.
    ///
    /// # Errors
    /// When the tower is not linear.
    ///
    /// # Panics
    /// When a shape does not fit.
    pub fn set_linear(&mut self, header: Vec<Vec<f32>>, layer: LinearLayer) -> Result<(), Error> {
        if self.config.mlp > 0 {
            return Err(Error::Config("the melody tower's head has a hidden layer".to_owned()));
        }
        self.header.set(header);
        self.config.lift = layer.lift;
        self.head = Head::linear((self.features(), Side::Melody), layer);
        Ok(())
    }

    /// What the tower's language model makes of each tune, (B, width), for [`MelodyBatch::pooled`]; none where that
    /// changes in training.
    ///
    /// # Errors
    /// When the batch does not fit the config.
    pub fn pool(&self, batch: &MelodyBatch) -> Result<Option<Vec<f32>>, Error> {
        let Some(notes) = self.notes.as_ref().filter(|notes| notes.is_fixed()) else {
            return Ok(None);
        };
        let mut tape = NotesTape::default();
        notes.pool(batch, &mut Mode::Evaluate, &mut tape)?;
        Ok(Some(tape.pooled().to_vec()))
    }

    /// Whether [`MelodyTower::pool`] of another tower makes the same of every batch.
    pub(crate) fn pools_like(&self, other: &Self) -> bool {
        let (Some(own), Some(others)) = (&self.notes, &other.notes) else { return false };
        own.is_fixed()
            && others.is_fixed()
            && self.config.pooling == other.config.pooling
            && own.reads_like(others)
    }

    /// Sets the layer that what is pooled goes through, weight (K, width) and bias (K), which stays so in training.
    ///
    /// # Errors
    /// When the tower has none.
    ///
    /// # Panics
    /// When a shape does not fit.
    pub fn set_components(&mut self, weight: Vec<f32>, bias: Vec<f32>) -> Result<(), Error> {
        let Some(layer) = self.notes.as_mut().and_then(Notes::components) else {
            return Err(Error::Config("the tower has no components".to_owned()));
        };
        layer.set(weight, bias);
        Ok(())
    }

    /// The components of grams that the tower reads.
    pub fn grams(&self) -> Option<&GramComponents> {
        self.grams.as_ref()
    }

    /// Sets the components of grams that the tower reads, which stay so in training.
    ///
    /// # Errors
    /// When the tower reads none.
    ///
    /// # Panics
    /// When they are of another shape.
    pub fn set_grams(&mut self, components: GramComponents) -> Result<(), Error> {
        let Some(own) = &mut self.grams else {
            return Err(Error::Config("the tower reads no grams".to_owned()));
        };
        assert_eq!(own.shape(), components.shape(), "buckets and components of grams");
        *own = components;
        Ok(())
    }

    /// Gives the tower's language model the weights of a file that
    /// [`to_safetensors`](crate::LanguageModel::to_safetensors) of one wrote, and the
    /// share of the learning rate at which they go on learning.
    ///
    /// # Errors
    /// When the tower has no language model or the file is that of another.
    pub fn transfer(&mut self, bytes: &[u8], rate: f32) -> Result<(), Error> {
        let Some(model) = self.notes.as_mut().and_then(Notes::language) else {
            return Err(Error::Config("the tower has no language model".to_owned()));
        };
        weights::load_parameters(model, bytes)?;
        model.set_rate(rate);
        Ok(())
    }

    /// Takes the gradient of the embeddings, (B, D), back to the parameters.
    ///
    /// `tape` is as the forward pass left it, and is used up.
    ///
    /// # Panics
    /// When `grad` is not (B, D) of that forward pass.
    pub fn backward(&mut self, grad: &[f32], tape: &mut MelodyTape) {
        let columns = self.header_columns();
        let grad = self.head.backward(grad, &mut tape.head);
        if self.header.width() > 0 {
            columns.take(grad, &mut tape.part);
            self.header.backward(&tape.header_ids, &tape.part);
        }
        if let Some(notes) = &mut self.notes {
            let columns = Columns { start: 0, count: notes.width(), width: columns.width };
            columns.take(grad, &mut tape.part);
            notes.backward(&tape.part, &mut tape.notes);
        }
    }

    /// The weights, with the config, as a safetensors file.
    ///
    /// # Errors
    /// When the format refuses them.
    pub fn to_safetensors(&self) -> Result<Vec<u8>, Error> {
        weights::save_with(self, &self.config)
    }

    /// The tower of a safetensors file.
    ///
    /// # Errors
    /// When the file is damaged, has no config, or lacks a weight or has one too many or of another shape.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self, Error> {
        let mut tower = MelodyTower::new(weights::config(bytes)?, &mut weights::placeholder())?;
        weights::load_parameters(&mut tower, bytes)?;
        Ok(tower)
    }

    /// The number of tunes in a batch that fits.
    fn check(&self, batch: &MelodyBatch) -> Result<usize, Error> {
        let features = self.header.features();
        let tunes = match (&self.notes, &self.grams) {
            (Some(_), _) => batch.lengths.len(),
            (None, Some(_)) => batch.grams.len(),
            (None, None) => batch.header.len() / features,
        };
        let (expected, found) = (tunes * features, batch.header.len());
        if features > 0 && expected != found {
            return Err(Error::Batch { what: "header features", expected, found });
        }
        if features > 0 {
            self.header.check(&batch.header, "header")?;
        }
        if let Some(grams) = &self.grams {
            let (expected, found) = (tunes, batch.grams.len());
            if expected != found {
                return Err(Error::Batch { what: "rows of grams", expected, found });
            }
            grams.check(&batch.grams)?;
        }
        Ok(tunes)
    }

    /// The width of what the head reads.
    fn features(&self) -> usize {
        let grams = self.grams.as_ref().map_or(0, GramComponents::width);
        self.notes.as_ref().map_or(0, Notes::width) + grams + self.header.width()
    }

    fn gram_columns(&self, grams: &GramComponents) -> Columns {
        let start = self.notes.as_ref().map_or(0, Notes::width);
        Columns { start, count: grams.width(), width: self.features() }
    }

    fn header_columns(&self) -> Columns {
        let (width, count) = (self.features(), self.header.width());
        Columns { start: width - count, count, width }
    }
}
