//! `ganainm study`: a grid of experiments and seeds, and one table over them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::bail;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget};
use serde::Serialize;
use train::{
    News, Outcome, Record, Side, Study, StudyOutcome, StudyPlace, StudyWatch, study_files,
};

use crate::following::{Show, Shown, stop_on_ctrl_c};
use crate::{DbArgs, screen};

/// Train a grid of experiments and seeds, and compare them in one table.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  ganainm study configs/studies/architectures.toml   runs and verdict go to runs/architectures
  ganainm study configs/studies/architectures.toml   the same again: goes on after an interruption
  ganainm study my.toml --validation                 while choosing: the works for choosing; writes nothing
  ganainm study my.toml --jobs 1                     one run at a time, on all cores

A run that is finished stays; an unfinished one goes on from its last checkpoint. Ctrl-C stops all after a checkpoint.
The test works are looked at once, when all runs are finished: study.json, study.md, study.csv and study.svg.")]
pub(crate) struct Args {
    /// The study, a TOML file.
    config: PathBuf,
    /// Where its runs and its verdict go [default: runs/ and the study's name]
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// How many runs go on at a time, the cores being shared out among them [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Judge on the validation works, on which choices are made, instead of the test works.
    #[arg(long)]
    validation: bool,
    /// Print one JSON object for every piece of news of a run, and the verdict as the last.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    db: DbArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let study = Study::load(&args.config)?;
    let side = if args.validation { Side::Validation } else { Side::Test };
    study.check_side(side)?;
    let name = &study.config().name;
    let folder = args.folder.clone().unwrap_or_else(|| Path::new("runs").join(name));
    let store = args.db.path()?;
    let jobs = args.jobs.map(usize::from);
    let place = StudyPlace { store: &store, folder: &folder, jobs };
    let stop = stop_on_ctrl_c()?;
    let watch: Box<dyn StudyWatch> = if args.json {
        Box::new(Lines { stop })
    } else {
        Box::new(Eyes::new(stop, study.runs(&folder).len() + study.fusions(&folder).len()))
    };
    if let StudyOutcome::Interrupted { finished, runs } = study.train(&place, &*watch)? {
        bail!(
            "stopped with {finished} of {runs} runs finished, nothing lost; the same command goes on with the others"
        );
    }
    let verdict = study.judge(&place, side, &*watch)?;
    if side == Side::Test {
        verdict.write(&folder)?;
    }
    if args.json {
        return screen::print(&(serde_json::to_string(&verdict)? + "\n"));
    }
    screen::print(&verdict.report.to_string())?;
    if side == Side::Test {
        eprintln!("written: {}", folder.join(study_files::PAGE).display());
    }
    Ok(())
}

/// News for machines: one JSON object a line.
struct Lines {
    stop: Arc<AtomicBool>,
}

/// A line about a run.
#[derive(Serialize)]
struct Line<'a> {
    run: &'a str,
    #[serde(flatten)]
    what: What<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum What<'a> {
    Record(&'a Record),
    Kind { kind: &'static str },
    Failed { kind: &'static str, error: String },
}

impl StudyWatch for Lines {
    fn tell(&self, run: &str, news: News<'_>) {
        let what = match news {
            News::Kept => What::Kind { kind: "kept" },
            News::Begun => What::Kind { kind: "begun" },
            News::Resumed => What::Kind { kind: "resumed" },
            News::Record(record) => What::Record(record),
            News::Ended(Outcome::Finished { .. }) => What::Kind { kind: "finished" },
            News::Ended(Outcome::Interrupted { .. }) => What::Kind { kind: "interrupted" },
            News::Failed(error) => What::Failed { kind: "failed", error: error.to_string() },
            News::Fused => What::Kind { kind: "fused" },
            News::Scored => What::Kind { kind: "scored" },
        };
        screen::tell(&Line { run, what });
    }

    fn should_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// News for eyes: a bar for every run at work, and a line for every run that ended.
struct Eyes {
    stop: Arc<AtomicBool>,
    bars: MultiProgress,
    at_work: Mutex<HashMap<String, Shows>>,
    /// Over the runs that are judged, when all are trained.
    judged: ProgressBar,
}

/// What is shown of a run at work.
struct Shows {
    bar: ProgressBar,
    /// Its best look at validation so far.
    best: String,
}

const TEMPLATE: &str = "{elapsed_precise} {bar:20} step {pos}/{len}  {msg}  {eta} left";

impl Eyes {
    fn new(stop: Arc<AtomicBool>, runs: usize) -> Self {
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        let judged = ProgressBar::new(runs as u64);
        Self { stop, bars, at_work: Mutex::default(), judged }
    }

    fn say(&self, line: &str) {
        // A line that no terminal could show is a line all the same.
        if self.bars.is_hidden() || self.bars.println(line).is_err() {
            eprintln!("{line}");
        }
    }

    /// A thread that panicked leaves bars that are as good as before.
    fn at_work(&self) -> MutexGuard<'_, HashMap<String, Shows>> {
        self.at_work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, name: &str, record: &Record) {
        let mut at_work = self.at_work();
        let Some(Shows { bar, best }) = at_work.get_mut(name) else { return };
        if let Shown::Step { step, steps, message } = record.show() {
            if bar.length() != Some(steps) {
                // A resumed run starts in the middle; its rate is that of this sitting.
                bar.set_length(steps);
                bar.set_position(step.saturating_sub(1));
                bar.reset_eta();
            }
            bar.set_position(step);
            bar.set_message(format!("{name}  {message}"));
        }
        if let Record::Validation(look) = record
            && look.best
            && !look.learned
        {
            let (titles, melodies) = (look.melody_to_title, look.title_to_melody);
            *best = format!(
                ", validation MRR {titles:.4} / {melodies:.4} among {} (chance {:.4})",
                look.candidates, look.chance
            );
        }
    }

    fn begin(&self, name: &str) {
        let bar = self.bars.add(screen::bar(0, TEMPLATE));
        bar.set_message(name.to_owned());
        self.at_work().insert(name.to_owned(), Shows { bar, best: String::new() });
    }

    /// One run more is judged.
    fn judge(&self) {
        if self.judged.position() == 0 {
            let bar = self.bars.add(self.judged.clone());
            bar.set_message("runs judged");
        }
        self.judged.inc(1);
        if Some(self.judged.position()) == self.judged.length() {
            self.judged.finish_and_clear();
        }
    }

    /// Takes the run's bar away; its best look.
    fn end(&self, name: &str) -> String {
        let Some(shows) = self.at_work().remove(name) else { return String::new() };
        shows.bar.finish_and_clear();
        self.bars.remove(&shows.bar);
        shows.best
    }
}

impl StudyWatch for Eyes {
    fn tell(&self, name: &str, news: News<'_>) {
        match news {
            News::Kept => self.say(&format!("{name}: finished before")),
            News::Begun | News::Resumed => self.begin(name),
            News::Record(record) => self.record(name, record),
            News::Ended(Outcome::Finished { best_step, seconds }) => {
                let best = self.end(name);
                self.say(&format!(
                    "{name}: trained in {seconds:.0} s, best at step {best_step}{best}"
                ));
            }
            News::Ended(Outcome::Interrupted { step }) => {
                self.end(name);
                self.say(&format!("{name}: stopped at step {step}"));
            }
            News::Failed(error) => {
                self.end(name);
                self.say(&format!("{name}: failed: {error}"));
            }
            News::Fused => self.say(&format!("{name}: fused")),
            News::Scored => self.judge(),
        }
    }

    fn should_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
