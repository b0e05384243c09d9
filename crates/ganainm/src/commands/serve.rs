//! `ganainm serve`: the page and the HTTP API.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use search::http::{ServeOptions, Starting, serve};

use crate::waiting::Waiting;
use crate::{DbArgs, RunArgs, VectorArgs};

/// Serve the page and the HTTP API: name a tune, find tunes, walk about the map, look at runs.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  ganainm serve                                  the page at http://127.0.0.1:8080/
  ganainm serve --run runs/gru --runs runs       words meet music; maps, curves and tracks of the runs
  ganainm serve --host 0.0.0.0 --port 80         for others too
  ganainm serve --vectors postgres://ganainm@db.example/tunes   by vectors that `ganainm index --to` put there
  curl --data-binary @tune.abc http://127.0.0.1:8080/api/name

Ctrl-C, or the signal that ends programs, stops it when what it has begun is answered. docs/serving.md has the rest.")]
pub(crate) struct Args {
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    vectors: VectorArgs,
    /// A folder of runs to look at.
    #[arg(long, value_name = "DIR")]
    runs: Option<PathBuf>,
    /// The address to listen at; 127.0.0.1 is this machine alone.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// The port; 0 for any that is free.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Let pages of this origin call the API, as `https://example.org`, or `*` for all.
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Option<String>,
    #[command(flatten)]
    db: DbArgs,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let options = ServeOptions {
        db: args.db.path()?,
        run: Some(args.run.open()?.path().to_owned()),
        vectors: args.vectors.server()?,
        runs: args.runs.clone(),
        host: args.host,
        port: args.port,
        allow_origin: args.allow_origin.clone(),
    };
    let ready = |address: SocketAddr| eprintln!("the page is at http://{address}/ (Ctrl-C stops)");
    let waiting = Waiting::default();
    let progress = |what, done, all| waiting.tell(what, done, all);
    Ok(serve(&options, Starting { progress: &progress, ready })?)
}
