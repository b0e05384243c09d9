//! `ganainm pretrain`: from a config and the corpus to a melody language model.

use std::path::{Path, PathBuf};

use anyhow::bail;
use train::{Pretraining, RunDir};

use crate::DbArgs;
use crate::following::{Place, follow};

/// Train the melody language model of a config.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  ganainm pretrain configs/pretrain.toml            the run goes to runs/pretrain
  ganainm pretrain configs/pretrain.toml --run runs/second --seed 2
  ganainm pretrain --resume runs/pretrain           go on after an interruption

Only the training families are learned from. Ctrl-C stops after a checkpoint; a resumed run ends with the same
weights as an unbroken one.")]
pub(crate) struct Args {
    /// The pretraining, a TOML file.
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
    /// Print one JSON object a step and a look at validation instead of a bar.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    db: DbArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    if let Some(path) = &args.resume {
        let place = Place { path, json: args.json };
        let run = RunDir::open(path)?;
        let trained = follow(&place, "pretrain", |watch| train::resume_pretraining(&run, watch))?;
        tell(trained, path);
        return Ok(());
    }
    let Some(config) = &args.config else { bail!("name a config, or a run after --resume") };
    let mut pretraining = Pretraining::load(config)?;
    if let Some(seed) = args.seed {
        pretraining.seed = seed;
    }
    let stem = config.file_stem().unwrap_or(config.as_os_str());
    let path = args.run.clone().unwrap_or_else(|| Path::new("runs").join(stem));
    let store = corpus::Store::open_existing(&args.db.path()?)?;
    let place = Place { path: &path, json: args.json };
    let trained =
        follow(&place, "pretrain", |watch| train::pretrain(&pretraining, &store, &path, watch))?;
    tell(trained, &path);
    Ok(())
}

fn tell((best_step, seconds): (u64, f64), path: &Path) {
    eprintln!(
        "trained in {seconds:.0} s, best at step {best_step}; next: ganainm compose {}",
        path.display()
    );
}
