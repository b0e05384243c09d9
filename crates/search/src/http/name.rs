//! `POST /api/name`: which tunes are these?

use std::sync::Arc;

use abc::Tune;
use axum::body::{Bytes, HttpBody};
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, Query, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::problem::{Problem, json_response};
use super::tunes::source;
use super::{App, BODY_LIMIT, TIME_LIMIT};
use crate::{Answer, Match, NameError, Passage, Suggestion};

/// The most tunes of a body.
const MOST_TUNES: usize = 20;

/// The most notes of a tune.
const MOST_NOTES: usize = 4000;

/// The most matches of a tune.
const MOST: usize = 50;

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    k: Option<usize>,
}

/// The line that `ganainm name --json` prints of a tune, and what a page needs to show it.
#[derive(Serialize)]
struct Named {
    x: String,
    title: String,
    known: f64,
    matches: Vec<Shown>,
    titles: Vec<Suggestion>,
    /// The tune as it was read.
    abc: String,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    found: Match,
    evidence: Vec<Passage>,
    /// A page that shows the setting.
    source: Option<String>,
    /// The setting.
    abc: String,
}

pub(super) async fn name(
    State(app): State<Arc<App>>,
    asked: Result<Query<Asked>, QueryRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let most = asked?.0.k.unwrap_or(5).min(MOST);
    let bytes = arrived(request).await?;
    let naming = Arc::clone(&app);
    let work = move || {
        let tunes = tunes(&bytes)?;
        let answers = naming.namer.name_all(&tunes, most).map_err(|error| match error {
            NameError::Backend(_) => Problem::away(&error),
            _ => Problem::logged(&error),
        })?;
        let asked = tunes.iter().zip(answers);
        Ok(asked.map(|(tune, answer)| naming.named(tune, answer)).collect::<Vec<Named>>())
    };
    json_response(&app.gate.run(work).await?)
}

/// The body, if it is small enough and comes in time.
async fn arrived(request: Request) -> Result<Bytes, Problem> {
    let too_large = || Problem::too_large(format!("a body may have {BODY_LIMIT} bytes"));
    // Where the size is stated, what is too large is not read at all.
    if request.body().size_hint().lower() > BODY_LIMIT as u64 {
        return Err(too_large());
    }
    let read = tokio::time::timeout(TIME_LIMIT, Bytes::from_request(request, &())).await;
    read.map_err(|_| Problem::late())?.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => Problem::bad("the body could not be read to its end"),
    })
}

/// The tunes of a body.
fn tunes(bytes: &[u8]) -> Result<Vec<Tune>, Problem> {
    let tunes = abc::read_file(bytes).map_err(|error| Problem::no_tune(error.to_string()))?;
    if tunes.len() > MOST_TUNES {
        let found = tunes.len();
        return Err(Problem::too_large(format!(
            "{found} tunes: send at most {MOST_TUNES} at a time"
        )));
    }
    let notes = |tune: &Tune| tune.bars.iter().map(|bar| bar.notes().count()).sum::<usize>();
    let counts: Vec<usize> = tunes.iter().map(notes).collect();
    if let Some(&count) = counts.iter().find(|count| **count > MOST_NOTES) {
        return Err(Problem::too_large(format!(
            "a tune of {count} notes: at most {MOST_NOTES} are read"
        )));
    }
    if counts.iter().all(|count| *count == 0) {
        return Err(Problem::no_tune(
            "there are no notes in this: send a tune in ABC, like `GAB c2d|`",
        ));
    }
    Ok(tunes)
}

impl App {
    fn named(&self, tune: &Tune, answer: Answer) -> Named {
        Named {
            x: answer.x,
            title: answer.title,
            known: answer.known,
            matches: answer.matches.into_iter().map(|found| self.shown(found)).collect(),
            titles: answer.titles,
            abc: abc::write(tune),
        }
    }

    fn shown(&self, mut found: Match) -> Shown {
        let work = self.finder.corpus().work(&found.tune);
        let setting =
            work.and_then(|work| work.settings.iter().find(|own| own.id == found.setting));
        Shown {
            evidence: std::mem::take(&mut found.evidence),
            source: setting.and_then(source),
            abc: setting.map(|setting| setting.abc.clone()).unwrap_or_default(),
            found,
        }
    }
}
