//! `ganainm corpus`: add tunes, look at them, check them, export them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use corpus::{Count, ExportFormat, ImportOptions, ImportSummary, Progress, Stage, Store};

use crate::{DbArgs, screen};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Import .abc files, folders, zip archives, and The Session's data dump.
    Add(AddArgs),
    /// What is in the corpus: works, titles, families, by source, type, metre and key.
    Stats(ShowArgs),
    /// What was malformed in the imported files, and where.
    Check(CheckArgs),
    /// Write the corpus as ABC, CSV, JSON lines or Parquet.
    Export(ExportArgs),
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  ganainm corpus add ~/tunes                        all .abc files below a folder
  ganainm corpus add book.abc more.zip              a file and an archive
  ganainm corpus add music21.whl --only oneills1850 a part of an archive
  ganainm corpus add tunes.csv aliases.csv tune_popularity.csv
  curl ... | ganainm corpus add - --source mine     from standard input

Adding the same tunes again adds nothing. An interrupted import leaves the corpus as it was.")]
pub(crate) struct AddArgs {
    /// Files, folders, archives; `-` for ABC on standard input.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Only files with this text in their path inside the folder or archive.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// The source's name in ids, instead of that of the file or folder.
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Print one JSON object a path.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    db: DbArgs,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  ganainm corpus stats
  ganainm corpus stats --json | jq .dance_types")]
pub(crate) struct ShowArgs {
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    db: DbArgs,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  ganainm corpus check                 every complaint with its place, then counts by kind
  ganainm corpus check --kind rhythm
  ganainm corpus check --json          one JSON object a complaint")]
pub(crate) struct CheckArgs {
    /// Only complaints of this kind.
    #[arg(long)]
    kind: Option<String>,
    /// Print one JSON object a complaint.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    db: DbArgs,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  ganainm corpus export -o tunes.parquet        the ending names the format
  ganainm corpus export --format jsonl | head   to standard output")]
pub(crate) struct ExportArgs {
    /// The file to write, whole or not at all [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The format, where the file's ending does not name it.
    #[arg(long, value_enum)]
    format: Option<Format>,
    #[command(flatten)]
    db: DbArgs,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Abc,
    Csv,
    Jsonl,
    Parquet,
}

pub(crate) fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Add(args) => add(args),
        Command::Stats(args) => stats(args),
        Command::Check(args) => check(args),
        Command::Export(args) => export(args),
    }
}

fn add(args: &AddArgs) -> anyhow::Result<()> {
    let store = Store::open(&args.db.path()?)?;
    let (only, source) = (args.only.clone(), args.source.clone());
    let options = ImportOptions { only, source, ..ImportOptions::default() };
    for path in &args.paths {
        let summary = import(&store, path, &options)?;
        if args.json {
            let object = serde_json::json!({ "path": path, "summary": summary });
            screen::print(&format!("{object}\n"))?;
        } else {
            screen::print(&told(path, &summary))?;
        }
    }
    Ok(())
}

/// Imports a path and tells what came of it, on standard error.
pub(crate) fn add_one(store: &Store, path: &Path, options: &ImportOptions) -> anyhow::Result<()> {
    let summary = import(store, path, options)?;
    let name = options.only.as_deref().map_or(path, Path::new);
    eprint!("{}", told(name, &summary));
    Ok(())
}

fn import(store: &Store, path: &Path, options: &ImportOptions) -> anyhow::Result<ImportSummary> {
    let bar = screen::bar(0, "{elapsed_precise} {bar:30} {msg} {pos}/{len}");
    let mut show = |progress: Progress<'_>| {
        bar.set_length(progress.total as u64);
        bar.set_position(progress.done as u64);
        bar.set_message(match progress.stage {
            Stage::Reading => format!("reading {}", progress.name),
            Stage::Writing => "writing".to_owned(),
            Stage::Families => "looking for families".to_owned(),
        });
    };
    let summary = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).context("standard input")?;
        store.import_bytes(("stdin.abc", bytes), options, &mut show)
    } else {
        store.import(path, options, &mut show)
    };
    bar.finish_and_clear();
    Ok(summary?)
}

