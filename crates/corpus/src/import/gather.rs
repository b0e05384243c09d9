//! Which files an import reads, and under which source.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Cursor, Read, Seek};
use std::path::Path;

use zip::ZipArchive;
use zip::result::ZipError;

use super::ImportOptions;
use crate::Error;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 30;

/// Endings of files that an import looks for in folders and archives.
const ENDINGS: [&str; 3] = ["abc", "csv", "json"];

/// Endings of archives that an import opens in folders.
const ARCHIVES: [&str; 2] = ["zip", "whl"];

/// A file to import.
pub(super) struct Input {
    /// For people: the path, with the archive before it.
    pub(super) name: String,
    /// The source of tunes that do not name their own.
    pub(super) source: String,
    pub(super) bytes: Vec<u8>,
}

/// The files of an import.
pub(super) struct Gathered {
    pub(super) inputs: Vec<Input>,
    /// Files that could not be read.
    pub(super) failures: Vec<(String, Error)>,
    /// Whether a bad file is skipped: it is one of many.
    pub(super) lenient: bool,
}

/// The files at a path.
pub(super) fn path(path: &Path, options: &ImportOptions) -> Result<Gathered, Error> {
    let name = path.display().to_string();
    if path.is_dir() {
        return folder(path, options);
    }
    let mut file = File::open(path).map_err(|error| Error::io(path, error))?;
    if is_archive(&mut file).map_err(|error| Error::io(path, error))? {
        return archive((&name, file), options);
    }
    let bytes = read_limited(&mut file).map_err(|failure| failure.named(&name))?;
    bytes_as_file(&name, bytes, options)
}

/// A file, or an archive, whose bytes are at hand.
pub(super) fn bytes(
    name: &str,
    bytes: Vec<u8>,
    options: &ImportOptions,
) -> Result<Gathered, Error> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return archive((name, Cursor::new(bytes)), options);
    }
    bytes_as_file(name, bytes, options)
}

fn bytes_as_file(name: &str, bytes: Vec<u8>, options: &ImportOptions) -> Result<Gathered, Error> {
    let source = options.source.as_deref().map_or_else(|| slug(stem(name)), slug);
    let inputs = vec![Input { name: name.to_owned(), source, bytes }];
    Ok(Gathered { inputs, failures: Vec::new(), lenient: false })
}

/// All files below a folder, in the order of their paths.
fn folder(path: &Path, options: &ImportOptions) -> Result<Gathered, Error> {
    let mut found = Vec::new();
    walk(path, String::new(), &mut found)?;
    found.sort();
    let whole = path.canonicalize().map_err(|error| Error::io(path, error))?;
    let root = whole.file_name().map(|name| name.to_string_lossy().into_owned());
    let sources = Sources::new(root.unwrap_or_default(), &found, options);
    let mut gathered = Gathered { inputs: Vec::new(), failures: Vec::new(), lenient: true };
    for inside in found.iter().filter(|inside| options.wants(inside)) {
        let full = path.join(inside);
        let name = full.display().to_string();
        if ARCHIVES.contains(&ending(inside).as_str()) {
            match self::path(&full, &ImportOptions { only: None, ..options.clone() }) {
                Ok(more) => {
                    gathered.inputs.extend(more.inputs);
                    gathered.failures.extend(more.failures);
                }
                Err(error) => gathered.failures.push((name, error)),
            }
            continue;
        }
        let read =
            File::open(&full).map_err(Failure::Io).and_then(|mut file| read_limited(&mut file));
        match read {
            Ok(bytes) => gathered.inputs.push(Input { name, source: sources.of(inside), bytes }),
            Err(failure) => gathered.failures.push((name.clone(), failure.named(&name))),
        }
    }
    gathered.or_nothing(&path.display().to_string(), options)
}

/// Paths below `folder` that end as wanted, parted by `/`; links are not followed.
fn walk(folder: &Path, inside: String, found: &mut Vec<String>) -> Result<(), Error> {
    let failed = |error| Error::io(folder, error);
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        let name = format!("{inside}{}", entry.file_name().to_string_lossy());
        if kind.is_dir() {
            walk(&entry.path(), name + "/", found)?;
        } else if kind.is_file() {
            let ending = ending(&name);
            if ENDINGS.contains(&ending.as_str()) || ARCHIVES.contains(&ending.as_str()) {
                found.push(name);
            }
        }
    }
    Ok(())
}

