//! Which bars of two tunes sound alike: the alignment itself, step by step.

use std::collections::BTreeSet;
use std::ops::Range;

use super::align::{GAP, points};
use super::answer::{NotePlace, Passage};
use super::melody::{Melody, pitch};

/// Passages shorter than this many steps are no evidence.
const SHORTEST: usize = 12;

/// Passages that are looked for.
const MOST: usize = 8;

/// Step i of the query beside step j of the setting.
type Pair = (usize, usize);

/// Which bars of the query and of the setting sound alike: the best local alignment, then the best of what is left of the
/// query before and after it, and so on; in the order of the query. `by`: semitones from the query up to the setting.
pub(crate) fn passages(query: &Melody, (setting, by): (&Melody, i16)) -> Vec<Passage> {
    let mut found: Vec<Vec<Pair>> = Vec::new();
    let whole = 0..query.steps.len();
    let mut open = Vec::from([whole]);
    while let Some(range) = open.pop().filter(|_| found.len() < MOST) {
        let pairs = align((query, range.clone()), setting, by);
        let (Some(&(start, _)), Some(&(end, _))) = (pairs.first(), pairs.last()) else {
            continue;
        };
        if end + 1 - start < SHORTEST {
            continue;
        }
        open.push(range.start..start);
        open.push(end + 1..range.end);
        found.push(pairs);
    }
    found.sort_by_key(|pairs| pairs[0]);
    found.iter().map(|pairs| passage(query, setting, (by, pairs))).collect()
}

/// The best local alignment of a part of the query with the setting, as pairs of steps.
fn align(
    (query, range): (&Melody, Range<usize>),
    setting: &Melody,
    transposition: i16,
) -> Vec<Pair> {
    let (rows, columns) = (range.len(), setting.steps.len());
    let mut cells = vec![0_i32; (rows + 1) * (columns + 1)];
    let at = |i: usize, j: usize| i * (columns + 1) + j;
    let pair = |i: usize, j: usize| {
        let moved = query.steps[range.start + i - 1] + 4 * transposition;
        i32::from(points(moved, setting.steps[j - 1]))
    };
    let gap = i32::from(GAP);
    let (mut best, mut end) = (0, (0, 0));
    for i in 1..=rows {
        for j in 1..=columns {
            let beside = cells[at(i - 1, j)].max(cells[at(i, j - 1)]) - gap;
            let value = (cells[at(i - 1, j - 1)] + pair(i, j)).max(beside).max(0);
            cells[at(i, j)] = value;
            if value > best {
                (best, end) = (value, (i, j));
            }
        }
    }
    let (mut pairs, (mut i, mut j)) = (Vec::new(), end);
    while cells[at(i, j)] > 0 {
        let value = cells[at(i, j)];
        if value == cells[at(i - 1, j - 1)] + pair(i, j) {
            pairs.push((range.start + i - 1, j - 1));
            (i, j) = (i - 1, j - 1);
        } else if value == cells[at(i - 1, j)] - gap {
            i -= 1;
        } else {
            j -= 1;
        }
    }
    pairs.reverse();
    pairs
}

/// Aligned steps as bars, and which of their notes have no like.
fn passage(query: &Melody, setting: &Melody, (by, pairs): (i16, &[Pair])) -> Passage {
    let like = |&&(i, j): &&Pair| (pitch(query.steps[i]) + by - pitch(setting.steps[j])) % 12 == 0;
    let alike: Vec<&Pair> = pairs.iter().filter(like).collect();
    let heard: BTreeSet<NotePlace> = alike.iter().map(|pair| query.places[pair.0]).collect();
    let found: BTreeSet<NotePlace> = alike.iter().map(|pair| setting.places[pair.1]).collect();
    let (first, last) = (pairs[0], pairs[pairs.len() - 1]);
    Passage {
        query: query.places[first.0].bar..query.places[last.0].bar + 1,
        setting: setting.places[first.1].bar..setting.places[last.1].bar + 1,
        transposition: i8::try_from(by).unwrap_or(0),
        query_differs: without(&query.places[first.0..=last.0], &heard),
        setting_differs: without(&setting.places[first.1..=last.1], &found),
    }
}

fn without(places: &[NotePlace], alike: &BTreeSet<NotePlace>) -> Vec<NotePlace> {
    let all: BTreeSet<NotePlace> = places.iter().copied().collect();
    all.difference(alike).copied().collect()
}
