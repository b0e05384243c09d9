//! BERT's encoder (Devlin et al., arXiv 1810.04805), forward only: layers of self-attention and two affine layers, a layer
//! norm after each. MPNet's (Song et al., arXiv 2004.09297) is the same without segments, and its attention heeds distances.

use kernels::{
    Activation, LayerNorm, LinearWeights, Mask, RelativeBias, SelfAttention, Sequences, Table,
    gather, mean_forward, normalise_forward,
};

use super::config::BertConfig;
use super::distance::{BUCKETS, by_distance};
use crate::embedding::arrange;
use crate::weights::Archive;
use crate::{Error, Precision};

/// What the parts of a layer's attention are called in files of weights: queries, keys, values, output and the layer norm.
const BERT: [&str; 5] =
    ["self.query", "self.key", "self.value", "output.dense", "output.LayerNorm"];
const MPNET: [&str; 5] = ["attn.q", "attn.k", "attn.v", "attn.o", "LayerNorm"];

/// The weights.
#[derive(Clone, Debug)]
pub(super) struct Bert {
    config: BertConfig,
    activation: Activation,
    /// (V, E)
    words: Vec<f32>,
    /// The embedding of each position that a token may have, with that of the first kind of segment, the only one: (P, E).
    places: Vec<f32>,
    /// What the attention adds by distance, (heads, 2L - 1), where it does.
    bias: Option<Vec<f32>>,
    norm: Norm,
    layers: Vec<Layer>,
}

#[derive(Clone, Debug)]
struct Layer {
    /// Queries, keys and values in one: (3E, E).
    qkv: Affine,
    output: Affine,
    after_attention: Norm,
    up: Affine,
    down: Affine,
    after: Norm,
}

#[derive(Clone, Debug)]
struct Affine {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

#[derive(Clone, Debug)]
struct Norm {
    scale: Vec<f32>,
    shift: Vec<f32>,
}

/// What is made on the way; the memory is kept from one batch to the next.
#[derive(Debug, Default)]
pub(super) struct Room {
    ids: Vec<u32>,
    places: Vec<u32>,
    /// The tokens, and what is about to be added to them: (S, E) each.
    x: Vec<f32>,
    y: Vec<f32>,
    attended: Vec<f32>,
    /// Queries, keys and values, or the features between the last two layers and those after the activation.
    wide: Vec<f32>,
    active: Vec<f32>,
}

impl Bert {
    /// The encoder of a safetensors file, with or without `bert.` or `mpnet.` before the names; what else it holds is not read.
    ///
    /// # Errors
    /// When the file is damaged, or a weight is missing, of another shape or not in f32.
    pub(super) fn new(config: BertConfig, bytes: &[u8]) -> Result<Self, Error> {
        let file = File::open(bytes)?;
        let (e, heads) = (config.hidden_size, config.num_attention_heads);
        let (v, p) = (config.vocab_size, config.max_position_embeddings);
        let table = |name: &str, size| file.get(&format!("embeddings.{name}.weight"), &[size, e]);
        let words = table("word_embeddings", v)?;
        let mut places = table("position_embeddings", p)?;
        places.drain(..config.unused_positions() * e);
        let bias = if config.is_mpnet() {
            let name = "encoder.relative_attention_bias.weight";
            Some(by_distance(&file.get(name, &[BUCKETS, heads])?, (heads, config.longest())))
        } else {
            let kind = table("token_type_embeddings", config.type_vocab_size)?;
            for place in places.chunks_exact_mut(e) {
                place.iter_mut().zip(&kind).for_each(|(place, kind)| *place += kind);
            }
            None
        };
        let norm = file.norm("embeddings.LayerNorm", e)?;
        let layers = (0..config.num_hidden_layers).map(|layer| file.layer(layer, &config));
        let layers = layers.collect::<Result<_, _>>()?;
        let activation = config.activation()?;
        Ok(Bert { config, activation, words, places, bias, norm, layers })
    }

    pub(super) fn config(&self) -> &BertConfig {
        &self.config
    }

    /// The unit vectors of texts, (B, E), from the numbers of their tokens, which have to be in the vocabulary.
    pub(super) fn forward(
        &self,
        texts: &[&[u32]],
        precision: Precision,
        room: &mut Room,
    ) -> Vec<f32> {
        let e = self.config.hidden_size;
        let lengths: Vec<usize> = texts.iter().map(|text| text.len()).collect();
        let on = &Sequences::new(&lengths);
        let places: Vec<u32> = lengths.iter().flat_map(|&length| 0..length as u32).collect();
        arrange(on, &texts.concat(), 1, &mut room.ids);
        arrange(on, &places, 1, &mut room.places);
        room.resize(on.rows(), &self.config);
        gather(&[Table { values: &self.words, dims: e }], &room.ids, &mut room.x);
        gather(&[Table { values: &self.places, dims: e }], &room.places, &mut room.y);
        let epsilon = self.config.layer_norm_eps;
        self.norm.kernel().add_and_normalise(&mut room.x, &room.y, epsilon);
        for layer in &self.layers {
            self.layer(layer, (on, precision), room);
        }
        let mut vectors = vec![0.0; texts.len() * e];
        mean_forward(on, &room.x, &mut vectors);
        normalise_forward(&mut vectors, &mut vec![0.0; texts.len()]);
        vectors
    }