fn told(path: &Path, summary: &ImportSummary) -> String {
    let count = screen::grouped;
    let mut text = format!(
        "{}: {} tunes; {} settings added, {} known already; {} works added\n",
        path.display(),
        count(summary.tunes),
        count(summary.settings_added),
        count(summary.settings_known),
        count(summary.works_added),
    );
    let changes = [
        (summary.settings_changed, "settings brought up to date"),
        (summary.aliases_added, "aliases added"),
        (summary.popularity_set, "popularities set"),
        (summary.without_title, "tunes without a title"),
        (summary.complaints.values().sum(), "complaints; see `ganainm corpus check`"),
    ];
    // Writing to a string cannot fail.
    for (number, what) in changes.into_iter().filter(|(number, _)| *number > 0) {
        let _ = writeln!(text, "  {} {what}", count(number));
    }
    for skipped in &summary.skipped {
        let _ = writeln!(text, "  left out {}: {}", skipped.name, skipped.reason);
    }
    text
}

fn stats(args: &ShowArgs) -> anyhow::Result<()> {
    let store = Store::open_existing(&args.db.path()?)?;
    let stats = store.load()?.stats(&store.findings()?);
    if args.json {
        return screen::print(&(serde_json::to_string(&stats)? + "\n"));
    }
    let totals = [
        ("settings", stats.settings),
        ("works", stats.works),
        ("works without a title", stats.works_without_title),
        ("titles", stats.titles),
        ("aliases", stats.aliases),
        ("families", stats.families),
        ("works in the biggest family", stats.biggest_family),
    ];
    let mut text = String::new();
    for (name, number) in totals {
        let _ = writeln!(text, "{:>9}  {name}", screen::grouped(number));
    }
    let tables = [
        ("source", &stats.sources),
        ("dance type", &stats.dance_types),
        ("metre", &stats.metres),
        ("key as played", &stats.keys),
        ("complaint", &stats.complaints),
    ];
    for (name, counts) in tables {
        text.push_str(&table(name, counts));
    }
    screen::print(&text)
}

/// Rows of a table that are shown to eyes; machines get all.
const SHOWN: usize = 16;

fn table(name: &str, counts: &[Count]) -> String {
    let mut text = format!("\n{:>9}  by {name}\n", "");
    for row in counts.iter().take(SHOWN) {
        let _ = writeln!(text, "{:>9}  {}", screen::grouped(row.count), row.name);
    }
    if counts.len() > SHOWN {
        let rest: usize = counts[SHOWN..].iter().map(|row| row.count).sum();
        let kinds = counts.len() - SHOWN;
        let _ = writeln!(text, "{:>9}  {kinds} others", screen::grouped(rest));
    }
    text
}

fn check(args: &CheckArgs) -> anyhow::Result<()> {
    let mut findings = Store::open_existing(&args.db.path()?)?.findings()?;
    findings.retain(|finding| args.kind.as_ref().is_none_or(|kind| *kind == finding.kind));
    let mut text = String::new();
    if args.json {
        for finding in &findings {
            text += &serde_json::to_string(finding)?;
            text.push('\n');
        }
        return screen::print(&text);
    }
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in &findings {
        *kinds.entry(&finding.kind).or_default() += 1;
        let place = format!("{}:{}:{}", finding.file, finding.line, finding.column);
        let _ = writeln!(text, "{place}: {} ({})", finding.message, finding.setting);
    }
    for (kind, count) in kinds {
        let _ = writeln!(text, "{:>9}  {kind}", screen::grouped(count));
    }
    if findings.is_empty() {
        text.push_str("no complaints\n");
    }
    screen::print(&text)
}

fn export(args: &ExportArgs) -> anyhow::Result<()> {
    let named = args.output.as_deref().and_then(ExportFormat::of_path);
    let format = match (args.format, named) {
        (Some(Format::Abc), _) => ExportFormat::Abc,
        (Some(Format::Csv), _) => ExportFormat::Csv,
        (Some(Format::Jsonl), _) => ExportFormat::JsonLines,
        (Some(Format::Parquet), _) => ExportFormat::Parquet,
        (None, Some(format)) => format,
        (None, None) => bail!("name the format: --format abc, csv, jsonl or parquet"),
    };
    let corpus = Store::open_existing(&args.db.path()?)?.load()?;
    match &args.output {
        Some(path) => Ok(corpus.export_to(path, format)?),
        None => Ok(corpus.export(std::io::stdout().lock(), format)?),
    }
}
