//! Training, validation and test parts that share no family.

use std::collections::BTreeMap;
use std::path::Path;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::corpus::most_common;
use crate::{Corpus, Error, Work, atomic_write};

/// How to split a corpus.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SplitConfig {
    /// Share of the works for training.
    pub train: f64,
    /// Share of the works for validation.
    pub validation: f64,
    /// Share of the works for the test.
    pub test: f64,
    /// Seed of the shuffle.
    pub seed: u64,
    /// Whether each dance type is split in these shares, not only the whole.
    pub balance_dance_types: bool,
}

impl Default for SplitConfig {
    /// 80/10/10 under seed 0, dance types left to chance.
    fn default() -> Self {
        Self { train: 0.8, validation: 0.1, test: 0.1, seed: 0, balance_dance_types: false }
    }
}

/// The ids of the works in each part, sorted as in the corpus.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// What made it.
    pub config: SplitConfig,
    /// The hash of the corpus that it was made for.
    pub corpus_hash: String,
    /// Works to learn from.
    pub train: Vec<String>,
    /// Works to choose by.
    pub validation: Vec<String>,
    /// Works to report on.
    pub test: Vec<String>,
}

impl Split {
    /// Splits a corpus by family.
    ///
    /// Families are shuffled, those with more than a hundredth of the works go first, and each goes
    /// to the part that is furthest below its share, so the shares hold but for the size of a
    /// family. Works without a title are split like all others.
    ///
    /// # Errors
    /// [`Error::Shares`] when the shares are not between 0 and 1 or do not add up to 1.
    pub fn new(corpus: &Corpus, config: &SplitConfig) -> Result<Self, Error> {
        let shares = [config.train, config.validation, config.test];
        let sound = shares.iter().all(|share| (0.0..=1.0).contains(share));
        if !sound || (shares.iter().sum::<f64>() - 1.0).abs() > 1e-6 {
            let [train, validation, test] = shares;
            return Err(Error::Shares { train, validation, test });
        }
        let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
        let mut parts: [Vec<usize>; 3] = Default::default();
        for families in strata(corpus, config.balance_dance_types) {
            deal(families, shares, &mut rng, &mut parts);
        }
        let [train, validation, test] = parts.map(|mut part| {
            part.sort_unstable();
            part.into_iter().map(|at| corpus.works[at].id.clone()).collect()
        });
        let corpus_hash = corpus.hash.clone();
        Ok(Self { config: config.clone(), corpus_hash, train, validation, test })
    }

    /// Checks that the split belongs to `corpus` and that no family is in two parts.
    ///
    /// # Errors
    /// [`Error::OtherCorpus`] or [`Error::SharedFamily`].
    pub fn check(&self, corpus: &Corpus) -> Result<(), Error> {
        if self.corpus_hash != corpus.hash {
            let (split, corpus) = (self.corpus_hash.clone(), corpus.hash.clone());
            return Err(Error::OtherCorpus { split, corpus });
        }
        let mut homes: BTreeMap<u32, (usize, &str)> = BTreeMap::new();
        for (part, ids) in [&self.train, &self.validation, &self.test].into_iter().enumerate() {
            for work in ids.iter().filter_map(|id| corpus.work(id)) {
                let (home, first) = *homes.entry(work.family).or_insert((part, &work.id));
                if home != part {
                    let (first, second) = (first.to_owned(), work.id.clone());
                    return Err(Error::SharedFamily { first, second });
                }
            }
        }
        Ok(())
    }

    /// The works of one part, such as `split.works(&corpus, &split.test)`.
    pub fn works<'c>(&self, corpus: &'c Corpus, part: &[String]) -> Vec<&'c Work> {
        part.iter().filter_map(|id| corpus.work(id)).collect()
    }

    /// Writes the split as JSON, whole or not at all.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        atomic_write(path, |out| {
            serde_json::to_writer_pretty(&mut *out, self)
                .map_err(|error| Error::io(path, error.into()))?;
            writeln!(out).map_err(|error| Error::io(path, error))
        })
    }

    /// Reads a split that [`Split::write`] wrote.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::SplitFile`] when it is something else.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::io(path, error))?;
        serde_json::from_str(&text)
            .map_err(|error| Error::SplitFile { path: path.to_owned(), reason: error.to_string() })
    }
}

/// Families as lists of work indices; in one group, or one group a dance type.
fn strata(corpus: &Corpus, by_dance_type: bool) -> Vec<Vec<Vec<usize>>> {
    let mut families: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (at, work) in corpus.works.iter().enumerate() {
        families.entry(work.family).or_default().push(at);
    }
    if !by_dance_type {
        return vec![families.into_values().collect()];
    }
    let mut groups: BTreeMap<Option<&str>, Vec<Vec<usize>>> = BTreeMap::new();
    for family in families.into_values() {
        let types = family.iter().filter_map(|&at| corpus.works[at].dance_type.as_deref());
        groups.entry(most_common(types)).or_default().push(family);
    }
    groups.into_values().collect()
}

