//! The title tower: the words and character n-grams of a title, a vector that a sentence encoder made of it, or both, as a
//! unit vector.

use std::cmp::Ordering;

use kernels::{Bags, Table, TableMut};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::anchors::{Anchors, AnchorsConfig};
use crate::columns::Columns;
use crate::head::{Head, HeadConfig, HeadTape, Lift, Side};
use crate::melody::check_dropout;
use crate::mode::Mode;
use crate::param::parameters;
use crate::{Error, LinearLayer, Param, title_features, weights};

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
    /// The rows of the embedding table: a feature's row is its hash modulo this. 0 for a tower without n-grams.
    pub buckets: usize,
    /// The dimensions of a feature's embedding; 0 for a tower without n-grams.
    pub dims: usize,
    /// How the features become one vector.
    pub pooling: BagPooling,
    /// The width of the hidden layer after pooling; 0 for a linear tower, whose vectors have the lengths that a ridge
    /// regression gives them (docs/models.md) and four dimensions more.
    pub hidden: usize,
    /// The rate of dropout in the head.
    pub dropout: f32,
    /// D, the width of the embedding.
    pub output: usize,
    /// The length of a vector that comes with each title, made by a [`SentenceEncoder`](crate::SentenceEncoder) and not
    /// learned here; 0 for a tower without.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub sentence: usize,
    /// What sentence vectors are compared with: the head reads how near they are to each anchor, instead of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchors: Option<AnchorsConfig>,
    /// How a linear tower's vectors come to lie on a sphere.
    #[serde(default, skip_serializing_if = "Lift::is_none")]
    pub lift: Lift,
}

/// A file of a tower without sentence vectors stays as it was before there were any.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(size: &usize) -> bool {
    *size == 0
}

impl TitleConfig {
    fn check(&self) -> Result<(), Error> {
        let none = (self.buckets, self.dims) == (0, 0) && self.sentence > 0;
        let least = usize::from(!none);
        let sizes = [("buckets", self.buckets, least), ("dims", self.dims, least)];
        for (name, size, least) in sizes.into_iter() {
            if size < least {
                return Err(Error::Config(format!("{name} has to be at least 1")));
            }
        }
        if let Some(anchors) = &self.anchors
            && (self.sentence == 0
                || anchors.count == 0
                || anchors.width.partial_cmp(&0.0) != Some(Ordering::Greater))
        {
            let what = "anchors need sentence vectors, a count and a width above 0";
            return Err(Error::Config(what.to_owned()));
        }
        HeadConfig::check(self.hidden, self.output)?;
        check_dropout(self.dropout)
    }

    /// The width of what the head reads.
    fn features(&self) -> usize {
        self.dims + self.anchors.map_or(self.sentence, |anchors| anchors.count)
    }
}

/// What a linear title tower computes.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearTitles {
    /// The table of n-grams, (buckets, dims); empty for a tower without.
    pub table: Vec<f32>,
    /// Unit vectors that sentence vectors are compared with, (A, sentence), and the [width](AnchorsConfig::width) of that;
    /// none where sentence vectors are read themselves.
    pub anchors: Option<(Vec<f32>, f32)>,
    /// What reads the pooled rows of the table beside the sentence vectors or their nearness to the anchors: its weight is
    /// (D - 4, dims + sentence or A).
    pub layer: LinearLayer,
}

/// Titles to embed, as the features of all of them one after the other, and what a sentence encoder made of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TitleBatch {
    features: Vec<u32>,
    /// Where the features of each title end, (B).
    ends: Vec<usize>,
    /// (B, sentence)
    dense: Vec<f32>,
}

impl TitleBatch {
    /// A batch of these titles, for a tower without sentence vectors.
    pub fn new<'a>(titles: impl IntoIterator<Item = &'a str>) -> Self {
        let mut batch = TitleBatch::default();
        titles.into_iter().for_each(|title| batch.push(&title_features(title), &[]));
        batch
    }

    /// Adds a title by its [`title_features`], which a tower without n-grams does not look at, and by its sentence
    /// vector, which has no values for a tower without.
    pub fn push(&mut self, features: &[u32], dense: &[f32]) {
        self.features.extend_from_slice(features);
        self.ends.push(self.features.len());
        self.dense.extend_from_slice(dense);
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
    /// (B, dims)
    pooled: Vec<f32>,
    /// (B, A)
    near: Vec<f32>,
    /// The pooled rows, and the sentence vector or how near it is to the anchors, side by side, (B, features).
    features: Vec<f32>,
    head: HeadTape,
}

impl TitleTape {
    /// The unit vectors of the titles, (B, D), in the batch's order.
    pub fn embeddings(&self) -> &[f32] {
        self.head.output()
    }
}

/// The tower: hashed features through an embedding table, pooled, with the sentence vector beside them, and a head.
#[derive(Clone, Debug)]
pub struct TitleTower {
    config: TitleConfig,
    table: Option<Param>,
    anchors: Option<Anchors>,
    head: Head,
}

parameters!(TitleTower: table, anchors, head);

