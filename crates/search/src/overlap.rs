//! How much of a tune is in other tunes already: a check for plagiarism.
//!
//! Melodies are compared by their grams: [`GRAM`] notes or rests in a row, by the intervals between
//! the notes and by all their durations. Transposing a tune does not change its grams, changing a
//! rhythm does. A bar of a reel has about eight notes, so one shared gram says little and a shared
//! run of several bars says much.

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use tokens::{Symbol, Tokens};

/// Notes in a gram.
pub const GRAM: usize = 8;

/// Tunes to compare others with.
#[derive(Clone, Debug)]
pub struct OverlapIndex {
    /// Every gram of every tune, with its place; sorted.
    grams: Vec<(u64, Place)>,
}

/// A tune by its place among those of the index, and a gram's place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Place {
    tune: u32,
    at: u32,
}

/// What a tune has in common with the tunes of an index.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Overlap {
    /// The tune with the most of this tune's grams, the first among equals.
    pub nearest: Option<Shared>,
    /// Share of this tune's grams that stand in any tune, 0..=1.
    pub seen: f64,
    /// The most notes in a row that stand so in one tune; none below [`GRAM`].
    pub longest: Option<Run>,
}

/// A tune of the index that shares grams.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shared {
    /// Its place among the tunes of the index.
    pub tune: usize,
    /// Share of the compared tune's grams that stand in it, 0..=1; of a gram that the compared tune
    /// has several times, each counts.
    pub share: f64,
}

/// Notes in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The place of the tune that has them too, the first among equals.
    pub tune: usize,
    /// How many.
    pub notes: usize,
}

impl OverlapIndex {
    /// An index of these tunes, by their places.
    pub fn new(tunes: &[&Tokens]) -> Self {
        let grams_of = |(tune, tokens): (usize, &&Tokens)| -> Vec<(u64, Place)> {
            let tune = tune as u32;
            (0..).zip(grams(tokens)).map(|(at, gram)| (gram, Place { tune, at })).collect()
        };
        let mut grams: Vec<_> = tunes.par_iter().enumerate().flat_map_iter(grams_of).collect();
        grams.par_sort_unstable();
        Self { grams }
    }

    /// What a tune has in common with those of the index.
    pub fn compare(&self, tokens: &Tokens) -> Overlap {
        let grams = grams(tokens);
        let mut shared: FxHashMap<u32, usize> = FxHashMap::default();
        let (mut seen, mut longest) = (0, None::<Run>);
        // How many grams in a row end with this one, by the place of the last.
        let mut runs: FxHashMap<Place, usize> = FxHashMap::default();
        for gram in &grams {
            let mut next = FxHashMap::default();
            let mut last = None;
            for place in self.places(*gram) {
                if last.replace(place.tune) != Some(place.tune) {
                    *shared.entry(place.tune).or_default() += 1;
                }
                let before = place.at.checked_sub(1).map(|at| Place { at, ..place });
                let run = 1 + before.and_then(|before| runs.get(&before)).copied().unwrap_or(0);
                next.insert(place, run);
                let notes = run + GRAM - 1;
                if longest.is_none_or(|longest| notes > longest.notes) {
                    longest = Some(Run { tune: place.tune as usize, notes });
                }
            }
            seen += usize::from(last.is_some());
            runs = next;
        }
        let of_all = |count: usize| count as f64 / grams.len() as f64;
        let nearest = shared.into_iter().max_by_key(|&(tune, count)| (count, u32::MAX - tune));
        Overlap {
            nearest: nearest
                .map(|(tune, count)| Shared { tune: tune as usize, share: of_all(count) }),
            seen: if grams.is_empty() { 0.0 } else { of_all(seen) },
            longest,
        }
    }

    /// The places of a gram, by tune.
    fn places(&self, gram: u64) -> impl Iterator<Item = Place> {
        let start = self.grams.partition_point(|entry| entry.0 < gram);
        self.grams[start..].iter().take_while(move |entry| entry.0 == gram).map(|entry| entry.1)
    }
}

