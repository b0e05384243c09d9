//! Imports: from files, folders, archives and tables to settings in the store.

mod book;
mod dump;
mod gather;
mod place;
mod table;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::Error;
use crate::reading::Facts;
use crate::store::{Store, Writer};

pub(crate) use place::{Place, Shelf, Verdict};

use gather::{Gathered, Input};

/// The source of tunes that carry The Session's ids.
pub(crate) const THE_SESSION: &str = "thesession";

/// Settings written between two reports of progress.
const BATCH: usize = 1024;

/// What to import, and under which name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Only files with this in their path inside the folder or archive.
    pub only: Option<String>,
    /// The source's name in ids, instead of that of the file or folder. Tunes that name their own
    /// source by an `S:` address keep it.
    pub source: Option<String>,
    /// Leave families to whoever first needs them, as [`Store::load`] does: they take time that grows with the square of the
    /// corpus.
    pub families_later: bool,
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImportSummary {
    /// Files read.
    pub files: usize,
    /// Tunes found in them.
    pub tunes: usize,
    /// Settings that are new in the store.
    pub settings_added: usize,
    /// Settings of a dump that replaced an older form of themselves.
    pub settings_changed: usize,
    /// Settings that the store had already.
    pub settings_known: usize,
    /// Works that are new in the store.
    pub works_added: usize,
    /// Aliases that are new in the store.
    pub aliases_added: usize,
    /// Works whose popularity is new or has changed.
    pub popularity_set: usize,
    /// Tunes whose title fields name nothing.
    pub without_title: usize,
    /// Complaints about the tunes, by kind.
    pub complaints: BTreeMap<String, usize>,
    /// Files and records that were left out, and why.
    pub skipped: Vec<Skipped>,
}

/// Something that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The file, with the line where it is a part of it.
    pub name: String,
    /// Why.
    pub reason: String,
}

impl Skipped {
    /// `error` without the name at its front.
    fn new(name: String, error: &Error) -> Self {
        let reason = error.to_string();
        let reason = reason.strip_prefix(&format!("{name}: ")).unwrap_or(&reason).to_owned();
        Self { name, reason }
    }
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    /// What is being done.
    pub stage: Stage,
    /// The file at hand.
    pub name: &'a str,
    /// How much of the stage is done...
    pub done: usize,
    /// ...out of this.
    pub total: usize,
}

/// The stages of an import, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Tunes are read; counted over all files.
    Reading,
    /// Settings are written to the store.
    Writing,
    /// Families are looked for; no counts.
    Families,
}

/// A setting on its way into the store.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Draft {
    pub(crate) source: String,
    /// Work and, if known, setting, where the tune carries its source's own numbers.
    pub(crate) numbered: Option<(u32, Option<u32>)>,
    /// The `X:` field, where it is a number.
    pub(crate) x: Option<u32>,
    pub(crate) abc: String,
    /// SHA-256 of `abc`.
    pub(crate) content: [u8; 32],
    pub(crate) facts: Facts,
    pub(crate) complaints: Vec<abc::Complaint>,
    /// Line in the file where it starts.
    pub(crate) line: u32,
    /// Whether it came from a table with stable ids, which may bring a newer form of it later.
    pub(crate) from_dump: bool,
}

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Contents {
    pub(crate) drafts: Vec<Draft>,
    /// Work and title.
    pub(crate) aliases: Vec<(u32, String)>,
    /// Work and number of tunebooks.
    pub(crate) popularity: Vec<(u32, u32)>,
    pub(crate) skipped: Vec<Skipped>,
}

