//! `ganainm track`: how the ranks of the validation works moved over a training.

use std::path::PathBuf;

use train::{Choice, Direction, RunDir, Tracks, files};

use crate::screen;

/// Show how ranks moved over a training: by dance type, risers and fallers, chosen tunes.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  ganainm track runs/gru                              tables; the picture track.svg in the run
  ganainm track runs/gru --tune 'kesh' --tune thesession:27
  ganainm track runs/gru --direction title-to-melody -k 10
  ganainm track runs/gru --json | jq 'select(.kind == \"group\")'

Ranks are those of the validation works at every look, as the training recorded them. A title that
names a dance type, a key or a mode tells of its music in words; such works are told from the rest.")]
pub(crate) struct Args {
    /// The run directory.
    run: PathBuf,
    /// A validation work to follow, by its id or a part of its title; may be given again.
    #[arg(long, value_name = "ID|TITLE")]
    tune: Vec<String>,
    /// One direction alone [default: both]
    #[arg(long, value_enum)]
    direction: Option<Way>,
    /// How many risers and fallers are shown.
    #[arg(long, short = 'k', default_value_t = 5)]
    movers: usize,
    /// One JSON object a line: the looks, every group, and every work or those of --tune.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Way {
    MelodyToTitle,
    TitleToMelody,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let run = RunDir::open(&args.run)?;
    let tracks = Tracks::read(&run)?;
    let tracks = match args.direction {
        Some(Way::MelodyToTitle) => tracks.only(Direction::MelodyToTitle),
        Some(Way::TitleToMelody) => tracks.only(Direction::TitleToMelody),
        None => tracks,
    };
    let choice = Choice { tunes: tracks.find(&args.tune)?, movers: args.movers };
    tracks.write(&run, &choice)?;
    if args.json {
        return screen::print(&tracks.to_json_lines(&choice)?);
    }
    screen::print(&tracks.to_text(&choice))?;
    eprintln!("written: {}", run.file(files::TRACKS_PICTURE).display());
    Ok(())
}
