//! A whole study in one TOML file.

mod fusions;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::overlay::lay;
use crate::{Error, Experiment};
pub use fusions::FusedArms;

/// A study: arms and seeds, every arm trained with every seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyConfig {
    /// The study's name, and its folder's under `runs/`.
    pub name: String,
    /// Every arm is trained once with each.
    pub seeds: Vec<u64>,
    /// The experiment that the arms vary, a file named from the study's folder; without it, the defaults.
    #[serde(default)]
    pub base: Option<PathBuf>,
    /// What is different from the base in all arms, as in an experiment.
    #[serde(default)]
    pub experiment: Table,
    /// The arm that every other one is compared with.
    pub reference: String,
    /// Candidates among which each truth is ranked, in expectation over random pools; all where there are no more.
    #[serde(default = "pool")]
    pub pool: usize,
    /// Resamples behind each interval, and throws behind each test: p is at least 1 in so many.
    #[serde(default = "resamples")]
    pub resamples: usize,
    /// What is compared.
    #[serde(rename = "arm")]
    pub arms: Vec<Arm>,
    /// Arms fused, and compared like arms.
    #[serde(default, rename = "fusion")]
    pub fusions: Vec<FusedArms>,
}

/// The pool of the published studies.
fn pool() -> usize {
    630
}

/// Enough for p-values that stand a correction for many arms.
fn resamples() -> usize {
    10_000
}

/// One of the things that a study compares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// Its name: lower-case letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// Seeds of its own instead of the study's: one is enough where nothing is drawn.
    #[serde(default)]
    pub seeds: Option<Vec<u64>>,
    /// An experiment of its own instead of the study's base.
    #[serde(default)]
    pub base: Option<PathBuf>,
    /// What is different in it: keys of an experiment as `"section.key"`, or sections with keys in them.
    #[serde(default)]
    pub set: Table,
    /// Short for `"training.share"`: which share of the training families it learns from.
    #[serde(default)]
    pub corpus_share: Option<f64>,
}

impl StudyConfig {
    /// Reads a study's config and checks it.
    ///
    /// # Errors
    /// Names the line of a key that is unknown or of the wrong type, and the key of a value that is out of range.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        let config: Self =
            toml::from_str(text).map_err(|error| Error::Config(error.to_string()))?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), Error> {
        let arms = self.arms.iter().map(|arm| ("arm.name", &arm.name));
        let fusions = self.fusions.iter().map(|fusion| ("fusion.name", &fusion.name));
        let systems = arms.chain(fusions);
        for (key, name) in systems.clone().chain([("name", &self.name)]) {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
            if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
                let why = format!(
                    "is `{name}`, and names a folder: use lower-case letters, digits, `-`, `_` and `.`"
                );
                return Err(Error::value(key, &why));
            }
        }
        if let Some((key, twice)) = repeated(systems, |&(_, name)| name) {
            return Err(Error::value(key, &format!("`{twice}` is there twice")));
        }
        for seeds in std::iter::once(&self.seeds).chain(self.arms.iter().flat_map(|arm| &arm.seeds))
        {
            if let Some(twice) = repeated(seeds, |&seed| seed) {
                return Err(Error::value("seeds", &format!("holds {twice} twice")));
            }
            if seeds.is_empty() {
                let why = "is empty: name one at least, five for an interval";
                return Err(Error::value("seeds", why));
            }
        }
        for fusion in &self.fusions {
            self.check_members(fusion)?;
        }
        if !self.arms.iter().any(|arm| arm.name == self.reference) {
            let why = format!("is `{}`, which is no arm", self.reference);
            return Err(Error::value("reference", &why));
        }
        if self.pool == 1 {
            return Err(Error::value("pool", "must be 0 (all) or 2 and more"));
        }
        crate::config::check_positive(&[("resamples", self.resamples)])
    }

    /// The seeds that an arm is trained with.
    pub(super) fn seeds_of<'a>(&'a self, arm: &'a Arm) -> &'a [u64] {
        arm.seeds.as_ref().unwrap_or(&self.seeds)
    }

    /// The experiment of every arm; the files that they name are looked for from `folder`.
    pub(super) fn experiments(&self, folder: &Path) -> Result<Vec<Experiment>, Error> {
        self.arms.iter().map(|arm| self.experiment(arm, folder)).collect()
    }

    fn experiment(&self, arm: &Arm, folder: &Path) -> Result<Experiment, Error> {
        let mut table = match arm.base.as_ref().or(self.base.as_ref()) {
            Some(base) => {
                let parse = |text: &str| {
                    text.parse::<Table>().map_err(|error| Error::Config(error.to_string()))
                };
                crate::config::read_toml(&folder.join(base), parse)?
            }
            None => Table::new(),
        };
        let named = |error| match error {
            Error::Config(what) => Error::Config(format!("arm `{}`: {what}", arm.name)),
            Error::Value { key, problem } => {
                Error::Value { key, problem: format!("{problem} (arm `{}`)", arm.name) }
            }
            other => other,
        };
        lay(&mut table, &self.experiment).map_err(named)?;
        lay(&mut table, &arm.set).map_err(named)?;
        if let Some(share) = arm.corpus_share {
            let key = "training.share".to_owned();
            lay(&mut table, &Table::from_iter([(key, Value::Float(share))])).map_err(named)?;
        }
        let read = |error: toml::de::Error| named(Error::Config(error.to_string()));
        let experiment: Experiment = table.try_into().map_err(read)?;
        experiment.check().map_err(named)?;
        Ok(experiment)
    }
}

