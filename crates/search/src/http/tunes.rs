//! `GET /api/tunes/{id}`: a work with its titles and settings.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use corpus::{Setting, Work};
use serde::Serialize;

use super::App;
use super::problem::{Problem, json_response};
use crate::source_link;

#[derive(Serialize)]
struct Tune<'w> {
    tune: &'w str,
    title: &'w str,
    aliases: Vec<&'w str>,
    #[serde(rename = "type")]
    dance_type: Option<&'w str>,
    /// In how many tunebooks it is.
    tunebooks: Option<u32>,
    settings: Vec<Shown<'w>>,
}

#[derive(Serialize)]
struct Shown<'w> {
    setting: &'w str,
    key: Option<&'w str>,
    metre: Option<&'w str>,
    abc: &'w str,
    /// The page of the source that shows it.
    source: Option<String>,
}

pub(super) async fn tune(
    State(app): State<Arc<App>>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let Path(id) = id?;
    let missing = || Problem::not_found("no tune of this id; ids are like `thesession:27`");
    json_response(&shown(app.finder.corpus().work(&id).ok_or_else(missing)?))
}

fn shown(work: &Work) -> Tune<'_> {
    let titles: Vec<&str> = work.titles.iter().map(|title| title.text.as_str()).collect();
    Tune {
        tune: &work.id,
        title: titles.first().copied().unwrap_or(&work.id),
        aliases: titles.get(1..).unwrap_or_default().to_vec(),
        dance_type: work.dance_type.as_deref(),
        tunebooks: work.popularity,
        settings: work.settings.iter().map(of).collect(),
    }
}

fn of(setting: &Setting) -> Shown<'_> {
    Shown {
        setting: &setting.id,
        key: setting.key_as_played.as_deref(),
        metre: setting.metre.as_deref(),
        abc: &setting.abc,
        source: source(setting),
    }
}

/// The page that shows a setting: its source's, or the first address that the ABC gives as its source.
pub(super) fn source(setting: &Setting) -> Option<String> {
    let field =
        |line: &'_ str| line.strip_prefix("F:").or(line.strip_prefix("S:")).map(str::to_owned);
    let fields = || setting.abc.lines().filter_map(field);
    let address = |text: String| {
        let is_address = |word: &&str| word.starts_with("https://") || word.starts_with("http://");
        text.split_whitespace().find(is_address).map(str::to_owned)
    };
    source_link(&setting.id).or_else(|| fields().find_map(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check((id, abc): (&str, &str), expected: Option<&str>) {
        let setting = Setting { id: id.to_owned(), abc: abc.to_owned(), ..Setting::default() };
        assert_eq!(source(&setting).as_deref(), expected);
    }

    #[test]
    fn a_source_is_a_page_that_shows_the_setting() {
        let page = Some("https://thesession.org/tunes/27#setting13");
        check(("thesession:27#13", "X:1"), page);
        let field = "X:1\nS:from a friend, see http://example.org/a.abc\n";
        check(("book:1#1", field), Some("http://example.org/a.abc"));
        check(("book:1#1", "X:1\nS:javascript:alert(1)\n"), None);
    }
}
