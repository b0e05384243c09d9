//! Numeric kernels in f32: what the layers of a network spend their time in.
//!
//! Every kernel works on plain slices, row-major, with its shape given or stated; what a backward pass needs is kept
//! in a tape whose memory is used again for the next batch. Gradients of weights are added to what is there. Work is
//! shared among the threads of the current rayon pool in such a way that no result depends on their number.
//!
//! A shape that does not fit is a mistake in the calling code and panics.
//!
//! ```
//! use kernels::{View, ViewMut, Write, matmul};
//!
//! // How often two tunes share a degree of the scale: degrees counted by tune, (B, D), times its transpose.
//! let degrees = [3.0, 0.0, 1.0, 2.0, 1.0, 0.0];
//! let tunes = View::new(&degrees, 2, 3);
//! let mut shared = [0.0; 4];
//! matmul(tunes, tunes.t(), ViewMut::new(&mut shared, 2, 2), Write::Set);
//! assert_eq!(shared, [10.0, 6.0, 6.0, 5.0]);
//! ```

mod activation;
mod adamw;
mod aligned;
mod attention;
mod bf16;
mod convolution;
mod dropout;
mod embedding;
mod gemm;
mod gru;
mod layer_norm;
mod linear;
mod norm;
mod path;
mod pooling;
mod precision;
mod self_attention;
mod sequences;
mod simd;
mod softmax;
mod sums;
mod tiles;
mod view;

pub use activation::Activation;
pub use adamw::{AdamWStep, Moments};
pub use attention::{Attention, AttentionFlow, AttentionTape};
pub use convolution::{
    Convolution, ConvolutionFlow, ConvolutionGradients, ConvolutionWeights, MaxPool,
};
pub use dropout::Dropout;
pub use embedding::{Bags, Table, TableMut, gather, scatter_add};
pub use gemm::{Write, matmul, matmul_bf16};
pub use gru::{Direction, Gru, GruFlow, GruGradients, GruTape, GruWeights};
pub use layer_norm::{LayerNorm, LayerNormTape};
pub use linear::{LinearFlow, LinearGradients, LinearWeights};
pub use norm::{normalise_backward, normalise_forward, squared_norm};
pub use path::{Path, PathError, path};
pub use pooling::{max_backward, max_forward, mean_backward, mean_forward};
pub use precision::{Matmul, Precision};
pub use self_attention::{Mask, RelativeBias, SelfAttention, SelfAttentionFlow};
pub use sequences::Sequences;
pub use softmax::{CrossEntropy, softmax_rows};
pub use view::{View, ViewMut};
