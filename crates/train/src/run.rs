//! A run directory: what it holds, and files that are whole or not there.

pub mod files;

use std::fs;
use std::path::{Path, PathBuf};

use model::{Embedder, MelodyTower, TitleTower};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokens::Vocabulary;

use crate::sentence::{LoadedEncoder, SentenceEncoders, load_sentence_encoder};
use crate::{Error, Experiment, checkpoint};

/// What a run trained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunKind {
    /// A melody and a title tower.
    #[default]
    Towers,
    /// A melody language model.
    Language,
    /// Nothing: it fuses runs of towers.
    Fusion,
}

impl RunKind {
    /// What it is called, and what makes it.
    fn described(self) -> &'static str {
        match self {
            Self::Towers => "a pair of towers (made by `ganainm train`)",
            Self::Language => "a melody language model (made by `ganainm pretrain`)",
            Self::Fusion => "a fusion of runs (made by `ganainm fuse`)",
        }
    }
}

/// What made a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the layout of run directories.
    pub format: u32,
    /// What was trained.
    #[serde(default)]
    pub kind: RunKind,
    /// Version of the program.
    pub version: String,
    /// Commit of the program's source; `unknown` outside a checkout.
    pub commit: String,
    /// Hash of the corpus, without what is learned from alone.
    pub corpus: String,
    /// What was learned from alone, where there was any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also: Option<Also>,
    /// Seed of the experiment.
    pub seed: u64,
    /// Processor, cores and system.
    pub machine: String,
    /// Threads used.
    pub threads: usize,
    /// Training steps done.
    pub steps: u64,
    /// Seconds spent in training, evaluation on validation works included.
    pub seconds: f64,
    /// Whether training came to its end.
    pub finished: bool,
}

/// Works of other sources, which were learned from and never judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Also {
    /// How many there were.
    pub works: usize,
    /// Their hash.
    pub hash: String,
}

/// Version of the layout that this program writes and reads.
pub(crate) const FORMAT: u32 = 1;

/// A run directory.
#[derive(Clone, Debug)]
pub struct RunDir {
    path: PathBuf,
}

impl RunDir {
    /// How the names of directories begin that are not in their place yet.
    pub(crate) const UNFINISHED: &str = ".ganainm-run-";

    /// Whether a new run may go to `path`.
    ///
    /// # Errors
    /// When something is there already, an empty folder apart.
    pub fn check_free(path: &Path) -> Result<(), Error> {
        let taken = match fs::read_dir(path) {
            Ok(mut entries) => entries.next().is_some(),
            Err(error) => error.kind() != std::io::ErrorKind::NotFound,
        };
        if taken {
            let advice = "is taken; name another folder with --run, or go on with --resume";
            return Err(Error::damaged(path, advice));
        }
        Ok(())
    }