impl Store {
    /// Imports a file, a folder with all below it, or a zip archive.
    ///
    /// One import is one transaction: it is there whole or not at all. What the store has already
    /// is recognised by its content, so importing the same thing twice adds nothing. In a folder or
    /// archive, files that cannot be read are skipped, with their reasons in the summary.
    ///
    /// # Errors
    /// One of the errors that name a file, when nothing can be had from it; [`Error::Locked`],
    /// [`Error::ReadOnly`], [`Error::DiskFull`] when the store cannot be written.
    pub fn import(
        &self,
        path: &Path,
        options: &ImportOptions,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<ImportSummary, Error> {
        self.import_gathered(gather::path(path, options)?, options, progress)
    }

    /// Imports what was read elsewhere (standard input) under the name of a file.
    ///
    /// # Errors
    /// As [`Store::import`].
    pub fn import_bytes(
        &self,
        (name, bytes): (&str, Vec<u8>),
        options: &ImportOptions,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<ImportSummary, Error> {
        self.import_gathered(gather::bytes(name, bytes, options)?, options, progress)
    }

    fn import_gathered(
        &self,
        gathered: Gathered,
        options: &ImportOptions,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<ImportSummary, Error> {
        let Gathered { inputs, mut failures, lenient } = gathered;
        let mut read: Vec<(String, Contents)> = Vec::new();
        let total = inputs.len();
        for (done, input) in inputs.into_iter().enumerate() {
            progress(Progress { stage: Stage::Reading, name: &input.name, done, total });
            match contents(&input) {
                Ok(contents) => read.push((input.name, contents)),
                Err(error) if lenient => failures.push((input.name, error)),
                Err(error) => return Err(error),
            }
        }
        if read.is_empty() && !failures.is_empty() {
            return Err(failures.swap_remove(0).1);
        }
        let skipped =
            failures.into_iter().map(|(name, error)| Skipped::new(name, &error)).collect();
        let mut summary = ImportSummary { files: read.len(), skipped, ..ImportSummary::default() };
        self.write(&read, &mut summary, progress)?;
        let changed = summary.settings_added + summary.settings_changed + summary.aliases_added;
        if changed > 0 && !options.families_later {
            progress(Progress { stage: Stage::Families, name: "", done: 0, total: 0 });
            self.load()?;
        }
        Ok(summary)
    }

    fn write(
        &self,
        read: &[(String, Contents)],
        summary: &mut ImportSummary,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), Error> {
        let writer = self.writer()?;
        let works_before = writer.work_count()?;
        let mut by_source: BTreeMap<&str, Vec<(i64, &Draft)>> = BTreeMap::new();
        for (name, contents) in read {
            let file = writer.file(name)?;
            summary.skipped.extend(contents.skipped.iter().cloned());
            write_lists(&writer, contents, summary)?;
            for draft in &contents.drafts {
                count(draft, summary);
                by_source.entry(&draft.source).or_default().push((file, draft));
            }
        }
        let (mut done, total) = (0, summary.tunes);
        for (source, drafts) in by_source {
            let verdicts = writer.shelf(source)?.place(drafts.iter().map(|(_, draft)| *draft));
            for ((file, draft), verdict) in drafts.into_iter().zip(verdicts) {
                if done % BATCH == 0 {
                    progress(Progress { stage: Stage::Writing, name: source, done, total });
                }
                done += 1;
                write_setting(&writer, (file, draft, verdict), summary)?;
            }
        }
        summary.works_added = writer.work_count()? - works_before;
        writer.commit()
    }
}

fn write_setting(
    writer: &Writer<'_>,
    (file, draft, verdict): (i64, &Draft, Verdict),
    summary: &mut ImportSummary,
) -> Result<(), Error> {
    match verdict {
        Verdict::Known => summary.settings_known += 1,
        Verdict::New(place) => {
            writer.setting(draft, place, file)?;
            summary.settings_added += 1;
        }
        Verdict::Replaces(place, row) => {
            writer.remove(row)?;
            writer.setting(draft, place, file)?;
            summary.settings_changed += 1;
        }
    }
    Ok(())
}

/// Writes what a file holds beside tunes.
fn write_lists(
    writer: &Writer<'_>,
    contents: &Contents,
    summary: &mut ImportSummary,
) -> Result<(), Error> {
    for (work, alias) in &contents.aliases {
        summary.aliases_added += usize::from(writer.alias(THE_SESSION, *work, alias)?);
    }
    for (work, tunebooks) in &contents.popularity {
        let news = writer.popularity(THE_SESSION, *work, *tunebooks)?;
        summary.popularity_set += usize::from(news);
    }
    Ok(())
}

fn count(draft: &Draft, summary: &mut ImportSummary) {
    summary.tunes += 1;
    summary.without_title += usize::from(draft.facts.titles.is_empty());
    for complaint in &draft.complaints {
        *summary.complaints.entry(kind_name(complaint.kind)).or_default() += 1;
    }
}

/// What a file holds, by the look of it.
fn contents(input: &Input) -> Result<Contents, Error> {
    match table::read(&input.name, &input.bytes)? {
        Some(table) => dump::contents(&input.name, &table),
        None => book::contents(input),
    }
}

/// The name of a kind of complaint, for counting.
pub(crate) fn kind_name(kind: abc::ComplaintKind) -> String {
    format!("{kind:?}").to_lowercase()
}
