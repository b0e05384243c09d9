//! The shape of a melody tower.

use serde::{Deserialize, Serialize};

use super::grams::GramsConfig;
use crate::head::{HeadConfig, Lift};
use crate::{Error, LanguageConfig, Pooling, Precision, Stack};

/// The dimensions of embedding tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Dims {
    /// The same for every feature.
    All(usize),
    /// One for each feature.
    Each(Vec<usize>),
}

impl Dims {
    /// The shape of each table, (V, D).
    pub(crate) fn shapes(&self, vocab: &[usize], side: &str) -> Result<Vec<(usize, usize)>, Error> {
        let dims = match self {
            Dims::All(dims) => vec![*dims; vocab.len()],
            Dims::Each(dims) => dims.clone(),
        };
        if dims.len() != vocab.len() {
            let (d, v) = (dims.len(), vocab.len());
            return Err(Error::Config(format!("{side}_dims names {d} features, {side}_vocab {v}")));
        }
        if dims.contains(&0) || vocab.contains(&0) {
            return Err(Error::Config(format!("a {side} feature has no values or no dimensions")));
        }
        Ok(vocab.iter().copied().zip(dims).collect())
    }
}

/// What reads the notes of a melody in their order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Encoder {
    /// A stack of gated recurrent layers (Cho et al., arXiv 1406.1078).
    Gru {
        /// The width of each direction's state.
        hidden: usize,
        /// How many layers.
        layers: usize,
        /// Whether each layer also reads from the end.
        bidirectional: bool,
    },
    /// A melody language model, whose states are what is pooled: transfer, where its weights were learned before.
    Language {
        /// The model.
        model: LanguageConfig,
        /// Whether its weights stay as they are, and nothing is dropped out in it.
        frozen: bool,
        /// GRU layers that read its states from both ends, and whose states are pooled instead.
        head: Option<Stack>,
        /// What is pooled of the states of a frozen model without a head becomes so many numbers, by a linear layer
        /// that stays as [`MelodyTower::set_components`](super::MelodyTower::set_components) has it; 0 for none.
        #[serde(default, skip_serializing_if = "is_zero")]
        components: usize,
    },
    /// A stack of convolutions along the notes, each with a layer norm and ReLU, and max-pooling of two steps into one
    /// in some of them (LeCun et al. 1998; over sequences after Waibel et al. 1989).
    Cnn {
        /// The width of each layer's output.
        channels: usize,
        /// How many layers.
        layers: usize,
        /// The neighbouring steps that an output is made from, an odd number: as many after a step as before it.
        kernel: usize,
        /// Every how many layers steps are pooled: 1 in each, 2 in every second one; 0 in none.
        pool_every: usize,
    },
    /// The encoder of a transformer (Vaswani et al., arXiv 1706.03762), its norms before what they feed (Xiong et al.,
    /// arXiv 2002.04745).
    Transformer {
        /// The width of each step: a multiple of the heads.
        width: usize,
        /// How many blocks.
        layers: usize,
        /// The heads of each block's attention, which share the width among them.
        heads: usize,
        /// The width of the hidden layer of each block's feed-forward part.
        feed_forward: usize,
    },
}

impl Encoder {
    /// Whether the numbers describe an encoder.
    fn check(&self) -> Result<(), Error> {
        match self {
            Encoder::Gru { hidden, layers, .. } => {
                at_least_one(&[("hidden", *hidden), ("layers", *layers)])
            }
            Encoder::Cnn { channels, layers, kernel, .. } => {
                at_least_one(&[("channels", *channels), ("layers", *layers)])?;
                if kernel % 2 == 0 {
                    let what = format!("kernel is {kernel}, which is not odd");
                    return Err(Error::Config(what));
                }
                Ok(())
            }
            Encoder::Language { head, frozen, components, .. } => {
                if *components > 0 && (!frozen || head.is_some()) {
                    let what =
                        "components are of a language model that stays as it is and has no head";
                    return Err(Error::Config(what.to_owned()));
                }
                head.iter().try_for_each(|head| {
                    at_least_one(&[("hidden", head.hidden), ("layers", head.layers)])
                })
            }
            Encoder::Transformer { width, layers, heads, feed_forward } => {
                let sizes = [("width", *width), ("layers", *layers), ("heads", *heads)];
                at_least_one(&sizes)?;
                at_least_one(&[("feed_forward", *feed_forward)])?;
                if width % heads != 0 {
                    let what = format!("width is {width}, which {heads} heads cannot share");
                    return Err(Error::Config(what));
                }
                Ok(())
            }
        }
    }
}

