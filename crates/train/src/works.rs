//! The works that an experiment learns from and is judged on.

use std::collections::{HashMap, HashSet};

use corpus::{Corpus, Split, Store, Work};

use crate::run::files;
use crate::{Also, CorpusConfig, Error, RunDir};

/// The works of an experiment.
#[derive(Clone, Debug)]
pub struct Works {
    /// Those that are shared out among training, validation and test.
    pub corpus: Corpus,
    /// Which of them are for what.
    pub split: Split,
    /// Those of other sources, which are learned from and never judged: none is in one family with a work of validation or test.
    /// One that is a relative of works of `corpus` has the family of the first of these.
    pub also: Vec<Work>,
}

impl Works {
    /// What a config chooses among all works of a store, shared out by `share_out`.
    ///
    /// # Errors
    /// When a source has no work, and what `share_out` says.
    pub(crate) fn new(
        config: &CorpusConfig,
        all: Corpus,
        share_out: impl FnOnce(&Corpus) -> Result<Split, Error>,
    ) -> Result<Self, Error> {
        let further = (!config.also.is_empty()).then(|| all.clone());
        let corpus = config.select(all)?;
        let split = share_out(&corpus)?;
        let also = match further {
            Some(all) => also(config, config.select_all(all), (&corpus, &split)),
            None => Vec::new(),
        };
        Ok(Self { corpus, split, also })
    }

    /// What a run's manifest says of the works that are learned from alone.
    pub(crate) fn to_be_recorded(&self) -> Option<Also> {
        let also = || Also { works: self.also.len(), hash: Corpus::new(self.also.clone()).hash };
        (!self.also.is_empty()).then(also)
    }

    /// All works to learn from.
    pub fn train(&self) -> impl Iterator<Item = &Work> {
        let own = self.split.train.iter().filter_map(|id| self.corpus.work(id));
        own.chain(&self.also)
    }
}

impl RunDir {
    /// The works that a run chose from its own copy of the corpus.
    ///
    /// # Errors
    /// When a file is missing or damaged.
    pub fn works(&self, config: &CorpusConfig) -> Result<Works, Error> {
        let store = Store::open_existing(&self.file(files::CORPUS))?;
        Works::new(config, store.load()?, |corpus| {
            let split: Split = self.read_json(files::SPLIT)?;
            split.check(corpus)?;
            Ok(split)
        })
    }
}

/// The works of `everything` that are to learn from alone and no relatives of works of validation or test.
fn also(
    config: &CorpusConfig,
    everything: Corpus,
    (corpus, split): (&Corpus, &Split),
) -> Vec<Work> {
    let judged: HashSet<&str> =
        split.validation.iter().chain(&split.test).map(String::as_str).collect();
    let mut barred = HashSet::new();
    let mut relatives = HashMap::new();
    for work in &everything.works {
        let Some(own) = corpus.work(&work.id) else { continue };
        relatives.entry(work.family).or_insert(own.family);
        if judged.contains(own.id.as_str()) {
            barred.insert(work.family);
        }
    }
    let free = corpus.works.iter().map(|work| work.family + 1).max().unwrap_or(0);
    let mut works = everything.works;
    works.retain(|work| config.is_also(work) && !barred.contains(&work.family));
    for work in &mut works {
        work.family = relatives.get(&work.family).copied().unwrap_or(free + work.family);
    }
    works
}

#[cfg(test)]
mod tests {
    use corpus::{Setting, SplitConfig, Title, TitleKind};

    use super::*;

    /// A tune of its own for each seed: sixteen bars of notes drawn by it.
    fn work(id: &str, seed: u64) -> Work {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut note = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ["D", "E", "F", "G", "A", "B", "c", "d", "e", "f", "g"][(state >> 33) as usize % 11]
        };
        let bars: Vec<String> = (0..16).map(|_| (0..8).map(|_| note()).collect()).collect();
        let abc = format!("X:1\nM:4/4\nL:1/8\nK:D\n{}|\n", bars.join("|"));
        let titles = vec![Title::new(&format!("Tune {id}"), TitleKind::Name)];
        let settings = vec![Setting { abc, ..Setting::default() }];
        Work { id: id.to_owned(), titles, settings, ..Work::default() }
    }

    /// Forty tunes of `session`; in `book` every second of them under another name, then ten others; one of `rest`.
    fn store() -> Corpus {
        let session = (0..40).map(|n| work(&format!("session:{n}"), n));
        let book =
            (0..30).map(|n| work(&format!("book:{n}"), if n < 20 { 2 * n } else { 100 + n }));
        let mut corpus = Corpus::new(session.chain(book).chain([work("rest:1", 7)]).collect());
        corpus.find_families();
        corpus
    }

    fn works(config: &CorpusConfig, all: Corpus) -> Works {
        let split =
            SplitConfig { train: 0.6, validation: 0.2, test: 0.2, ..SplitConfig::default() };
        Works::new(config, all, |corpus| Ok(Split::new(corpus, &split)?)).unwrap()
    }

    fn config(sources: &[&str], also: &[&str]) -> CorpusConfig {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        CorpusConfig { sources: owned(sources), also: owned(also) }
    }

    #[test]
    fn what_else_a_store_holds_does_not_move_the_split() {
        let alone = store().works.into_iter().filter(|work| work.source() == "session");
        let mut alone = Corpus::new(alone.collect());
        alone.find_families();
        let alone = works(&CorpusConfig::default(), alone);
        for config in [config(&["session"], &[]), config(&["session"], &["book"])] {
            let chosen = works(&config, store());
            assert_eq!((&chosen.split, &chosen.corpus), (&alone.split, &alone.corpus));
        }
    }

    #[test]
    fn no_relative_of_a_judged_work_is_learned_from() {
        let chosen = works(&config(&["session"], &["book"]), store());
        let learned: HashSet<&str> = chosen.also.iter().map(|work| work.id.as_str()).collect();
        let trained = |n: u64| chosen.split.train.contains(&format!("session:{}", 2 * n));
        for n in 0..30 {
            let expected = n >= 20 || trained(n);
            assert_eq!(learned.contains(format!("book:{n}").as_str()), expected, "book:{n}");
        }
        assert!((0..20).any(trained) && !(0..20).all(trained));
        assert_eq!(chosen.train().count(), chosen.split.train.len() + learned.len());
    }

    #[test]
    fn relatives_of_training_works_are_of_their_family_and_others_of_none_that_is_there() {
        let chosen = works(&config(&["session"], &["book"]), store());
        let families: HashSet<u32> = chosen.corpus.works.iter().map(|work| work.family).collect();
        for work in &chosen.also {
            let n: usize = work.id["book:".len()..].parse().unwrap();
            match chosen.corpus.work(&format!("session:{}", 2 * n)).filter(|_| n < 20) {
                Some(relative) => assert_eq!(work.family, relative.family, "{}", work.id),
                None => assert!(!families.contains(&work.family), "{}", work.id),
            }
        }
    }
}
