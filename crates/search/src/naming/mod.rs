//! Which tune is this? By n-grams, melody vectors and local alignment.
//!
//! A [`Namer`] reads a tune off its bar lines and repeats: as intervals between notes, and as the pitch at each step of a
//! grid on which the usual note lasts a step. Settings that share grams with it, or have a like vector, are aligned with
//! it; what speaks for each work is weighed by fitted weights; see `docs/naming.md`.

mod align;
mod answer;
mod candidates;
mod database;
mod dense;
mod error;
mod evidence;
mod file;
mod grams;
mod hearing;
mod index;
mod kept;
mod melody;
mod origin;
mod passages;
mod side;
#[cfg(test)]
mod tests;
mod titles;
mod trial;
mod vectors;
mod weights;

use std::path::Path;

use abc::Tune;
use rayon::prelude::*;

pub use answer::{Answer, Match, NotePlace, Passage, Suggestion, source_link};
pub use candidates::WORK_SIGNS;
pub use database::{PostgresVectors, Search, Server};
pub use dense::{BUCKETS, DIMENSIONS, matrix_bytes};
pub use error::NameError;
pub use evidence::{IN_PIECES, SIGN_NAMES, SIGNS};
pub use hearing::KNOWN_SIGNS;
pub use kept::Kept;
pub use origin::Origin;
pub use side::{BesideBars, ShownBar};
pub use trial::{Heard, Weighed};
pub use vectors::{ExactVectors, VectorIndex};
pub use weights::Weights;

use crate::{LoadedRun, Progress};
use candidates::{Candidate, candidates};
use hearing::Hearing;
use index::Index;
use melody::Melody;
use titles::Fitting;

/// Tunes whose vectors are compared with those of all settings at a time, each of which is then read once for all of them.
const TOGETHER: usize = 8;

/// Names tunes by what a corpus has of them.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("corpus.db");
/// let book = "X:1\nT:Drowsy Maggie\nL:1/8\nM:4/4\nK:Edor\n\
///             |:E2BE dEBE|E2BE AFDF|E2BE dEBE|BABc dAFD:|d2fd c2ec|defg afge|d2fd c2ec|BABc dAFA|\n";
/// let name = ("book.abc", book.as_bytes().to_vec());
/// corpus::Store::open(&path)?.import_bytes(name, &Default::default(), &mut |_| {})?;
///
/// let namer = search::Namer::open(&path)?;
/// let asked = abc::read_tune("L:1/16\nM:2/4\nK:Ador\nA4eA gAeA|A4eA dBGB|A4eA gAeA|edef gdBG|");
/// let answer = namer.name(&asked, 5)?;
/// assert_eq!(answer.matches[0].title, "Drowsy Maggie");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Namer {
    index: Index,
    weights: Weights,
    fitting: Option<Fitting>,
    /// The vectors of the settings, where they are in a database and not in the index.
    database: Option<PostgresVectors>,
}

impl Namer {
    /// The namer of a store, with the index that is kept beside it; the index is built where there is none yet, and built
    /// again when the corpus has changed. Where the index cannot be written it is built for this once.
    ///
    /// # Errors
    /// [`NameError::Corpus`] when the store cannot be read, [`NameError::Empty`] when it has no tunes.
    pub fn open(store: &Path) -> Result<Self, NameError> {
        let index = match kept::current(store) {
            Some(index) => index,
            None => kept::build(store)?.0,
        };
        Self::of(index)
    }

    /// The namer by an index, with the fitted weights.
    fn of(index: Index) -> Result<Self, NameError> {
        let weights = Weights::fitted().map_err(NameError::Weights)?;
        Ok(Self { index, weights, fitting: None, database: None })
    }

    /// The namer that also tells which of the corpus's titles would fit, by what a run makes of them; of slow title towers
    /// `progress` hears.
    ///
    /// # Errors
    /// [`NameError::Train`] when the run's title tower fails.
    pub fn with_run(mut self, run: &LoadedRun, progress: Progress<'_>) -> Result<Self, NameError> {
        let titles = self.index.works.iter().map(|work| work.title.as_str());
        self.fitting = Some(Fitting::new(run, titles, progress)?);
        Ok(self)
    }

    /// The namer with other weights than the fitted ones.
    pub fn with_weights(self, weights: Weights) -> Self {
        Self { weights, ..self }
    }

    /// The namer that asks a database for vectors, and keeps none in memory; its answers are the same, but for rounding.
    ///
    /// # Errors
    /// [`NameError::Backend`] when the database cannot be reached, or does not have the vectors of this corpus.
    pub fn with_database(mut self, server: Server) -> Result<Self, NameError> {
        self.database = Some(PostgresVectors::open(server)?.wanted(&self.origin())?);
        self.index.vectors = ExactVectors::default();
        Ok(self)
    }

    /// The vectors of the settings, as a database takes them; none where they are in one.
    pub fn vectors(&self) -> &ExactVectors {
        &self.index.vectors
    }

    /// What the vectors of the settings are of.
    pub fn origin(&self) -> Origin {
        Origin { corpus: self.index.hash.clone(), making: dense::making() }
    }

    /// How many works the corpus has.
    pub fn works(&self) -> usize {
        self.index.works.len()
    }

    /// How many settings the corpus has.
    pub fn settings(&self) -> usize {
        self.index.settings.len()
    }

