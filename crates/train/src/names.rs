//! What the works of a run are called.

use std::collections::BTreeMap;

use corpus::{Store, Telling, telling};

use crate::run::files;
use crate::{Error, RunDir};

/// A work as people know it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Name {
    /// Its title, or its id where it has none.
    pub(crate) title: String,
    /// Dance type, where known.
    pub(crate) dance_type: Option<String>,
    /// What the title tells about the music.
    pub(crate) telling: Telling,
}

/// The names of all works of a run, by id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names(BTreeMap<String, Name>);

impl Names {
    /// Those of the run's own corpus; none where it has no corpus.
    pub(crate) fn read(run: &RunDir) -> Result<Self, Error> {
        let path = run.file(files::CORPUS);
        if !path.is_file() {
            return Ok(Self::default());
        }
        let works = Store::open_existing(&path)?.load()?.works.into_iter();
        let named = works.filter_map(|work| {
            let title = work.titles.into_iter().next()?.text;
            let telling = telling(&title, work.dance_type.as_deref());
            Some((work.id, Name { title, dance_type: work.dance_type, telling }))
        });
        Ok(Self(named.collect()))
    }

    /// Whether nothing is known of any work.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name of a work; its id stands in where nothing is known of it.
    pub(crate) fn get(&self, id: &str) -> Name {
        self.0.get(id).cloned().unwrap_or_else(|| Name {
            title: id.to_owned(),
            dance_type: None,
            telling: Telling::Nothing,
        })
    }

    /// The title of a work, or its id.
    pub(crate) fn title<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.get(id).map_or(id, |name| &name.title)
    }
}
