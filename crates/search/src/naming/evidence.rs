//! What speaks for a setting: cosines of grams and vectors, and alignments.

use super::align::{Aligner, SAME, transpositions};
use super::index::Index;
use super::melody::Melody;

/// How many numbers speak for a setting.
pub const SIGNS: usize = 7;

/// What each number is, in order.
pub const SIGN_NAMES: [&str; SIGNS] = [
    "cosine of grams of notes",
    "cosine of grams of steps",
    "cosine of vectors",
    "alignment by the query",
    "alignment by the shorter",
    "alignment of pieces",
    "cosine of rhythms",
];

/// Which of [`SIGN_NAMES`] is the alignment of pieces.
pub const IN_PIECES: usize = 5;

/// Transpositions that are tried of each setting.
const TRIED: usize = 3;

/// Steps in a piece: four bars of a reel.
const PIECE: usize = 32;

/// A setting with what speaks for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Signs {
    pub(crate) setting: u32,
    /// Semitones from the query up to the setting.
    pub(crate) transposition: i16,
    /// As [`SIGN_NAMES`] says, each 0..=1 but for the cosine of vectors, -1..=1.
    pub(crate) values: [f32; SIGNS],
}

/// A query, ready to be compared with settings.
pub(crate) struct Query<'a> {
    pub(crate) melody: &'a Melody,
    pieces: Vec<&'a [i16]>,
    rhythm: [f32; WINDOWS],
}

impl<'a> Query<'a> {
    pub(crate) fn new(melody: &'a Melody) -> Self {
        let rhythm = rhythm(&melody.steps);
        Self { melody, pieces: pieces(&melody.steps), rhythm }
    }

    /// What speaks for a setting, given its cosines of grams and vectors.
    pub(crate) fn signs(
        &self,
        index: &Index,
        (setting, cosines): (u32, [f32; 3]),
        aligner: &mut Aligner,
    ) -> Signs {
        let (query, steps) = (&self.melody.steps, index.steps(setting as usize));
        aligner.set(steps);
        let tried = transpositions(query, steps, TRIED);
        let moved: Vec<(&[i16], i16)> = tried.iter().map(|&by| (&query[..], by)).collect();
        let scored = aligner.scores(&moved).into_iter().zip(tried);
        let (whole, transposition) = scored.max_by_key(|scored| scored.0).unwrap_or((0, 0));
        let moved: Vec<(&[i16], i16)> =
            self.pieces.iter().map(|&piece| (piece, transposition)).collect();
        let in_pieces: i32 = aligner.scores(&moved).into_iter().map(i32::from).sum();
        let most = |steps: usize| f32::from(SAME) * steps.max(1) as f32;
        let [notes, skeleton, vector] = cosines;
        let values = [
            notes,
            skeleton,
            vector,
            f32::from(whole) / most(query.len()),
            f32::from(whole) / most(query.len().min(steps.len())),
            in_pieces as f32 / most(query.len()),
            dot(&self.rhythm, &rhythm(steps)),
        ];
        Signs { setting, transposition, values }
    }
}

/// The query in pieces of nearly equal length.
fn pieces(steps: &[i16]) -> Vec<&[i16]> {
    let count = ((steps.len() as f64 / PIECE as f64).round() as usize).max(1);
    steps.chunks(steps.len().div_ceil(count).max(1)).collect()
}

/// Patterns of starts in six steps.
const WINDOWS: usize = 64;

/// How often each pattern of starts in six steps in a row is in a tune, at unit length.
fn rhythm(steps: &[i16]) -> [f32; WINDOWS] {
    let mut counts = [0.0_f32; WINDOWS];
    let mut pattern = 0;
    for (at, step) in steps.iter().enumerate() {
        pattern = (pattern << 1 | (step & 1) as usize) % WINDOWS;
        if at >= 5 {
            counts[pattern] += 1.0;
        }
    }
    counts.iter_mut().for_each(|count| *count = count.sqrt());
    let length = dot(&counts, &counts).sqrt();
    if length > 0.0 {
        counts.iter_mut().for_each(|count| *count /= length);
    }
    counts
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
