//! Naming under examination: with settings hidden, and with what speaks for each candidate.

use std::convert::Infallible;

use abc::Tune;

use super::align::Aligner;
use super::candidates::WORK_SIGNS;
use super::evidence::{Query, SIGNS};
use super::hearing::KNOWN_SIGNS;
use super::vectors::VectorIndex;
use super::{Namer, melody};

/// What was heard of a tune while some settings were hidden.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard<'n> {
    /// The works that it may be, best first.
    pub works: Vec<Weighed<'n>>,
    /// What tells whether it is known; `None` when no work has anything in common with it.
    pub known_signs: Option<[f32; KNOWN_SIGNS]>,
    /// The probability that it is known.
    pub known: f64,
}

/// A work that a tune may be, with what speaks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighed<'n> {
    /// The work's id.
    pub tune: &'n str,
    /// The id of its most likely setting.
    pub setting: &'n str,
    /// What speaks for it.
    pub signs: [f32; WORK_SIGNS],
    /// The weighted sum of its signs.
    pub score: f32,
    /// The probability that it is the tune if one of the works is, 0..=1.
    pub share: f64,
}

impl Namer {
    /// What is heard of a tune, as if the corpus had no settings that `hidden` tells by the ids of their work and their own. Vectors in
    /// a database are not asked.
    pub fn heard(&self, tune: &Tune, hidden: &(dyn Fn(&str, &str) -> bool + Sync)) -> Heard<'_> {
        let names = |at: u32| {
            let setting = &self.index.settings[at as usize];
            (self.index.works[setting.work as usize].id.as_str(), setting.id.as_str())
        };
        // A vector always has as many numbers as those of the index.
        let all_cosines = |vectors: &[Vec<f32>]| {
            Ok::<_, Infallible>(self.index.vectors.all_cosines(vectors).unwrap_or_default())
        };
        let Ok(heard) = self.hear(std::slice::from_ref(tune), all_cosines, &|at| {
            let (work, setting) = names(at);
            hidden(work, setting)
        });
        let hearing = heard.into_iter().next().unwrap_or_default();
        let known_signs = hearing.known_signs();
        let found = hearing.candidates.iter().zip(hearing.shares());
        let weighed = found.map(|(found, share)| {
            let (tune, setting) = names(found.best.setting);
            Weighed { tune, setting, signs: found.signs, score: found.score, share }
        });
        let known = known_signs.map_or(0.0, |signs| self.weights.known(&signs));
        Heard { works: weighed.collect(), known_signs, known }
    }

    /// What speaks for a setting by alignment alone, as [`super::SIGN_NAMES`] says, the cosines left at 0; `None` when the corpus has no
    /// such setting or the tune no notes.
    pub fn aligned(&self, tune: &Tune, setting: &str) -> Option<[f32; SIGNS]> {
        let melody = melody::reading(tune)?;
        let at = self.index.setting(setting)? as u32;
        let mut aligner = Aligner::default();
        Some(Query::new(&melody).signs(&self.index, (at, [0.0; 3]), &mut aligner).values)
    }
}
