//! What is kept of a corpus so that tunes are named quickly.

use std::ops::Range;

use corpus::Corpus;
use rayon::prelude::*;

use super::grams::{Grams, Kind};
use super::melody::{Melody, reading};
use super::vectors::{ExactVectors, VectorIndex};
use super::{NameError, dense};

/// The kinds of grams that are kept, and that vectors are made of.
pub(crate) const KINDS: [Kind; 2] = [Kind::Notes(4), Kind::Steps(&[2, 4, 8, 12])];

/// Everything that names a tune, by the places of settings and works in the corpus.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Index {
    /// The hash of the corpus that it was made of.
    pub(crate) hash: String,
    pub(crate) works: Vec<WorkEntry>,
    pub(crate) settings: Vec<SettingEntry>,
    /// The steps of all settings, one after another.
    pub(crate) steps: Vec<i16>,
    /// The ABC of all settings, one after another.
    pub(crate) abc: String,
    /// Grams of each of [`KINDS`].
    pub(crate) grams: [Grams; 2],
    /// The vector of each setting, by its place.
    pub(crate) vectors: ExactVectors,
}

/// A work of the corpus.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WorkEntry {
    pub(crate) id: String,
    /// Its name, empty when it has none.
    pub(crate) title: String,
    /// One of those that [`corpus::dance_type`] gives.
    pub(crate) dance_type: Option<&'static str>,
    /// Its settings among those of the index.
    pub(crate) settings: Range<u32>,
}

/// A setting of the corpus.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SettingEntry {
    pub(crate) id: String,
    pub(crate) work: u32,
    pub(crate) steps: Range<u32>,
    pub(crate) abc: Range<u32>,
}

impl Index {
    /// The index of a corpus.
    pub(crate) fn new(corpus: &Corpus) -> Result<Self, NameError> {
        let mut index = Self { hash: corpus.hash.clone(), ..Self::default() };
        let read = |work: &corpus::Work| -> Vec<Melody> {
            let read = |setting: &corpus::Setting| {
                let melody = reading(&setting.tune()).unwrap_or_default();
                // Places take most of the memory of a melody, and only evidence needs them.
                Melody { places: Vec::new(), ..melody }
            };
            work.settings.iter().map(read).collect()
        };
        let melodies: Vec<Melody> = corpus.works.par_iter().flat_map_iter(read).collect();
        for (number, work) in (0..).zip(&corpus.works) {
            let first = index.settings.len();
            for setting in &work.settings {
                index.add(number, setting, &melodies[index.settings.len()]);
            }
            let title = work.name().map(|title| title.text.clone()).unwrap_or_default();
            let settings = first as u32..index.settings.len() as u32;
            let dance_type = work.dance_type.as_deref().and_then(corpus::dance_type);
            index.works.push(WorkEntry { id: work.id.clone(), title, dance_type, settings });
        }
        index.grams = KINDS.map(|kind| Grams::new(kind, &melodies));
        index.vectors = vectors(&melodies)?;
        Ok(index)
    }

    fn add(&mut self, work: u32, setting: &corpus::Setting, melody: &Melody) {
        let (steps, abc) = (self.steps.len() as u32, self.abc.len() as u32);
        self.steps.extend(&melody.steps);
        self.abc.push_str(&setting.abc);
        self.settings.push(SettingEntry {
            id: setting.id.clone(),
            work,
            steps: steps..self.steps.len() as u32,
            abc: abc..self.abc.len() as u32,
        });
    }

    /// The steps of a setting on its grid.
    pub(crate) fn steps(&self, setting: usize) -> &[i16] {
        let Range { start, end } = self.settings[setting].steps;
        &self.steps[start as usize..end as usize]
    }

    /// The ABC of a setting.
    pub(crate) fn abc(&self, setting: usize) -> &str {
        let Range { start, end } = self.settings[setting].abc;
        &self.abc[start as usize..end as usize]
    }

    /// The place of the setting with this id.
    pub(crate) fn setting(&self, id: &str) -> Option<usize> {
        let work = id.split('#').next()?;
        let work = self.works.iter().find(|entry| entry.id == work)?;
        work.settings.clone().map(|at| at as usize).find(|&at| self.settings[at].id == id)
    }
}

/// The vectors of all melodies, by their places.
fn vectors(melodies: &[Melody]) -> Result<ExactVectors, NameError> {
    let rows: Vec<f32> = melodies.par_iter().flat_map_iter(dense::vector).collect();
    let mut vectors = ExactVectors::new(dense::DIMENSIONS);
    vectors.add(&(0..melodies.len() as u32).collect::<Vec<u32>>(), &rows)?;
    Ok(vectors)
}
