//! From the text of one tune to what the store keeps of it.

use abc::{Event, Mode, Note, Tune};
use sha2::{Digest, Sha256};

use crate::dance;
use crate::titles::clean_title;

/// Melodies with fewer notes than this are no proof that two tunes are one.
const SHORTEST_MELODY: usize = 12;

/// A title as it came out of a title field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Titles, the name first; no two fold alike.
    pub(crate) titles: Vec<String>,
    pub(crate) dance_type: Option<String>,
    pub(crate) metre: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) key_as_played: Option<String>,
    /// See [`melody_key`].
    pub(crate) melody: Option<[u8; 16]>,
}

/// The first tune of a text; an empty one when there is none.
pub(crate) fn tune(text: &str) -> Tune {
    abc::split(text).next().map(|source| source.read()).unwrap_or_default()
}

/// What the store keeps of a tune beside its text.
pub(crate) fn facts(tune: &Tune) -> Facts {
    let header = &tune.header;
    let mut titles: Vec<String> = Vec::new();
    for field in &header.titles {
        let cleaned = clean_title(field);
        titles.extend(cleaned.text.into_iter().chain(cleaned.aliases));
    }
    let mut seen = std::collections::BTreeSet::new();
    titles.retain(|title| seen.insert(crate::fold(title)));
    let Stated { dance_type, key_as_played } = stated(tune);
    Facts {
        titles,
        dance_type,
        metre: header.metre.map(|metre| metre.to_string()),
        key: key_name(&header.key),
        key_as_played,
        melody: melody_key(tune),
    }
}

/// What a tune's header states of its music, in the words of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// From `R:`, normalised. What a title says of the dance does not count: whoever asks what a
    /// title tells about the music must not have read it there.
    pub dance_type: Option<String>,
    /// From `Z:` where the text is transposed and says from what, otherwise from `K:`.
    pub key_as_played: Option<String>,
}

/// Reads dance type and key from a tune's header.
pub fn stated(tune: &Tune) -> Stated {
    let header = &tune.header;
    let transposed_from = header.others.iter().filter(|(letter, _)| *letter == 'Z');
    let played = transposed_from.filter_map(|(_, text)| key_in_words(text)).next();
    let rhythm = header.rhythm.as_deref().and_then(dance::dance_type);
    Stated {
        dance_type: rhythm.map(str::to_owned),
        key_as_played: played.or_else(|| key_name(&header.key)),
    }
}

/// Notes as they sound, one for each tied group, chords by their melody note; rests left out,
/// repeats not played.
pub(crate) fn notes(tune: &Tune) -> Vec<Note> {
    let mut sounding: Vec<Note> = Vec::new();
    for event in tune.bars.iter().flat_map(|bar| &bar.events) {
        let Event::Note(note) = event else {
            continue;
        };
        match sounding.last_mut() {
            Some(last) if last.tied && last.pitch.midi() == note.pitch.midi() => {
                last.duration = last.duration + note.duration;
                last.tied = note.tied;
            }
            _ => sounding.push(note.clone()),
        }
    }
    sounding
}

/// Semitones from each note to the next.
pub(crate) fn intervals(tune: &Tune) -> Vec<i8> {
    let pitches: Vec<u8> = notes(tune).iter().map(|note| note.pitch.midi()).collect();
    let step = |pair: &[u8]| (i16::from(pair[1]) - i16::from(pair[0])).clamp(-31, 31) as i8;
    pitches.windows(2).map(step).collect()
}

/// A hash that two tunes share when they have the same notes up to transposition and the same
/// durations up to one common factor; `None` for a tune too short to tell.
fn melody_key(tune: &Tune) -> Option<[u8; 16]> {
    let notes = notes(tune);
    if notes.len() < SHORTEST_MELODY {
        return None;
    }
    let first = notes[0].pitch.midi();
    let unit = notes.iter().map(|note| note.duration).filter(|d| !d.is_zero()).min()?;
    let mut hasher = Sha256::new();
    for note in &notes {
        let length = note.duration.ratio(unit);
        hasher.update([note.pitch.midi().wrapping_sub(first)]);
        hasher.update(length.num().to_le_bytes());
        hasher.update(length.den().to_le_bytes());
    }
    hasher.finalize().first_chunk().copied()
}

