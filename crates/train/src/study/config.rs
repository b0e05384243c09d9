//! A whole study in one TOML file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::overlay::lay;
use crate::{Error, Experiment};

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
        let names = self.arms.iter().map(|arm| ("arm.name", &arm.name));
        for (key, name) in names.chain([("name", &self.name)]) {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
            if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
                let why = format!(
                    "is `{name}`, and names a folder: use lower-case letters, digits, `-`, `_` and `.`"
                );
                return Err(Error::value(key, &why));
            }
        }
        if let Some(twice) = repeated(self.arms.iter().map(|arm| &arm.name)) {
            return Err(Error::value("arm.name", &format!("`{twice}` is there twice")));
        }
        if let Some(twice) = repeated(&self.seeds) {
            return Err(Error::value("seeds", &format!("holds {twice} twice")));
        }
        if self.seeds.is_empty() {
            return Err(Error::value("seeds", "is empty: name one at least, five for an interval"));
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

/// The first of the items that comes a second time.
fn repeated<T: Ord>(items: impl IntoIterator<Item = T> + Clone) -> Option<T> {
    let mut seen = BTreeSet::new();
    let fresh = items.clone().into_iter().map(|item| seen.insert(item)).collect::<Vec<_>>();
    items.into_iter().zip(fresh).find_map(|(item, fresh)| (!fresh).then_some(item))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Study;

    const STUDY: &str = r#"
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

    fn study(text: &str) -> Result<Study, Error> {
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
        assert!(message("\"large\"", "\"small\"").contains("twice"));
        assert!(message("\"large\"", "\"../up\"").contains("folder"));
        assert!(message("[1, 2]", "[2, 2]").contains("2 twice"));
        assert!(message("[1, 2]", "[]").contains("seeds"));
        assert!(message("= \"small\"\n[exp", "= \"tiny\"\n[exp").contains("`tiny`"));
        assert!(message("corpus_share", "share").contains("share"));
        assert!(message("[[arm]]\nname = \"small\"", "[[fusion]]\n").contains("fusion"));
    }
}
