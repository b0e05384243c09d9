//! `ganainm find`: words to tunes.

use std::fmt::Write as _;

use search::{Filter, Finder, Found, Matched, Query, Reason};

use crate::waiting::Waiting;
use crate::{DbArgs, RunArgs, screen};

/// Find tunes for words: by the text of their titles, misspelt or not, and by their music.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  ganainm find drowsy maggie
  ganainm find drowsie magie --type reel --key Edor
  ganainm find dancing at dawn --run runs/gru    by the melodies that such a title would fit in this run
  ganainm find --type 'slip jig'                 no words: the best known ones
  ganainm find kesh --json | jq -r .tune

With --json one object a line: {\"tune\", \"title\", \"score\", \"type\", \"key\", \"metre\", \"setting\", \"settings\", \"why\": [{\"by\":
\"title\" | \"alias\" | \"music\", ...}]}; docs/finding.md names the fields.")]
pub(crate) struct Args {
    /// Words of a title, or a title that tunes might have.
    words: Vec<String>,
    /// Only tunes of this dance type.
    #[arg(long = "type", value_name = "TYPE")]
    dance_type: Option<String>,
    /// Only tunes with a setting in this key, as `D`, `Em` or `A dorian`.
    #[arg(long)]
    key: Option<String>,
    /// Only tunes with a setting in this metre, as `6/8`.
    #[arg(long)]
    metre: Option<String>,
    /// How many tunes.
    #[arg(long, short = 'k', default_value_t = 10)]
    top: usize,
    #[command(flatten)]
    run: RunArgs,
    /// By the text of titles alone, not by the music that such a title would fit.
    #[arg(long, conflicts_with = "run")]
    text: bool,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    db: DbArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let filter =
        Filter::read(args.dance_type.as_deref(), args.key.as_deref(), args.metre.as_deref())?;
    let query = Query { words: args.words.join(" "), filter, most: args.top };
    let run = if args.text { None } else { Some(args.run.load()?) };
    let waiting = Waiting::default();
    let progress = |what, done, all| waiting.tell(what, done, all);
    let found = Finder::open(&args.db.path()?, run.as_ref(), &progress)?.find(&query)?;
    if args.json {
        for tune in &found {
            screen::print(&(serde_json::to_string(tune)? + "\n"))?;
        }
        return Ok(());
    }
    if found.is_empty() {
        eprintln!("no tune found: try fewer words, or others");
    }
    screen::print(&table(&found))
}

fn table(found: &[Found]) -> String {
    let mut text = String::new();
    for tune in found {
        let facts = [&tune.dance_type, &tune.metre, &tune.key];
        let facts: Vec<&str> = facts.into_iter().flatten().map(String::as_str).collect();
        let _ = writeln!(text, "{}  ({})  {}", tune.title, facts.join(", "), tune.tune);
        for reason in &tune.why {
            let _ = writeln!(text, "    {}", told(reason));
        }
    }
    text
}

fn told(reason: &Reason) -> String {
    let how = |matched: &Matched| match matched {
        Matched::Whole => "is these words",
        Matched::Words => "has these words",
        Matched::Partly => "has some of these words",
        Matched::Spelling => "is spelt nearly so",
    };
    match reason {
        Reason::Title { matched, .. } => format!("its title {}", how(matched)),
        Reason::Alias { text, matched, .. } => {
            format!("also called \u{201c}{text}\u{201d}, which {}", how(matched))
        }
        Reason::Music { cosine, place } => {
            format!("the music fits: place {place} of all melodies, cosine {cosine:.4}")
        }
    }
}
