//! Works, their titles and settings, in one order and under one hash.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::families::{Families, families};
use crate::titles::{Title, TitleKind};

/// All works of a store, in the order of their sources and numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Corpus {
    /// Works, by source and then by number.
    pub works: Vec<Work>,
    /// SHA-256 over everything in `works` but the families, in hexadecimal. The same works give
    /// the same hash in whatever order they were imported.
    pub hash: String,
}

/// A tune as people know it: one identity, several titles, several settings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// `<source>:<number>`.
    pub id: String,
    /// The family of near-duplicates that it belongs to; numbers start at 0 and follow the order
    /// of the works.
    pub family: u32,
    /// The name, if it has one, then the aliases; no two fold alike.
    pub titles: Vec<Title>,
    /// Its settings, at least one.
    pub settings: Vec<Setting>,
    /// The dance type that most settings have, the first one among equals.
    pub dance_type: Option<String>,
    /// In how many tunebooks of The Session's members it is.
    pub popularity: Option<u32>,
}

/// One way of playing a work, as somebody wrote it down.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// `<source>:<number>#<setting>`, with `.2`, `.3`... after it where a source uses a number
    /// twice.
    pub id: String,
    /// The ABC text of this tune alone, in UTF-8.
    pub abc: String,
    /// From `R:`, normalised, see [`crate::dance_type`]; never from the title.
    pub dance_type: Option<String>,
    /// As written: `6/8`.
    pub metre: Option<String>,
    /// As written, in words: `C mixolydian`.
    pub key: Option<String>,
    /// The key in which it is played where the text is transposed and says so (`Z: A Mixolydian`),
    /// otherwise `key`.
    pub key_as_played: Option<String>,
}

impl Corpus {
    /// The work with this id.
    pub fn work(&self, id: &str) -> Option<&Work> {
        let wanted = id_order(id);
        let at = self.works.binary_search_by(|work| id_order(&work.id).cmp(&wanted)).ok()?;
        Some(&self.works[at])
    }

    /// How many settings all works have together.
    pub fn setting_count(&self) -> usize {
        self.works.iter().map(|work| work.settings.len()).sum()
    }

    /// Every setting read, in parallel: one list a work, in the order of `works`.
    pub fn tunes(&self) -> Vec<Vec<abc::Tune>> {
        let read = |work: &Work| work.settings.iter().map(Setting::tune).collect();
        self.works.par_iter().map(read).collect()
    }

    /// Finds the families of the works anew.
    pub fn find_families(&mut self) -> Families {
        let found = families(&self.works, &self.tunes());
        self.assign_families(&found.of_work);
        found
    }

    /// Sets the family of each work, in the order of `works`.
    pub(crate) fn assign_families(&mut self, families: &[u32]) {
        for (work, family) in self.works.iter_mut().zip(families) {
            work.family = *family;
        }
    }

    /// A corpus of these works, put in order, hashed, families as they are.
    pub fn new(mut works: Vec<Work>) -> Self {
        works.sort_by(|a, b| id_order(&a.id).cmp(&id_order(&b.id)));
        let hash = hash(&works);
        Self { works, hash }
    }
}

impl Work {
    /// The name: the first title.
    pub fn name(&self) -> Option<&Title> {
        self.titles.first().filter(|title| title.kind == TitleKind::Name)
    }

    /// The source, the part of the id before the colon.
    pub fn source(&self) -> &str {
        id_order(&self.id).0
    }
}

impl Setting {
    /// The tune as read from its ABC text.
    pub fn tune(&self) -> abc::Tune {
        crate::reading::tune(&self.abc)
    }
}

/// What works are sorted by: source, then number.
pub(crate) fn id_order(id: &str) -> (&str, u64) {
    let (source, number) = id.rsplit_once(':').unwrap_or((id, "0"));
    (source, number.parse().unwrap_or(0))
}

/// The value that most items have, the first one among equals.
pub(crate) fn most_common<'a>(items: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (at, item) in items.enumerate() {
        counts.entry(item).or_insert((0, at)).0 += 1;
    }
    let first = counts.iter().max_by_key(|(_, (count, at))| (*count, usize::MAX - at));
    first.map(|(item, _)| *item)
}

fn hash(works: &[Work]) -> String {
    let mut hasher = Sha256::new();
    for work in works {
        field(&mut hasher, &work.id);
        field(&mut hasher, &work.popularity.map(|n| n.to_string()).unwrap_or_default());
        count(&mut hasher, work.titles.len());
        for title in &work.titles {
            field(&mut hasher, &title.text);
            count(&mut hasher, title.kind as usize);
        }
        count(&mut hasher, work.settings.len());
        for setting in &work.settings {
            field(&mut hasher, &setting.id);
            field(&mut hasher, setting.dance_type.as_deref().unwrap_or_default());
            field(&mut hasher, setting.key_as_played.as_deref().unwrap_or_default());
            field(&mut hasher, &setting.abc);
        }
    }
    hex(&hasher.finalize())
}

fn field(hasher: &mut Sha256, text: &str) {
    count(hasher, text.len());
    hasher.update(text.as_bytes());
}

fn count(hasher: &mut Sha256, number: usize) {
    hasher.update((number as u64).to_le_bytes());
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(id: &str) -> Work {
        Work { id: id.to_owned(), ..Work::default() }
    }

    #[test]
    fn works_are_ordered_by_source_and_number_and_found_by_id() {
        let ids = ["b:2", "a:10", "a:9", "b:1"];
        let corpus = Corpus::new(ids.iter().map(|id| work(id)).collect());
        let order: Vec<_> = corpus.works.iter().map(|work| work.id.as_str()).collect();
        assert_eq!(order, ["a:9", "a:10", "b:1", "b:2"]);
        assert_eq!(corpus.work("a:10").unwrap().source(), "a");
        assert!(corpus.work("a:11").is_none());
    }

    #[test]
    fn the_hash_depends_on_content_and_not_on_order() {
        let there = Corpus::new(vec![work("a:1"), work("b:1")]);
        let back = Corpus::new(vec![work("b:1"), work("a:1")]);
        assert_eq!(there.hash, back.hash);
        assert_eq!(there.hash.len(), 64);
        assert_ne!(there.hash, Corpus::new(vec![work("a:1")]).hash);
    }

    #[test]
    fn the_first_of_the_most_common_wins() {
        assert_eq!(most_common(["jig", "reel", "reel", "jig"].into_iter()), Some("jig"));
        assert_eq!(most_common(["jig", "reel", "reel"].into_iter()), Some("reel"));
        assert_eq!(most_common([].into_iter()), None);
    }
}
