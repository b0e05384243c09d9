//! `ganainm rank`: given titles for given tunes, and the reverse.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use abc::Tune;
use anyhow::{Context, bail};
use search::Placed;
use serde::Serialize;
use train::Scorer;

use crate::{RunArgs, input, screen};

/// Order given titles for given tunes, or given tunes for given titles.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  ganainm rank --tunes new.abc --titles names.txt
  ganainm rank --run runs/gru --tunes new.abc --titles names.txt
  ganainm rank --run runs/gru --tunes new.abc --titles names.txt --by title
  cat new.abc | ganainm rank --run runs/gru --tunes - --titles names.txt --json

With --json one object a line: {\"x\": \"<X: field>\", \"ranking\": [line numbers of the titles, best
first, from 1, all of them], \"scores\": [their cosines, or a fusion's scores]}; with --by title {\"title\": ..., \"ranking\":
[numbers of the tunes in their file, from 1], \"scores\": [...]}. A tune without notes has an empty
ranking.")]
pub(crate) struct Args {
    #[command(flatten)]
    run: RunArgs,
    /// Tunes in ABC, `-` for standard input.
    #[arg(long, value_name = "FILE")]
    tunes: PathBuf,
    /// Titles, one a line, `-` for standard input.
    #[arg(long, value_name = "FILE")]
    titles: PathBuf,
    /// What asks.
    #[arg(long, value_enum, default_value_t = By::Tune)]
    by: By,
    /// How many candidates the table shows for each.
    #[arg(long, short = 'k', default_value_t = 5)]
    top: usize,
    /// One JSON object a line, with all candidates.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum By {
    Tune,
    Title,
}

#[derive(Serialize)]
struct TuneLine<'a> {
    x: &'a str,
    ranking: Vec<usize>,
    scores: Vec<f32>,
}

#[derive(Serialize)]
struct TitleLine<'a> {
    title: &'a str,
    ranking: Vec<usize>,
    scores: Vec<f32>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    if args.tunes == Path::new("-") && args.titles == Path::new("-") {
        bail!("only one of --tunes and --titles can be standard input");
    }
    let scorer = Scorer::open(&args.run.open()?)?;
    let tunes = abc::read_bytes(&input::read(&args.tunes)?).tunes;
    if tunes.is_empty() {
        bail!("{}: no tunes; a tune in ABC starts with a line `X:1`", args.tunes.display());
    }
    let text = String::from_utf8(input::read(&args.titles)?)
        .with_context(|| format!("{}: titles are read as UTF-8", args.titles.display()))?;
    let titles: Vec<&str> = text.lines().collect();
    if titles.is_empty() {
        bail!("{}: no titles; one a line is expected", args.titles.display());
    }
    match args.by {
        By::Tune => {
            let answers = search::by_tune(&scorer, &tunes, &titles)?;
            for (tune, answer) in tunes.iter().zip(answers) {
                screen::print(&tune_text(args, (tune, answer), &titles)?)?;
            }
        }
        By::Title => {
            let answers = search::by_title(&scorer, &tunes, &titles)?;
            for (title, answer) in titles.iter().zip(answers) {
                screen::print(&title_text(args, (title, answer), &tunes)?)?;
            }
        }
    }
    Ok(())
}

fn tune_text(
    args: &Args,
    (tune, answer): (&Tune, Option<Placed>),
    titles: &[&str],
) -> anyhow::Result<String> {
    let answer = answer.unwrap_or(Placed { order: Vec::new(), scores: Vec::new() });
    if args.json {
        let ranking = answer.order.iter().map(|place| place + 1).collect();
        let line = TuneLine { x: &tune.header.number, ranking, scores: answer.scores };
        return Ok(serde_json::to_string(&line)? + "\n");
    }
    let name = tune_name(tune);
    Ok(table(&name, &answer, |place| titles[place].to_owned(), args.top))
}

fn title_text(
    args: &Args,
    (title, answer): (&str, Placed),
    tunes: &[Tune],
) -> anyhow::Result<String> {
    if args.json {
        let ranking = answer.order.iter().map(|place| place + 1).collect();
        let line = TitleLine { title, ranking, scores: answer.scores };
        return Ok(serde_json::to_string(&line)? + "\n");
    }
    Ok(table(title, &answer, |place| tune_name(&tunes[place]), args.top))
}

fn tune_name(tune: &Tune) -> String {
    let title = tune.header.titles.first().map_or("", String::as_str);
    format!("X:{} {title}", tune.header.number)
}

fn table(query: &str, answer: &Placed, name: impl Fn(usize) -> String, top: usize) -> String {
    let mut text = format!("{query}\n");
    if answer.order.is_empty() {
        text.push_str("  no notes, no answer\n");
    }
    for (rank, (&place, score)) in answer.order.iter().zip(&answer.scores).take(top).enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {:>3}  {score:+.3}  {}", rank + 1, name(place));
    }
    text
}
