//! From a query to the works that it may be, with what speaks for each.

use std::ops::RangeInclusive;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::align::Aligner;
use super::evidence::{IN_PIECES, Query, SIGNS, Signs};
use super::index::{Index, KINDS, WorkEntry};
use super::melody::Melody;
use super::weights::Weights;

/// Settings that are aligned, of those with the highest cosines.
const ALIGNED: RangeInclusive<usize> = 300..=900;

/// How many these are times the steps of the query, as far as the range allows, so that a short query takes no longer than a long one.
const ALIGNED_STEPS: usize = 57_600;

/// Settings that one task aligns at least.
const PART: usize = 25;

/// What the cosines of grams of steps and of vectors count for beside that of grams of notes, when settings are chosen to be
/// aligned.
const STEPS: f32 = 2.0;
const VECTOR: f32 = 0.15;

/// What the cosines count for where the tune says that it is of another dance type than the setting's work.
const OTHER_TYPE: f32 = 0.6;

/// Numbers that speak for a work: those of its best setting, and four of its own.
pub const WORK_SIGNS: usize = SIGNS + 4;

/// A work that a tune may be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) work: u32,
    pub(crate) best: Signs,
    /// The numbers of the best setting; how well the second best of its settings is aligned; the logarithm of the
    /// number of its settings; 1 when it has a title; what [`same_type`] says.
    pub(crate) signs: [f32; WORK_SIGNS],
    /// The weighted sum of `signs`.
    pub(crate) score: f32,
}

/// Settings that are not to be found.
pub(crate) type Hidden<'a> = &'a (dyn Fn(u32) -> bool + Sync);

/// The works that a melody may be, best first; `near` has the cosine of its vector with that of each setting.
pub(crate) fn candidates(
    index: &Index,
    (melody, near): (&Melody, &[f32]),
    (weights, hidden): (&Weights, Hidden<'_>),
) -> Vec<Candidate> {
    let cosines = shortlist(index, (melody, near), hidden);
    let query = Query::new(melody);
    let signs: Vec<Signs> = cosines
        .into_par_iter()
        .with_min_len(PART)
        .map_init(Aligner::default, |aligner, found| query.signs(index, found, aligner))
        .collect();
    let mut by_work: FxHashMap<u32, Vec<Signs>> = FxHashMap::default();
    for signs in signs {
        by_work.entry(index.settings[signs.setting as usize].work).or_default().push(signs);
    }
    let works = by_work.into_iter();
    let mut found: Vec<Candidate> =
        works.map(|found| candidate(index, (melody, found), weights, hidden)).collect();
    found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.work.cmp(&b.work)));
    found
}

/// The settings that are worth aligning, with their cosines.
fn shortlist(
    index: &Index,
    (melody, near): (&Melody, &[f32]),
    hidden: Hidden<'_>,
) -> Vec<(u32, [f32; 3])> {
    let [notes, skeleton] =
        [0, 1].map(|at: usize| index.grams[at].cosines(&KINDS[at].counts(melody)));
    let near = |at: u32| near.get(at as usize).copied().unwrap_or(0.0);
    let mut order: Vec<(f32, u32)> = (0..index.settings.len() as u32)
        .map(|at| (notes[at as usize] + STEPS * skeleton[at as usize] + VECTOR * near(at), at))
        .filter(|&(cosine, at)| cosine > 0.0 && !hidden(at))
        .map(|(cosine, at)| {
            let work = &index.works[index.settings[at as usize].work as usize];
            (if same_type(melody, work) < 0.0 { OTHER_TYPE * cosine } else { cosine }, at)
        })
        .collect();
    let better = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    let aligned =
        (ALIGNED_STEPS / melody.steps.len().max(1)).clamp(*ALIGNED.start(), *ALIGNED.end());
    if order.len() > aligned {
        order.select_nth_unstable_by(aligned - 1, better);
        order.truncate(aligned);
    }
    order.sort_unstable_by(better);
    order
        .into_iter()
        .map(|(_, at)| (at, [notes[at as usize], skeleton[at as usize], near(at)]))
        .collect()
}

fn candidate(
    index: &Index,
    (melody, (work, mut settings)): (&Melody, (u32, Vec<Signs>)),
    weights: &Weights,
    hidden: Hidden<'_>,
) -> Candidate {
    let alone = |signs: &Signs| weights.setting(&signs.values);
    settings.sort_by(|a, b| alone(b).total_cmp(&alone(a)).then(a.setting.cmp(&b.setting)));
    let best = settings[0];
    let entry = &index.works[work as usize];
    let present = entry.settings.clone().filter(|&at| !hidden(at)).count();
    let mut signs = [0.0; WORK_SIGNS];
    signs[..SIGNS].copy_from_slice(&best.values);
    signs[SIGNS] = settings.get(1).map_or(0.0, |second| second.values[IN_PIECES]);
    signs[SIGNS + 1] = (present.max(1) as f32).ln();
    signs[SIGNS + 2] = f32::from(u8::from(!entry.title.is_empty()));
    signs[SIGNS + 3] = same_type(melody, entry);
    Candidate { work, best, signs, score: weights.work(&signs) }
}

/// 1 when a work is of the dance type that the tune says it is, -1 when it is of another one, 0 when either does not say.
fn same_type(melody: &Melody, work: &WorkEntry) -> f32 {
    match (melody.dance_type, work.dance_type) {
        (Some(own), Some(there)) if own == there => 1.0,
        (Some(_), Some(_)) => -1.0,
        _ => 0.0,
    }
}
