//! Aligned bars beside each other, as text.

use abc::{Bar, Event, Note, Tune};

use super::Namer;
use super::answer::{Match, NotePlace, Passage};

/// A bar of the tune asked about beside the bar of the setting that is like it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BesideBars {
    /// The bar of the tune asked about.
    pub query: Option<ShownBar>,
    /// The bar of the setting.
    pub setting: Option<ShownBar>,
}

/// A bar as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShownBar {
    /// Its number on the page, from 1.
    pub number: usize,
    /// Its notes in ABC, sharps and flats written out; those that the other has otherwise stand in brackets.
    pub text: String,
}

impl Namer {
    /// The passages that speak for a match, bar by bar; one list a passage.
    pub fn side_by_side(&self, tune: &Tune, found: &Match) -> Vec<Vec<BesideBars>> {
        let Some(setting) = self.abc(&found.setting).and_then(|text| abc::split(text).next())
        else {
            return Vec::new();
        };
        let setting = setting.read();
        found.evidence.iter().map(|passage| beside(tune, &setting, passage)).collect()
    }
}

fn beside(query: &Tune, setting: &Tune, passage: &Passage) -> Vec<BesideBars> {
    let left: Vec<ShownBar> = shown(query, passage.query.clone(), &passage.query_differs);
    let right = shown(setting, passage.setting.clone(), &passage.setting_differs);
    let (mut left, mut right) = (left.into_iter(), right.into_iter());
    let pairs = std::iter::from_fn(|| match (left.next(), right.next()) {
        (None, None) => None,
        (query, setting) => Some(BesideBars { query, setting }),
    });
    pairs.collect()
}

fn shown(tune: &Tune, bars: std::ops::Range<usize>, differing: &[NotePlace]) -> Vec<ShownBar> {
    let of_bar = |bar: usize| {
        let written = tune.bars.get(bar)?;
        let differs = |note: usize| differing.contains(&NotePlace { bar, note });
        Some(ShownBar { number: bar + 1, text: bar_text(tune, written, differs) })
    };
    bars.filter_map(of_bar).collect()
}

fn bar_text(tune: &Tune, bar: &Bar, differs: impl Fn(usize) -> bool) -> String {
    let (mut words, mut at) = (Vec::new(), 0);
    for event in &bar.events {
        let length = event.duration().ratio(tune.header.unit);
        let length = match (length.num(), length.den()) {
            (1, 1) => String::new(),
            (n, 1) => n.to_string(),
            (1, d) => format!("/{d}"),
            (n, d) => format!("{n}/{d}"),
        };
        match event {
            Event::Note(note) => {
                let text = format!("{}{length}", letter(note));
                words.push(if differs(at) { format!("({text})") } else { text });
                at += 1;
            }
            Event::Rest(_) => words.push(format!("z{length}")),
            _ => {}
        }
    }
    words.join(" ")
}

/// A note's melody pitch as ABC writes it without a key.
fn letter(note: &Note) -> String {
    let pitch = note.pitch;
    let sign = match pitch.alter {
        0 => "",
        alter if alter > 0 => "^",
        _ => "_",
    };
    let sign = sign.repeat(usize::from(pitch.alter.unsigned_abs()));
    let letter = char::from(b"CDEFGAB"[usize::from(pitch.step) % 7]);
    match pitch.octave {
        octave if octave >= 5 => {
            let marks = "'".repeat((octave - 5) as usize);
            format!("{sign}{}{marks}", letter.to_ascii_lowercase())
        }
        octave => format!("{sign}{letter}{}", ",".repeat((4 - octave) as usize)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_beside_each_other_with_differing_notes_in_brackets() {
        let query = abc::read_tune("L:1/8\nK:G\nB2 FA|g,2|");
        let setting = abc::read_tune("L:1/8\nK:G\nB2 ^FG|");
        let passage = Passage {
            query: 0..2,
            setting: 0..1,
            query_differs: vec![NotePlace { bar: 0, note: 2 }],
            setting_differs: vec![NotePlace { bar: 0, note: 2 }],
            ..Passage::default()
        };
        let bar = |number, text: &str| Some(ShownBar { number, text: text.to_owned() });
        let expected = [
            BesideBars { query: bar(1, "B2 ^F (A)"), setting: bar(1, "B2 ^F (G)") },
            BesideBars { query: bar(2, "G2"), setting: None },
        ];
        assert_eq!(beside(&query, &setting, &passage), expected);
    }
}
