//! The vector of a melody: its grams, hashed into buckets, times a fitted matrix.
//!
//! The matrix holds an orthonormal basis of the directions in which the grams of training settings vary most (latent semantic
//! analysis, Deerwester et al. 1990), each bucket scaled by the rarity of its grams. It is compiled in as bytes, a
//! scale and whole numbers of four bits a bucket, so that the same tune has the same vector whatever the corpus.

use super::grams::Kind;
use super::index::KINDS;
use super::melody::Melody;

/// Buckets that grams are hashed into.
pub const BUCKETS: usize = 16384;

/// Numbers in a vector: with as many PostgreSQL keeps four rows in a page, and with 512 each vector outside its table.
pub const DIMENSIONS: usize = 480;

/// The whole numbers of the matrix are from -[`MOST`] to it.
const MOST: f32 = 7.0;

/// The scales of the buckets as `f32` in little-endian order, then the numbers of each, two in a byte, the first of them in its lower half,
/// with 8 added.
const MATRIX: &[u8] = include_bytes!("vectors.bin");

/// The buckets of a melody's grams and what each counts for, at most one entry a kind and gram.
pub(crate) fn buckets(melody: &Melody) -> Vec<(u32, f32)> {
    let of_kind = |(salt, kind): (u32, Kind)| {
        let bucket = move |(key, count): (u32, u32)| {
            let mixed = (key ^ salt.wrapping_mul(0x9e37_79b9)).wrapping_mul(0x85eb_ca6b);
            (mixed >> (32 - BUCKETS.ilog2()), (count as f32).powf(0.25))
        };
        kind.counts(melody).into_iter().map(bucket)
    };
    (1..).zip(KINDS).flat_map(of_kind).collect()
}

/// The vector of a melody, (D), at no particular length; zeros for one without grams.
pub(crate) fn vector(melody: &Melody) -> Vec<f32> {
    let (scales, rows) = MATRIX.split_at(4 * BUCKETS);
    let mut vector = vec![0.0; DIMENSIONS];
    for (bucket, count) in buckets(melody) {
        let bucket = bucket as usize;
        let scale = scales.as_chunks::<4>().0[bucket];
        let factor = count * f32::from_le_bytes(scale);
        add_scaled(&mut vector, factor, &rows[bucket * DIMENSIONS / 2..][..DIMENSIONS / 2]);
    }
    vector
}

/// Adds the whole numbers of a bucket, times a factor.
fn add_scaled(vector: &mut [f32], factor: f32, row: &[u8]) {
    for (sums, &byte) in vector.as_chunks_mut::<2>().0.iter_mut().zip(row) {
        sums[0] += factor * (f32::from(byte & 15) - 8.0);
        sums[1] += factor * (f32::from(byte >> 4) - 8.0);
    }
}

/// What vectors are made by, as a short text: a checksum of the matrix and of what is hashed.
pub(crate) fn making() -> String {
    let mut sum = crc32fast::Hasher::new();
    sum.update(MATRIX);
    sum.update(format!("{BUCKETS} {DIMENSIONS} {KINDS:?}").as_bytes());
    format!("{:08x}", sum.finalize())
}

/// The matrix (B, D) as the bytes that are compiled in.
pub fn matrix_bytes(matrix: &[f32]) -> Vec<u8> {
    let (mut scales, mut rows) = (Vec::new(), Vec::new());
    for row in matrix.chunks_exact(DIMENSIONS) {
        let most = row.iter().fold(0.0_f32, |most, number| most.max(number.abs()));
        let scale = most / MOST;
        scales.extend(scale.to_le_bytes());
        let whole = |number: f32| {
            let whole = if scale > 0.0 { (number / scale).round() } else { 0.0 };
            (whole + 8.0) as u8
        };
        rows.extend(row.as_chunks::<2>().0.iter().map(|&[a, b]| whole(a) | whole(b) << 4));
    }
    scales.extend(rows);
    scales
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::naming::melody::reading;

    #[test]
    fn bytes_hold_each_number_to_half_a_step_of_its_bucket() {
        let number = |at: usize| ((at * 7919 + 13) % 101) as f32 / 50.0 - 1.0;
        let mut matrix: Vec<f32> = (0..2 * DIMENSIONS).map(number).collect();
        matrix.extend([0.0; DIMENSIONS]);
        let bytes = matrix_bytes(&matrix);
        let (scales, rows) = bytes.split_at(4 * 3);
        let buckets = scales.as_chunks::<4>().0.iter().zip(rows.chunks_exact(DIMENSIONS / 2));
        for ((scale, row), expected) in buckets.zip(matrix.chunks_exact(DIMENSIONS)) {
            let (scale, mut got) = (f32::from_le_bytes(*scale), vec![0.0; DIMENSIONS]);
            add_scaled(&mut got, scale, row);
            let close = |(got, expected): (&f32, &f32)| (got - expected).abs() <= 0.501 * scale;
            assert!(got.iter().zip(expected).all(close));
        }
    }

    fn of(music: &str) -> Vec<f32> {
        vector(&reading(&abc::read_tune(&format!("L:1/8\nM:4/4\n{music}"))).unwrap())
    }

    fn cosine(a: &[f32], b: &[f32]) -> f32 {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
    }

    #[test]
    fn a_tune_in_another_key_has_the_same_vector_and_another_tune_has_not() {
        let maggie = of("K:Edor\nE2BE dEBE|E2BE AFDF|E2BE dEBE|BABc dAFD|");
        let higher = of("K:Ador\nA2eA gAeA|A2eA dBGB|A2eA gAeA|edef gdBG|");
        let other = of("K:G\nGABc d2ef|gfed cBAG|FGAB c2Bc|dcBA G2AB|");
        assert!(cosine(&maggie, &higher) > 0.999);
        assert!(cosine(&maggie, &other) < 0.5);
        assert!(of("K:C\nC4|").iter().all(|number| *number == 0.0));
    }
}