    /// The ids of all settings.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.index.settings.iter().map(|setting| setting.id.as_str())
    }

    /// The ABC of the setting with this id, if the corpus has it.
    pub fn abc(&self, setting: &str) -> Option<&str> {
        self.index.setting(setting).map(|at| self.index.abc(at))
    }

    /// Which tune this is, with at most `k` matches and as many titles.
    ///
    /// # Errors
    /// [`NameError::Backend`] when a database that was to answer does not; without one there is no error.
    pub fn name(&self, tune: &Tune, k: usize) -> Result<Answer, NameError> {
        Ok(self.name_all(std::slice::from_ref(tune), k)?.pop().unwrap_or_default())
    }

    /// Which tunes these are, each as [`Namer::name`] tells; many at a time take less time a tune.
    ///
    /// # Errors
    /// As [`Namer::name`], when it happens at any of the tunes.
    pub fn name_all(&self, tunes: &[Tune], k: usize) -> Result<Vec<Answer>, NameError> {
        let named = |tunes: &[Tune]| {
            let heard = self.hear(tunes, |vectors| self.all_cosines(vectors), &|_| false)?;
            let asked = tunes.par_iter().zip(&heard);
            Ok(asked.map(|(tune, heard)| self.answer_to(tune, heard, k)).collect())
        };
        let (answers, titles) = rayon::join(
            || tunes.par_chunks(TOGETHER).map(named).collect::<Result<_, NameError>>(),
            || self.titles(tunes, k),
        );
        let answers: Vec<Vec<Answer>> = answers?;
        let with_titles = answers.into_iter().flatten().zip(titles);
        Ok(with_titles.map(|(answer, titles)| Answer { titles, ..answer }).collect())
    }

    /// What is said of a tune by the works that it may be, without the titles that fit.
    fn answer_to(&self, tune: &Tune, hearing: &Hearing, k: usize) -> Answer {
        let known = hearing.known_signs().map_or(0.0, |signs| self.weights.known(&signs));
        let shares = hearing.shares();
        let found = hearing.candidates.iter().zip(&shares).take(k);
        let matches = found.map(|(found, share)| self.answer(hearing, found, known * share));
        Answer {
            x: tune.header.number.clone(),
            title: tune.header.titles.first().cloned().unwrap_or_default(),
            known,
            matches: matches.collect(),
            titles: Vec::new(),
        }
    }

    /// For every tune the titles that fit; one that the run cannot read has none.
    fn titles(&self, tunes: &[Tune], k: usize) -> Vec<Vec<Suggestion>> {
        let fitting = self.fitting.as_ref();
        let titles = fitting.and_then(|fitting| fitting.suggest(tunes, k).ok());
        titles.unwrap_or_else(|| vec![Vec::new(); tunes.len()])
    }

    fn answer(&self, hearing: &Hearing, found: &Candidate, score: f64) -> Match {
        let setting = found.best.setting as usize;
        let there = abc::split(self.index.abc(setting)).next().map(|source| source.read());
        let melody = there.and_then(|tune| melody::reading(&tune)).unwrap_or_default();
        let (work, entry) = (&self.index.works[found.work as usize], &self.index.settings[setting]);
        Match {
            tune: work.id.clone(),
            title: work.title.clone(),
            score,
            setting: entry.id.clone(),
            evidence: passages::passages(&hearing.melody, (&melody, found.best.transposition)),
            link: source_link(&entry.id),
        }
    }

    /// For each vector its cosines with those of all settings, by their places.
    fn all_cosines(&self, vectors: &[Vec<f32>]) -> Result<Vec<Vec<f32>>, NameError> {
        match &self.database {
            Some(database) => database.all_cosines(vectors),
            None => self.index.vectors.all_cosines(vectors),
        }
    }

    /// The works that each tune may be; `all_cosines` tells for each vector its cosines with those of all settings.
    fn hear<E>(
        &self,
        tunes: &[Tune],
        all_cosines: impl Fn(&[Vec<f32>]) -> Result<Vec<Vec<f32>>, E>,
        hidden: candidates::Hidden<'_>,
    ) -> Result<Vec<Hearing>, E> {
        let readings: Vec<Vec<Melody>> = tunes.par_iter().map(melody::readings).collect();
        let vectors: Vec<Vec<f32>> = readings.par_iter().flatten().map(dense::vector).collect();
        let mut cosines = all_cosines(&vectors)?.into_iter();
        let with_cosines =
            |melodies: Vec<Melody>| melodies.into_iter().zip(cosines.by_ref()).collect();
        let readings: Vec<Vec<(Melody, Vec<f32>)>> =
            readings.into_iter().map(with_cosines).collect();
        Ok(readings.into_par_iter().map(|readings| self.best_hearing(readings, hidden)).collect())
    }

    /// The works that a tune may be, by the reading of it that fits best, each with its vector's cosines with those of all settings.
    fn best_hearing(
        &self,
        readings: Vec<(Melody, Vec<f32>)>,
        hidden: candidates::Hidden<'_>,
    ) -> Hearing {
        let mut best = Hearing::default();
        for (melody, near) in readings {
            let candidates = candidates(&self.index, (&melody, &near), (&self.weights, hidden));
            let hearing = Hearing { melody, candidates };
            if hearing.best() >= best.best() {
                best = hearing;
            }
        }
        best
    }
}

/// The buckets that the grams of a tune are hashed into for its vector, and what each counts for.
pub fn melody_buckets(tune: &Tune) -> Vec<(u32, f32)> {
    melody::reading(tune).map(|melody| dense::buckets(&melody)).unwrap_or_default()
}

/// The vector of a tune, of [`DIMENSIONS`] numbers and no particular length, as an index of vectors takes it; zeros for a tune of
/// few notes.
pub fn melody_vector(tune: &Tune) -> Vec<f32> {
    dense::vector(&melody::reading(tune).unwrap_or_default())
}
