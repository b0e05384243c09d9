//! The report page: one whole run, told to someone who was not there.

mod examples;
mod facts;
mod numbers;
mod training;

use retrieval::report::{Section, escape, page as whole_page, picture};

use crate::names::Names;
use crate::run::files;
use crate::{Error, Judged, RunDir};

/// The page of a run that was judged. Parts whose files the run lacks are left out.
pub(crate) fn page(run: &RunDir, judged: &Judged) -> Result<String, Error> {
    let names = Names::read(run)?;
    let mut sections = vec![facts::section(run)?, numbers::reading(judged)];
    sections.extend(judged.report.sections());
    if !names.is_empty() {
        sections.push(numbers::telling(judged, &names)?);
    }
    sections.push(examples::section(judged, &names)?);
    sections.extend(training::curves(run)?);
    sections.extend(training::tracks(run)?);
    sections.extend(maps(run)?);
    sections.push(facts::links(run)?);
    Ok(whole_page(&judged.report.name, &numbers::in_short(&judged.report), &sections))
}

/// The maps of melodies and titles that the run holds.
fn maps(run: &RunDir) -> Result<Option<Section>, Error> {
    let mut body = String::new();
    for name in names_of_files(run)? {
        if name.starts_with("map") && name.ends_with(".svg") {
            let svg = run.read(&name)?;
            let what =
                name.trim_end_matches(".svg").trim_start_matches("map").replace(['-', '_'], " ");
            let alt = format!("Map{what}: what lies near each other, the towers hold to be alike");
            body += &picture(&String::from_utf8_lossy(&svg), &alt);
            body += &format!("<p><a href=\"{0}\">{0}</a></p>\n", escape(&name));
        }
    }
    Ok((!body.is_empty()).then(|| Section::new("maps", "Maps", body)))
}

/// The names of the run's files, sorted.
fn names_of_files(run: &RunDir) -> Result<Vec<String>, Error> {
    let failed = |source| Error::io(run.path(), source);
    let entries = std::fs::read_dir(run.path()).map_err(failed)?;
    let names =
        entries.map(|entry| Ok(entry.map_err(failed)?.file_name().to_string_lossy().into_owned()));
    let mut names = names.collect::<Result<Vec<String>, Error>>()?;
    names.sort();
    Ok(names)
}

/// Paragraphs of plain text as HTML.
fn paragraphs(texts: &[&str]) -> String {
    texts.iter().map(|text| format!("<p>{}</p>\n", escape(text))).collect()
}

/// Whether the run has this file.
fn has(run: &RunDir, name: &str) -> bool {
    run.file(name).is_file()
}

#[cfg(test)]
mod tests;
