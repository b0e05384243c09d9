//! Where the files of a sentence encoder are: in a folder, an archive, or an archive in one of these.

use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use zip::ZipArchive;
use zip::result::ZipError;

use crate::Error;

const WEIGHTS: &str = "model.safetensors";
const CONFIG: &str = "config.json";
/// The first of them that is there is read.
const TOKENIZERS: [&str; 2] = ["tokenizer.json", "vocab.txt"];

/// The largest member of an archive that is read, in bytes.
const LARGEST: u64 = 1 << 30;

/// The files of a sentence encoder.
pub(super) struct Files {
    /// Where they were found, for people.
    pub(super) place: PathBuf,
    pub(super) config: Vec<u8>,
    pub(super) tokenizer: Vec<u8>,
    pub(super) weights: Vec<u8>,
    /// `1_Pooling/config.json`, where there is one.
    pub(super) pooling: Option<Vec<u8>>,
    /// `modules.json`, where there is one.
    pub(super) modules: Option<Vec<u8>>,
}

impl Files {
    /// The files that an encoder needs, by their usual names.
    pub(super) fn named(&self) -> [(&'static str, &[u8]); 3] {
        // One tokenizer is JSON, the other a list of words.
        let tokenizer = TOKENIZERS[usize::from(!self.tokenizer.starts_with(b"{"))];
        [(CONFIG, &self.config), (tokenizer, &self.tokenizer), (WEIGHTS, &self.weights)]
    }

    /// # Errors
    /// When there are none or several, or a file cannot be read.
    pub(super) fn find(path: &Path) -> Result<Self, Error> {
        let source = if path.is_dir() {
            Source::Folder(path.to_owned())
        } else {
            Source::archive(fs::read(path).map_err(|error| Error::io(path, error))?).map_err(
                |error| Error::encoder(path, format!("is no folder or archive: {error}")),
            )?
        };
        let mut found = Found { place: path.to_owned(), source };
        let files = found.files()?;
        match files {
            Some(files) => Ok(files),
            None => found.inside()?.ok_or_else(|| {
                let message = format!(
                    "holds no sentence encoder: no {WEIGHTS} with {CONFIG} and {} or {} beside it",
                    TOKENIZERS[0], TOKENIZERS[1]
                );
                Error::encoder(path, message)
            }),
        }
    }
}

/// A folder or an archive that is looked through.
struct Found {
    place: PathBuf,
    source: Source,
}

enum Source {
    Folder(PathBuf),
    Archive(ZipArchive<Cursor<Vec<u8>>>),
}

impl Found {
    /// The encoder in it, archives in it aside.
    fn files(&mut self) -> Result<Option<Files>, Error> {
        if self.source.has("") {
            // What is named is taken without a look at what is below.
            let place = self.place.clone();
            return Folder { place, at: "" }.read(&mut self.source).map(Some);
        }
        let names = self.names()?;
        let ends = |name: &&String| name.rsplit('/').next() == Some(WEIGHTS);
        let folders = names.iter().filter(ends).map(|name| &name[..name.len() - WEIGHTS.len()]);
        let (whole, part): (Vec<&str>, Vec<&str>) = folders.partition(|at| self.source.has(at));
        match (&whole[..], &part[..]) {
            ([], []) => Ok(None),
            ([], [at, ..]) => {
                let message = format!(
                    "has {WEIGHTS} without {CONFIG}, or without {} beside it",
                    TOKENIZERS.join(" or ")
                );
                Err(Error::encoder(&self.place.join(at), message))
            }
            ([at], _) => {
                let place = self.place.join(at);
                Folder { place, at }.read(&mut self.source).map(Some)
            }
            ([one, other, ..], _) => {
                let message = format!(
                    "holds several sentence encoders (`{one}`, `{other}`): name one of them"
                );
                Err(Error::encoder(&self.place, message))
            }
        }
    }

