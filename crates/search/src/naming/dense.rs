//! The vector of a melody: its grams, hashed into buckets, times a fitted matrix.
//!
//! The matrix holds an orthonormal basis of the directions in which the grams of training settings vary most (latent semantic
//! analysis, Deerwester et al. 1990), each bucket scaled by the rarity of its grams. It is compiled in as bytes, a
//! scale and whole numbers a bucket, so that the same tune has the same vector whatever the corpus.

use super::grams::Kind;
use super::melody::Melody;

/// Buckets that grams are hashed into.
pub const BUCKETS: usize = 16384;

/// Numbers in a vector.
pub const DIMENSIONS: usize = 256;

/// What is hashed.
const KINDS: [Kind; 4] = [Kind::Notes(3), Kind::Notes(4), Kind::Notes(6), Kind::Steps(5)];

/// The scales of the buckets as `f32` in little-endian order, then the numbers of each as signed bytes.
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
        let row = &rows[bucket * DIMENSIONS..][..DIMENSIONS];
        for (sum, &byte) in vector.iter_mut().zip(row) {
            *sum += factor * f32::from(byte.cast_signed());
        }
    }
    vector
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
        let scale = most / 127.0;
        scales.extend(scale.to_le_bytes());
        let whole = |number: &f32| if scale > 0.0 { (number / scale).round() as i8 } else { 0 };
        rows.extend(row.iter().map(|number| whole(number).cast_unsigned()));
    }
    scales.extend(rows);
    scales
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::naming::melody::reading;

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
