//! The command line of Gan Ainm: what does a tune's title have to do with its music?

mod commands;
mod following;
mod input;
mod screen;
mod waiting;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Learn how Irish traditional tunes and their titles belong together, and put it to use.
#[derive(Parser)]
#[command(name = "ganainm", version, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  ganainm demo                                   the whole story on public-domain books
  ganainm corpus add ~/tunes thesession.abc      read tunes into the corpus
  ganainm name heard.abc                         which tune is this?
  ganainm index --to postgres://db/tunes         melody vectors into PostgreSQL
  ganainm pretrain configs/pretrain.toml         a language model of melodies
  ganainm compose runs/pretrain --type jig       a tune of its own
  ganainm train configs/gru.toml --run runs/gru  learn from them
  ganainm evaluate runs/gru                      see how well titles and tunes find each other
  ganainm track runs/gru                         see how their ranks moved over the training
  ganainm map runs/gru                           see where dance types lie among them
  ganainm study configs/studies/architectures.toml   several towers, five seeds each, one table
  ganainm rank --run runs/gru --tunes new.abc --titles names.txt
  ganainm find drowsie magie                     tunes for words
  ganainm serve --runs runs                      all of it as a page

`ganainm help COMMAND` tells more about each, with examples.";

#[derive(Subcommand)]
enum Command {
    /// The main job on public-domain books: get, import, train, evaluate, report.
    Demo(commands::demo::Args),
    /// Add tunes to the corpus, look at them, check them, export them.
    #[command(subcommand)]
    Corpus(commands::corpus::Command),
    /// Train the melody language model of a config.
    Pretrain(commands::pretrain::Args),
    /// Compose tunes with a melody language model.
    Compose(commands::compose::Args),
    /// Train the two towers of a config.
    Train(commands::train::Args),
    /// Train a grid of experiments and seeds, and compare them in one table.
    Study(commands::study::Args),
    /// Fuse the scores of trained runs into a run of its own.
    Fuse(commands::fuse::Args),
    /// Report how well a run's towers find titles for melodies and melodies for titles.
    Evaluate(commands::evaluate::Args),
    /// Show how ranks moved over a training: by dance type, risers and fallers, chosen tunes.
    Track(commands::track::Args),
    /// Measure and draw where dance types, modes and metres lie among a run's melodies and titles.
    Map(commands::map::Args),
    /// Report what each feature that a run's melody tower reads adds.
    Importance(commands::importance::Args),
    /// Tell which tunes these are, with the bars that speak for it.
    Name(commands::name::Args),
    /// Order given titles for given tunes, or given tunes for given titles.
    Rank(commands::rank::Args),
    /// Find tunes for words: by the text of their titles, misspelt or not, and by their music.
    Find(commands::find::Args),
    /// Build what naming keeps beside the corpus, and put the melody vectors into PostgreSQL.
    Index(commands::index::Args),
    /// Serve the page and the HTTP API: name a tune, find tunes, walk about the map, look at runs.
    Serve(commands::serve::Args),
    /// Print completions for a shell.
    Completions(commands::completions::Args),
}

/// Where the corpus is.
#[derive(clap::Args)]
struct DbArgs {
    /// The corpus, one SQLite file [default: in the platform's data folder]
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
}

impl DbArgs {
    fn path(&self) -> anyhow::Result<PathBuf> {
        match &self.db {
            Some(path) => Ok(path.clone()),
            None => Ok(::corpus::Store::default_path()?),
        }
    }
}

/// Which towers answer.
#[derive(clap::Args)]
struct RunArgs {
    /// A run whose towers tell what fits [default: the model that comes with the program]
    #[arg(long, value_name = "RUN")]
    run: Option<PathBuf>,
}

impl RunArgs {
    fn open(&self) -> anyhow::Result<::train::RunDir> {
        Ok(self.run.as_deref().map_or_else(::train::shipped, ::train::RunDir::open)?)
    }

    fn load(&self) -> anyhow::Result<::search::LoadedRun> {
        Ok(::search::LoadedRun::open(self.open()?)?)
    }
}

/// Where the melody vectors are.
#[derive(clap::Args)]
struct VectorArgs {
    /// A PostgreSQL database that has the melody vectors, from `ganainm index --to` [default: in memory]
    #[arg(long, value_name = "URL")]
    vectors: Option<String>,
}

impl VectorArgs {
    fn server(&self) -> anyhow::Result<Option<::search::Server>> {
        self.vectors.as_deref().map(server).transpose()
    }
}

/// The server of a URL; its password may be in `PGPASSWORD`, as PostgreSQL's own clients have it.
fn server(url: &str) -> anyhow::Result<::search::Server> {
    Ok(::search::Server::new(url, std::env::var("PGPASSWORD").ok().as_deref())?)
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if screen::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ganainm: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    // A forced set of instructions that is not there is told before any work is done.
    kernels::path()?;
    match command {
        Command::Demo(args) => commands::demo::run(&args),
        Command::Corpus(command) => commands::corpus::run(&command),
        Command::Pretrain(args) => commands::pretrain::run(&args),
        Command::Compose(args) => commands::compose::run(&args),
        Command::Train(args) => commands::train::run(&args),
        Command::Fuse(args) => commands::fuse::run(&args),
        Command::Evaluate(args) => commands::evaluate::run(&args),
        Command::Track(args) => commands::track::run(&args),
        Command::Map(args) => commands::map::run(&args),
        Command::Study(args) => commands::study::run(&args),
        Command::Importance(args) => commands::importance::run(&args),
        Command::Name(args) => commands::name::run(&args),
        Command::Rank(args) => commands::rank::run(&args),
        Command::Find(args) => commands::find::run(&args),
        Command::Index(args) => commands::index::run(&args),
        Command::Serve(args) => commands::serve::run(&args),
        Command::Completions(args) => commands::completions::run(&args),
    }
}