/// Whether a size is that of nothing.
fn is_zero(size: &usize) -> bool {
    *size == 0
}

/// Whether none of these sizes is 0.
fn at_least_one(sizes: &[(&str, usize)]) -> Result<(), Error> {
    match sizes.iter().find(|(_, size)| *size == 0) {
        Some((name, _)) => Err(Error::Config(format!("{name} has to be at least 1"))),
        None => Ok(()),
    }
}

/// The shape of a melody tower.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MelodyConfig {
    /// The size of each note feature's vocabulary; none: the tower reads no notes one by one.
    pub note_vocab: Vec<usize>,
    /// The dimensions of the note features' embeddings; a language model has its own.
    pub note_dims: Dims,
    /// The size of each header feature's vocabulary; none: the tower reads notes only.
    pub header_vocab: Vec<usize>,
    /// The dimensions of the header features' embeddings.
    pub header_dims: Dims,
    /// What reads the notes.
    pub encoder: Encoder,
    /// How the notes become one vector.
    pub pooling: Pooling,
    /// The width of the hidden layer after pooling; 0 for a linear tower, whose vectors have four dimensions more than
    /// it computes (docs/models.md).
    pub mlp: usize,
    /// The rate of dropout on embedded notes, between the encoder's layers (in a transformer: on what each part of a
    /// block adds) and in the head.
    pub dropout: f32,
    /// D, the width of the embedding.
    pub output: usize,
    /// How it reads the grams of a tune; none where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grams: Option<GramsConfig>,
    /// How a linear tower's vectors come to lie on a sphere.
    #[serde(default, skip_serializing_if = "Lift::is_none")]
    pub lift: Lift,
    /// How exactly numbers enter the encoder's products; those of the head, which has one row a tune, are exact.
    #[serde(default)]
    pub precision: Precision,
}

/// What a linear tower computes of its features.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearLayer {
    /// (D - 4, I)
    pub weight: Vec<f32>,
    /// (D - 4)
    pub bias: Vec<f32>,
    /// How the results are lifted to a sphere.
    pub lift: Lift,
}

impl MelodyConfig {
    /// The tables of the note features, (V, D) each.
    pub(super) fn note_shapes(&self) -> Result<Vec<(usize, usize)>, Error> {
        self.note_dims.shapes(&self.note_vocab, "note")
    }

    /// The tables of the header features, (V, D) each.
    pub(super) fn header_shapes(&self) -> Result<Vec<(usize, usize)>, Error> {
        self.header_dims.shapes(&self.header_vocab, "header")
    }

    /// Whether the numbers describe a tower.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.encoder.check()?;
        HeadConfig::check(self.mlp, self.output)?;
        if self.note_vocab.is_empty() && self.header_vocab.is_empty() && self.grams.is_none() {
            let what = "a melody tower needs note features, grams or header features";
            return Err(Error::Config(what.to_owned()));
        }
        if let Some(GramsConfig { buckets, components }) = self.grams {
            at_least_one(&[("buckets of grams", buckets), ("components of grams", components)])?;
        }
        if let Encoder::Language { model, .. } = &self.encoder
            && !self.note_vocab.is_empty()
            && model.vocab != self.note_vocab
        {
            let what = "the vocabularies of the notes are not those of the language model";
            return Err(Error::Config(what.to_owned()));
        }
        check_dropout(self.dropout)
    }
}

/// Whether a rate of dropout is one.
pub(crate) fn check_dropout(rate: f32) -> Result<(), Error> {
    if (0.0..1.0).contains(&rate) {
        return Ok(());
    }
    Err(Error::Config(format!("dropout is {rate}, which is not in 0..1")))
}
