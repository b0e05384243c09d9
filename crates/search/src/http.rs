//! The page and the HTTP API over a store and the runs beside it.
//!
//! Handlers wait on a few blocking threads behind a bounded queue; every error is a problem document.

mod around;
mod find;
mod gate;
mod map;
mod meter;
mod name;
mod openapi;
mod page;
mod problem;
mod runs;
mod shelf;
mod tunes;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use train::RunDir;

use crate::{FindError, Finder, LoadedRun, NameError, Namer, Progress, Server};
use gate::Gate;
use meter::Meter;
use problem::Problem;
use shelf::Shelf;

/// The most bytes of a request's body.
pub const BODY_LIMIT: usize = 1 << 20;

/// How long a request may take to arrive, and again to be answered.
pub const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Requests that may wait for a thread; more are told to come again.
pub const QUEUE: usize = 512;

/// What is served, and where.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// The store of tunes.
    pub db: PathBuf,
    /// A run of towers whose joint space is searched too.
    pub run: Option<PathBuf>,
    /// A database that has the melody vectors; without one they are kept in memory.
    pub vectors: Option<Server>,
    /// A folder of runs to look at.
    pub runs: Option<PathBuf>,
    /// The address to listen at.
    pub host: IpAddr,
    /// The port; 0 for any that is free.
    pub port: u16,
    /// The origin whose pages may call the API from elsewhere, or `*`.
    pub allow_origin: Option<String>,
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// From the store or the run.
    #[error(transparent)]
    Find(#[from] FindError),
    /// From the index of melodies.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The address cannot be listened at.
    #[error("{address}: {source}: choose another with --host and --port")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// No header can hold the origin.
    #[error("--allow-origin: `{0}` is no origin: give one like `https://example.org`, or `*`")]
    Origin(String),
    /// The system failed.
    #[error("server: {0}")]
    System(#[from] std::io::Error),
}

/// What all requests share.
#[derive(Debug)]
struct App {
    finder: Finder,
    namer: Namer,
    shelf: Shelf,
    gate: Gate,
    meter: Meter,
    allow_origin: Option<axum::http::HeaderValue>,
}

/// Who hears of a server that starts.
pub struct Starting<'a, R: FnOnce(SocketAddr)> {
    /// Of vectors that are made before.
    pub progress: Progress<'a>,
    /// Of the address, when it answers.
    pub ready: R,
}

/// Serves until the process is asked to stop (SIGINT, SIGTERM), then finishes what it has begun.
///
/// # Errors
/// When the store or run cannot be opened, or the address not listened at.
pub fn serve<R: FnOnce(SocketAddr)>(
    options: &ServeOptions,
    starting: Starting<'_, R>,
) -> Result<(), ServeError> {
    let app = Arc::new(App::open(options, starting.progress)?);
    let served = Arc::clone(&app);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(app.gate.width() + 1)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let address = SocketAddr::new(options.host, options.port);
        let failed = |source| ServeError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        (starting.ready)(listener.local_addr()?);
        let (told, mut stopping) = tokio::sync::watch::channel(false);
        let stop = async move {
            stop_signal().await;
            let _ = told.send(true);
        };
        let serving = axum::serve(listener, router(served)).with_graceful_shutdown(stop);
        tokio::select! {
            done = serving.into_future() => done?,
            // A connection that never ends its request does not keep the program.
            () = async {
                let _ = stopping.wait_for(|stop| *stop).await;
                tokio::time::sleep(2 * TIME_LIMIT).await;
            } => {}
        }
        Ok::<(), ServeError>(())
    })?;
    runtime.shutdown_timeout(TIME_LIMIT);
    // Connections to a database wait when they are closed, which a task of the runtime may not.
    drop(app);
    Ok(())
}

impl App {
    fn open(options: &ServeOptions, progress: Progress<'_>) -> Result<Self, ServeError> {
        let origin =
            |origin: &String| origin.parse().map_err(|_| ServeError::Origin(origin.clone()));
        let load = |run: &PathBuf| LoadedRun::open(RunDir::open(run)?);
        let run = options.run.as_ref().map(load).transpose().map_err(FindError::from)?;
        let mut namer = Namer::open(&options.db)?;
        if let Some(run) = &run {
            namer = namer.with_run(run, progress)?;
        }
        if let Some(server) = &options.vectors {
            namer = namer.with_database(server.clone())?;
        }
        Ok(Self {
            namer,
            finder: Finder::open(&options.db, run.as_ref(), progress)?,
            shelf: Shelf::new(options.runs.clone(), options.run.clone()),
            gate: Gate::new(QUEUE),
            meter: Meter::default(),
            allow_origin: options.allow_origin.as_ref().map(origin).transpose()?,
        })
    }
}

fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(page::index))
        .route("/app.js", get(page::script))
        .route("/app.css", get(page::style))
        .route("/icon.svg", get(page::icon))
        .route("/health", get(meter::health))
        .route("/metrics", get(meter::metrics))
        .route("/api/openapi.json", get(openapi::document))
        .route("/api/name", post(name::name))
        .route("/api/find", get(find::find))
        .route("/api/tunes/{id}", get(tunes::tune))
        .route("/api/map", get(map::map))
        .route("/api/map/training", get(map::training))
        .route("/api/runs", get(runs::list))
        .route("/api/runs/{name}", get(runs::run))
        .route("/api/runs/{name}/curves", get(runs::curves))
        .route("/api/runs/{name}/tracks", get(runs::tracks))
        .route("/api/runs/{name}/study", get(runs::study))
        .fallback(|| async { Problem::not_found("there is nothing at this address") })
        .method_not_allowed_fallback(|| async { Problem::method() })
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(Arc::clone(&app), around::around))
        .with_state(app)
}

/// Ends when the process is asked to stop.
async fn stop_signal() {
    let interrupted = async {
        // Where no handler can be set, the system's own ends the process.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending::<()>().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = interrupted => {}
        () = terminated => {}
    }
}

#[cfg(test)]
mod tests;
