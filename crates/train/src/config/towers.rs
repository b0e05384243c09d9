//! The two towers of an experiment.

use std::path::PathBuf;

use model::{Encoder, Precision, Reading, ReadingKey};
use serde::{Deserialize, Deserializer, Serialize};
use tokens::Feature;

use crate::Error;

/// What the melody tower sees and how it is built.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MelodyTowerConfig {
    /// Features of every note; none for a tower that sees the header alone.
    pub notes: Vec<Feature>,
    /// Those of them that are unknown to the tower in every row: what a tower that reads with a language model,
    /// which knows its own features, is not to be told.
    pub withheld: Vec<Feature>,
    /// Features of the whole tune; none for a tower that sees the melody alone.
    pub header: Vec<Feature>,
    /// The key in which tunes are read; `played_key` and its kin keep the key as it was.
    pub key: ReadingKey,
    /// Longer tunes are cut to this many notes, rests and bar lines.
    pub max_rows: usize,
    /// Size of the embedding of each note feature.
    pub note_dims: usize,
    /// Size of the embedding of each header feature.
    pub header_dims: usize,
    /// What reads the notes, where no language model does.
    pub encoder: EncoderKind,
    /// The width of its layers: hidden units of a recurrent layer in each direction, channels of a convolution, the
    /// width of a transformer's steps.
    pub hidden: usize,
    /// How many layers.
    pub layers: usize,
    /// Whether recurrent layers read the tune from both ends.
    pub bidirectional: bool,
    /// The neighbouring notes that a convolution reads, an odd number.
    pub kernel: usize,
    /// Every how many convolutions two steps are pooled into one; 0 for never.
    pub pool_every: usize,
    /// Heads of a transformer's attention, which share its width.
    pub heads: usize,
    /// Hidden units of a transformer's feed-forward layers.
    pub feed_forward: usize,
    /// How exactly numbers enter the encoder's products.
    pub precision: Precision,
    /// How the states of the notes become one vector.
    pub pooling: model::Pooling,
    /// Hidden units of the projection.
    pub projection: usize,
    /// Share of units left out in training, 0 to 1.
    pub dropout: f32,
    /// Runs of a few notes whose components are read beside the notes, whatever their key; none where they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grams: Option<model::GramsConfig>,
    /// A pretrained melody language model that reads the notes in place of embeddings and recurrent layers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer: Option<TransferConfig>,
}

/// What reads the notes of a melody tower.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EncoderKind {
    /// Gated recurrent layers.
    #[default]
    Gru,
    /// Convolutions along the notes, with max-pooling.
    Cnn,
    /// A transformer's encoder.
    Transformer,
}

/// How a melody tower reads with a pretrained melody language model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferConfig {
    /// The run of `ganainm pretrain` that the model comes from; a run keeps a copy of the model.
    pub from: PathBuf,
    /// What becomes of the model.
    #[serde(default)]
    pub how: Transfer,
    /// What the learning rate is multiplied by for the model's weights, where they go on learning.
    #[serde(default = "TransferConfig::rate")]
    pub rate: f32,
    /// How many principal components of the frozen model's pooled states the tower reads in place of all of them, each
    /// scaled to a variance of 1 over the training works; 0 for all states as they are.
    #[serde(default)]
    pub components: usize,
}

impl TransferConfig {
    fn rate() -> f32 {
        0.1
    }

    /// Whether the values make sense, beside a ridge regression or not.
    pub(super) fn check(&self, ridge: bool) -> Result<(), Error> {
        if self.components > 0 && (self.how != Transfer::Frozen || ridge) {
            let why = "are of a frozen model, and a [ridge] has its own: leave them out";
            return Err(Error::value("melody.transfer.components", why));
        }
        Ok(())
    }
}

/// What becomes of a pretrained language model in a melody tower.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transfer {
    /// It stays as it is, and its states are pooled.
    #[default]
    Frozen,
    /// It stays as it is, and recurrent layers of the tower (`hidden`, `layers`) read its states from both ends.
    Recurrent,
    /// It goes on learning, at a rate of its own.
    FineTuned,
    /// Its weights are forgotten: a model of the same build learns from the start, at the full rate.
    Scratch,
}

impl Default for MelodyTowerConfig {
    fn default() -> Self {
        Self {
            notes: vec![
                Feature::Symbol,
                Feature::Duration,
                Feature::BarPosition,
                Feature::IsOnBeat,
                Feature::BarIndexMod4,
            ],
            withheld: Vec::new(),
            header: vec![Feature::DanceType, Feature::Mode, Feature::Metre],
            key: ReadingKey::CommonTonic,
            max_rows: 512,
            note_dims: 32,
            header_dims: 32,
            encoder: EncoderKind::Gru,
            hidden: 128,
            layers: 1,
            bidirectional: true,
            kernel: 3,
            pool_every: 1,
            heads: 4,
            feed_forward: 256,
            precision: Precision::F32,
            pooling: model::Pooling::Attention,
            projection: 256,
            dropout: 0.5,
            grams: None,
            transfer: None,
        }
    }
}

impl MelodyTowerConfig {
    /// The encoder of the tower's own, where no language model reads the notes.
    pub fn own_encoder(&self) -> Encoder {
        let &Self { hidden, layers, bidirectional, kernel, pool_every, heads, .. } = self;
        match self.encoder {
            EncoderKind::Gru => Encoder::Gru { hidden, layers, bidirectional },
            EncoderKind::Cnn => Encoder::Cnn { channels: hidden, layers, kernel, pool_every },
            EncoderKind::Transformer => {
                let feed_forward = self.feed_forward;
                Encoder::Transformer { width: hidden, layers, heads, feed_forward }
            }
        }
    }

    /// What the tower reads of a tune.
    pub fn reading(&self) -> Reading {
        Reading {
            notes: self.notes.clone(),
            header: self.header.clone(),
            withheld: self.withheld.clone(),
            grams: self.grams.map_or(0, |grams| grams.buckets),
            key: self.key,
            max_rows: self.max_rows,
        }
    }
}

/// How the title tower is built.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TitleTowerConfig {
    /// A sentence encoder whose vectors are read beside the n-grams: a folder as Hugging Face lays it out, a wheel or
    /// another archive of one; a run keeps a copy of it. An empty path is none, so that a study can leave it out.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "path_unless_empty")]
    pub sentence_encoder: Option<PathBuf>,
    /// Buckets into which character n-grams and words are hashed; 0 for none, beside a sentence encoder.
    pub buckets: usize,
    /// Size of the embedding of each n-gram.
    pub dims: usize,
    /// How the n-grams become one vector.
    pub pooling: model::BagPooling,
    /// Hidden units of the projection.
    pub projection: usize,
    /// Share of units left out in training, 0 to 1.
    pub dropout: f32,
}

fn path_unless_empty<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
    let path = PathBuf::deserialize(from)?;
    Ok((!path.as_os_str().is_empty()).then_some(path))
}

impl Default for TitleTowerConfig {
    fn default() -> Self {
        Self {
            sentence_encoder: None,
            buckets: 32_768,
            dims: 128,
            pooling: model::BagPooling::Mean,
            projection: 256,
            dropout: 0.5,
        }
    }
}