    /// Makes a new directory, with its parents. `fill` works beside the final place, so that a run
    /// is there whole or not at all.
    ///
    /// # Errors
    /// When the place is taken or cannot be written; what `fill` returns.
    pub(crate) fn create(
        path: &Path,
        fill: impl FnOnce(&Self) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        Self::check_free(path)?;
        let failed = |source| Error::io(path, source);
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(failed)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(Self::UNFINISHED);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755));
        let new = builder.tempdir_in(parent).map_err(failed)?;
        fill(&Self { path: new.path().to_owned() })?;
        fs::rename(new.path(), path).map_err(failed)?;
        // The folder is in its place now, so there is nothing left to clear away.
        let _ = new.keep();
        Ok(Self { path: path.to_owned() })
    }

    /// Opens an existing run.
    ///
    /// # Errors
    /// When there is none, or a newer program made it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let run = Self { path: path.to_owned() };
        if ![files::CONFIG, files::FUSION].iter().any(|name| run.file(name).is_file()) {
            let advice = "is not a run: it has no config.toml; `ganainm train` and `ganainm pretrain` make runs";
            return Err(Error::damaged(path, advice));
        }
        let manifest = run.manifest()?;
        if manifest.format > FORMAT {
            let advice = format!("was made by a newer program ({}); update", manifest.version);
            return Err(Error::damaged(path, advice));
        }
        Ok(run)
    }

    /// The directory at `path`, a run or not.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where the run is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its folder's name, as reports call it.
    pub(crate) fn name(&self) -> std::borrow::Cow<'_, str> {
        self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy()
    }

    /// The path of one of its [`files`].
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// That the run trained what is asked for.
    pub(crate) fn expect(&self, kind: RunKind) -> Result<(), Error> {
        let found = self.manifest()?.kind;
        if found == kind {
            return Ok(());
        }
        let advice = format!("is {}, not {}", found.described(), kind.described());
        Err(Error::damaged(&self.path, advice))
    }

    /// That there is something to go on with.
    pub(crate) fn unfinished(&self) -> Result<(), Error> {
        if self.manifest()?.finished {
            checkpoint::remove(self)?;
            let advice = "is finished; there is nothing to go on with";
            return Err(Error::damaged(&self.path, advice));
        }
        Ok(())
    }

    /// The experiment that it holds.
    ///
    /// # Errors
    /// When it is no training of towers, or the file is missing or damaged.
    pub fn experiment(&self) -> Result<Experiment, Error> {
        self.expect(RunKind::Towers)?;
        Experiment::load(&self.file(files::CONFIG))
    }

    /// Its towers, at the best look at validation, with what they need to read tunes and titles.
    ///
    /// # Errors
    /// When a file is missing or damaged, or there was no look at validation yet.
    pub fn embedder(&self) -> Result<Embedder, Error> {
        self.embedder_among(&mut SentenceEncoders::default())
    }

    /// The same, its sentence encoder one of those that are loaded already if it is the same.
    pub(crate) fn embedder_among(
        &self,
        encoders: &mut SentenceEncoders,
    ) -> Result<Embedder, Error> {
        let damaged = |name: &str, what: String| Error::damaged(&self.file(name), what);
        Ok(Embedder {
            reading: self.experiment()?.melody.reading(),
            vocabulary: self.vocabulary()?,
            melody: MelodyTower::from_safetensors(&self.weights(files::MELODY)?)
                .map_err(|error| damaged(files::MELODY, error.to_string()))?,
            title: TitleTower::from_safetensors(&self.weights(files::TITLE)?)
                .map_err(|error| damaged(files::TITLE, error.to_string()))?,
            sentence: self.sentence_encoder()?.map(|loaded| encoders.shared(loaded)),
        })
    }

    /// The sentence encoder that its title tower reads with, where it reads with one.
    pub(crate) fn sentence_encoder(&self) -> Result<Option<LoadedEncoder>, Error> {
        let folder = self.file(files::SENTENCE);
        folder.is_dir().then(|| load_sentence_encoder(&folder)).transpose()
    }

    /// The values of every feature.
    pub(crate) fn vocabulary(&self) -> Result<Vocabulary, Error> {
        let text = String::from_utf8_lossy(&self.read(files::VOCABULARY)?).into_owned();
        let damaged =
            |error: tokens::Error| Error::damaged(&self.file(files::VOCABULARY), error.to_string());
        Vocabulary::from_json(&text).map_err(damaged)
    }

    /// The bytes of weights that are written at the first look at validation.
    pub(crate) fn weights(&self, name: &str) -> Result<Vec<u8>, Error> {
        if self.file(name).is_file() {
            return self.read(name);
        }
        let advice = "is not there yet; let the training get further with --resume";
        Err(Error::damaged(&self.file(name), advice))
    }

    /// What made it.
    ///
    /// # Errors
    /// When the file is missing or damaged.
    pub fn manifest(&self) -> Result<Manifest, Error> {
        self.read_json(files::MANIFEST)
    }

    /// Reads one of its JSON files.
    ///
    /// # Errors
    /// When the file is missing or damaged.
    pub fn read_json<T: DeserializeOwned>(&self, name: &str) -> Result<T, Error> {
        let bytes = self.read(name)?;
        let path = self.file(name);
        serde_json::from_slice(&bytes).map_err(|error| Error::damaged(&path, error.to_string()))
    }

    /// Reads one of its files.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, Error> {
        let path = self.file(name);
        fs::read(&path).map_err(|source| Error::io(&path, source))
    }

    /// Writes one of its files whole: a reader, or a program killed at any moment, sees the old
    /// content or the new.
    ///
    /// # Errors
    /// When the disk is full or the folder cannot be written; the old content stays.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let path = self.file(name);
        corpus::atomic_write(&path, |out| {
            out.write_all(bytes).map_err(|source| Error::io(&path, source))
        })
    }

    /// Writes a value as JSON, as [`RunDir::write`] does.
    ///
    /// # Errors
    /// As [`RunDir::write`].
    pub fn write_json<T: Serialize>(&self, name: &str, value: &T) -> Result<(), Error> {
        let path = self.file(name);
        let mut bytes = serde_json::to_vec_pretty(value)
            .map_err(|error| Error::damaged(&path, error.to_string()))?;
        bytes.push(b'\n');
        self.write(name, &bytes)
    }
}

/// The machine in one line: processor, cores and system.
pub(crate) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let processor = fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        })
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    format!("{processor}, {cores} cores, {}", std::env::consts::OS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_used_folder_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("notes.txt"), "mine").unwrap();
        let refused = RunDir::create(dir.path(), |_| Ok(())).unwrap_err();
        assert!(refused.to_string().contains("--resume"));
    }

    #[test]
    fn a_run_that_could_not_be_filled_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let fail = |_: &RunDir| Err(Error::Data("no".to_owned()));
        assert!(RunDir::create(&dir.path().join("run"), fail).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_without_a_config_is_no_run() {
        let dir = tempfile::tempdir().unwrap();
        assert!(RunDir::open(dir.path()).unwrap_err().to_string().contains("config.toml"));
    }

    #[test]
    fn writing_replaces_the_old_content() {
        let dir = tempfile::tempdir().unwrap();
        let run = RunDir::create(&dir.path().join("run"), |_| Ok(())).unwrap();
        run.write("a.txt", b"old").unwrap();
        run.write("a.txt", b"new").unwrap();
        assert_eq!(run.read("a.txt").unwrap(), b"new");
        assert_eq!(fs::read_dir(run.path()).unwrap().count(), 1);
    }
}
