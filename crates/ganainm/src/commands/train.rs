//! `ganainm train`: from a config and the corpus to a run directory.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, bail};
use indicatif::ProgressBar;
use train::{Experiment, Outcome, Record, RunDir, StepReport, Validation, Watch};

use crate::{DbArgs, screen};

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
    let stem = config.file_stem().unwrap_or(config.as_os_str());
    let path = args.run.clone().unwrap_or_else(|| Path::new("runs").join(stem));
    start(&experiment, &args.db.path()?, &Place { path: &path, json: args.json })
}

/// Where a run goes and who reads its progress.
pub(crate) struct Place<'a> {
    /// The run directory.
    pub(crate) path: &'a Path,
    /// Whether progress is for machines.
    pub(crate) json: bool,
}

/// Trains a new run from the corpus in `db`.
pub(crate) fn start(experiment: &Experiment, db: &Path, place: &Place<'_>) -> anyhow::Result<()> {
    let store = corpus::Store::open_existing(db)?;
    follow(place.path, place.json, |watch| train::train(experiment, &store, place.path, watch))
}

/// Goes on with an interrupted run.
pub(crate) fn resume(path: &Path, json: bool) -> anyhow::Result<()> {
    follow(path, json, |watch| train::resume(&RunDir::open(path)?, watch))
}

fn follow(
    path: &Path,
    json: bool,
    work: impl FnOnce(&mut dyn Watch) -> Result<Outcome, train::Error>,
) -> anyhow::Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    // The first Ctrl-C asks for a checkpoint; the second, or one when no training listens, ends it.
    let handler = move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    };
    ctrlc::set_handler(handler).context("Ctrl-C handler")?;
    let outcome = if json {
        work(&mut Lines { stop })?
    } else {
        let mut eyes = Eyes { stop, bar: None };
        let outcome = work(&mut eyes)?;
        eyes.finish();
        outcome
    };
    match outcome {
        Outcome::Finished { best_step, seconds } => eprintln!(
            "trained in {seconds:.0} s, best at step {best_step}; next: ganainm evaluate {}",
            path.display()
        ),
        Outcome::Interrupted { step } => bail!(
            "stopped at step {step}, nothing lost; go on with: ganainm train --resume {}",
            path.display()
        ),
    }
    Ok(())
}

/// Progress for machines: one JSON object a line.
struct Lines {
    stop: Arc<AtomicBool>,
}

impl Lines {
    fn line(&self, record: &Record) {
        let printed = serde_json::to_string(record)
            .map_err(anyhow::Error::from)
            .and_then(|line| screen::print(&format!("{line}\n")));
        // The run matters more than its audience: it goes on when nobody listens any more.
        drop(printed);
    }
}

impl Watch for Lines {
    fn step(&mut self, report: &StepReport) {
        self.line(&Record::Step(report.clone()));
    }

    fn validated(&mut self, validation: &Validation) {
        self.line(&Record::Validation(validation.clone()));
    }

    fn should_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Progress for eyes: a bar with loss, rate and time left, and a line a look at validation.
struct Eyes {
    stop: Arc<AtomicBool>,
    bar: Option<ProgressBar>,
}

impl Eyes {
    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

const TEMPLATE: &str = "{elapsed_precise} {bar:30} step {pos}/{len}  {msg}  {per_sec}  {eta} left";

impl Watch for Eyes {
    fn step(&mut self, report: &StepReport) {
        let bar = self.bar.get_or_insert_with(|| {
            let bar = screen::bar(report.steps, TEMPLATE);
            // A resumed run starts in the middle; its rate is that of this sitting.
            bar.set_position(report.step.saturating_sub(1));
            bar.reset_eta();
            bar
        });
        bar.set_position(report.step);
        bar.set_message(format!("loss {:.3}  rate {:.1e}", report.loss, report.learning_rate));
    }

    fn validated(&mut self, validation: &Validation) {
        let line = format!(
            "epoch {:>3}  step {:>5}  loss {:.3}  validation MRR {:.4} / {:.4} among {} (chance {:.4}){}",
            validation.epoch,
            validation.step,
            validation.loss,
            validation.melody_to_title,
            validation.title_to_melody,
            validation.candidates,
            validation.chance,
            if validation.best { "  best so far" } else { "" },
        );
        match &self.bar {
            Some(bar) => screen::say(bar, &line),
            None => eprintln!("{line}"),
        }
    }

    fn should_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
