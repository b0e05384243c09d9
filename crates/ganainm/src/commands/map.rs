//! `ganainm map`: genre in the embedding, measured and drawn.

use std::path::PathBuf;

use train::{MapOptions, RunDir, Shown, files};

use crate::screen;

/// Measure and draw where dance types, modes and metres lie among a run's melodies and titles.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  ganainm map runs/gru                       tables; map.html, map-*.svg and projector/ in the run
  ganainm map runs/gru --side all            all works on the map, not the test works alone
  ganainm map runs/long --like runs/short    turned and started so that both maps can be compared
  ganainm map runs/ridge --layers            what each part of its language model tells
  ganainm map runs/gru --steps               how the works moved over the training: map-steps.html
  ganainm map runs/gru --json | jq .genre    what was measured, for machines

Classifiers learn from the training works and are judged on the test works, whichever are on the
map. Open map.html in a browser; load the files in projector/ at projector.tensorflow.org or with
TensorBoard.")]
pub(crate) struct Args {
    /// The run directory.
    run: PathBuf,
    /// Which works are on the map.
    #[arg(long, value_enum, default_value_t = Side::Test)]
    side: Side,
    /// Follow the map of this run: works on both start where they were and are brought back there.
    #[arg(long, value_name = "RUN")]
    like: Option<PathBuf>,
    /// Measure each part of the run's language model too, which is then not told the header, and its grams.
    #[arg(long)]
    layers: bool,
    /// Draw where the validation works lay at each look of the training instead, to follow them.
    #[arg(long, conflicts_with_all = ["side", "like", "layers", "json"])]
    steps: bool,
    /// The seed of everything drawn.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print what was found as one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Side {
    Test,
    Validation,
    All,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let run = RunDir::open(&args.run)?;
    if args.steps {
        return over_steps(&run, args.seed);
    }
    let like = args.like.as_deref().map(RunDir::open).transpose()?;
    let shown = match args.side {
        Side::Test => Shown::Test,
        Side::Validation => Shown::Validation,
        Side::All => Shown::All,
    };
    let options = MapOptions { shown, seed: args.seed, like: like.as_ref(), layers: args.layers };
    let steps = screen::bar(0, "{spinner} {msg}");
    let found = train::map(&run, &options, &mut |step| steps.set_message(step.to_owned()))?;
    steps.finish_and_clear();
    found.write(&run)?;
    if args.json {
        return screen::print(&(serde_json::to_string(&found.atlas)? + "\n"));
    }
    screen::print(&found.atlas.to_string())?;
    eprintln!("written: {}", run.file(files::MAP_PAGE).display());
    Ok(())
}

fn over_steps(run: &RunDir, seed: u64) -> anyhow::Result<()> {
    let doing = screen::bar(0, "{spinner} {msg}");
    let found = train::map_steps(run, seed, &mut |what| doing.set_message(what.to_owned()))?;
    doing.finish_and_clear();
    found.write(run)?;
    eprintln!("written: {}", run.file(files::MAP_STEPS_PAGE).display());
    Ok(())
}