impl TitleTower {
    /// A tower with random weights.
    ///
    /// # Errors
    /// When the config describes no tower.
    pub fn new(config: TitleConfig, rng: &mut impl Rng) -> Result<Self, Error> {
        config.check()?;
        let grams = config.buckets > 0;
        let table = grams.then(|| Param::table((config.buckets, config.dims), rng));
        let input = config.features();
        let TitleConfig { hidden, output, dropout, lift, .. } = config;
        let side = Side::Title;
        let head = Head::new(HeadConfig { input, hidden, output, dropout, lift, side }, rng);
        let anchors = config.anchors.map(|anchors| Anchors::new(anchors, config.sentence));
        Ok(TitleTower { config, table, anchors, head })
    }

    /// The config that the tower was made from.
    pub fn config(&self) -> &TitleConfig {
        &self.config
    }

    /// Sets what a linear tower computes.
    ///
    /// # Errors
    /// When the tower is not linear, or has no sentence vectors to compare with anchors.
    ///
    /// # Panics
    /// When a shape does not fit.
    pub fn set_linear(&mut self, titles: LinearTitles) -> Result<(), Error> {
        if self.config.hidden > 0 {
            return Err(Error::Config("the title tower's head has a hidden layer".to_owned()));
        }
        let sentence = self.config.sentence;
        let shape = |(vectors, width): &(Vec<f32>, f32)| {
            let count = vectors.len() / sentence.max(1);
            AnchorsConfig { count, width: *width }
        };
        let anchors = titles.anchors.as_ref().map(shape);
        let config = TitleConfig { anchors, lift: titles.layer.lift, ..self.config.clone() };
        config.check()?;
        if let Some(own) = &mut self.table {
            assert_eq!(titles.table.len(), own.value.len(), "the table of a title tower");
            own.value = titles.table;
        }
        let set = |(shape, (vectors, _))| {
            let mut anchors = Anchors::new(shape, sentence);
            anchors.set(vectors);
            anchors
        };
        self.anchors = anchors.zip(titles.anchors).map(set);
        self.head = Head::linear((config.features(), Side::Title), titles.layer);
        self.config = config;
        Ok(())
    }

    /// Embeds the titles of a batch; the result is [`TitleTape::embeddings`].
    ///
    /// # Errors
    /// When the titles have no sentence vectors of the length that the config says, or have some where it says none.
    pub fn forward(
        &self,
        batch: &TitleBatch,
        mut mode: Mode<'_>,
        tape: &mut TitleTape,
    ) -> Result<(), Error> {
        let (expected, found) = (batch.len() * self.config.sentence, batch.dense.len());
        if expected != found {
            return Err(Error::Batch { what: "values of sentence vectors", expected, found });
        }
        tape.features.resize(batch.len() * self.config.features(), 0.0);
        if let Some(table) = &self.table {
            let buckets = self.config.buckets as u64;
            tape.ids.clear();
            tape.ids.extend(batch.features.iter().map(|&hash| (u64::from(hash) % buckets) as u32));
            tape.ends.clone_from(&batch.ends);
            tape.pooled.resize(batch.len() * self.config.dims, 0.0);
            let table = Table { values: &table.value, dims: self.config.dims };
            bags(&self.config, &tape.ids, &tape.ends).forward(table, &mut tape.pooled);
            self.columns_of_grams().put(&tape.pooled, &mut tape.features);
        }
        if self.config.sentence > 0 {
            let (start, width) = (self.config.dims, self.config.features());
            let columns = Columns { start, count: width - start, width };
            let sentences = match &self.anchors {
                Some(anchors) => {
                    anchors.forward(&batch.dense, &mut tape.near);
                    &tape.near
                }
                None => &batch.dense,
            };
            columns.put(sentences, &mut tape.features);
        }
        self.head.forward(&tape.features, &mut mode, &mut tape.head);
        Ok(())
    }

    /// Takes the gradient of the embeddings, (B, D), back to the parameters.
    ///
    /// # Panics
    /// When `grad` is not (B, D) of the forward pass that `tape` is from.
    pub fn backward(&mut self, grad: &[f32], tape: &mut TitleTape) {
        let columns = self.columns_of_grams();
        let grad = self.head.backward(grad, &mut tape.head);
        if let Some(table) = &mut self.table {
            columns.take(grad, &mut tape.pooled);
            let table = TableMut { values: &mut table.grad, dims: self.config.dims };
            bags(&self.config, &tape.ids, &tape.ends).backward(table, &tape.pooled);
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
        let mut tower = TitleTower::new(weights::config(bytes)?, &mut weights::placeholder())?;
        weights::load_parameters(&mut tower, bytes)?;
        Ok(tower)
    }

    fn columns_of_grams(&self) -> Columns {
        Columns { start: 0, count: self.config.dims, width: self.config.features() }
    }
}

fn bags<'a>(config: &TitleConfig, ids: &'a [u32], ends: &'a [usize]) -> Bags<'a> {
    let power = match config.pooling {
        BagPooling::Mean => 1.0,
        BagPooling::ScaledSum => 0.5,
    };
    Bags { ids, ends, power }
}
