//! Fits the matrix of melody vectors on training works.
//!
//! ```sh
//! cargo run --release -p search --example fit_vectors -- STORE
//! ```
//!
//! writes `crates/search/src/naming/vectors.bin`: the leading right singular vectors of the training settings' weighed buckets, by
//! orthogonal iteration from a random start.

use std::path::Path;

use anyhow::Context;
use corpus::{Setting, Split, SplitConfig, Store};
use model::SparseRows;
use rayon::prelude::*;
use search::{BUCKETS, DIMENSIONS, matrix_bytes, melody_buckets};

/// Of the random start.
const SEED: u64 = 5;

fn main() -> anyhow::Result<()> {
    let store = std::env::args().nth(1).context("usage: fit_vectors STORE")?;
    let corpus = Store::open_existing(Path::new(&store))?.load()?;
    // The same parts as the weights are fitted and measured on.
    let shares = SplitConfig { train: 0.6, validation: 0.08, test: 0.32, ..SplitConfig::default() };
    let split = Split::new(&corpus, &shares)?;
    let works = split.works(&corpus, &split.train);
    let settings: Vec<&Setting> = works.iter().flat_map(|work| &work.settings).collect();
    let mut rows = SparseRows::default();
    let buckets: Vec<Vec<(u32, f32)>> =
        settings.par_iter().map(|setting| melody_buckets(&setting.tune())).collect();
    buckets.into_iter().for_each(|row| rows.push(row));
    let all = rows.len() as f32 + 1.0;
    let having = rows.having(BUCKETS).into_iter();
    let rarity: Vec<f32> = having.map(|having| (all / (having as f32 + 1.0)).ln()).collect();
    rows.weigh(&rarity);
    let mut matrix = rows.directions((BUCKETS, DIMENSIONS), SEED)?;
    for (row, rarity) in matrix.chunks_exact_mut(DIMENSIONS).zip(&rarity) {
        row.iter_mut().for_each(|number| *number *= rarity);
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/naming/vectors.bin");
    std::fs::write(path, matrix_bytes(&matrix)).context(path)?;
    println!("{} settings of {} works: {path}", settings.len(), works.len());
    Ok(())
}