/// A key in words, `A mixolydian`; `None` where there is no tonic.
fn key_name(key: &abc::Key) -> Option<String> {
    let tonic = key.tonic?;
    let letter = ["C", "D", "E", "F", "G", "A", "B"].get(usize::from(tonic.step))?;
    let sign = match tonic.alter {
        0 => "",
        1 => "#",
        _ => "b",
    };
    Some(format!("{letter}{sign} {}", mode_name(key.mode)))
}

fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Ionian => "major",
        Mode::Dorian => "dorian",
        Mode::Phrygian => "phrygian",
        Mode::Lydian => "lydian",
        Mode::Mixolydian => "mixolydian",
        Mode::Aeolian => "minor",
        Mode::Locrian => "locrian",
    }
}

/// The key that a text such as `A Mixolydian` names, and nothing but the key.
fn key_in_words(text: &str) -> Option<String> {
    let (tonic, mode) = text.trim().split_once(' ')?;
    let letter = tonic.starts_with(|c| ('A'..='G').contains(&c));
    if !letter || !matches!(&tonic[1..], "" | "#" | "b") {
        return None;
    }
    let mode = mode.trim().to_lowercase();
    let mode = match mode.as_str() {
        "ionian" => "major",
        "aeolian" => "minor",
        known @ ("major" | "minor" | "dorian" | "phrygian" | "lydian" | "mixolydian"
        | "locrian") => known,
        _ => return None,
    };
    Some(format!("{tonic} {mode}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Facts {
        facts(&tune(text))
    }

    #[test]
    fn a_melody_is_known_in_any_key_and_any_unit() {
        let plain = read("X:1\nL:1/8\nM:4/4\nK:G\nG2 G>A BcdB|G2 Bc d2 d2|");
        let moved = read("X:2\nL:1/16\nM:4/4\nK:D\nD4 D3E F2G2A2F2|D4 F2G2 A4- A2A2-|A2|");
        let higher = read("X:3\nL:1/4\nM:4/4\nK:A\nA2 A>B c d e c|A2 c d e2 e2|");
        assert_eq!(plain.melody, higher.melody);
        assert_ne!(plain.melody, moved.melody);
        assert!(plain.melody.is_some());
        assert!(read("X:1\nK:C\nCDE|").melody.is_none());
    }

    #[test]
    fn ties_make_one_note_and_rests_none() {
        let tune = tune("X:1\nL:1/8\nK:C\nC2-|C2 z2 E G-|A|");
        assert_eq!(intervals(&tune), [4, 3, 2]);
    }

    #[test]
    fn the_key_as_played_is_read_from_a_transcription_field() {
        let facts = read("X:1\nT:x\nZ: A Mixolydian\nR: reel\nM:4/4\nK: C Mixolydian\nCDEF|");
        assert_eq!(facts.key.as_deref(), Some("C mixolydian"));
        assert_eq!(facts.key_as_played.as_deref(), Some("A mixolydian"));
        assert!(facts.titles.is_empty());
        let facts = read("X:1\nZ: A Friend\nK:Bb\nCDEF|");
        assert_eq!(facts.key_as_played.as_deref(), Some("Bb major"));
        assert_eq!(read("X:1\nK:none\nC|").key, None);
    }

    #[test]
    fn the_dance_type_is_never_read_from_the_title() {
        let text =
            "X:1\nT:Butchers' March, The -- Jig\nT:x\nT:The Butchers March\nR:slide\nK:C\nC|";
        let facts = read(text);
        assert_eq!(facts.dance_type.as_deref(), Some("slide"));
        assert_eq!(facts.titles, ["The Butchers' March"]);
        for title in ["Off to Donnybrook -- Jig", "Fisher's Hornpipe"] {
            assert_eq!(read(&format!("X:1\nT:{title}\nK:C\nC|")).dance_type, None);
        }
    }
}
