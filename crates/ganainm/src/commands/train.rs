//! `ganainm train`: from a config and the corpus to a run directory.

use std::path::{Path, PathBuf};

use anyhow::bail;
use train::{Experiment, Record, RunDir, Watch};

use crate::DbArgs;
use crate::following::{Place, follow};

/// Train the two towers of a config.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  ganainm train configs/gru.toml                    the run goes to runs/gru
  ganainm train configs/gru.toml --run runs/second --seed 2
  ganainm train --resume runs/gru                   go on after an interruption

Ctrl-C stops after a checkpoint; a resumed run ends with the same weights as an unbroken one.")]
pub(crate) struct Args {
    /// The experiment, a TOML file.
    #[arg(required_unless_present = "resume", conflicts_with = "resume")]
    config: Option<PathBuf>,
    /// Where the run goes [default: runs/ and the config's name]
    #[arg(long, value_name = "FOLDER", conflicts_with = "resume")]
    run: Option<PathBuf>,
    /// Go on with an interrupted run.
    #[arg(long, value_name = "RUN")]
    resume: Option<PathBuf>,
    /// Use this seed instead of the config's.
    #[arg(long, conflicts_with = "resume")]
    seed: Option<u64>,
    /// Read titles with this sentence encoder: a folder, a wheel or another archive.
    #[arg(long, value_name = "PATH", conflicts_with = "resume")]
    sentence_encoder: Option<PathBuf>,
    /// Print one JSON object a step and a look at validation instead of a bar.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    db: DbArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    if let Some(path) = &args.resume {
        return resume(path, args.json);
    }
    let Some(config) = &args.config else { bail!("name a config, or a run after --resume") };
    let mut experiment = Experiment::load(config)?;
    if let Some(seed) = args.seed {
        experiment.seed = seed;
    }
    if args.sentence_encoder.is_some() {
        experiment.title.sentence_encoder.clone_from(&args.sentence_encoder);
    }
    let stem = config.file_stem().unwrap_or(config.as_os_str());
    let path = args.run.clone().unwrap_or_else(|| Path::new("runs").join(stem));
    start(&experiment, &args.db.path()?, &Place { path: &path, json: args.json })
}

/// Trains a new run from the corpus in `db`.
pub(crate) fn start(experiment: &Experiment, db: &Path, place: &Place<'_>) -> anyhow::Result<()> {
    let store = corpus::Store::open_existing(db)?;
    let work = |watch: &mut dyn Watch<Record>| train::train(experiment, &store, place.path, watch);
    tell(follow(place, "train", work)?, place.path);
    Ok(())
}

/// Goes on with an interrupted run.
pub(crate) fn resume(path: &Path, json: bool) -> anyhow::Result<()> {
    let place = Place { path, json };
    tell(follow(&place, "train", |watch| train::resume(&RunDir::open(path)?, watch))?, path);
    Ok(())
}

fn tell((best_step, seconds): (u64, f64), path: &Path) {
    eprintln!(
        "trained in {seconds:.0} s, best at step {best_step}; next: ganainm evaluate {}",
        path.display()
    );
}
