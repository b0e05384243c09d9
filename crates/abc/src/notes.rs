//! Notes, chords, grace notes, rests and tuplets in a line of music.

use crate::complaint::{At, ComplaintKind};
use crate::cursor::{Close, Cursor, MAX_NUMBER};
use crate::duration::Duration;
use crate::key::step_of;
use crate::metre::Metre;
use crate::music::{Music, voice_at};
use crate::pitch::{Pitch, Pitches};
use crate::tune::Tuplet;
use crate::voice::Voice;

/// Notes that a chord or a group of grace notes may have.
const MAX_GROUP: usize = 32;

impl Music {
    /// A note with its accidental, octave and length.
    pub(crate) fn note(&mut self, cursor: &mut Cursor<'_>) {
        let start = cursor.at;
        let (voice, mut at) = voice_at!(self, cursor, start);
        if let Some(pitch) = pitch(cursor, voice, &mut at) {
            let length = voice.setup.unit.scaled(length(cursor, &mut at));
            voice.note((pitch, Pitches::default()), length, &mut at);
        }
    }

    pub(crate) fn rest(&mut self, visible: bool, cursor: &mut Cursor<'_>) {
        let (voice, mut at) = voice_at!(self, cursor, cursor.at);
        cursor.at += 1;
        let length = voice.setup.unit.scaled(length(cursor, &mut at));
        voice.rest(visible, length, &mut at);
    }

    pub(crate) fn bars_of_rest(&mut self, visible: bool, cursor: &mut Cursor<'_>) {
        let (voice, mut at) = voice_at!(self, cursor, cursor.at);
        cursor.at += 1;
        let bars = cursor.number().unwrap_or(1);
        voice.bars_of_rest(visible, bars.max(1), &mut at);
    }

    /// `[CEG]2`.
    pub(crate) fn chord(&mut self, cursor: &mut Cursor<'_>) {
        let start = cursor.at;
        cursor.at += 1;
        self.chord_until(b']', start, cursor);
    }

    /// The notes of a chord up to its closing byte, and its length. Where the end does not come
    /// before the bar line, only what opened the chord is left out.
    pub(crate) fn chord_until(&mut self, close: u8, start: usize, cursor: &mut Cursor<'_>) {
        let mut chord = Chord::default();
        let inside = cursor.at;
        let closed = self.chord_members(close, &mut chord, cursor);
        let (voice, mut at) = voice_at!(self, cursor, start);
        if !closed {
            // A bracket before another, or before a tuplet, is one too many for sure.
            let stray = cursor.at == inside;
            let kind = if stray { ComplaintKind::Text } else { ComplaintKind::Unclosed };
            at.complain(kind, "a chord is not closed; its notes follow each other");
            cursor.at = inside;
            return;
        }
        let Some(first_length) = chord.length else {
            at.complain(ComplaintKind::Text, "brackets without a note; left out");
            return;
        };
        let outer = length(cursor, &mut at);
        let length = voice.setup.unit.scaled(first_length).scaled(outer);
        let (top, tied, broken) = (chord.take_top(), chord.tied, chord.broken);
        let Some(top) = top else { return };
        voice.note((top, chord.notes.into()), length, &mut at);
        if tied {
            voice.tie(&mut at);
        }
        if let Some((longer, marks)) = broken {
            voice.broken(longer, marks, &mut at);
        }
    }

    /// Takes what stands inside a chord; false when its end does not come.
    fn chord_members(&mut self, close: u8, chord: &mut Chord, cursor: &mut Cursor<'_>) -> bool {
        while let Some(byte) = cursor.peek() {
            match byte {
                _ if byte == close => {
                    cursor.at += 1;
                    return true;
                }
                b'A'..=b'G' | b'a'..=b'g' | b'^' | b'_' | b'=' => {
                    let (voice, mut at) = voice_at!(self, cursor, cursor.at);
                    if let Some(pitch) = pitch(cursor, voice, &mut at) {
                        let length = length(cursor, &mut at);
                        chord.add(pitch, length, cursor.eat(b'-'));
                    }
                }
                // Broken rhythm inside the bracket belongs after it.
                b'>' | b'<' => chord.broken = Some((byte == b'>', cursor.count(byte))),
                b'"' => self.quoted(cursor),
                b'|' | b'%' | b'[' => return false,
                b'(' if cursor.peek_at(1).is_some_and(|next| next.is_ascii_digit()) => {
                    return false;
                }
                b'!' => self.decoration(byte, cursor),
                // Slurs, decorations, gaps and rests say nothing about the melody.
                b'(' | b')' | b' ' | b'.' | b'~' | b'-' | b'`' | b'z' | b'x' => cursor.at += 1,
                b'H'..=b'Y' | b'h'..=b'w' | b'0'..=b'9' | b'/' => cursor.at += 1,
                _ => self.unknown(cursor),
            }
        }
        false
    }

