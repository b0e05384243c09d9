//! Vectors laid out on a plane: PCA, t-SNE and UMAP, and how much of the order among them a map keeps.
//!
//! Every map is a function of vectors, settings and seed, whatever the number of threads.
//!
//! ```
//! use retrieval::maps::{Tsne, pca_map, tsne};
//! use retrieval::Vectors;
//!
//! // Twelve tunes in three dimensions, the reels at one end, the jigs at the other.
//! let values: Vec<f32> = (0..12).flat_map(|i| [(i / 6) as f32, (i % 5) as f32 * 0.1, 0.3]).collect();
//! let tunes = Vectors::new(3, &values)?;
//! let start = pca_map(tunes)?;
//! let map = tsne(tunes, &Tsne { perplexity: 3.0, ..Tsne::default() }, &start)?;
//! assert_eq!(map.len(), 12);
//! # Ok::<(), retrieval::Error>(())
//! ```

mod curve;
mod pca;
mod procrustes;
mod quadtree;
mod quality;
mod tsne;
mod umap;

pub use pca::{Pca, pca_map};
pub use procrustes::{Motion, align};
pub use quality::{neighbours_kept, trustworthiness};
pub use tsne::{Tsne, tsne};
pub use umap::{Umap, umap};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::error::{Result, check_length};
use crate::vectors::Vectors;

/// A place on a map.
pub type Place = [f32; 2];

/// The places of a map moved to mean zero and scaled to standard deviation `spread` along the first axis, each then moved
/// by up to a hundredth of that at random, so that equal points can part.
fn start_of(map: &[Place], spread: f64, seed: u64) -> Vec<[f64; 2]> {
    let n = map.len().max(1) as f64;
    let mean = [0, 1].map(|axis| map.iter().map(|p| f64::from(p[axis])).sum::<f64>() / n);
    let variance = map.iter().map(|p| (f64::from(p[0]) - mean[0]).powi(2)).sum::<f64>() / n;
    let scale = if variance > 0.0 { spread / variance.sqrt() } else { 0.0 };
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut coordinate = |place: &Place, axis: usize| {
        (f64::from(place[axis]) - mean[axis]) * scale + spread * rng.random_range(-0.01..0.01)
    };
    map.iter().map(|place| [coordinate(place, 0), coordinate(place, 1)]).collect()
}

fn rounded(places: &[[f64; 2]]) -> Vec<Place> {
    places.iter().map(|place| place.map(|coordinate| coordinate as f32)).collect()
}

/// Checks that there is one place a vector to start from.
fn check_start(vectors: Vectors<'_>, start: &[Place]) -> Result<()> {
    check_length("places to start from", vectors.len(), start.len())
}
