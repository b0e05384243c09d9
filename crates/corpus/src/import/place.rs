//! Which work and number a setting gets.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Draft;

/// A setting's place in its source; numbers start at 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) work: u32,
    pub(crate) setting: u32,
    /// Counts settings for which the source uses the same number.
    pub(crate) copy: u32,
}

/// What becomes of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The store has it.
    Known,
    /// It gets this place.
    New(Place),
    /// It is a newer form of the setting in this row.
    Replaces(Place, i64),
}

/// What a source has so far.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    contents: FxHashSet<[u8; 32]>,
    by_melody: FxHashMap<[u8; 16], u32>,
    works: FxHashMap<u32, Slot>,
    copies: FxHashMap<(u32, u32), u32>,
    dump_rows: FxHashMap<(u32, u32), (Place, i64)>,
    last_work: u32,
}

/// A work on the shelf.
#[derive(Debug, Default)]
struct Slot {
    last_setting: u32,
    /// Its first title, folded.
    title: Option<String>,
}

impl Shelf {
    /// Puts a setting in its place.
    pub(crate) fn put(
        &mut self,
        place: Place,
        (content, melody): ([u8; 32], Option<[u8; 16]>),
        title: Option<&str>,
    ) {
        self.contents.insert(content);
        if let Some(melody) = melody {
            self.by_melody.entry(melody).or_insert(place.work);
        }
        let copies = self.copies.entry((place.work, place.setting)).or_default();
        *copies = (*copies).max(place.copy);
        let slot = self.works.entry(place.work).or_default();
        slot.last_setting = slot.last_setting.max(place.setting);
        if slot.title.is_none() {
            slot.title = title.map(crate::fold);
        }
        self.last_work = self.last_work.max(place.work);
    }

    /// Notes that the setting in this place came from a dump and stands in this row.
    pub(crate) fn put_dump_row(&mut self, place: Place, row: i64) {
        self.dump_rows.entry((place.work, place.setting)).or_insert((place, row));
    }

