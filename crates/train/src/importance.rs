//! What a trained melody tower makes of each feature: how much worse it finds titles when the feature's values are
//! shuffled (permutation importance, Breiman 2001).

use model::{Embedder, MelodyBatch, MelodyTape, Mode};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use retrieval::report::{BothWays, Entry, Role, StudyReport, StudySettings};
use retrieval::{Bootstrap, Truth};
use tokens::{Feature, Tokens};

use crate::data::Example;
use crate::evaluate::{cosines, titles};
use crate::random::{Purpose, generator};
use crate::{Error, RunDir, Side, load_data};

/// Tunes that are embedded at a time.
const BATCH: usize = 128;

/// The name of the system with no feature shuffled.
const INTACT: &str = "intact";

/// Among which values a note feature is shuffled; header features are shuffled among tunes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shuffle {
    /// Among all rows of all tunes: neither a tune's values nor their order is left.
    #[default]
    Everywhere,
    /// Among the rows of each tune: its values stay, their order is gone.
    WithinTunes,
}

/// How importance is taken.
#[derive(Clone, Debug)]
pub struct ImportanceSettings {
    /// The works that the run is judged on.
    pub side: Side,
    /// How often each feature is shuffled.
    pub repeats: usize,
    /// Seeds the shuffling and the intervals.
    pub seed: u64,
    /// Among which values.
    pub shuffle: Shuffle,
}

impl Default for ImportanceSettings {
    fn default() -> Self {
        Self { side: Side::Test, repeats: 5, seed: 1, shuffle: Shuffle::Everywhere }
    }
}

/// Where a feature stands in what the tower reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Header(usize),
    Notes(usize),
}

/// Judges a run once intact and, for each feature that its melody tower reads, as often as asked for with the feature's
/// values shuffled. Every feature is a system of the report, its repeats the runs; less the system `intact` it shows the
/// drop, as a negative difference. `watch` hears how many of how many measurements are done.
///
/// # Errors
/// When the tower reads no feature, no repeat is asked for, or the run lacks a file.
pub fn importance(
    run: &RunDir,
    settings: &ImportanceSettings,
    watch: &mut dyn FnMut(usize, usize),
) -> Result<StudyReport, Error> {
    if settings.repeats == 0 {
        return Err(Error::value("repeats", "must be at least 1"));
    }
    let experiment = run.experiment()?;
    settings.side.check(run, &experiment)?;
    let data = load_data(run, &experiment)?;
    let examples = settings.side.examples(&data);
    let embedder = run.embedder()?;
    let columns = columns(&embedder);
    if columns.is_empty() {
        let advice = "has a melody tower that reads no feature of notes or header by its column, so that none can be \
                      shuffled; leave features out in a study instead";
        return Err(Error::damaged(run.path(), advice));
    }
    let pool = experiment.evaluation.pool;
    let pool = (pool > 1 && pool < examples.len()).then_some(pool);
    let bench = Bench::new(&embedder, examples, pool)?;
    let total = 1 + columns.len() * settings.repeats;
    let mut entries = vec![entry(INTACT, vec![bench.judge(None)?])];
    watch(1, total);
    for (place, (name, column)) in columns.iter().enumerate() {
        let mut runs = Vec::with_capacity(settings.repeats);
        for repeat in 0..settings.repeats {
            let at = (place * settings.repeats + repeat) as u64;
            let mut random = generator(settings.seed, Purpose::Shuffle, at);
            let values = bench.shuffled((*column, settings.shuffle), &mut random);
            runs.push(bench.judge(Some((*column, &values)))?);
            watch(2 + at as usize, total);
        }
        entries.push(entry(name, runs));
    }
    let folder = run.path().file_name().unwrap_or(run.path().as_os_str());
    let side = settings.side.name();
    let report = StudySettings {
        name: format!("importance of features to {}, {side}", folder.to_string_lossy()),
        reference: INTACT.to_owned(),
        bootstrap: Bootstrap::new(experiment.evaluation.resamples, settings.seed, 0.95)?,
        pooled: pool.is_some(),
    };
    Ok(StudyReport::new(report, &entries)?)
}

fn entry(name: &str, runs: Vec<BothWays>) -> Entry {
    Entry { name: name.to_owned(), role: Role::Model, runs }
}

