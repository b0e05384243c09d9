//! The runs that the page can look at, by name.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use train::{RunDir, RunKind, files};

/// How deep below the folder of runs one may lie: a study's runs are in its folder.
const DEPTH: usize = 2;

/// The most folders that are listed.
const MOST: usize = 1000;

/// A folder of runs, and one run beside it.
#[derive(Debug)]
pub(super) struct Shelf {
    root: Option<PathBuf>,
    chosen: Option<PathBuf>,
}

/// What can be seen of a run.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Entry {
    /// Its path below the folder of runs.
    pub(super) name: String,
    pub(super) kind: RunKind,
    pub(super) steps: u64,
    pub(super) seed: u64,
    pub(super) finished: bool,
    pub(super) curves: bool,
    pub(super) tracks: bool,
    pub(super) map: bool,
    /// Whether it has maps over its training.
    pub(super) map_steps: bool,
    #[serde(skip)]
    pub(super) path: PathBuf,
}

/// What the shelf holds.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Listing {
    pub(super) runs: Vec<Entry>,
    /// Names of folders with a study's table.
    pub(super) studies: Vec<String>,
}

impl Shelf {
    pub(super) fn new(root: Option<PathBuf>, chosen: Option<PathBuf>) -> Self {
        Self { root, chosen }
    }

    /// All runs and studies that can be read, by name; folders that hold something else are passed over.
    pub(super) fn list(&self) -> Listing {
        let mut listing = Listing::default();
        if let Some(root) = &self.root {
            walk(root, (String::new(), 0), &mut listing);
        }
        if let Some(chosen) = &self.chosen {
            let same =
                |entry: &Entry| fs::canonicalize(&entry.path).ok() == fs::canonicalize(chosen).ok();
            if !listing.runs.iter().any(same) {
                let name = chosen.file_name().unwrap_or(chosen.as_os_str()).to_string_lossy();
                listing.runs.extend(entry(name.into_owned(), chosen));
            }
        }
        listing.runs.sort_by(|a, b| a.name.cmp(&b.name));
        listing.studies.sort();
        listing
    }

    /// The run of this name. Names are only looked up, never joined to a path, so that none leads out of the folder.
    pub(super) fn run(&self, name: &str) -> Option<Entry> {
        self.list().runs.into_iter().find(|entry| entry.name == name)
    }

    /// The table of the study of this name.
    pub(super) fn study(&self, name: &str) -> Option<PathBuf> {
        let study = self.list().studies.into_iter().find(|study| study == name)?;
        Some(self.root.as_ref()?.join(study).join(TABLE))
    }
}

/// A study's table, as `ganainm study` writes it.
const TABLE: &str = "study.csv";

fn walk(folder: &Path, (prefix, depth): (String, usize), listing: &mut Listing) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()) {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if name.starts_with('.') || listing.runs.len() >= MOST {
            continue;
        }
        let name = format!("{prefix}{name}");
        if path.join(TABLE).is_file() {
            listing.studies.push(name.clone());
        }
        match entry(name.clone(), &path) {
            Some(run) => listing.runs.push(run),
            None if depth + 1 < DEPTH => walk(&path, (name + "/", depth + 1), listing),
            None => {}
        }
    }
}

fn entry(name: String, path: &Path) -> Option<Entry> {
    if !path.join(files::MANIFEST).is_file() {
        return None;
    }
    let run = RunDir::open(path).ok()?;
    let manifest = run.manifest().ok()?;
    let has = |file: &str| run.file(file).is_file();
    Some(Entry {
        name,
        kind: manifest.kind,
        steps: manifest.steps,
        seed: manifest.seed,
        finished: manifest.finished,
        curves: has(files::METRICS),
        tracks: has(files::PREDICTIONS),
        map: has(files::MAP),
        map_steps: has(files::MAP_STEPS),
        path: path.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(path: &Path) {
        fs::create_dir_all(path).unwrap();
        fs::write(path.join("config.toml"), "").unwrap();
        let manifest = r#"{"format": 1, "kind": "towers", "version": "0.1.0", "commit": "c", "corpus": "h", "seed": 3,
            "machine": "m", "threads": 1, "steps": 7, "seconds": 1.0, "finished": true}"#;
        fs::write(path.join("run.json"), manifest).unwrap();
    }

    #[test]
    fn runs_and_studies_are_found_by_name_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("runs");
        run(&root.join("gru"));
        run(&root.join("study/gru-1"));
        run(&root.join("a/b/too-deep"));
        run(&folder.path().join("outside"));
        fs::write(root.join("study/study.csv"), "a,b\n").unwrap();
        let shelf = Shelf::new(Some(root.clone()), Some(folder.path().join("outside")));
        let names: Vec<String> = shelf.list().runs.into_iter().map(|run| run.name).collect();
        assert_eq!(names, ["gru", "outside", "study/gru-1"]);
        assert_eq!(shelf.list().studies, ["study"]);
        assert_eq!(shelf.run("study/gru-1").unwrap().steps, 7);
        for name in ["../outside", "..", "", "/", "gru/../gru", "a/b/too-deep"] {
            assert!(shelf.run(name).is_none() && shelf.study(name).is_none(), "{name}");
        }
        let same = Shelf::new(Some(root.clone()), Some(root.join("gru")));
        assert_eq!(same.list().runs.len(), 2);
    }
}
