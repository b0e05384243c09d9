//! How far vectors keep classes (dance types, modes, metres) apart: clusters, neighbours, linear probes.
//!
//! ```
//! use retrieval::clusters::{Distance, Sample, silhouette};
//! use retrieval::{Labelled, Vectors};
//!
//! // Drowsy Maggie and The Wise Maid are reels, The Kesh and The Lark in the Morning jigs.
//! let vectors = Vectors::new(2, &[1.0, 0.1, 0.9, 0.0, -0.1, 1.0, 0.1, 0.8])?;
//! let tunes = Labelled::new(vectors, &[0, 0, 1, 1])?;
//! assert!(silhouette(&tunes, Distance::Cosine, &Sample::default())? > 0.9);
//! # Ok::<(), retrieval::Error>(())
//! ```

mod agreement;
mod guess;
mod kmeans;
mod nearest;
mod probe;
mod silhouette;

pub use agreement::{Agreement, agreement};
pub use guess::{Guesses, Share, majority};
pub use kmeans::{Clustering, Kmeans, kmeans};
pub use nearest::{by_neighbours, leave_one_out};
pub use probe::Probe;
pub use silhouette::{Distance, Sample, silhouette};