/// The features that the melody tower reads, with where they stand; those withheld from it tell it nothing.
fn columns(embedder: &Embedder) -> Vec<(String, Column)> {
    let reading = &embedder.reading;
    let header = reading.header.iter().enumerate();
    let header = header.map(|(at, feature)| (format!("{feature} (header)"), Column::Header(at)));
    let told = |(_, feature): &(usize, &Feature)| !reading.withheld.contains(feature);
    let notes = reading.notes.iter().enumerate().filter(told);
    header
        .chain(notes.map(|(at, feature)| (format!("{feature} (notes)"), Column::Notes(at))))
        .collect()
}

/// Everything that stays the same from one shuffling to the next.
struct Bench<'a> {
    embedder: &'a Embedder,
    examples: &'a [Example],
    pool: Option<usize>,
    /// Tunes of like length together, by their places among the examples, with what the tower reads of them.
    batches: Vec<(Vec<usize>, MelodyBatch)>,
    /// (B, D).
    titles: Vec<f32>,
}

impl<'a> Bench<'a> {
    fn new(
        embedder: &'a Embedder,
        examples: &'a [Example],
        pool: Option<usize>,
    ) -> Result<Self, Error> {
        let mut order: Vec<usize> = (0..examples.len()).collect();
        order.sort_by_key(|&tune| examples[tune].query().len());
        let batch = |places: &[usize]| {
            let tunes: Vec<&Tokens> = places.iter().map(|&tune| examples[tune].query()).collect();
            (places.to_vec(), embedder.reading.batch(&embedder.vocabulary, &tunes))
        };
        let batches = order.chunks(BATCH).map(batch).collect();
        let titles = embedder.embed_titles(&titles(examples))?;
        Ok(Self { embedder, examples, pool, batches, titles })
    }

    /// What the tower achieves, on its own reading or with other values in a column.
    fn judge(&self, changed: Option<(Column, &[u32])>) -> Result<BothWays, Error> {
        let width = self.embedder.output();
        let mut vectors = vec![0.0; self.examples.len() * width];
        let mut tape = MelodyTape::default();
        let mut values = changed.map(|(column, values)| (column, values.iter().copied()));
        for (places, batch) in &self.batches {
            let mut batch = batch.clone();
            if let Some((column, values)) = &mut values {
                let cells = self.cells_mut(*column, &mut batch);
                cells.zip(values).for_each(|(cell, value)| *cell = value);
            }
            self.embedder.melody.forward(&batch, Mode::Evaluate, &mut tape)?;
            for (&tune, vector) in places.iter().zip(tape.embeddings().chunks_exact(width)) {
                vectors[tune * width..][..width].copy_from_slice(vector);
            }
        }
        let scores = cosines(self.examples, width, (vectors, self.titles.clone()))?;
        Ok(BothWays::new(&scores, &Truth::diagonal(self.examples.len()), self.pool)?)
    }

    /// The values of a column, batch after batch, in another order.
    fn shuffled(&self, (column, shuffle): (Column, Shuffle), random: &mut ChaCha8Rng) -> Vec<u32> {
        let mut values = Vec::new();
        for (_, batch) in &self.batches {
            let mut batch = batch.clone();
            values.extend(self.cells_mut(column, &mut batch).map(|cell| *cell));
        }
        if let (Column::Notes(_), Shuffle::WithinTunes) = (column, shuffle) {
            let mut rest = &mut values[..];
            for &length in self.batches.iter().flat_map(|(_, batch)| &batch.lengths) {
                let (tune, others) = rest.split_at_mut(length);
                tune.shuffle(random);
                rest = others;
            }
        } else {
            values.shuffle(random);
        }
        values
    }

    /// The cells of a column in a batch.
    fn cells_mut<'b>(
        &self,
        column: Column,
        batch: &'b mut MelodyBatch,
    ) -> impl Iterator<Item = &'b mut u32> {
        let reading = &self.embedder.reading;
        let (ids, at, width) = match column {
            Column::Header(at) => (&mut batch.header, at, reading.header.len()),
            Column::Notes(at) => (&mut batch.notes, at, reading.notes.len()),
        };
        ids.iter_mut().skip(at).step_by(width)
    }
}

#[cfg(test)]
mod tests {
    use model::Towers;
    use tokens::{Facts, Vocabulary, VocabularyOptions};

    use super::*;
    use crate::foundation::Foundation;
    use crate::{Experiment, setup};

