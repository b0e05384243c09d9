//! `ganainm index`: what naming keeps beside the store, and vectors in a database.

use std::time::Instant;

use search::{Namer, PostgresVectors, Search, Server, VectorIndex};

use crate::{DbArgs, screen, server};

/// Build what naming keeps beside the corpus, and put the melody vectors into PostgreSQL.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  ganainm index                                              the index beside the corpus, as the first `name` would
  ganainm index --to postgres://ganainm@db.example/tunes     and its vectors into PostgreSQL with pgvector
  ganainm index --to postgres://ganainm@db.example/tunes --neighbours

The password stands in the URL, or better in the environment as PGPASSWORD. `ganainm name` and `ganainm serve` ask there with --vectors URL. docs/indexing.md has the tables.")]
pub(crate) struct Args {
    /// A PostgreSQL database with pgvector that gets the vectors, in place of those that it has.
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// Let the database find by a graph of neighbours: quicker among millions, and some are missed.
    #[arg(long, requires = "to")]
    neighbours: bool,
    #[command(flatten)]
    db: DbArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    // A wrong URL is told before any work is done.
    let server = args.to.as_deref().map(server).transpose()?;
    let begun = Instant::now();
    let kept = Namer::keep(&args.db.path()?)?;
    let how = if kept.refreshed { "made" } else { "up to date, checked" };
    screen::print(&format!(
        "{}: {} settings of {} works, {}, {how} in {:.1} s\n",
        kept.file.display(),
        screen::grouped(kept.namer.settings()),
        screen::grouped(kept.namer.works()),
        megabytes(kept.bytes),
        begun.elapsed().as_secs_f64()
    ))?;
    let search = if args.neighbours { Search::Neighbours } else { Search::Exact };
    server.map_or(Ok(()), |server| send(server, &kept.namer, search))
}

fn send(server: Server, namer: &Namer, search: Search) -> anyhow::Result<()> {
    let (begun, name) = (Instant::now(), server.name().to_owned());
    let vectors = namer.vectors();
    let stored = PostgresVectors::build(server, (vectors, &namer.origin()), search)?;
    screen::print(&format!(
        "{name}: {} vectors of {} numbers, {}, written in {:.1} s\n",
        screen::grouped(vectors.len()),
        stored.dimensions(),
        megabytes(stored.bytes()?),
        begun.elapsed().as_secs_f64()
    ))
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
