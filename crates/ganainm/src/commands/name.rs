//! `ganainm name`: which tune is this?

use std::fmt::Write as _;
use std::ops::Range;
use std::path::PathBuf;

use abc::Tune;
use anyhow::bail;
use search::{Answer, BesideBars, Match, Namer, ShownBar};

use crate::waiting::Waiting;
use crate::{DbArgs, RunArgs, VectorArgs, input, screen};

/// Tell which tunes these are, with the bars that speak for it.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  ganainm name heard-last-night.abc
  ganainm name --from-bars 5-8 heard-last-night.abc   by these bars alone
  ganainm name recording.mid                          a MIDI file
  ganainm name --run runs/gru new.abc                 the titles that would fit by this run
  cat session/*.abc | ganainm name --json -k 3 -

Key, octave, note lengths, repeats and the order of the parts do not matter. Beside each tune stands the
probability that it is the one; a tune whose probability of being known is low is known by nobody here, and
the tunes shown are its nearest relatives.

With --json one object a line: {\"x\", \"title\", \"known\": <probability that the corpus has the tune>, \"matches\": \
[{\"tune\", \"title\", \"score\", \"setting\"}, ...], \"titles\": [{\"title\", \"score\"}, ...]}.")]
pub(crate) struct Args {
    /// ABC or MIDI files, `-` for standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How many tunes are shown for each.
    #[arg(long, short = 'k', default_value_t = 5)]
    top: usize,
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    vectors: VectorArgs,
    /// Listen to these bars only, counted from 1 as they are written.
    #[arg(long, value_name = "FIRST-LAST", value_parser = bars)]
    from_bars: Option<Range<usize>>,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    db: DbArgs,
}

/// Tunes that are named at a time, for all cores.
const BATCH: usize = 64;

/// From this probability on a tune is said to be known, and from the other on perhaps.
const KNOWN: f64 = 0.8;
const PERHAPS: f64 = 0.3;

/// Columns of a bar in the table of bars.
const WIDTH: usize = 38;

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let namer = open(args)?;
    for file in &args.files {
        let mut heard = 0;
        input::tunes(file, |tunes| {
            heard += tunes.len();
            tunes.chunks(BATCH).try_for_each(|tunes| tell(args, &namer, tunes))
        })?;
        if heard == 0 {
            bail!("{}: no tunes; a tune is ABC or a MIDI file", file.display());
        }
    }
    Ok(())
}

fn open(args: &Args) -> anyhow::Result<Namer> {
    // A wrong URL is told before any work is done.
    let server = args.vectors.server()?;
    let mut namer = Namer::open(&args.db.path()?)?;
    if let Some(server) = server {
        namer = namer.with_database(server)?;
    }
    let waiting = Waiting::default();
    Ok(namer.with_run(&args.run.load()?, &|what, done, all| waiting.tell(what, done, all))?)
}

/// `5-8` or `5` as a range from 0.
fn bars(text: &str) -> Result<Range<usize>, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.trim().parse::<usize>(), last.trim().parse::<usize>()) {
        (Ok(first), Ok(last)) if first >= 1 && last >= first => Ok(first - 1..last),
        _ => Err("two numbers such as 5-8 are expected, the first from 1 on".to_owned()),
    }
}

/// Names tunes on all cores and prints the answers in their order.
fn tell(args: &Args, namer: &Namer, tunes: &[Tune]) -> anyhow::Result<()> {
    let heard: Vec<Tune> = tunes.iter().map(|tune| part(tune, args.from_bars.as_ref())).collect();
    for (tune, answer) in heard.iter().zip(namer.name_all(&heard, args.top)?) {
        let first = args.from_bars.as_ref().map_or(0, |bars| bars.start);
        let told = match args.json {
            true => serde_json::to_string(&answer)? + "\n",
            false => text(namer, (tune, first), &answer),
        };
        screen::print(&told)?;
    }
    Ok(())
}

/// The bars that are listened to.
fn part(tune: &Tune, bars: Option<&Range<usize>>) -> Tune {
    let mut part = tune.clone();
    if let Some(bars) = bars {
        part.bars.truncate(bars.end);
        part.bars.drain(..bars.start.min(part.bars.len()));
    }
    part
}

/// The answer for eyes; writing to a string cannot fail.
fn text(namer: &Namer, (tune, first): (&Tune, usize), answer: &Answer) -> String {
    let mut text = format!("X:{} {}\n", answer.x, answer.title);
    let Some(best) = answer.matches.first() else {
        text.push_str("  nothing here has anything in common with it\n");
        return text;
    };
    let _ = writeln!(text, "  {}", verdict(answer.known, best));
    for found in &answer.matches {
        let link = found.link.as_deref().unwrap_or("");
        let _ = writeln!(
            text,
            "  {:>5.2}  {:<32}  {:<24} {link}",
            found.score,
            title(found),
            found.setting
        );
    }
    for suggestion in &answer.titles {
        let _ = writeln!(text, "  would fit  {:+.4}  {}", suggestion.score, suggestion.title);
    }
    for passage in namer.side_by_side(tune, best) {
        text.push('\n');
        for bars in passage {
            text.push_str(&line(bars, first));
        }
    }
    text.push('\n');
    text
}

fn title(found: &Match) -> &str {
    if found.title.is_empty() { "(no title)" } else { &found.title }
}

fn verdict(known: f64, best: &Match) -> String {
    match known {
        known if known >= KNOWN => format!("known, {known:.2}: {}", title(best)),
        known if known >= PERHAPS => format!("perhaps known, {known:.2}: {}", title(best)),
        known => format!("nobody here knows it, {known:.2}; its nearest relatives:"),
    }
}

/// A bar of the tune on the left, its like on the right.
fn line(BesideBars { query, setting }: BesideBars, first: usize) -> String {
    let shown = |bar: Option<ShownBar>, first: usize| {
        bar.map_or(String::new(), |bar| format!("{:>3}  {}", bar.number + first, bar.text))
    };
    format!("  {:<WIDTH$} | {}\n", shown(query, first), shown(setting, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_counted_from_one() {
        assert_eq!(bars("5-8"), Ok(4..8));
        assert_eq!(bars("3"), Ok(2..3));
        for wrong in ["0-3", "5-4", "x", "3-"] {
            assert!(bars(wrong).is_err(), "{wrong}");
        }
    }
}