    fn examples() -> Vec<Example> {
        let example = |n: usize| {
            let metre = ["6/8", "4/4", "3/4"][n % 3];
            let notes = ["DFA", "GBd", "cAF", "dfa", "eBG"][n % 5].repeat(1 + n % 7);
            let text = format!("X:1\nM:{metre}\nL:1/8\nK:D\n{notes}|A2 G{}|\n", n % 4 + 1);
            let tune = abc::read(&text).tunes.remove(0);
            Example {
                id: format!("a:{n}"),
                family: n as u32,
                dance_type: None,
                popularity: None,
                settings: vec![Tokens::new(&tune, &Facts::default()).unwrap()],
                title: format!("The {n}th Reel"),
                aliases: Vec::new(),
            }
        };
        (0..BATCH + 11).map(example).collect()
    }

    fn embedder(examples: &[Example]) -> Embedder {
        let config = "seed = 3\n[melody]\nnotes = [\"symbol\", \"duration\", \"mode\"]\n\
                      withheld = [\"mode\"]\nheader = [\"metre\"]\nhidden = 7\nprojection = 13\n\
                      [title]\nbuckets = 97\ndims = 5\n[training]\noutput = 11";
        let experiment = Experiment::from_toml(config).unwrap();
        let settings = examples.iter().flat_map(|example| &example.settings);
        let vocabulary = Vocabulary::build(settings, &VocabularyOptions::default());
        let reading = experiment.melody.reading();
        let Towers { melody, title, .. } =
            setup::towers(&experiment, &vocabulary, &Foundation::default()).unwrap();
        Embedder { reading, vocabulary, melody, title, sentence: None }
    }

    #[test]
    fn intact_it_is_judged_as_evaluation_judges_it() {
        let examples = examples();
        let embedder = embedder(&examples);
        let tunes: Vec<&Tokens> = examples.iter().map(Example::query).collect();
        let titles = embedder.embed_titles(&titles(&examples)).unwrap();
        let vectors = (embedder.embed_melodies(&tunes).unwrap(), titles);
        let scores = cosines(&examples, 11, vectors).unwrap();
        let truth = Truth::diagonal(examples.len());
        let expected = BothWays::new(&scores, &truth, Some(31)).unwrap();
        assert_eq!(
            Bench::new(&embedder, &examples, Some(31)).unwrap().judge(None).unwrap(),
            expected
        );
    }

    #[test]
    fn every_feature_that_the_tower_is_told_has_a_column() {
        let names: Vec<String> =
            columns(&embedder(&examples())).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["metre (header)", "symbol (notes)", "duration (notes)"]);
    }

    #[test]
    fn shuffling_keeps_the_values_and_changes_the_verdict() {
        let examples = examples();
        let embedder = embedder(&examples);
        let bench = Bench::new(&embedder, &examples, None).unwrap();
        let intact = bench.judge(None).unwrap();
        for column in [Column::Header(0), Column::Notes(0), Column::Notes(1)] {
            let values =
                |shuffle| bench.shuffled((column, shuffle), &mut generator(5, Purpose::Shuffle, 0));
            let (mut all, mut within) = (values(Shuffle::Everywhere), values(Shuffle::WithinTunes));
            assert_eq!(all == within, column == Column::Header(0));
            assert_ne!(bench.judge(Some((column, &all))).unwrap(), intact);
            all.sort_unstable();
            within.sort_unstable();
            assert_eq!(all, within);
        }
    }

    #[test]
    fn within_tunes_every_tune_keeps_its_own_values() {
        let examples = examples();
        let embedder = embedder(&examples);
        let bench = Bench::new(&embedder, &examples, None).unwrap();
        let mut random = generator(5, Purpose::Shuffle, 0);
        let values = bench.shuffled((Column::Notes(0), Shuffle::WithinTunes), &mut random);
        let mut at = 0;
        for (_, batch) in &bench.batches {
            let mut first = 0;
            for &length in &batch.lengths {
                let sorted = |mut values: Vec<u32>| {
                    values.sort_unstable();
                    values
                };
                let own = batch.notes[first * 3..][..length * 3].iter().step_by(3).copied();
                assert_eq!(sorted(values[at..at + length].to_vec()), sorted(own.collect()));
                (first, at) = (first + length, at + length);
            }
        }
        assert_eq!(at, values.len());
    }
}