/// The grams of a melody in written order, each as a number of its own (but for one case in some
/// 10^13, as 64 bits go). Tied notes are one; a rest counts as a note without an interval.
fn grams(tokens: &Tokens) -> Vec<u64> {
    let notes = notes(tokens);
    let gram = |window: &[Note]| {
        let (mut hash, mut pitch) = (FNV_START, None);
        for note in window {
            let interval = match (note.pitch, pitch) {
                (Some(now), Some(before)) => i16::from(now) - i16::from(before),
                (Some(_), None) => FIRST,
                (None, _) => REST,
            };
            pitch = note.pitch.or(pitch);
            for number in [u64::from(interval.cast_unsigned()), note.duration] {
                hash = (hash ^ number).wrapping_mul(FNV_PRIME);
                hash ^= hash >> 32;
            }
        }
        hash
    };
    notes.windows(GRAM).map(gram).collect()
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;
/// Larger than FNV's own, so that a number of 64 bits reaches all of the hash at once.
const FNV_PRIME: u64 = 0x9e37_79b9_7f4a_7c15;
/// In place of an interval: a gram's first note, and a rest.
const FIRST: i16 = i16::MAX;
const REST: i16 = i16::MIN;

struct Note {
    /// MIDI number; a rest has none.
    pitch: Option<u8>,
    duration: u64,
}

fn notes(tokens: &Tokens) -> Vec<Note> {
    let mut notes: Vec<(Option<u8>, abc::Duration)> = Vec::with_capacity(tokens.len());
    let mut tied = false;
    for (symbol, duration) in tokens.pairs() {
        match symbol {
            Symbol::Note(pitch) => match notes.last_mut() {
                Some(last) if tied && last.0 == Some(pitch) => last.1 = last.1 + duration,
                _ => notes.push((Some(pitch), duration)),
            },
            Symbol::Rest => notes.push((None, duration)),
            Symbol::Tie => {
                tied = true;
                continue;
            }
            _ => continue,
        }
        tied = false;
    }
    let code = |d: abc::Duration| u64::from(d.num()) << 32 | u64::from(d.den());
    notes.into_iter().map(|(pitch, d)| Note { pitch, duration: code(d) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokens::Facts;

    fn tune(music: &str) -> Tokens {
        let abc = format!("M:4/4\nL:1/8\nK:G\n{music}");
        Tokens::new(&abc::read_tune(&abc), &Facts::default()).unwrap()
    }

    const MAGGIE: &str = "|:E2BE dEBE|E2BE AFDF|E2BE dEBE|BABc dAFD:|";
    const COOLEY: &str = "|:EBBA B2EB|B2AB dBAG|FDAD BDAD|FDAD dAFD:|";

    fn compare(music: &str) -> Overlap {
        OverlapIndex::new(&[&tune(COOLEY), &tune(MAGGIE)]).compare(&tune(music))
    }

    #[test]
    fn a_tune_is_wholly_in_itself_in_whatever_key() {
        let notes = notes(&tune(MAGGIE)).len();
        let moved = tune(MAGGIE).transposed(-4).unwrap();
        let index = OverlapIndex::new(&[&tune(COOLEY), &tune(MAGGIE)]);
        for tune in [tune(MAGGIE), moved] {
            let overlap = index.compare(&tune);
            assert_eq!(overlap.nearest, Some(Shared { tune: 1, share: 1.0 }));
            assert_eq!(overlap.longest, Some(Run { tune: 1, notes }));
            assert_eq!(overlap.seen, 1.0);
        }
    }

    #[test]
    fn bars_that_are_copied_are_counted() {
        // Two bars of 7 and 7 notes, then as many of no tune.
        let overlap = compare("E2BE dEBE|E2BE AFDF|gfed cBAc|edcB AGAB|");
        assert_eq!(overlap.longest, Some(Run { tune: 1, notes: 14 }));
        let grams = (7 + 7 + 8 + 8) - GRAM + 1;
        let share = (14 - GRAM + 1) as f64 / grams as f64;
        assert_eq!(overlap.nearest, Some(Shared { tune: 1, share }));
        assert_eq!(overlap.seen, share);
    }

    #[test]
    fn what_is_seen_may_be_of_several_tunes() {
        let overlap = compare("E2BE dEBE|E2BE AFDF|FDAD BDAD|FDAD dAFD|");
        let [nearest, seen] = [overlap.nearest.unwrap().share, overlap.seen];
        assert!(nearest < seen && seen < 1.0, "{nearest} {seen}");
        assert_eq!(overlap.longest, Some(Run { tune: 0, notes: 16 }));
    }

    #[test]
    fn another_rhythm_is_another_tune_and_a_tie_is_one_note() {
        assert_eq!(compare("E>EBE dE>BE|E>EBE AF>DF|").nearest, None);
        assert_eq!(compare("E-EBE dEBE|E-EBE AFDF|").seen, 1.0);
        assert_eq!(compare("E2zE dEzE|E2BE zFDF|z8|").nearest, None);
        assert_eq!(compare("GAB").seen, 0.0);
    }

    /// By comparing everything with everything.
    #[test]
    fn the_index_finds_what_a_plain_search_finds() {
        let mut state = 7_u64;
        let mut dice = |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % n
        };
        let mut random = |notes: usize| -> Tokens {
            let letter = |_| b"EGB"[dice(3) as usize] as char;
            tune(&(0..notes).map(letter).collect::<String>())
        };
        let tunes: Vec<Tokens> = (0..11).map(|_| random(1009)).collect();
        let index = OverlapIndex::new(&tunes.iter().collect::<Vec<_>>());
        for _ in 0..7 {
            let new = random(503);
            let (own, all): (_, Vec<_>) = (grams(&new), tunes.iter().map(grams).collect());
            let count = |tune: &Vec<u64>| own.iter().filter(|gram| tune.contains(gram)).count();
            let counts: Vec<usize> = all.iter().map(count).collect();
            let most = *counts.iter().max().unwrap();
            let first = counts.iter().position(|&count| count == most).unwrap();
            let mut longest = 0;
            for tune in &all {
                for i in 0..own.len() {
                    for j in 0..tune.len() {
                        let same = own[i..].iter().zip(&tune[j..]).take_while(|(a, b)| a == b);
                        longest = longest.max(same.count());
                    }
                }
            }
            let found = index.compare(&new);
            let share = most as f64 / own.len() as f64;
            assert_eq!(found.nearest, Some(Shared { tune: first, share }));
            assert_eq!(found.longest.map(|run| run.notes), Some(longest + GRAM - 1));
            let seen = own.iter().filter(|gram| all.iter().any(|tune| tune.contains(gram)));
            assert_eq!(found.seen, seen.count() as f64 / own.len() as f64);
        }
    }
}