    /// `{ABc}` or `{/g}`: grace notes, which take no time.
    pub(crate) fn grace(&mut self, cursor: &mut Cursor<'_>) {
        let start = cursor.at;
        cursor.at += 1;
        let Some(inside) = cursor.until(Close::Brace) else {
            let message = "`{` is not closed; it alone is left out".to_owned();
            self.log.add(cursor.place(start), ComplaintKind::Unclosed, message);
            return;
        };
        let end = cursor.at;
        cursor.at = end - inside.len() - 1;
        while cursor.at < end - 1 {
            let (voice, mut at) = voice_at!(self, cursor, cursor.at);
            match cursor.peek() {
                Some(b'A'..=b'G' | b'a'..=b'g' | b'^' | b'_' | b'=') => {
                    let pitch = pitch(cursor, voice, &mut at);
                    voice.grace.extend(pitch.filter(|_| voice.grace.len() < MAX_GROUP));
                }
                _ => cursor.skip_char(),
            }
        }
        cursor.at = end;
    }

    /// `(3`, `(3:2`, `(3:2:4`, `(3::2`: the cursor is at `p`.
    pub(crate) fn tuplet(&mut self, start: usize, cursor: &mut Cursor<'_>) {
        let p = cursor.number().unwrap_or(0);
        let mut given = [None, None];
        for value in &mut given {
            let after = cursor.peek_at(1);
            if cursor.peek() != Some(b':') || after == Some(b'|') {
                break;
            }
            cursor.at += 1;
            *value = cursor.number();
        }
        let (voice, mut at) = voice_at!(self, cursor, start);
        let q = given[0].unwrap_or_else(|| default_q(p, voice.setup.metre));
        let length = given[1].unwrap_or(p);
        let parts = (u8::try_from(p), u8::try_from(q), u8::try_from(length));
        match parts {
            (Ok(p @ 2..), Ok(q @ 1..), Ok(length @ 1..)) => {
                voice.tuplet(Tuplet { p, q, index: 0, length }, &mut at);
            }
            _ => {
                let message = format!("`{}` is no tuplet; left out", cursor.quote(start));
                at.complain(ComplaintKind::Rhythm, message);
            }
        }
    }
}

/// In the time of how many notes a tuplet of `p` is played (ABC 2.1, section 4.13).
pub(crate) fn default_q(p: u32, metre: Option<Metre>) -> u32 {
    let by_metre = if metre.is_some_and(Metre::is_compound) { 3 } else { 2 };
    match p {
        2 | 4 | 8 => 3,
        3 | 6 => 2,
        _ => by_metre,
    }
}

/// The notes of a chord as they are found.
#[derive(Default)]
struct Chord {
    notes: Vec<Pitch>,
    ties: Vec<bool>,
    /// The first note's, which is the chord's (ABC 2.1, section 4.17).
    length: Option<Duration>,
    broken: Option<(bool, usize)>,
    /// Whether the highest note is tied.
    tied: bool,
}

impl Chord {
    fn add(&mut self, pitch: Pitch, length: Duration, tied: bool) {
        self.length.get_or_insert(length);
        if self.notes.len() < MAX_GROUP {
            self.notes.push(pitch);
            self.ties.push(tied);
        }
    }

    /// Takes the highest note out; the others stay, low to high.
    fn take_top(&mut self) -> Option<Pitch> {
        let top = (0..self.notes.len()).max_by_key(|&index| (self.notes[index].midi(), index))?;
        self.tied = self.ties[top];
        let pitch = self.notes.remove(top);
        self.notes.sort_by_key(|pitch| pitch.midi());
        Some(pitch)
    }
}