/// The first of the items whose key an earlier one has.
fn repeated<T, K: Ord>(items: impl IntoIterator<Item = T>, key: impl Fn(&T) -> K) -> Option<T> {
    let mut seen = BTreeSet::new();
    items.into_iter().find(|item| !seen.insert(key(item)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Study;

    pub(super) const STUDY: &str = r#"
name = "sizes"
seeds = [1, 2]
reference = "small"
[experiment.melody]
hidden = 7
[[arm]]
name = "small"
[[arm]]
name = "large"
set = { "melody.hidden" = 11, training.epochs = 3 }
corpus_share = 0.25
"#;

    pub(super) fn study(text: &str) -> Result<Study, Error> {
        Study::from_toml(text, Path::new("."))
    }

    #[test]
    fn arms_vary_the_experiment_and_every_seed_trains_every_arm() {
        let runs = study(STUDY).unwrap().runs(Path::new("runs/sizes"));
        let names: Vec<&str> = runs.iter().map(|run| run.name.as_str()).collect();
        assert_eq!(names, ["small-1", "large-1", "small-2", "large-2"]);
        assert_eq!(runs[3].path, Path::new("runs/sizes/large-2"));
        let (small, large) = (&runs[0].experiment, &runs[3].experiment);
        assert_eq!((small.seed, small.melody.hidden, small.training.share), (1, 7, 1.0));
        assert_eq!((large.seed, large.melody.hidden, large.training.epochs), (2, 11, 3));
        assert_eq!(large.training.share, 0.25);
    }

    #[test]
    fn arms_may_have_seeds_of_their_own_and_are_fused_seed_by_seed_or_all_together() {
        let text = STUDY.replace("corpus_share", "seeds = [7]\ncorpus_share")
            + r#"
[[fusion]]
name = "each"
members = ["large", "small"]
[[fusion]]
name = "whole"
members = ["large", "small"]
all_seeds = true
[[fusion]]
name = "with-words"
members = ["large"]
how = { method = "reciprocal-rank", classifiers = true }
"#;
        let (study, folder) = (study(&text).unwrap(), Path::new("runs"));
        let runs: Vec<String> = study.runs(folder).into_iter().map(|run| run.name).collect();
        assert_eq!(runs, ["small-1", "large-7", "small-2"]);
        let fusions = study.fusions(folder);
        let made: Vec<(&str, Vec<&str>)> = fusions
            .iter()
            .map(|made| {
                let members = made.members.iter().map(|path| path.to_str().unwrap());
                (made.path.to_str().unwrap(), members.collect())
            })
            .collect();
        let expected = [
            ("runs/each-1", vec!["runs/large-7", "runs/small-1"]),
            ("runs/each-2", vec!["runs/large-7", "runs/small-2"]),
            ("runs/whole-all", vec!["runs/large-7", "runs/small-1", "runs/small-2"]),
            ("runs/with-words-7", vec!["runs/large-7"]),
        ];
        assert_eq!(made, expected);
        assert!(study.config().fusions[2].how.classifiers);
    }

    #[test]
    fn bases_are_looked_for_from_the_studys_folder_and_an_arm_may_have_its_own() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.toml"), "[melody]\nhidden = 13\nlayers = 2").unwrap();
        std::fs::write(folder.path().join("b.toml"), "[melody]\nlayers = 3").unwrap();
        let text = STUDY.replace("reference", "base = \"a.toml\"\nreference")
            + "[[arm]]\nname = \"other\"\nbase = \"b.toml\"\n";
        let study = Study::from_toml(&text, folder.path()).unwrap();
        let layers: Vec<(usize, usize)> = study
            .runs(Path::new("."))
            .into_iter()
            .take(3)
            .map(|run| run.experiment)
            .map(|e| (e.melody.layers, e.melody.hidden))
            .collect();
        assert_eq!(layers, [(2, 7), (2, 11), (3, 7)]);
    }

    #[test]
    fn shipped_studies_are_read() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/studies");
        let shipped = [
            ("architectures", 5, 10),
            ("elements", 1, 12),
            ("features-left-out", 5, 8),
            ("features-alone", 5, 8),
            ("refit", 10, 4),
        ];
        for (name, seeds, arms) in shipped {
            let study = Study::load(&folder.join(name).with_extension("toml")).unwrap();
            let config = study.config();
            let found = (config.name.as_str(), config.seeds.len(), config.arms.len());
            assert_eq!(found, (name, seeds, arms));
        }
    }

    #[test]
    fn mistakes_are_told_with_their_arm() {
        let message =
            |from: &str, to: &str| study(&STUDY.replace(from, to)).unwrap_err().to_string();
        let unknown = message("\"melody.hidden\"", "\"melody.hiden\"");
        assert!(unknown.contains("arm `large`") && unknown.contains("hiden"), "{unknown}");
        let range = message("epochs = 3", "epochs = 0");
        assert!(range.contains("training.epochs") && range.contains("arm `large`"), "{range}");
        assert!(message("0.25", "1.5").contains("training.share"));
        assert!(message("\"large\"", "\"small\"").contains("`arm.name` `small` is there twice"));
        assert!(message("\"large\"", "\"../up\"").contains("folder"));
        assert!(message("[1, 2]", "[2, 2]").contains("2 twice"));
        assert!(message("[1, 2]", "[]").contains("seeds"));
        assert!(message("= \"small\"\n[exp", "= \"tiny\"\n[exp").contains("`tiny`"));
        assert!(message("corpus_share", "share").contains("share"));
        assert!(message("[[arm]]\nname = \"small\"", "[[harm]]\n").contains("harm"));
        let fusion = |rest: &str| {
            study(&format!("{STUDY}[[fusion]]\nname = \"f\"\n{rest}")).unwrap_err().to_string()
        };
        assert!(fusion("members = [\"small\", \"tiny\"]").contains("`tiny`, which is no arm"));
        assert!(fusion("members = [\"small\", \"small\"]").contains("`small` twice"));
        assert!(fusion("members = [\"small\"]").contains("no two runs"));
        assert!(fusion("members = [\"small\"]\nhow = { weight = 1 }").contains("weight"));
        let named =
            STUDY.to_owned() + "[[fusion]]\nname = \"small\"\nmembers = [\"small\", \"large\"]\n";
        let named = study(&named).unwrap_err().to_string();
        assert!(named.contains("`fusion.name` `small` is there twice"), "{named}");
        let seeds = STUDY.replace("corpus_share", "seeds = [3, 4]\ncorpus_share");
        let both = "[[fusion]]\nname = \"f\"\nmembers = [\"small\", \"large\"]\n";
        let other = study(&format!("{seeds}{both}")).unwrap_err().to_string();
        assert!(other.contains("fusion.members") && other.contains("other seeds"), "{other}");
        assert!(study(&format!("{seeds}{both}all_seeds = true")).is_ok());
    }
}
