//! `GET /api/map` and `GET /api/map/training`: where tunes lie, as `ganainm map` laid them out.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use retrieval::picture::{Picture, View};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use train::{RunDir, files};

use super::App;
use super::problem::{Problem, json_response};
use super::runs::of_run;
use super::shelf::Entry;

/// Places are whole numbers up to this: finer than a screen, however near the page goes.
const SIDE: f32 = 100_000.0;

#[derive(Debug, Deserialize)]
pub(super) struct Chosen {
    run: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ChosenTraining {
    run: String,
}

/// What is read of `map.json`.
#[derive(Deserialize)]
struct Atlas {
    told: Vec<String>,
    picture: Picture,
}

/// `GET /api/map`
pub(super) async fn map(
    State(app): State<Arc<App>>,
    chosen: Result<Query<Chosen>, QueryRejection>,
) -> Result<Response, Problem> {
    let wanted = chosen?.0.run;
    let reading = Arc::clone(&app);
    let work = move || {
        let runs = reading.shelf.list().runs;
        let trainings = named(runs.iter().filter(|entry| entry.map_steps));
        let mut mapped: Vec<Entry> = runs.into_iter().filter(|entry| entry.map).collect();
        mapped.sort_by(|a, b| (a.steps, &a.name).cmp(&(b.steps, &b.name)));
        let maps = named(mapped.iter());
        let shown = match wanted {
            Some(name) => {
                let missing = || Problem::not_found("no map of a run of this name");
                Some(mapped.iter().find(|entry| entry.name == name).ok_or_else(missing)?)
            }
            None => mapped.last(),
        };
        Ok(json!({ "maps": maps, "trainings": trainings, "map": shown.map(read).transpose()? }))
    };
    json_response(&app.gate.run(work).await?)
}

/// `GET /api/map/training`
pub(super) async fn training(
    State(app): State<Arc<App>>,
    chosen: Result<Query<ChosenTraining>, QueryRejection>,
) -> Result<Response, Problem> {
    of_run(app, chosen?.0.run, |run, entry| {
        if !entry.map_steps {
            return Err(Problem::not_found("this run has no maps over its training"));
        }
        let read = || -> Result<Value, train::Error> {
            let header = run.experiment()?.melody.header;
            let told = header.iter().map(|feature| feature.name().to_owned()).collect();
            Ok(answer(entry, &Atlas { told, picture: run.read_json(files::MAP_STEPS)? }))
        };
        read().map_err(|error| Problem::logged(&error))
    })
    .await
}

fn named<'a>(runs: impl Iterator<Item = &'a Entry>) -> Vec<Value> {
    runs.map(|entry| json!({ "run": entry.name, "steps": entry.steps })).collect()
}

fn read(entry: &Entry) -> Result<Value, Problem> {
    let run = RunDir::open(&entry.path).map_err(|error| Problem::logged(&error))?;
    let atlas: Atlas = run.read_json(files::MAP).map_err(|error| Problem::logged(&error))?;
    Ok(answer(entry, &atlas))
}

fn answer(entry: &Entry, Atlas { told, picture }: &Atlas) -> Value {
    json!({
        "run": entry.name,
        "steps": entry.steps,
        "name": picture.name,
        "told": told,
        "points": picture.points.iter().map(|point| [&point.id, &point.title]).collect::<Vec<_>>(),
        "aspects": picture.aspects,
        "layers": picture.views.iter().map(|view| layer(picture, view)).collect::<Vec<_>>(),
    })
}

/// A map of one kind of vectors.
#[derive(Serialize)]
struct Layer<'a> {
    vectors: &'a str,
    method: &'a str,
    note: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<u64>,
    /// x and y of each point, one after the other.
    places: Vec<u32>,
}

fn layer<'a>(picture: &Picture, view: &'a View) -> Layer<'a> {
    let places = picture.framed(view, SIDE);
    Layer {
        vectors: &view.vectors,
        method: &view.method,
        note: &view.note,
        step: view.step,
        places: places.iter().flatten().map(|x| x.round() as u32).collect(),
    }
}
