//! `GET /api/runs...`: what runs recorded: settings, curves, prediction tracks, a study's table.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use train::{Choice, RunDir, Tracks, files};

use super::App;
use super::problem::{Problem, json_response};
use super::shelf::Entry;

/// The most training steps of a curve; others are left out evenly.
const MOST_STEPS: usize = 600;

/// Risers and fallers of each direction.
const MOVERS: usize = 8;

#[derive(Debug, Deserialize)]
pub(super) struct Chosen {
    tune: Option<String>,
}

/// `GET /api/runs`
pub(super) async fn list(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    let listing = Arc::clone(&app);
    json_response(&app.gate.run(move || Ok(listing.shelf.list())).await?)
}

/// `GET /api/runs/{name}`
pub(super) async fn run(
    State(app): State<Arc<App>>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let work = |run: &RunDir, entry: &Entry| {
        let config =
            [files::CONFIG, files::FUSION].into_iter().find_map(|name| run.read(name).ok());
        let config = config.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let manifest = run.manifest().map_err(|error| Problem::logged(&error))?;
        Ok(json!({ "name": entry.name, "manifest": manifest, "config": config }))
    };
    of_run(app, name?.0, work).await
}

/// `GET /api/runs/{name}/curves`
pub(super) async fn curves(
    State(app): State<Arc<App>>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let work = |run: &RunDir, entry: &Entry| {
        if !entry.curves {
            return Err(Problem::not_found("this run recorded no curves"));
        }
        let text = run.read(files::METRICS).map_err(|error| Problem::logged(&error))?;
        Ok(json!({ "records": thinned(&String::from_utf8_lossy(&text)) }))
    };
    of_run(app, name?.0, work).await
}

/// `GET /api/runs/{name}/tracks`
pub(super) async fn tracks(
    State(app): State<Arc<App>>,
    name: Result<Path<String>, PathRejection>,
    chosen: Result<Query<Chosen>, QueryRejection>,
) -> Result<Response, Problem> {
    let tune = chosen?.0.tune.filter(|tune| !tune.trim().is_empty());
    let work = move |run: &RunDir, entry: &Entry| {
        if !entry.tracks {
            return Err(Problem::not_found("this run recorded no predictions"));
        }
        let tracks = Tracks::read(run).map_err(|error| Problem::logged(&error))?;
        let tunes = match &tune {
            Some(tune) => tracks
                .find(std::slice::from_ref(tune))
                .map_err(|error| Problem::not_found(error.to_string()))?,
            None => movers(&tracks),
        };
        let lines = tracks.to_json_lines(&Choice { tunes, movers: MOVERS });
        let lines = lines.map_err(|error| Problem::logged(&error))?;
        let lines: Vec<Value> =
            lines.lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
        Ok(json!({ "lines": lines }))
    };
    of_run(app, name?.0, work).await
}

/// `GET /api/runs/{name}/study`
pub(super) async fn study(
    State(app): State<Arc<App>>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let name = name?.0;
    let reading = Arc::clone(&app);
    let work = move || {
        let missing = || Problem::not_found("no study of this name; GET /api/runs lists them");
        let path = reading.shelf.study(&name).ok_or_else(missing)?;
        table(&path).map_err(|error| Problem::logged(&error))
    };
    json_response(&app.gate.run(work).await?)
}

/// Does something with the run of this name on a blocking thread.
pub(super) async fn of_run(
    app: Arc<App>,
    name: String,
    work: impl FnOnce(&RunDir, &Entry) -> Result<Value, Problem> + Send + 'static,
) -> Result<Response, Problem> {
    let reading = Arc::clone(&app);
    let work = move || {
        let missing = || Problem::not_found("no run of this name; GET /api/runs lists them");
        let entry = reading.shelf.run(&name).ok_or_else(missing)?;
        let run = RunDir::open(&entry.path).map_err(|error| Problem::logged(&error))?;
        work(&run, &entry)
    };
    json_response(&app.gate.run(work).await?)
}

/// The works that rose and fell most to the last look, of both directions.
fn movers(tracks: &Tracks) -> Vec<String> {
    let last = tracks.steps.len() - 1;
    let of_way = |way: &train::Way| {
        let moved = [way.risers(last, MOVERS), way.fallers(last, MOVERS)].concat();
        moved.into_iter().map(|track| track.id.clone()).collect::<Vec<String>>()
    };
    let ids: BTreeSet<String> = tracks.ways.iter().flat_map(of_way).collect();
    ids.into_iter().collect()
}

/// The records of a training, of its steps at most [`MOST_STEPS`], the last among them; half a line at the end is what a
/// training under way is writing, and is passed over.
fn thinned(lines: &str) -> Vec<Value> {
    let records: Vec<Value> =
        lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let is_step = |record: &Value| record["kind"] == "step";
    let steps = records.iter().filter(|record| is_step(record)).count();
    let every = steps.div_ceil(MOST_STEPS).max(1);
    let mut left = steps;
    let mut keep = |record: &Value| {
        left -= usize::from(is_step(record));
        !is_step(record) || left.is_multiple_of(every)
    };
    records.into_iter().filter(|record| keep(record)).collect()
}

fn table(path: &std::path::Path) -> Result<Value, csv::Error> {
    let mut reader = csv::Reader::from_path(path)?;
    let header: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for record in reader.records() {
        rows.push(record?.iter().map(str::to_owned).collect());
    }
    Ok(json!({ "header": header, "rows": rows }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_are_thinned_to_their_last_step_and_keep_every_look() {
        let mut lines = String::new();
        for step in 1..=1201 {
            lines += &format!("{{\"kind\":\"step\",\"step\":{step}}}\n");
            if step % 400 == 0 {
                lines += &format!("{{\"kind\":\"validation\",\"step\":{step}}}\n");
            }
        }
        let records = thinned(&(lines + "{\"kind\":\"st"));
        let steps: Vec<u64> = records
            .iter()
            .filter(|record| record["kind"] == "step")
            .filter_map(|record| record["step"].as_u64())
            .collect();
        assert!(steps.len() <= MOST_STEPS && steps.len() > MOST_STEPS / 2);
        assert_eq!(steps.last(), Some(&1201));
        assert_eq!(records.len() - steps.len(), 3);
    }
}
