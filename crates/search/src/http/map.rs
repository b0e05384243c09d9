//! `GET /api/map`: where tunes lie, as `ganainm map` laid them out.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use retrieval::picture::{Picture, View};
use serde::Deserialize;
use serde_json::{Value, json};
use train::{RunDir, files};

use super::App;
use super::problem::{Problem, json_response};
use super::shelf::Entry;

/// Places are whole numbers up to this: finer than a screen, however near the page goes.
const SIDE: f32 = 100_000.0;

#[derive(Debug, Deserialize)]
pub(super) struct Chosen {
    run: Option<String>,
}

/// What is read of `map.json`.
#[derive(Deserialize)]
struct Atlas {
    told: Vec<String>,
    picture: Picture,
}

pub(super) async fn map(
    State(app): State<Arc<App>>,
    chosen: Result<Query<Chosen>, QueryRejection>,
) -> Result<Response, Problem> {
    let wanted = chosen?.0.run;
    let reading = Arc::clone(&app);
    let work = move || {
        let mut mapped = reading.shelf.list().runs;
        mapped.retain(|entry| entry.map);
        mapped.sort_by(|a, b| (a.steps, &a.name).cmp(&(b.steps, &b.name)));
        let maps: Vec<Value> =
            mapped.iter().map(|e| json!({ "run": e.name, "steps": e.steps })).collect();
        let shown = match wanted {
            Some(name) => {
                let missing = || Problem::not_found("no map of a run of this name");
                Some(mapped.iter().find(|entry| entry.name == name).ok_or_else(missing)?)
            }
            None => mapped.last(),
        };
        Ok(json!({ "maps": maps, "map": shown.map(read).transpose()? }))
    };
    json_response(&app.gate.run(work).await?)
}

fn read(entry: &Entry) -> Result<Value, Problem> {
    let run = RunDir::open(&entry.path).map_err(|error| Problem::logged(&error))?;
    let atlas: Atlas = run.read_json(files::MAP).map_err(|error| Problem::logged(&error))?;
    let picture = atlas.picture;
    Ok(json!({
        "run": entry.name,
        "steps": entry.steps,
        "name": picture.name,
        "told": atlas.told,
        "points": picture.points.iter().map(|point| [&point.id, &point.title]).collect::<Vec<_>>(),
        "aspects": picture.aspects,
        "layers": picture.views.iter().map(|view| layer(&picture, view)).collect::<Vec<_>>(),
    }))
}

/// A map of one kind of vectors; places are x and y of each point one after the other.
fn layer(picture: &Picture, view: &View) -> Value {
    let places = picture.framed(view, SIDE);
    let places: Vec<u32> = places.iter().flatten().map(|x| x.round() as u32).collect();
    json!({ "vectors": view.vectors, "method": view.method, "note": view.note, "places": places })
}