    /// Takes the tokens in `room.x` through a layer.
    fn layer(&self, layer: &Layer, (on, precision): (&Sequences, Precision), room: &mut Room) {
        let (epsilon, heads) = (self.config.layer_norm_eps, self.config.num_attention_heads);
        let (rows, between) = (on.rows(), self.config.intermediate_size);
        let Room { x, y, attended, wide, active, .. } = room;
        let qkv = &mut wide[..3 * x.len()];
        layer.qkv.kernel(precision).forward(x, qkv);
        let (mask, exactness) = (Mask::None, precision.into());
        let longest = self.config.longest();
        let bias = self.bias.as_ref().map(|values| RelativeBias { values, longest });
        let attention = SelfAttention { sequences: on, heads, mask, bias, precision: exactness };
        attention.forward(qkv, attended);
        layer.output.kernel(precision).forward(attended, y);
        layer.after_attention.kernel().add_and_normalise(x, y, epsilon);
        let wide = &mut wide[..rows * between];
        layer.up.kernel(precision).forward(x, wide);
        self.activation.forward(wide, active);
        layer.down.kernel(precision).forward(active, y);
        layer.after.kernel().add_and_normalise(x, y, epsilon);
    }
}

impl Room {
    fn resize(&mut self, rows: usize, config: &BertConfig) {
        let (e, between) = (config.hidden_size, config.intermediate_size);
        for x in [&mut self.x, &mut self.y, &mut self.attended] {
            x.resize(rows * e, 0.0);
        }
        self.wide.resize(rows * between.max(3 * e), 0.0);
        self.active.resize(rows * between, 0.0);
    }
}

impl Affine {
    fn kernel(&self, precision: Precision) -> LinearWeights<'_> {
        LinearWeights { weight: &self.weight, bias: &self.bias, precision: precision.into() }
    }
}

impl Norm {
    fn kernel(&self) -> LayerNorm<'_> {
        LayerNorm { scale: &self.scale, shift: &self.shift }
    }
}

/// A file of weights under BERT's names or MPNet's.
struct File<'a> {
    archive: Archive<'a>,
    /// What all names begin with: nothing, or `bert.` or `mpnet.` where the encoder was part of something larger.
    prefix: &'static str,
}

impl<'a> File<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, Error> {
        let archive = Archive::open(bytes)?;
        let within =
            |prefix: &&str| archive.has(&format!("{prefix}embeddings.word_embeddings.weight"));
        let prefix = ["bert.", "mpnet."].into_iter().find(within).unwrap_or_default();
        Ok(File { archive, prefix })
    }

    fn get(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Error> {
        self.archive.get(&format!("{}{name}", self.prefix), shape)
    }

    fn affine(&self, name: &str, (outputs, inputs): (usize, usize)) -> Result<Affine, Error> {
        let weight = self.get(&format!("{name}.weight"), &[outputs, inputs])?;
        Ok(Affine { weight, bias: self.get(&format!("{name}.bias"), &[outputs])? })
    }

    fn norm(&self, name: &str, dims: usize) -> Result<Norm, Error> {
        let scale = self.get(&format!("{name}.weight"), &[dims])?;
        Ok(Norm { scale, shift: self.get(&format!("{name}.bias"), &[dims])? })
    }

    fn layer(&self, number: usize, config: &BertConfig) -> Result<Layer, Error> {
        let (e, between) = (config.hidden_size, config.intermediate_size);
        let at = |name: &str| format!("encoder.layer.{number}.{name}");
        let names = if config.is_mpnet() { MPNET } else { BERT };
        let [parts @ .., output, norm] = names.map(|name| at(&format!("attention.{name}")));
        let mut qkv = Affine { weight: Vec::new(), bias: Vec::new() };
        for part in &parts {
            let part = self.affine(part, (e, e))?;
            qkv.weight.extend(part.weight);
            qkv.bias.extend(part.bias);
        }
        Ok(Layer {
            qkv,
            output: self.affine(&output, (e, e))?,
            after_attention: self.norm(&norm, e)?,
            up: self.affine(&at("intermediate.dense"), (between, e))?,
            down: self.affine(&at("output.dense"), (e, between))?,
            after: self.norm(&at("output.LayerNorm"), e)?,
        })
    }
}
