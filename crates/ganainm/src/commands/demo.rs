//! `ganainm demo`: the main job on public-domain books, from nothing to a report.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use corpus::{ImportOptions, Store};
use train::{Experiment, RunDir};

use crate::commands::{corpus as corpus_command, evaluate, train as train_command};
use crate::following::Place;

/// The release of music21 whose wheel holds the books.
const BOOKS: &str = "music21==10.5.1";

/// Folders of the wheel that the demo reads.
const FOLDERS: [&str; 3] = ["corpus/oneills1850/", "corpus/ryansMammoth/", "corpus/airdsAirs/"];

/// The experiment that the demo runs.
const CONFIG: &str = include_str!("../../../../configs/demo.toml");

/// The main job on public-domain books: get, import, train, evaluate, report.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  ganainm demo                          everything into ./ganainm-demo, a few minutes on two cores
  ganainm demo --books music21.whl      the books from a wheel that you have already
  ganainm demo --dir /tmp/d --epochs 2  a quick look

O'Neill's Music of Ireland (1903), Ryan's Mammoth Collection (1883) and Aird's Airs (1778-1801) are
in the public domain; their ABC ships inside the Python package music21, which pip fetches by name.
Run it again to go on after an interruption.")]
pub(crate) struct Args {
    /// Where everything goes.
    #[arg(long, value_name = "FOLDER", default_value = "ganainm-demo")]
    dir: PathBuf,
    /// The wheel of music21, or any file or folder with ABC, instead of fetching it.
    #[arg(long, value_name = "PATH")]
    books: Option<PathBuf>,
    /// Passes over the training tunes, instead of the demo's own number.
    #[arg(long)]
    epochs: Option<usize>,
    /// Use this seed instead of the demo's.
    #[arg(long)]
    seed: Option<u64>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    fs::create_dir_all(&args.dir).with_context(|| args.dir.display().to_string())?;
    let db = args.dir.join("corpus.db");
    eprintln!("1. books");
    let books = match &args.books {
        Some(path) => path.clone(),
        None => fetch(&args.dir.join("books"))?,
    };
    eprintln!("2. tunes");
    import(&books, &db)?;
    eprintln!("3. training");
    let run = args.dir.join("run");
    learn(args, &db, &run)?;
    eprintln!("4. report");
    evaluate::report(&run)?;
    eprintln!("\neverything is in {}", args.dir.display());
    Ok(())
}

fn import(books: &Path, db: &Path) -> anyhow::Result<()> {
    let store = Store::open(db)?;
    let is_wheel = books.extension().is_some_and(|extension| extension == "whl");
    let parts: Vec<Option<&str>> =
        if is_wheel { FOLDERS.into_iter().map(Some).collect() } else { vec![None] };
    for only in parts {
        let options = ImportOptions { only: only.map(str::to_owned), ..ImportOptions::default() };
        corpus_command::add_one(&store, books, &options)?;
    }
    Ok(())
}

fn learn(args: &Args, db: &Path, run: &Path) -> anyhow::Result<()> {
    if run.exists() {
        let old = RunDir::open(run)?;
        if old.manifest()?.finished {
            eprintln!("   {} is trained already", run.display());
            return Ok(());
        }
        return train_command::resume(run, false);
    }
    let mut experiment = Experiment::from_toml(CONFIG)?;
    experiment.training.epochs = args.epochs.unwrap_or(experiment.training.epochs);
    experiment.seed = args.seed.unwrap_or(experiment.seed);
    train_command::start(&experiment, db, &Place { path: run, json: false })
}

/// Lets pip fetch the wheel by name, unless it is there already.
fn fetch(folder: &Path) -> anyhow::Result<PathBuf> {
    if let Some(wheel) = find_wheel(folder) {
        return Ok(wheel);
    }
    // A download that was cut off must not be taken for the wheel: it moves in when it is whole.
    let partial = folder.with_extension("partial");
    fs::create_dir_all(&partial).with_context(|| partial.display().to_string())?;
    let python = ["python3", "python"].into_iter().find(|name| has_pip(name));
    let Some(python) = python else {
        bail!(
            "fetching the books needs Python with pip, and none was found; install it, or get the \
             wheel of {BOOKS} from the Python Package Index yourself and name it: \
             ganainm demo --books music21-10.5.1-py3-none-any.whl"
        );
    };
    eprintln!("   pip downloads {BOOKS}");
    let status = Command::new(python)
        .args(["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"])
        .args(["--disable-pip-version-check", "--dest"])
        .arg(&partial)
        .arg(BOOKS)
        .status()
        .with_context(|| format!("{python} -m pip"))?;
    if !status.success() {
        bail!(
            "pip could not download {BOOKS} (its words are above); when there is no network, get \
             the wheel elsewhere and name it: ganainm demo --books PATH"
        );
    }
    fs::rename(&partial, folder).with_context(|| folder.display().to_string())?;
    find_wheel(folder).with_context(|| format!("pip left no wheel in {}", folder.display()))
}

fn has_pip(python: &str) -> bool {
    Command::new(python).args(["-m", "pip", "--version"]).output().is_ok_and(|o| o.status.success())
}

fn find_wheel(folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?;
    let mut wheels = entries.filter_map(|entry| {
        let path = entry.ok()?.path();
        path.extension().is_some_and(|extension| extension == "whl").then_some(path)
    });
    wheels.next()
}
