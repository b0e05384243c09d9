//! Layers with hand-written gradients, two towers that embed melodies and titles in one space, and their loss.
//!
//! A model is made from a config and a random generator, goes forward over a batch into a tape, and backward from a
//! gradient with that tape; parameters are gone through by name. Nothing here opens a file or knows a tune's title.
//!
//! ```
//! use model::{
//!     Dims, Encoder, Lift, MelodyBatch, MelodyConfig, MelodyTape, MelodyTower, Mode, Pooling, Precision,
//! };
//! use rand_chacha::ChaCha8Rng;
//! use rand_chacha::rand_core::SeedableRng;
//!
//! # fn main() -> Result<(), model::Error> {
//! let config = MelodyConfig {
//!     note_vocab: vec![12, 3],
//!     note_dims: Dims::All(8),
//!     header_vocab: vec![5],
//!     header_dims: Dims::All(4),
//!     encoder: Encoder::Gru { hidden: 16, layers: 1, bidirectional: true },
//!     pooling: Pooling::Attention,
//!     mlp: 32,
//!     dropout: 0.1,
//!     output: 16,
//!     grams: None,
//!     lift: Lift::default(),
//!     precision: Precision::F32,
//! };
//! let tower = MelodyTower::new(config, &mut ChaCha8Rng::seed_from_u64(7))?;
//! // The first notes of "The Kesh" and of "The Butterfly": pitch class and length; a jig and a slip jig.
//! let batch = MelodyBatch {
//!     lengths: vec![6, 5],
//!     notes: vec![7, 1, 7, 1, 7, 1, 9, 1, 7, 1, 9, 1, 11, 2, 4, 1, 7, 2, 4, 1, 6, 2],
//!     header: vec![0, 3],
//!     ..MelodyBatch::default()
//! };
//! let mut tape = MelodyTape::default();
//! tower.forward(&batch, Mode::Evaluate, &mut tape)?;
//! for embedding in tape.embeddings().chunks(16) {
//!     let length: f32 = embedding.iter().map(|x| x * x).sum();
//!     assert!((length - 1.0).abs() < 1e-5);
//! }
//! # Ok(())
//! # }
//! ```

mod anchors;
mod columns;
mod convolution;
mod embedder;
mod embedding;
mod error;
#[cfg(test)]
#[path = "../../kernels/tests/common/mod.rs"]
mod fixture;
mod grams;
mod gru;
mod head;
mod info_nce;
mod language;
mod layer_norm;
mod linear;
mod loss;
mod melody;
mod mode;
mod ngrams;
mod optimiser;
mod pairwise;
mod param;
mod pooling;
mod precision;
mod reading;
mod ridge;
mod schedule;
mod sentence;
mod shared;
mod sparse;
mod title;
mod towers;
mod weights;

pub use anchors::AnchorsConfig;
pub use embedder::{Embedder, embed_melodies, embed_titles, pool_melodies};
pub use error::Error;
pub use grams::melody_grams;
pub use head::{LIFT, Lift};
pub use info_nce::{InfoNce, InfoNceConfig, InfoNceTape, Matched, Pair, Pairs};
pub use language::{
    Generation, LanguageBatch, LanguageConfig, LanguageLoss, LanguageModel, LanguageTape, Layer,
    LossWeight, Stack, Structure,
};
pub use loss::{Loss, LossConfig, LossTape};
pub use melody::{
    Dims, Encoder, GramComponents, GramsConfig, LinearLayer, MelodyBatch, MelodyConfig, MelodyTape,
    MelodyTower,
};
pub use mode::Mode;
pub use ngrams::title_features;
pub use optimiser::{AdamW, AdamWConfig, gradient_norm};
pub use pairwise::{MarginConfig, Sigmoid, SigmoidConfig};
pub use param::{Param, Parameters};
pub use pooling::Pooling;
pub use precision::Precision;
pub use reading::{Reading, ReadingKey};
pub use ridge::{RidgeFeatures, RidgeWeights};
pub use schedule::{Decay, Schedule};
pub use sentence::SentenceEncoder;
pub use shared::Shared;
pub use sparse::SparseRows;
pub use title::{BagPooling, LinearTitles, TitleBatch, TitleConfig, TitleTape, TitleTower};
pub use towers::{Towers, TowersBatch, TowersTape};
pub use weights::{load_parameters, save_parameters};
