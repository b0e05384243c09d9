//! The title tower: the words and character n-grams of a title as a unit vector.

use kernels::{Bags, Table, TableMut};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::head::{Head, HeadConfig, HeadTape};
use crate::melody::check_dropout;
use crate::mode::Mode;
use crate::param::parameters;
use crate::{Error, Param, title_features, weights};

/// How the features of a title become one vector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BagPooling {
    /// The mean of their embeddings (Bojanowski et al., arXiv 1607.04606).
    #[default]
    Mean,
    /// Their sum over the root of their number: a long title keeps more of each.
    ScaledSum,
}

/// The shape of a title tower.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TitleConfig {
    /// The rows of the embedding table: a feature's row is its hash modulo this.
    pub buckets: usize,
    /// The dimensions of a feature's embedding.
    pub dims: usize,
    /// How the features become one vector.
    pub pooling: BagPooling,
    /// The width of the hidden layer after pooling.
    pub hidden: usize,
    /// The rate of dropout in the head.
    pub dropout: f32,
    /// D, the width of the embedding.
    pub output: usize,
}

impl TitleConfig {
    fn check(&self) -> Result<(), Error> {
        let sizes = [("buckets", self.buckets), ("dims", self.dims), ("hidden", self.hidden)];
        for (name, size) in sizes.into_iter().chain([("output", self.output)]) {
            if size == 0 {
                return Err(Error::Config(format!("{name} has to be at least 1")));
            }
        }
        check_dropout(self.dropout)
    }
}

/// Titles to embed, as the features of all of them one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TitleBatch {
    features: Vec<u32>,
    /// Where the features of each title end, (B).
    ends: Vec<usize>,
}

impl TitleBatch {
    /// A batch of these titles.
    pub fn new<'a>(titles: impl IntoIterator<Item = &'a str>) -> Self {
        let mut batch = TitleBatch::default();
        titles.into_iter().for_each(|title| batch.push(&title_features(title)));
        batch
    }

    /// Adds a title by its [`title_features`].
    pub fn push(&mut self, features: &[u32]) {
        self.features.extend_from_slice(features);
        self.ends.push(self.features.len());
    }

    /// B, the number of titles.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no title.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

/// What the backward pass needs of the forward pass; the memory is kept from one batch to the next.
#[derive(Clone, Debug, Default)]
pub struct TitleTape {
    ids: Vec<u32>,
    ends: Vec<usize>,
    pooled: Vec<f32>,
    head: HeadTape,
}

impl TitleTape {
    /// The unit vectors of the titles, (B, D), in the batch's order.
    pub fn embeddings(&self) -> &[f32] {
        self.head.output()
    }
}

/// The tower: hashed features through an embedding table, pooled, and a head.
#[derive(Clone, Debug)]
pub struct TitleTower {
    config: TitleConfig,
    table: Param,
    head: Head,
}

parameters!(TitleTower: table, head);

impl TitleTower {
    /// A tower with random weights.
    ///
    /// # Errors
    /// When the config describes no tower.
    pub fn new(config: TitleConfig, rng: &mut impl Rng) -> Result<Self, Error> {
        config.check()?;
        let table = Param::table((config.buckets, config.dims), rng);
        let TitleConfig { dims: input, hidden, output, dropout, .. } = config;
        let head = Head::new(HeadConfig { input, hidden, output, dropout }, rng);
        Ok(TitleTower { config, table, head })
    }

    /// The config that the tower was made from.
    pub fn config(&self) -> &TitleConfig {
        &self.config
    }

    /// Embeds the titles of a batch; the result is [`TitleTape::embeddings`].
    pub fn forward(&self, batch: &TitleBatch, mut mode: Mode<'_>, tape: &mut TitleTape) {
        let buckets = self.config.buckets as u64;
        tape.ids.clear();
        tape.ids.extend(batch.features.iter().map(|&hash| (u64::from(hash) % buckets) as u32));
        tape.ends.clone_from(&batch.ends);
        tape.pooled.resize(batch.len() * self.config.dims, 0.0);
        let table = Table { values: &self.table.value, dims: self.config.dims };
        self.bags(&tape.ids, &tape.ends).forward(table, &mut tape.pooled);
        self.head.forward(&tape.pooled, &mut mode, &mut tape.head);
    }

    /// Takes the gradient of the embeddings, (B, D), back to the parameters.
    ///
    /// # Panics
    /// When `grad` is not (B, D) of the forward pass that `tape` is from.
    pub fn backward(&mut self, grad: &[f32], tape: &mut TitleTape) {
        let grad = self.head.backward(grad, &mut tape.head);
        let bags = self.bags(&tape.ids, &tape.ends);
        bags.backward(TableMut { values: &mut self.table.grad, dims: self.config.dims }, grad);
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
        let mut tower = TitleTower::new(weights::config(bytes)?, &mut weights::placeholder())?;
        weights::load_parameters(&mut tower, bytes)?;
        Ok(tower)
    }

    fn bags<'a>(&self, ids: &'a [u32], ends: &'a [usize]) -> Bags<'a> {
        let power = match self.config.pooling {
            BagPooling::Mean => 1.0,
            BagPooling::ScaledSum => 0.5,
        };
        Bags { ids, ends, power }
    }
}
