//! `ganainm evaluate`: how well a run's towers find titles for melodies and melodies for titles.

use std::path::{Path, PathBuf};

use train::{RunDir, Side, files};

use crate::screen;

/// Report how well a run's towers find titles for melodies and melodies for titles.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  ganainm evaluate runs/gru                 a table; report.json and report.html in the run
  ganainm evaluate --json runs/gru | jq .   the report for machines, on one line
  ganainm evaluate --validation runs/gru    on the works for choosing; writes nothing
  ganainm evaluate --unlike 0.3 runs/gru    on test works that share little with any training work
  ganainm evaluate --known runs/gru         titles of training works, by settings kept from training

The run directory is enough: it holds the works that it was made from. run.trec (melody to title),
run-titles.trec (title to melody) and qrels.trec are for trec_eval and its kin.")]
pub(crate) struct Args {
    /// The run directory.
    run: PathBuf,
    /// Judge on the validation works, on which choices are made, instead of the test works.
    #[arg(long)]
    validation: bool,
    /// Judge on works alone whose grams have a lower cosine than this with those of every training setting; writes nothing.
    #[arg(long, value_name = "COSINE", value_parser = cosine)]
    unlike: Option<f32>,
    /// Rank all titles for the settings of training works that `training.hide_settings` kept from training; writes nothing.
    #[arg(long, conflicts_with_all = ["validation", "unlike"])]
    known: bool,
    /// Print the report as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let run = RunDir::open(&args.run)?;
    if args.known {
        return known(&run, args.json);
    }
    let side = if args.validation { Side::Validation } else { Side::Test };
    judge(&run, (side, args.unlike), args.json)
}

/// Prints how high the titles of training works stand for settings that were kept from training.
fn known(run: &RunDir, json: bool) -> anyhow::Result<()> {
    let known = train::known(run)?;
    if json {
        return screen::print(&(serde_json::to_string(&known)? + "\n"));
    }
    screen::print(&known.to_string())
}

/// A cosine above 0.
fn cosine(text: &str) -> Result<f32, String> {
    let value = text.parse::<f32>().map_err(|error| error.to_string())?;
    if value > 0.0 && value <= 1.0 {
        Ok(value)
    } else {
        Err("must be above 0, 1 at most".to_owned())
    }
}

/// Judges a run on its test works, writes the report into the run and prints it.
pub(crate) fn report(path: &Path) -> anyhow::Result<()> {
    judge(&RunDir::open(path)?, (Side::Test, None), false)
}

/// Judges a run and prints its report, which it keeps when it is that of all test works.
fn judge(run: &RunDir, (side, unlike): (Side, Option<f32>), json: bool) -> anyhow::Result<()> {
    let judged = train::evaluate(run, side, unlike)?;
    let keep = side == Side::Test && unlike.is_none();
    if keep {
        judged.write(run)?;
    }
    if json {
        return screen::print(&(serde_json::to_string(&judged.report)? + "\n"));
    }
    screen::print(&judged.report.to_string())?;
    if keep {
        eprintln!("written: {}", run.file(files::REPORT_PAGE).display());
    }
    Ok(())
}
