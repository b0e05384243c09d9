//! What people and machines see of a training while it runs, and how they stop it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, bail};
use indicatif::ProgressBar;
use serde::Serialize;
use train::{LanguageRecord, Outcome, Record, Watch};

use crate::screen;

/// Where a run goes and who reads its progress.
pub(crate) struct Place<'a> {
    /// The run directory.
    pub(crate) path: &'a Path,
    /// Whether progress is for machines.
    pub(crate) json: bool,
}

/// What is shown of a record.
pub(crate) enum Shown {
    /// A step of so many, and a few words about it.
    Step { step: u64, steps: u64, message: String },
    /// A line that stays.
    Line(String),
}

/// A record of a training that can be shown.
pub(crate) trait Show: Serialize {
    /// How it is shown to eyes.
    fn show(&self) -> Shown;
}

/// What is true once Ctrl-C was pressed; may be asked for once.
pub(crate) fn stop_on_ctrl_c() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    // The first Ctrl-C asks for a checkpoint; the second, or one when no training listens, ends it.
    let handler = move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    };
    ctrlc::set_handler(handler).context("Ctrl-C handler")?;
    Ok(stop)
}

/// Runs a training; the first Ctrl-C asks for a checkpoint and stops it. Returns the step of the best weights and the
/// seconds that it took; `resume` is the command that would go on with it.
pub(crate) fn follow<R: Show>(
    place: &Place<'_>,
    resume: &str,
    work: impl FnOnce(&mut dyn Watch<R>) -> Result<Outcome, train::Error>,
) -> anyhow::Result<(u64, f64)> {
    let stop = stop_on_ctrl_c()?;
    let outcome = if place.json {
        work(&mut Lines { stop })?
    } else {
        let mut eyes = Eyes { stop, bar: None };
        let outcome = work(&mut eyes)?;
        eyes.finish();
        outcome
    };
    match outcome {
        Outcome::Finished { best_step, seconds } => Ok((best_step, seconds)),
        Outcome::Interrupted { step } => bail!(
            "stopped at step {step}, nothing lost; go on with: ganainm {resume} --resume {}",
            place.path.display()
        ),
    }
}

/// Progress for machines: one JSON object a line.
struct Lines {
    stop: Arc<AtomicBool>,
}

impl<R: Show> Watch<R> for Lines {
    fn record(&mut self, record: &R) {
        screen::tell(record);
    }

    fn should_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Progress for eyes: a bar with the latest step and the time left, and a line a look at validation.
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

impl<R: Show> Watch<R> for Eyes {
    fn record(&mut self, record: &R) {
        match (record.show(), &mut self.bar) {
            (Shown::Step { step, steps, message }, bar) => {
                let bar = bar.get_or_insert_with(|| {
                    let bar = screen::bar(steps, TEMPLATE);
                    // A resumed run starts in the middle; its rate is that of this sitting.
                    bar.set_position(step.saturating_sub(1));
                    bar.reset_eta();
                    bar
                });
                bar.set_position(step);
                bar.set_message(message);
            }
            (Shown::Line(line), Some(bar)) => screen::say(bar, &line),
            (Shown::Line(line), None) => eprintln!("{line}"),
        }
    }

    fn should_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// What marks the best look so far.
fn mark(best: bool) -> &'static str {
    if best { "  best so far" } else { "" }
}

impl Show for Record {
    fn show(&self) -> Shown {
        match self {
            Record::Step(report) => Shown::Step {
                step: report.step,
                steps: report.steps,
                message: format!("loss {:.3}  rate {:.1e}", report.loss, report.learning_rate),
            },
            Record::Validation(look) => Shown::Line(format!(
                "epoch {:>3}  step {:>5}  loss {:.3}  {} MRR {:.4} / {:.4} among {} (chance {:.4}){}",
                look.epoch,
                look.step,
                look.loss,
                if look.learned { "learned validation works'" } else { "validation" },
                look.melody_to_title,
                look.title_to_melody,
                look.candidates,
                look.chance,
                mark(look.best && !look.learned),
            )),
        }
    }
}

impl Show for LanguageRecord {
    fn show(&self) -> Shown {
        match self {
            LanguageRecord::Step(step) => Shown::Step {
                step: step.step,
                steps: step.steps,
                message: format!(
                    "symbol {:.3}  duration {:.3}  rate {:.1e}  {:.0} rows/s",
                    step.symbol, step.duration, step.learning_rate, step.rows_per_second
                ),
            },
            LanguageRecord::Validation(look) => Shown::Line(format!(
                "epoch {:>3}  step {:>5}  {:>5.0} s  validation symbol {:.4} nats (perplexity {:.3})  \
                 duration {:.4} ({:.3}){}",
                look.epoch,
                look.step,
                look.seconds,
                look.foretold.symbol,
                look.foretold.symbol_perplexity,
                look.foretold.duration,
                look.foretold.duration_perplexity,
                mark(look.best),
            )),
        }
    }
}