    /// The encoder in an archive in it; what only looks like an archive is passed over.
    fn inside(&mut self) -> Result<Option<Files>, Error> {
        for name in self.names()? {
            if !(name.ends_with(".zip") || name.ends_with(".whl")) {
                continue;
            }
            let place = self.place.join(&name);
            let bytes = self.source.read(&name).map_err(|error| Error::io(&place, error))?;
            let Ok(source) = Source::archive(bytes) else { continue };
            let mut inner = Found { place, source };
            let files = match inner.files()? {
                // A wheel in a folder may keep its encoder in an archive of its own.
                None if matches!(self.source, Source::Folder(_)) => inner.inside()?,
                files => files,
            };
            if files.is_some() {
                return Ok(files);
            }
        }
        Ok(None)
    }

    fn names(&self) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        match &self.source {
            Source::Folder(folder) => {
                walk(folder, "", &mut names).map_err(|error| Error::io(folder, error))?;
            }
            Source::Archive(archive) => {
                names.extend(archive.file_names().filter_map(|name| Some(name.ok()?.into())));
            }
        }
        names.sort();
        Ok(names)
    }
}

impl Source {
    fn archive(bytes: Vec<u8>) -> Result<Self, ZipError> {
        ZipArchive::new(Cursor::new(bytes)).map(Source::Archive)
    }

    fn is_there(&self, name: &str) -> bool {
        match self {
            Source::Folder(folder) => folder.join(name).is_file(),
            Source::Archive(archive) => archive.index_for_name(name).is_some(),
        }
    }

    /// Whether all that an encoder needs is at a place in it.
    fn has(&self, at: &str) -> bool {
        let is_there = |name: &str| self.is_there(&format!("{at}{name}"));
        [WEIGHTS, CONFIG].iter().all(|name| is_there(name))
            && TOKENIZERS.iter().any(|name| is_there(name))
    }

    fn read(&mut self, name: &str) -> std::io::Result<Vec<u8>> {
        match self {
            Source::Folder(folder) => fs::read(folder.join(name)),
            Source::Archive(archive) => {
                let mut bytes = Vec::new();
                archive.by_name(name)?.take(LARGEST).read_to_end(&mut bytes)?;
                Ok(bytes)
            }
        }
    }
}

/// A folder in a source that has all that is needed.
struct Folder<'a> {
    place: PathBuf,
    at: &'a str,
}

impl Folder<'_> {
    fn read(&self, source: &mut Source) -> Result<Files, Error> {
        let mut file = |name: &str| {
            let failed = |error| Error::io(&self.place.join(name), error);
            source.read(&format!("{}{name}", self.at)).map_err(failed)
        };
        let (config, weights) = (file(CONFIG)?, file(WEIGHTS)?);
        let mut optional = |name: &str| {
            let is_there = source.is_there(&format!("{}{name}", self.at));
            is_there.then(|| source.read(&format!("{}{name}", self.at))).transpose()
        };
        let failed = |error| Error::io(&self.place, error);
        let pooling = optional("1_Pooling/config.json").map_err(failed)?;
        let modules = optional("modules.json").map_err(failed)?;
        let mut tokenizer = optional(TOKENIZERS[0]).map_err(failed)?;
        if tokenizer.is_none() {
            tokenizer = optional(TOKENIZERS[1]).map_err(failed)?;
        }
        let (place, tokenizer) = (self.place.clone(), tokenizer.unwrap_or_default());
        Ok(Files { place, config, tokenizer, weights, pooling, modules })
    }
}

/// The files below a folder, parted by `/`. Links to files are files, as a Hugging Face cache has them; links to folders
/// are not followed, and what may not be looked into below the first folder is passed over.
fn walk(folder: &Path, inside: &str, found: &mut Vec<String>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{inside}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            let _ = walk(&entry.path(), &format!("{name}/"), found);
        } else if entry.path().is_file() {
            found.push(name);
        }
    }
    Ok(())
}
