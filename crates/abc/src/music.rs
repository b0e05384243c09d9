//! Lines of music: which symbol stands where.

use crate::barline::{BarMark, bar_mark, ending, starts_bar};
use crate::complaint::{At, ComplaintKind, Log};
use crate::cursor::{Close, Cursor};
use crate::fields::Fields;
use crate::key::step_of;
use crate::voice::{Scratch, Voice};
use crate::voices::Voices;

/// Notes, rests and changes that a tune may have; a tune with more is not a tune.
const MAX_EVENTS: usize = 1 << 20;

/// Reads the music of one tune, line by line.
pub(crate) struct Music {
    pub(crate) fields: Fields,
    pub(crate) voices: Voices,
    pub(crate) log: Log,
    /// Events that may still come.
    left: usize,
}

/// The current voice, and where its complaints go: fields of the reader borrowed one by one.
macro_rules! voice_at {
    ($music:expr, $cursor:expr, $offset:expr) => {
        ($music.voices.current(), At { log: &mut $music.log, place: $cursor.place($offset) })
    };
}
pub(crate) use voice_at;

impl Music {
    pub(crate) fn new(fields: Fields, log: Log, scratch: Scratch) -> Self {
        let voices = Voices::new(&fields, scratch);
        Self { fields, voices, log, left: MAX_EVENTS }
    }

    /// Whether there is room for another event.
    fn has_room(&mut self, cursor: &mut Cursor<'_>) -> bool {
        if self.left > 0 {
            self.left -= 1;
            if self.left == 0 {
                let message = format!("more than {MAX_EVENTS} notes; the rest is left out");
                self.log.add(cursor.place(cursor.at), ComplaintKind::Limit, message);
            }
        }
        self.left > 0
    }

    /// Reads one line of music.
    pub(crate) fn line(&mut self, text: &str, line: u32) {
        let mut cursor = Cursor::new(text, line);
        while let Some(byte) = cursor.peek() {
            match byte {
                b'A'..=b'G' | b'a'..=b'g' | b'^' | b'_' | b'=' => {
                    if !self.has_room(&mut cursor) {
                        return;
                    }
                    self.note(&mut cursor);
                }
                b' ' | b'\t' | b'`' | b')' | b'\\' | b'$' | b'*' => cursor.at += 1,
                b'|' | b':' => self.bar(&mut cursor),
                b'%' => return,
                _ => {
                    if !self.has_room(&mut cursor) {
                        return;
                    }
                    self.symbol(byte, &mut cursor);
                }
            }
        }
    }

    fn symbol(&mut self, byte: u8, cursor: &mut Cursor<'_>) {
        match byte {
            b'[' => self.bracket(cursor),
            b'.' | b']' if starts_bar(cursor) => self.bar(cursor),
            b'(' => self.parenthesis(cursor),
            b'{' => self.grace(cursor),
            b'"' => self.quoted(cursor),
            b'-' => {
                let (voice, mut at) = voice_at!(self, cursor, cursor.at);
                voice.tie(&mut at);
                cursor.at += 1;
            }
            b'>' | b'<' => {
                let start = cursor.at;
                let marks = cursor.count(byte);
                let (voice, mut at) = voice_at!(self, cursor, start);
                voice.broken(byte == b'>', marks, &mut at);
            }
            b'z' | b'x' => self.rest(byte == b'z', cursor),
            b'Z' | b'X' => self.bars_of_rest(byte == b'Z', cursor),
            b'y' => {
                cursor.at += 1;
                cursor.number();
            }
            b'&' => self.overlay(cursor),
            b'!' | b'+' => self.decoration(byte, cursor),
            b'0'..=b'9' => self.digits(cursor),
            b'.' | b'~' | b'H' | b'L' | b'M' | b'O' | b'P' | b'S' | b'T' | b'u' | b'v' => {
                cursor.at += 1;
            }
            b'h'..=b't' | b'w' | b'H'..=b'W' | b'Y' => self.letters(cursor),
            _ => self.unknown(cursor),
        }
    }

    fn bar(&mut self, cursor: &mut Cursor<'_>) {
        let start = cursor.at;
        let mark = bar_mark(cursor);
        let (voice, mut at) = voice_at!(self, cursor, start);
        match mark {
            Some(mark) => voice.bar_line(mark, &mut at),
            None => lone_colon(voice, cursor, &mut at),
        }
    }

    fn bracket(&mut self, cursor: &mut Cursor<'_>) {
        match (cursor.peek_at(1), cursor.peek_at(2)) {
            (Some(b'|'), _) => self.bar(cursor),
            (Some(b'0'..=b'9'), _) => {
                let start = cursor.at;
                cursor.at += 1;
                let numbers = ending(cursor);
                let (voice, mut at) = voice_at!(self, cursor, start);
                if numbers.is_empty() {
                    at.complain(ComplaintKind::Repeat, "an ending without a number; left out");
                } else {
                    voice.ending(numbers, &mut at);
                }
            }
            (Some(letter), Some(b':')) if letter.is_ascii_alphabetic() => {
                self.inline_field(letter, cursor);
            }
            _ => self.chord(cursor),
        }
    }

    fn inline_field(&mut self, letter: u8, cursor: &mut Cursor<'_>) {
        let start = cursor.at;
        cursor.at += 3;
        let text = match cursor.until(Close::Bracket) {
            Some(text) => text,
            None => {
                let rest = &cursor.text[cursor.at..];
                let length = rest.find([' ', '|']).unwrap_or(rest.len());
                cursor.at += length;
                let message =
                    format!("`{}` is not closed; it is read to the gap", cursor.quote(start));
                self.log.add(cursor.place(start), ComplaintKind::Unclosed, message);
                &rest[..length]
            }
        };
        self.body_field(letter, text.trim(), cursor.place(start));
    }

