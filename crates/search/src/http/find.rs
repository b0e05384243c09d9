//! `GET /api/find`: words to tunes.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query as Parameters, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::App;
use super::problem::{Problem, json_response};
use crate::{Filter, Found, Query};

/// The most letters of a query.
const MOST_LETTERS: usize = 500;

/// The most tunes of an answer.
const MOST: usize = 200;

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
    #[serde(rename = "type")]
    dance_type: Option<String>,
    key: Option<String>,
    metre: Option<String>,
    k: Option<usize>,
}

#[derive(Serialize)]
struct Answer {
    found: Vec<Found>,
}

pub(super) async fn find(
    State(app): State<Arc<App>>,
    asked: Result<Parameters<Asked>, QueryRejection>,
) -> Result<Response, Problem> {
    let Parameters(asked) = asked?;
    if asked.q.chars().count() > MOST_LETTERS {
        return Err(Problem::bad(format!("`q` may have {MOST_LETTERS} letters")));
    }
    let (dance, key, metre) =
        (asked.dance_type.as_deref(), asked.key.as_deref(), asked.metre.as_deref());
    let filter = Filter::read(dance, key, metre).map_err(|e| Problem::bad(e.to_string()))?;
    let query = Query { words: asked.q, filter, most: asked.k.unwrap_or(20).min(MOST) };
    let finding = Arc::clone(&app);
    let work = move || finding.finder.find(&query).map_err(|error| Problem::logged(&error));
    json_response(&Answer { found: app.gate.run(work).await? })
}