/// Deals shuffled families out to the parts by their shares.
fn deal(
    mut families: Vec<Vec<usize>>,
    shares: [f64; 3],
    rng: &mut ChaCha8Rng,
    parts: &mut [Vec<usize>; 3],
) {
    families.shuffle(rng);
    let total: usize = families.iter().map(Vec::len).sum();
    let large = |family: &Vec<usize>| family.len() * 100 > total;
    families
        .sort_by_key(|family| if large(family) { usize::MAX - family.len() } else { usize::MAX });
    let mut missing = shares.map(|share| share * total as f64);
    for family in families {
        let fullest = |a: &usize, b: &usize| missing[*a].total_cmp(&missing[*b]).then(b.cmp(a));
        let part = (0..3).filter(|&part| shares[part] > 0.0).max_by(fullest).unwrap_or(0);
        missing[part] -= family.len() as f64;
        parts[part].extend(family);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Works `a:0`.. where those with the same number here are of one family.
    fn corpus(families: impl IntoIterator<Item = u32>) -> Corpus {
        let works = families.into_iter().enumerate().map(|(at, family)| Work {
            id: format!("a:{at}"),
            family,
            dance_type: Some(if family % 5 == 0 { "jig" } else { "reel" }.to_owned()),
            ..Work::default()
        });
        Corpus::new(works.collect())
    }

    #[test]
    fn shares_hold_and_no_family_is_in_two_parts() {
        let corpus = corpus((0..1009).map(|at| at / 3));
        let split = Split::new(&corpus, &SplitConfig::default()).unwrap();
        split.check(&corpus).unwrap();
        let sizes = [split.train.len(), split.validation.len(), split.test.len()];
        assert_eq!(sizes.iter().sum::<usize>(), 1009);
        for (size, expected) in sizes.into_iter().zip([807, 101, 101]) {
            assert!(size.abs_diff(expected) <= 3, "{sizes:?}");
        }
    }

    #[test]
    fn the_seed_alone_decides() {
        let corpus = corpus(0..503);
        let seeded = |seed| {
            Split::new(&corpus, &SplitConfig { seed, ..SplitConfig::default() }).unwrap().test
        };
        assert_eq!(seeded(7), seeded(7));
        assert_ne!(seeded(7), seeded(8));
    }

    #[test]
    fn a_giant_family_goes_where_there_is_room() {
        let corpus = corpus((0..997).map(|at| if at < 500 { 0 } else { at }));
        let split = Split::new(&corpus, &SplitConfig::default()).unwrap();
        assert!(split.train.len().abs_diff(798) <= 1);
        assert!(split.train.iter().any(|id| id == "a:0"));
    }

    #[test]
    fn dance_types_can_be_balanced() {
        let corpus = corpus(0..1000);
        let config = SplitConfig { balance_dance_types: true, ..SplitConfig::default() };
        let split = Split::new(&corpus, &config).unwrap();
        let works = split.works(&corpus, &split.test);
        let jigs = works.iter().filter(|work| work.dance_type.as_deref() == Some("jig"));
        assert_eq!((jigs.count(), works.len()), (20, 100));
    }

    #[test]
    fn a_split_survives_its_file_and_knows_its_corpus() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("split.json");
        let corpus = corpus(0..53);
        let split = Split::new(&corpus, &SplitConfig::default()).unwrap();
        split.write(&path).unwrap();
        assert_eq!(Split::read(&path).unwrap(), split);
        let mut other = corpus.clone();
        other.hash = "other".to_owned();
        assert!(matches!(split.check(&other), Err(Error::OtherCorpus { .. })));
        std::fs::write(&path, "{}").unwrap();
        assert!(matches!(Split::read(&path), Err(Error::SplitFile { .. })));
    }

    #[test]
    fn a_family_in_two_parts_is_found() {
        let corpus = corpus([0, 0, 1]);
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        let split = Split {
            corpus_hash: corpus.hash.clone(),
            train: ids(&["a:0"]),
            test: ids(&["a:1", "a:2"]),
            ..Split::default()
        };
        assert!(matches!(split.check(&corpus), Err(Error::SharedFamily { .. })));
    }

    #[test]
    fn shares_that_do_not_add_up_are_refused() {
        let corpus = corpus(0..5);
        for (train, test) in [(0.9, 0.1), (1.2, -0.3), (f64::NAN, 0.1)] {
            let config = SplitConfig { train, test, ..SplitConfig::default() };
            assert!(matches!(Split::new(&corpus, &config), Err(Error::Shares { .. })));
        }
    }
}