    fn parenthesis(&mut self, cursor: &mut Cursor<'_>) {
        let start = cursor.at;
        cursor.at += 1;
        match cursor.peek() {
            Some(b'0'..=b'9') => self.tuplet(start, cursor),
            Some(b'&') => {
                cursor.at += 1;
                self.voices.current().overlay_spans = true;
            }
            _ => {}
        }
    }

    fn overlay(&mut self, cursor: &mut Cursor<'_>) {
        cursor.at += 1;
        let voice = self.voices.current();
        if cursor.eat(b')') {
            voice.overlay_spans = false;
            voice.end_overlay();
        } else {
            voice.overlay();
        }
    }

    pub(crate) fn quoted(&mut self, cursor: &mut Cursor<'_>) {
        let start = cursor.at;
        cursor.at += 1;
        if cursor.until(Close::Quote).is_none() {
            let message = "`\"` is not closed; it alone is left out".to_owned();
            self.log.add(cursor.place(start), ComplaintKind::Unclosed, message);
        }
    }

    /// `!trill!`, `+trill+`, the chord `+CEG+` of old, and `!` alone for a line break.
    pub(crate) fn decoration(&mut self, mark: u8, cursor: &mut Cursor<'_>) {
        const LONGEST: usize = 32;
        let start = cursor.at;
        cursor.at += 1;
        let rest = &cursor.text.as_bytes()[cursor.at..];
        let stops = |&byte: &u8| byte == mark || matches!(byte, b' ' | b'|' | b'"' | b'%');
        let end = rest.iter().take(LONGEST).position(stops).filter(|&end| rest[end] == mark);
        match end {
            Some(end) if mark == b'+' && is_old_chord(&rest[..end]) => {
                self.chord_until(b'+', start, cursor);
            }
            Some(end) => cursor.at += end + 1,
            None if mark == b'!' => {}
            None => {
                let message = "`+` stands alone; left out".to_owned();
                self.log.add(cursor.place(start), ComplaintKind::Character, message);
            }
        }
    }

    /// Digits where no length can be: an ending at the start of a bar, nonsense elsewhere.
    fn digits(&mut self, cursor: &mut Cursor<'_>) {
        let start = cursor.at;
        let numbers = ending(cursor);
        let (voice, mut at) = voice_at!(self, cursor, start);
        if voice.at_bar_start() && !voice.is_fresh() && !numbers.is_empty() {
            voice.ending(numbers, &mut at);
        } else {
            let message = format!("`{}` belongs to no note; left out", cursor.quote(start));
            at.complain(ComplaintKind::Character, message);
        }
    }

    /// Letters that stand for no note: decorations if `U:` says so.
    fn letters(&mut self, cursor: &mut Cursor<'_>) {
        let start = cursor.at;
        while let Some(letter) = cursor.peek() {
            let other = letter.is_ascii_alphabetic()
                && step_of(letter).is_none()
                && !matches!(letter, b'x' | b'y' | b'z' | b'X' | b'Z');
            if !other || (cursor.at > start && self.fields.symbols.has(letter)) {
                break;
            }
            cursor.at += 1;
            if cursor.at == start + 1 && self.fields.symbols.has(letter) {
                return;
            }
        }
        let message = format!("`{}` is no decoration; left out", cursor.quote(start));
        self.log.add(cursor.place(start), ComplaintKind::Decoration, message);
    }

    /// A run of characters that mean nothing in music.
    pub(crate) fn unknown(&mut self, cursor: &mut Cursor<'_>) {
        let start = cursor.at;
        if cursor.text[start..].starts_with('\u{a0}') {
            return cursor.skip_char();
        }
        let first = cursor.peek();
        cursor.skip_char();
        while cursor.peek().is_some_and(|byte| Some(byte) == first || !byte.is_ascii()) {
            cursor.skip_char();
        }
        let message = format!("`{}` means nothing in music; left out", cursor.quote(start));
        self.log.add(cursor.place(start), ComplaintKind::Character, message);
    }
}

/// A single colon is the repeat that it was meant to be where it stands beside a bar line with a
/// gap between, or at the start or end of a line.
fn lone_colon(voice: &mut Voice, cursor: &mut Cursor<'_>, at: &mut At<'_, '_>) {
    let colon = cursor.at - 1;
    cursor.skip_blanks();
    let before = cursor.text.as_bytes()[..colon].iter().rev().find(|&&byte| byte != b' ');
    match cursor.peek() {
        Some(b'|') => {
            let mut mark = bar_mark(cursor).unwrap_or_default();
            mark.line.repeat_end = 1;
            voice.bar_line(mark, at);
        }
        None if !voice.at_bar_start() => {
            let mut mark = BarMark::default();
            mark.line.repeat_end = 1;
            voice.bar_line(mark, at);
        }
        _ if before == Some(&b'|') || (before.is_none() && voice.at_bar_start()) => {
            voice.repeat_here();
        }
        _ => at.complain(ComplaintKind::Repeat, "`:` stands apart from a bar line; left out"),
    }
}

/// Whether the text between two `+` is a chord as ABC 1 wrote it rather than a decoration.
fn is_old_chord(inside: &[u8]) -> bool {
    let notes = inside.iter().filter(|&&byte| step_of(byte).is_some()).count();
    let same = inside.iter().all(|&byte| byte == b'f');
    let chordal = |byte: &u8| step_of(*byte).is_some() || b"^_=,'/0123456789".contains(byte);
    notes >= 2 && !same && inside.iter().all(chordal)
}