    /// Finds a place for each setting.
    ///
    /// Numbers that a setting carries are kept. Otherwise a setting with a melody that the source
    /// has joins that work; else it founds the work of its `X:`, or joins it when the first titles
    /// are the same; else, when all others have theirs, it gets the next number.
    pub(crate) fn place<'d>(&mut self, drafts: impl Iterator<Item = &'d Draft>) -> Vec<Verdict> {
        let mut waiting = Vec::new();
        let mut verdicts = Vec::new();
        for draft in drafts {
            let verdict = if self.contents.contains(&draft.content) {
                Verdict::Known
            } else if let Some(verdict) = self.own_place(draft) {
                verdict
            } else {
                waiting.push((verdicts.len(), draft));
                Verdict::Known
            };
            self.contents.insert(draft.content);
            self.note(draft, verdict);
            verdicts.push(verdict);
        }
        for (at, draft) in waiting {
            let work = self.same_melody(draft).unwrap_or(self.last_work.saturating_add(1));
            verdicts[at] = Verdict::New(self.next_setting(work));
            self.note(draft, verdicts[at]);
        }
        verdicts
    }

    fn own_place(&self, draft: &Draft) -> Option<Verdict> {
        if let Some((work, Some(setting))) = draft.numbered {
            let replaced = self.dump_rows.get(&(work, setting)).filter(|_| draft.from_dump);
            if let Some((place, row)) = replaced {
                return Some(Verdict::Replaces(*place, *row));
            }
            let copy = self.copies.get(&(work, setting)).copied().unwrap_or(0) + 1;
            return Some(Verdict::New(Place { work, setting, copy }));
        }
        if let Some((work, None)) = draft.numbered {
            return Some(Verdict::New(self.next_setting(work)));
        }
        let work = self.same_melody(draft).or_else(|| self.own_number(draft))?;
        Some(Verdict::New(self.next_setting(work)))
    }

    fn same_melody(&self, draft: &Draft) -> Option<u32> {
        draft.facts.melody.and_then(|melody| self.by_melody.get(&melody).copied())
    }

    /// The number of its `X:`, if it is free or belongs to a work of the same title.
    fn own_number(&self, draft: &Draft) -> Option<u32> {
        let number = draft.x?;
        let title = draft.facts.titles.first().map(|title| crate::fold(title));
        match self.works.get(&number) {
            None => Some(number),
            Some(slot) => (title.is_some() && slot.title == title).then_some(number),
        }
    }

    fn next_setting(&self, work: u32) -> Place {
        let setting = self.works.get(&work).map_or(0, |slot| slot.last_setting) + 1;
        Place { work, setting, copy: 1 }
    }

    fn note(&mut self, draft: &Draft, verdict: Verdict) {
        let title = draft.facts.titles.first().map(String::as_str);
        match verdict {
            Verdict::Known => {}
            Verdict::New(place) | Verdict::Replaces(place, _) => {
                self.put(place, (draft.content, draft.facts.melody), title);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::{facts, tune};
    use sha2::{Digest, Sha256};

    const NOTES: &str = "L:1/8\nK:C\nCDEF GABc|dcBA GFED|";

    fn draft(x: u32, title: &str, notes: &str) -> Draft {
        let abc = format!("X:{x}\nT:{title}\n{notes}");
        let facts = facts(&tune(&abc));
        Draft {
            source: "book".to_owned(),
            numbered: None,
            x: Some(x),
            content: Sha256::digest(&abc).into(),
            abc,
            facts,
            complaints: Vec::new(),
            line: 1,
            from_dump: false,
        }
    }

    fn placed(shelf: &mut Shelf, drafts: &[Draft]) -> Vec<Option<(u32, u32, u32)>> {
        let short = |verdict| match verdict {
            Verdict::Known => None,
            Verdict::New(place) | Verdict::Replaces(place, _) => {
                Some((place.work, place.setting, place.copy))
            }
        };
        shelf.place(drafts.iter()).into_iter().map(short).collect()
    }

    #[test]
    fn a_book_keeps_its_numbers_and_a_second_use_gets_a_free_one() {
        let drafts = [
            draft(3, "A", "K:C\nC|"),
            draft(3, "B", "K:C\nD|"),
            draft(4, "C", "K:C\nE|"),
            draft(3, "A", "K:C\nF|"),
        ];
        let mut shelf = Shelf::default();
        let places = placed(&mut shelf, &drafts);
        assert_eq!(places, [Some((3, 1, 1)), Some((5, 1, 1)), Some((4, 1, 1)), Some((3, 2, 1))]);
        assert_eq!(placed(&mut shelf, &drafts), [None; 4]);
    }

    #[test]
    fn the_same_melody_is_one_work() {
        let higher =
            NOTES.replace("K:C\n", "K:D\n").replace("CDEF GABc|dcBA GFED", "DEFG ABcd|edcB AGFE");
        let drafts = [draft(1, "A", NOTES), draft(2, "B", &higher), draft(1, "C", NOTES)];
        let places = placed(&mut Shelf::default(), &drafts);
        assert_eq!(places, [Some((1, 1, 1)), Some((1, 2, 1)), Some((1, 3, 1))]);
    }

    #[test]
    fn numbers_of_the_source_are_kept_and_copies_counted() {
        let numbered = |x, setting, from_dump| Draft {
            numbered: Some((27, Some(setting))),
            from_dump,
            ..draft(x, "A", NOTES)
        };
        let mut shelf = Shelf::default();
        let drafts = [numbered(1, 27, false), numbered(2, 27, false), numbered(3, 99, true)];
        let places = placed(&mut shelf, &drafts);
        assert_eq!(places, [Some((27, 27, 1)), Some((27, 27, 2)), Some((27, 99, 1))]);
        shelf.put_dump_row(Place { work: 27, setting: 99, copy: 1 }, 7);
        let newer = shelf.place([&numbered(4, 99, true)].into_iter());
        assert_eq!(newer, [Verdict::Replaces(Place { work: 27, setting: 99, copy: 1 }, 7)]);
    }
}