/// All files in an archive, in the order of their paths.
fn archive<R: Read + Seek>(
    (name, data): (&str, R),
    options: &ImportOptions,
) -> Result<Gathered, Error> {
    let broken =
        |error: ZipError| Error::Archive { name: name.to_owned(), reason: error.to_string() };
    let mut archive = ZipArchive::new(data).map_err(broken)?;
    let names: Vec<_> = archive.file_names().collect::<Result<_, _>>().map_err(broken)?;
    let mut found: Vec<String> = names.into_iter().map(Into::into).collect();
    found.retain(|inside| ENDINGS.contains(&ending(inside).as_str()));
    found.sort();
    let sources = Sources::new(stem(name).to_owned(), &found, options);
    let mut gathered = Gathered { inputs: Vec::new(), failures: Vec::new(), lenient: true };
    for inside in found.iter().filter(|inside| options.wants(inside)) {
        let full = format!("{name}:{inside}");
        let mut member = archive.by_name(inside).map_err(broken)?;
        match read_limited(&mut member) {
            Ok(bytes) => {
                gathered.inputs.push(Input { name: full, source: sources.of(inside), bytes });
            }
            Err(Failure::Io(error)) => {
                let reason = format!("{inside}: {error}");
                return Err(Error::Archive { name: name.to_owned(), reason });
            }
            Err(failure) => gathered.failures.push((full.clone(), failure.named(&full))),
        }
    }
    gathered.or_nothing(name, options)
}

impl Gathered {
    fn or_nothing(self, name: &str, options: &ImportOptions) -> Result<Self, Error> {
        if self.inputs.is_empty() && self.failures.is_empty() {
            let (name, only) = (name.to_owned(), options.only.clone());
            return Err(Error::NothingToImport { name, only });
        }
        Ok(self)
    }
}

impl ImportOptions {
    fn wants(&self, inside: &str) -> bool {
        self.only.as_ref().is_none_or(|only| inside.contains(only.as_str()))
    }
}

/// The sources of the files in a folder or archive.
struct Sources<'o> {
    /// Name of the folder or archive itself.
    root: String,
    /// ABC files in each folder.
    books: BTreeMap<String, usize>,
    options: &'o ImportOptions,
}

impl<'o> Sources<'o> {
    fn new(root: String, found: &[String], options: &'o ImportOptions) -> Self {
        let mut books = BTreeMap::new();
        for inside in found.iter().filter(|inside| ending(inside) == "abc") {
            *books.entry(parent(inside).to_owned()).or_default() += 1;
        }
        Self { root, books, options }
    }

    /// The source of a file: its own name, or that of its folder when more than one book is in it.
    fn of(&self, inside: &str) -> String {
        if let Some(source) = &self.options.source {
            return slug(source);
        }
        let folder = parent(inside);
        match self.books.get(folder) {
            Some(2..) if folder.is_empty() => slug(&self.root),
            Some(2..) => slug(folder.rsplit('/').next().unwrap_or(folder)),
            _ => slug(stem(inside)),
        }
    }
}

/// Why a file was not read.
enum Failure {
    Io(std::io::Error),
    TooLarge,
}

impl Failure {
    fn named(self, name: &str) -> Error {
        match self {
            Self::Io(error) => Error::io(Path::new(name), error),
            Self::TooLarge => Error::TooLarge { name: name.to_owned(), limit: LARGEST },
        }
    }
}

fn read_limited(data: &mut dyn Read) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let count = data.take(LARGEST + 1).read_to_end(&mut bytes).map_err(Failure::Io)?;
    if count as u64 > LARGEST { Err(Failure::TooLarge) } else { Ok(bytes) }
}

/// Whether the file begins as zip archives do; afterwards it stands at its start again.
fn is_archive(file: &mut File) -> std::io::Result<bool> {
    let mut start = Vec::new();
    file.by_ref().take(4).read_to_end(&mut start)?;
    file.rewind()?;
    Ok(matches!(start.as_slice(), b"PK\x03\x04" | b"PK\x05\x06"))
}

/// A name fit for ids: small letters and digits, hyphens between words, `book` if nothing is left.
pub(super) fn slug(name: &str) -> String {
    let words = crate::titles::fold_words(name);
    let slug: String = words
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect::<String>()
        .split('-')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-");
    if slug.is_empty() { "book".to_owned() } else { slug }
}

/// A path's last part without its ending.
fn stem(path: &str) -> &str {
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn ending(path: &str) -> String {
    path.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_named_after_its_file_or_its_folder_of_books() {
        let found: Vec<String> = [
            "a/Ryan's Mammoth/x.abc",
            "a/Ryan's Mammoth/y.abc",
            "b/Aird.abc",
            "b/aliases.csv",
            "c.abc",
        ]
        .map(str::to_owned)
        .to_vec();
        let options = ImportOptions::default();
        let sources = Sources::new("Books 2".to_owned(), &found, &options);
        let named: Vec<String> = found.iter().map(|inside| sources.of(inside)).collect();
        assert_eq!(named, ["ryans-mammoth", "ryans-mammoth", "aird", "aliases", "c"]);
        let top: Vec<String> = ["1.abc", "2.abc"].map(str::to_owned).to_vec();
        assert_eq!(Sources::new("Books 2".to_owned(), &top, &options).of("1.abc"), "books-2");
    }

    #[test]
    fn a_slug_is_plain() {
        for (name, expected) in [
            ("oneills1850", "oneills1850"),
            ("ryansMammoth", "ryansmammoth"),
            ("Séamus: tunes_2", "seamus-tunes-2"),
            ("曲", "book"),
            ("", "book"),
        ] {
            assert_eq!(slug(name), expected);
        }
    }
}
