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
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use search::{BUCKETS, DIMENSIONS, matrix_bytes, melody_buckets};

/// Rounds of the iteration.
const ROUNDS: usize = 6;

/// Sparse rows: buckets and weights.
type Rows = Vec<Vec<(u32, f32)>>;

fn main() -> anyhow::Result<()> {
    let store = std::env::args().nth(1).context("usage: fit_vectors STORE")?;
    let corpus = Store::open_existing(Path::new(&store))?.load()?;
    // The same parts as the weights are fitted and measured on.
    let shares = SplitConfig { train: 0.6, validation: 0.08, test: 0.32, ..SplitConfig::default() };
    let split = Split::new(&corpus, &shares)?;
    let works = split.works(&corpus, &split.train);
    let settings: Vec<&Setting> = works.iter().flat_map(|work| &work.settings).collect();
    let mut rows: Rows = settings.par_iter().map(|s| melody_buckets(&s.tune())).collect();
    let rarity = rarities(&rows);
    rows.par_iter_mut().for_each(|row| weigh(row, &rarity));
    let columns = turned(&rows);
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut basis: Vec<f32> =
        (0..BUCKETS * DIMENSIONS).map(|_| rng.random_range(-1.0..1.0)).collect();
    for _ in 0..ROUNDS {
        basis = product(&columns, &product(&rows, &orthonormal(&basis)?));
    }
    let mut matrix = orthonormal(&basis)?;
    for (row, rarity) in matrix.chunks_exact_mut(DIMENSIONS).zip(&rarity) {
        row.iter_mut().for_each(|number| *number *= rarity);
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/naming/vectors.bin");
    std::fs::write(path, matrix_bytes(&matrix)).context(path)?;
    println!("{} settings of {} works: {path}", settings.len(), works.len());
    Ok(())
}

/// Of each bucket the logarithm of how rare it is among the rows.
fn rarities(rows: &Rows) -> Vec<f32> {
    let mut having = vec![0_u32; BUCKETS];
    for row in rows {
        let mut seen: Vec<u32> = row.iter().map(|entry| entry.0).collect();
        seen.sort_unstable();
        seen.dedup();
        seen.into_iter().for_each(|bucket| having[bucket as usize] += 1);
    }
    let all = rows.len() as f32 + 1.0;
    having.into_iter().map(|having| (all / (having as f32 + 1.0)).ln()).collect()
}

fn weigh(row: &mut [(u32, f32)], rarity: &[f32]) {
    row.iter_mut().for_each(|(bucket, weight)| *weight *= rarity[*bucket as usize]);
    let length = row.iter().map(|entry| entry.1 * entry.1).sum::<f32>().sqrt().max(1e-6);
    row.iter_mut().for_each(|entry| entry.1 /= length);
}

fn turned(rows: &Rows) -> Rows {
    let mut columns: Rows = vec![Vec::new(); BUCKETS];
    for (at, row) in (0..).zip(rows) {
        row.iter().for_each(|&(bucket, weight)| columns[bucket as usize].push((at, weight)));
    }
    columns
}

/// Sparse rows times a dense matrix with rows of D numbers.
fn product(rows: &Rows, dense: &[f32]) -> Vec<f32> {
    let row = |row: &Vec<(u32, f32)>| {
        let mut sum = vec![0.0_f32; DIMENSIONS];
        for &(at, weight) in row {
            let other = &dense[at as usize * DIMENSIONS..][..DIMENSIONS];
            sum.iter_mut().zip(other).for_each(|(sum, other)| *sum += weight * other);
        }
        sum
    };
    rows.par_iter().flat_map_iter(row).collect()
}

/// The columns made orthonormal, twice by Cholesky's factor of their products, in double precision.
fn orthonormal(matrix: &[f32]) -> anyhow::Result<Vec<f32>> {
    once_orthonormal(&once_orthonormal(matrix)?)
}

fn once_orthonormal(matrix: &[f32]) -> anyhow::Result<Vec<f32>> {
    const D: usize = DIMENSIONS;
    let products = |rows: &[f32]| {
        let mut sums = vec![0.0_f64; D * D];
        for row in rows.chunks_exact(D) {
            for (a, sums) in row.iter().zip(sums.chunks_exact_mut(D)) {
                let a = f64::from(*a);
                sums.iter_mut().zip(row).for_each(|(sum, b)| *sum += a * f64::from(*b));
            }
        }
        sums
    };
    let parts: Vec<Vec<f64>> = matrix.par_chunks(1024 * D).map(products).collect();
    let mut factor = vec![0.0_f64; D * D];
    for part in parts {
        factor.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
    }
    for i in 0..D {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| factor[i * D + k] * factor[j * D + k]).sum();
            let left = factor[i * D + j] - known;
            if i == j {
                anyhow::ensure!(left > 0.0, "column {i} depends on those before it");
                factor[i * D + i] = left.sqrt();
            } else {
                factor[i * D + j] = left / factor[j * D + j];
            }
        }
    }
    let solved = |row: &[f32]| {
        let mut out = vec![0.0_f64; D];
        for j in 0..D {
            let known: f64 = (0..j).map(|k| out[k] * factor[j * D + k]).sum();
            out[j] = (f64::from(row[j]) - known) / factor[j * D + j];
        }
        out.into_iter().map(|number| number as f32)
    };
    Ok(matrix.par_chunks_exact(D).flat_map_iter(solved).collect())
}
