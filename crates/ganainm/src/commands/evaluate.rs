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

The run directory is enough: it holds the works that it was made from. run.trec (melody to title),
run-titles.trec (title to melody) and qrels.trec are for trec_eval and its kin.")]
pub(crate) struct Args {
    /// The run directory.
    run: PathBuf,
    /// Judge on the validation works, on which choices are made, instead of the test works.
    #[arg(long)]
    validation: bool,
    /// Print the report as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    if !args.validation && !args.json {
        return report(&args.run);
    }
    let run = RunDir::open(&args.run)?;
    let side = if args.validation { Side::Validation } else { Side::Test };
    let judged = train::evaluate(&run, side)?;
    if side == Side::Test {
        judged.write(&run)?;
    }
    if args.json {
        return screen::print(&(serde_json::to_string(&judged.report)? + "\n"));
    }
    screen::print(&judged.report.to_string())
}

/// Judges a run on its test works, writes the report into the run and prints it.
pub(crate) fn report(path: &Path) -> anyhow::Result<()> {
    let run = RunDir::open(path)?;
    let judged = train::evaluate(&run, Side::Test)?;
    judged.write(&run)?;
    screen::print(&judged.report.to_string())?;
    eprintln!("written: {}", run.file(files::REPORT_PAGE).display());
    Ok(())
}
