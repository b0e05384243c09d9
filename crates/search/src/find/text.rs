//! Words against the text of titles.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use corpus::{Corpus, Store, TitleIndex, TitlePlace, fold};

use super::spelling::{distance, shared_letters, slips};
use super::{CANDIDATES, FindError, Matched};

/// Titles that each look into the index brings.
const TITLES: usize = 4 * CANDIDATES;

/// Words of a query that count; a title has fewer.
const MOST_WORDS: usize = 24;

/// Other words that one word of a query may stand for.
const MOST_STAND_INS: usize = 40;

/// Titles less alike than this were not meant.
const LEAST: f32 = 0.4;

/// A title that matches.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TextHit {
    pub(super) place: TitlePlace,
    pub(super) matched: Matched,
    /// 0..=1
    pub(super) likeness: f32,
}

/// Full text of titles, with the vocabulary that forgives spelling.
#[derive(Debug)]
pub(super) struct Text {
    /// SQLite's connections serve one thread at a time.
    index: Mutex<TitleIndex>,
    words: Vec<Word>,
    titles: usize,
}

/// A word of the titles.
#[derive(Debug)]
struct Word {
    text: String,
    letters: Vec<char>,
    /// Titles that have it.
    titles: u32,
}

/// A word of a query.
struct Asked {
    text: String,
    /// How much it tells: rare words more.
    weight: f32,
    /// Words of titles that it may stand for, with their likeness to it.
    stand_ins: BTreeMap<String, f32>,
}

impl Text {
    pub(super) fn open(store: Store, corpus: &Corpus) -> Result<Self, FindError> {
        let index = TitleIndex::open(store, corpus)?;
        let word =
            |(text, titles): (String, u32)| Word { letters: text.chars().collect(), text, titles };
        let words = index.words()?.into_iter().map(word).collect();
        let titles = corpus.works.iter().map(|work| work.titles.len()).sum();
        Ok(Self { index: Mutex::new(index), words, titles })
    }

    /// Works with a title like these words, each once with its best title, best first.
    pub(super) fn find(&self, words: &str, corpus: &Corpus) -> Result<Vec<TextHit>, FindError> {
        let folded = fold(words);
        let asked: Vec<Asked> = folded
            .split(' ')
            .filter(|w| !w.is_empty())
            .take(MOST_WORDS)
            .map(|w| self.asked(w))
            .collect();
        let mut best: BTreeMap<usize, TextHit> = BTreeMap::new();
        for place in self.candidates(&folded, &asked)? {
            let title = &corpus.works[place.work].titles[place.title];
            let (matched, likeness) = self.compare((&folded, &asked), &title.folded);
            let hit = TextHit { place, matched, likeness };
            let known = best.entry(place.work).or_insert_with(|| hit.clone());
            if (hit.likeness, known.place) > (known.likeness, place) {
                *known = hit;
            }
        }
        let mut hits: Vec<TextHit> = best.into_values().filter(|h| h.likeness >= LEAST).collect();
        let known = |hit: &TextHit| corpus.works[hit.place.work].popularity.unwrap_or(0);
        hits.sort_by(|a, b| {
            let closer = b.likeness.total_cmp(&a.likeness);
            closer.then(known(b).cmp(&known(a))).then(a.place.cmp(&b.place))
        });
        Ok(hits)
    }

    /// Titles that may be meant.
    fn candidates(&self, folded: &str, asked: &[Asked]) -> Result<Vec<TitlePlace>, FindError> {
        let groups: Vec<Vec<String>> =
            asked.iter().map(|word| word.stand_ins.keys().cloned().collect()).collect();
        let index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let mut places = Vec::new();
        if groups.iter().all(|group| !group.is_empty()) {
            places = index.with_all(&groups, TITLES)?;
        }
        if places.len() < CANDIDATES {
            places.extend(index.with_any(&groups, TITLES)?);
            let joined: String = folded.split(' ').collect();
            places.extend(index.like(folded, TITLES)?);
            places.extend(index.like(&joined, TITLES)?);
        }
        places.sort_unstable();
        places.dedup();
        Ok(places)
    }

    /// A word with what it may stand for: itself, words that begin so, words that are spelt nearly so.
    fn asked(&self, text: &str) -> Asked {
        let letters: Vec<char> = text.chars().collect();
        let mut near: Vec<(f32, &Word)> = self
            .words
            .iter()
            .filter_map(|word| Some((likeness(&letters, &word.letters)?, word)))
            .collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.titles.cmp(&a.1.titles)));
        near.truncate(MOST_STAND_INS);
        let titles = near.first().map_or(0, |(_, word)| word.titles);
        Asked {
            text: text.to_owned(),
            weight: self.weight(titles),
            stand_ins: near.into_iter().map(|(like, word)| (word.text.clone(), like)).collect(),
        }
    }

    /// How much a word tells that so many titles have.
    fn weight(&self, titles: u32) -> f32 {
        (1.0 + self.titles as f32 / (1.0 + titles as f32)).ln()
    }

    /// How a folded title matches, and how well.
    fn compare(&self, (folded, asked): (&str, &[Asked]), title: &str) -> (Matched, f32) {
        if folded == title {
            return (Matched::Whole, 1.0);
        }
        let words: Vec<&str> = title.split(' ').collect();
        let mut used = vec![false; words.len()];
        let (mut found, mut sought, mut all, mut exact) = (0.0, 0.0, true, true);
        for word in asked {
            let like = |&(_, title_word): &(usize, &&str)| word.stand_ins.get(*title_word).copied();
            let free = words.iter().enumerate().filter(|(at, _)| !used[*at]);
            let best = free
                .filter_map(|pair| Some((pair.0, like(&pair)?)))
                .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
            sought += word.weight;
            if let Some((at, like)) = best {
                used[at] = true;
                found += word.weight * like;
                exact &= words[at].starts_with(&word.text);
            } else {
                all = false;
            }
        }
        let share = used.iter().filter(|used| **used).count() as f32 / words.len() as f32;
        let by_words = found / f32::max(sought, f32::MIN_POSITIVE) * (0.8 + 0.15 * share);
        let by_letters = 0.9 * shared_letters(folded, title);
        let matched = match (all, exact && found > 0.0) {
            (true, true) => Matched::Words,
            (false, true) => Matched::Partly,
            _ => Matched::Spelling,
        };
        (matched, by_words.max(by_letters))
    }
}

/// How well a word of a title stands for a word of a query, 0..=1; none where it does not.
fn likeness(asked: &[char], word: &[char]) -> Option<f32> {
    if asked == word {
        return Some(1.0);
    }
    let size = asked.len().max(word.len()) as f32;
    let begun = (asked.len() >= 2 && word.starts_with(asked))
        .then(|| 0.8 + 0.15 * asked.len() as f32 / size);
    let slipped = distance(asked, word, slips(asked.len())).map(|slips| 1.0 - slips as f32 / size);
    let slipped = slipped.map(|like| 0.95 * like);
    begun.into_iter().chain(slipped).max_by(f32::total_cmp)
}