/// A pitch with its accidental and octave marks; accidentals without a note are complained of.
#[inline]
fn pitch(cursor: &mut Cursor<'_>, voice: &mut Voice, at: &mut At<'_, '_>) -> Option<Pitch> {
    let start = cursor.at;
    let own = accidental(cursor);
    match cursor.peek().and_then(step_of) {
        Some(step) => Some(pitch_of(step, own, cursor, voice)),
        None => no_pitch(start, cursor, voice, at),
    }
}

/// The pitch of the letter at the cursor, with octave marks.
#[inline]
fn pitch_of(step: u8, own: Option<i8>, cursor: &mut Cursor<'_>, voice: &mut Voice) -> Pitch {
    let low = cursor.peek().is_some_and(|letter| letter.is_ascii_lowercase());
    let mut octave = if low { 5 } else { 4 } + voice.octave + voice.key_octave;
    cursor.at += 1;
    loop {
        match cursor.peek() {
            Some(b'\'') => octave = octave.saturating_add(1),
            Some(b',') => octave = octave.saturating_sub(1),
            _ => break,
        }
        cursor.at += 1;
    }
    // MIDI ends here, and so does hearing.
    let octave = octave.clamp(-1, 9);
    Pitch { step, alter: voice.alter(step, octave, own), octave }
}

/// Accidentals before no note, which quoted-printable mail may have left: it writes `=` as `=3D`,
/// a blank as `=20`, and breaks lines with a `=` at the end.
#[cold]
fn no_pitch(
    start: usize,
    cursor: &mut Cursor<'_>,
    voice: &mut Voice,
    at: &mut At<'_, '_>,
) -> Option<Pitch> {
    let rest = &cursor.text[start..];
    let natural = rest.starts_with("=3D") && cursor.peek_at(2).and_then(step_of).is_some();
    let at_end = rest.len() < 8 && rest.trim_end() == "=";
    if natural || rest.starts_with("=20") || at_end {
        cursor.at += if at_end { 0 } else { 2 };
        let message = format!("`{}` is left over from mail; read as meant", cursor.quote(start));
        at.complain(ComplaintKind::Encoding, message);
        let step = cursor.peek().and_then(step_of).filter(|_| natural)?;
        return Some(pitch_of(step, Some(0), cursor, voice));
    }
    let message = format!("`{}` stands before no note; left out", cursor.quote(start));
    at.complain(ComplaintKind::Character, message);
    None
}

/// `^`, `^^`, `_`, `__`, `=`; of several that contradict each other the last one holds.
#[inline]
fn accidental(cursor: &mut Cursor<'_>) -> Option<i8> {
    let mut own = None;
    loop {
        let alter = match cursor.peek() {
            Some(b'=') => 0,
            Some(b'^') if own == Some(1) => 2,
            Some(b'^') => 1,
            Some(b'_') if own == Some(-1) => -2,
            Some(b'_') => -1,
            _ => return own,
        };
        own = Some(alter);
        cursor.at += 1;
    }
}

/// The written length of a note in units: `2`, `/`, `//`, `3/2`, `/4`.
#[inline]
fn length(cursor: &mut Cursor<'_>, at: &mut At<'_, '_>) -> Duration {
    match cursor.peek() {
        Some(b'0'..=b'9' | b'/') => written_length(cursor, at),
        _ => Duration::WHOLE,
    }
}

fn written_length(cursor: &mut Cursor<'_>, at: &mut At<'_, '_>) -> Duration {
    let start = cursor.at;
    let (num, mut den) = (cursor.number().unwrap_or(1), 1u32);
    while cursor.eat(b'/') {
        den = den.saturating_mul(cursor.number().unwrap_or(2)).min(MAX_NUMBER);
    }
    if num == 0 || den == 0 || num == MAX_NUMBER || den == MAX_NUMBER {
        let message = format!("`{}` is no length; read as 1", cursor.quote(start));
        at.complain(ComplaintKind::Rhythm, message);
        return Duration::WHOLE;
    }
    Duration::new(num, den)
}
