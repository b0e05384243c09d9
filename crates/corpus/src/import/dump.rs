//! The tables of The Session's dump: tunes, aliases, popularity.

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::table::{Record, Table};
use super::{Contents, Draft, Skipped, THE_SESSION};
use crate::Error;
use crate::reading::{facts, tune};
use crate::titles::clean_title;

/// Columns that a table of tunes must have; `composer` is read if it is there.
const TUNES: &[&str] = &["tune_id", "setting_id", "name", "type", "meter", "mode", "abc"];
const ALIASES: &[&str] = &["tune_id", "alias"];
const POPULARITY: &[&str] = &["tune_id", "tunebooks"];

/// What a table of the dump holds, known by its columns.
pub(super) fn contents(name: &str, table: &Table) -> Result<Contents, Error> {
    let has = |column: &str| table.columns.iter().any(|known| known == column);
    if has("setting_id") || has("abc") {
        tunes(name, &View::new(name, table, ("tunes", TUNES))?)
    } else if has("tunebooks") {
        popularity(name, &View::new(name, table, ("tune_popularity", POPULARITY))?)
    } else if has("alias") {
        aliases(name, &View::new(name, table, ("aliases", ALIASES))?)
    } else {
        Err(Error::UnknownTable { name: name.to_owned() })
    }
}

/// A table whose columns are all there.
struct View<'t> {
    table: &'t Table,
    /// Where each column is.
    places: Vec<(&'static str, usize)>,
}

impl<'t> View<'t> {
    fn new(
        name: &str,
        table: &'t Table,
        (kind, wanted): (&'static str, &'static [&'static str]),
    ) -> Result<Self, Error> {
        let find = |wanted: &str| table.columns.iter().position(|column| column == wanted);
        let missing: Vec<_> =
            wanted.iter().copied().filter(|column| find(column).is_none()).collect();
        if !missing.is_empty() {
            return Err(Error::Columns { name: name.to_owned(), table: kind, missing });
        }
        let columns = wanted.iter().chain(&["composer"]);
        let places = columns.filter_map(|&column| Some((column, find(column)?))).collect();
        Ok(Self { table, places })
    }

    fn get<'r>(&self, record: &'r Record, column: &str) -> &'r str {
        let place = self.places.iter().find(|(name, _)| *name == column);
        place.and_then(|(_, at)| record.values.get(*at)).map_or("", |value| value.trim())
    }

    fn number(&self, record: &Record, column: &str) -> Result<u32, String> {
        let text = self.get(record, column);
        text.parse().map_err(|_| format!("{column} `{text}` is no number; the record was left out"))
    }
}

fn skipped(name: &str, record: &Record, reason: String) -> Skipped {
    Skipped { name: format!("{name}: {}", record.place), reason }
}

fn tunes(name: &str, view: &View<'_>) -> Result<Contents, Error> {
    let read = |record| draft(view, record).map_err(|reason| skipped(name, record, reason));
    let drafts: Vec<Result<Draft, Skipped>> = view.table.records.par_iter().map(read).collect();
    let mut contents = Contents::default();
    for draft in drafts {
        match draft {
            Ok(draft) => contents.drafts.push(draft),
            Err(skipped) => contents.skipped.push(skipped),
        }
    }
    Ok(contents)
}

fn aliases(name: &str, view: &View<'_>) -> Result<Contents, Error> {
    let mut contents = Contents::default();
    for record in &view.table.records {
        match view.number(record, "tune_id") {
            Ok(tune) => {
                let cleaned = clean_title(&abc::entities(view.get(record, "alias")));
                let titles = cleaned.text.into_iter().chain(cleaned.aliases);
                contents.aliases.extend(titles.map(|title| (tune, title)));
            }
            Err(reason) => contents.skipped.push(skipped(name, record, reason)),
        }
    }
    Ok(contents)
}

fn popularity(name: &str, view: &View<'_>) -> Result<Contents, Error> {
    let mut contents = Contents::default();
    for record in &view.table.records {
        match view
            .number(record, "tune_id")
            .and_then(|t| Ok((t, view.number(record, "tunebooks")?)))
        {
            Ok(entry) => contents.popularity.push(entry),
            Err(reason) => contents.skipped.push(skipped(name, record, reason)),
        }
    }
    Ok(contents)
}

fn draft(view: &View<'_>, record: &Record) -> Result<Draft, String> {
    let work = view.number(record, "tune_id")?;
    let setting = view.number(record, "setting_id")?;
    let abc = text(view, record, (work, setting));
    let tune = tune(&abc);
    Ok(Draft {
        source: THE_SESSION.to_owned(),
        numbered: Some((work, Some(setting))),
        x: Some(work),
        content: Sha256::digest(&abc).into(),
        abc,
        facts: facts(&tune),
        complaints: tune.complaints,
        line: record.line,
        from_dump: true,
    })
}

/// The record as a tune in ABC.
fn text(view: &View<'_>, record: &Record, (work, setting): (u32, u32)) -> String {
    let mut text = format!("X:{work}\n");
    let mut field = |letter: char, value: &str| {
        if !value.is_empty() {
            text.push_str(&format!("{letter}:{value}\n"));
        }
    };
    field('T', &escaped(view.get(record, "name")));
    field('C', &escaped(view.get(record, "composer")));
    field('S', &format!("https://thesession.org/tunes/{work}#setting{setting}"));
    field('R', &escaped(view.get(record, "type")));
    field('M', view.get(record, "meter"));
    field('L', "1/8");
    field('K', view.get(record, "mode"));
    let lines = view.get(record, "abc").split(['\n', '\r']).map(str::trim_end);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with("X:")) {
        text.push_str(line);
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text
}

/// A value on one line, with what ABC would take for an escape or a comment escaped.
fn escaped(value: &str) -> String {
    let line = value.split_whitespace().collect::<Vec<_>>().join(" ");
    line.replace('\\', "\\\\").replace('%', "\\%")
}
