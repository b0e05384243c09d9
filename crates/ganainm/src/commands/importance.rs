//! `ganainm importance`: what each feature that a run's melody tower reads adds.

use std::path::PathBuf;

use train::{ImportanceSettings, RunDir, Shuffle, Side};

use crate::screen;

/// Report what each feature that a run's melody tower reads adds.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  ganainm importance runs/gru                       every feature shuffled five times, less the tower intact
  ganainm importance runs/gru --within-tunes        note features shuffled within each tune: what their order adds
  ganainm importance --json runs/gru | jq .         for machines, on one line

Shuffled, a feature tells nothing any more; the drop is what the trained tower makes of it. What other features tell as
well is not missed: a study that leaves features out tells what could be learned without them.")]
pub(crate) struct Args {
    /// The run directory.
    run: PathBuf,
    /// Judge on the validation works, on which choices are made, instead of the test works.
    #[arg(long)]
    validation: bool,
    /// How often each feature is shuffled.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    repeats: u16,
    /// Seeds the shuffling and the intervals.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Shuffle note features among the rows of each tune instead of among those of all tunes.
    #[arg(long)]
    within_tunes: bool,
    /// Print the report as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let settings = ImportanceSettings {
        side: if args.validation { Side::Validation } else { Side::Test },
        repeats: usize::from(args.repeats),
        seed: args.seed,
        shuffle: if args.within_tunes { Shuffle::WithinTunes } else { Shuffle::Everywhere },
    };
    let bar = screen::bar(0, "{elapsed_precise} {bar:30} {pos}/{len} measurements  {eta} left");
    let report = train::importance(&RunDir::open(&args.run)?, &settings, &mut |done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    if args.json {
        return screen::print(&(serde_json::to_string(&report)? + "\n"));
    }
    screen::print(&report.to_string())
}
