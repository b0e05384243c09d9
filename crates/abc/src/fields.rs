//! Information fields: of the file header, the tune header and the body (ABC 2.1, chapter 3).

use crate::accidentals::Reach;
use crate::complaint::{At, ComplaintKind, Place};
use crate::duration::Duration;
use crate::keyfield::KeyField;
use crate::metre::Metre;
use crate::music::Music;
use crate::text::decode;
use crate::tune::{Event, Header};
use crate::voice::Setup;

/// Letters that `U:` has made decorations.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Symbols(u64);

impl Symbols {
    pub(crate) fn has(self, letter: u8) -> bool {
        self.0 & Self::bit(letter) != 0
    }

    fn define(&mut self, text: &str) {
        if let Some(&letter) = text.trim().as_bytes().first() {
            self.0 |= Self::bit(letter);
        }
    }

    fn bit(letter: u8) -> u64 {
        match letter {
            b'A'..=b'Z' => 1 << (letter - b'A'),
            b'a'..=b'z' => 1 << (letter - b'a' + 26),
            _ => 0,
        }
    }
}

/// What the fields before the music say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    pub(crate) header: Header,
    pub(crate) unit: Option<Duration>,
    pub(crate) reach: Reach,
    pub(crate) symbols: Symbols,
    /// `V:` declarations as written.
    pub(crate) voices: Vec<String>,
    /// Voices named in `%%score`.
    pub(crate) score: Vec<String>,
    pub(crate) octave: i8,
    pub(crate) percussion: bool,
    /// Whether there was a `K:`, which ends the header.
    pub(crate) keyed: bool,
    /// The letter that `+:` continues.
    last: u8,
    /// Text fields of the file header, for tunes that have none of their own.
    inherited: Vec<(char, String)>,
}

/// Declarations of voices beyond this are left out.
const MAX_VOICES: usize = 64;

/// Text fields that a header may have.
const MAX_FIELDS: usize = 4096;

impl Fields {
    /// What holds when the music starts.
    pub(crate) fn setup(&self) -> Setup {
        let default = self.header.metre.map_or(Duration::new(1, 8), Metre::default_unit);
        Setup { key: self.header.key, metre: self.header.metre, unit: self.unit.unwrap_or(default) }
    }

    /// What a tune takes over from the file header.
    pub(crate) fn inherit(&self) -> Self {
        let mut fields = self.clone();
        let header = &mut fields.header;
        let mut inherited = std::mem::take(&mut header.others);
        inherited.extend(header.composers.drain(..).map(|text| ('C', text)));
        inherited.extend(header.rhythm.take().map(|text| ('R', text)));
        fields.inherited = inherited;
        fields
    }

    /// The header, with inherited texts where the tune has none of that letter.
    pub(crate) fn finish(self) -> Header {
        let mut header = self.header;
        let own: Vec<char> = header.others.iter().map(|field| field.0).collect();
        let (composers, rhythm) = (!header.composers.is_empty(), header.rhythm.is_some());
        for (letter, text) in self.inherited {
            match letter {
                'C' if !composers => header.composers.push(text),
                'R' if !rhythm => header.rhythm = Some(text),
                'C' | 'R' => {}
                _ if own.contains(&letter) => {}
                _ => header.others.push((letter, text)),
            }
        }
        header
    }

    /// Takes a field of the header; `text` is without comment and blanks around it.
    pub(crate) fn take(&mut self, letter: u8, text: &str, at: &mut At<'_, '_>) {
        match letter {
            b'X' => text.clone_into(&mut self.header.number),
            b'M' => self.header.metre = metre(text, at),
            b'L' => self.unit = unit(text, at),
            b'K' => self.key(text, at),
            b'V' if self.voices.len() < MAX_VOICES => self.voices.push(text.to_owned()),
            b'U' => self.symbols.define(text),
            b'I' => self.instruction(text),
            b'm' | b'V' => {}
            b'+' => return self.continue_text(text, at),
            _ if self.is_full() => {
                let message = format!("more than {MAX_FIELDS} fields; left out");
                at.complain(ComplaintKind::Field, message);
            }
            _ => self.text(letter, decode(text).trim()),
        }
        self.last = letter;
    }

    fn is_full(&self) -> bool {
        let Header { titles, composers, others, .. } = &self.header;
        titles.len() + composers.len() + others.len() >= MAX_FIELDS
    }

    /// Takes a field of text, accents decoded; an empty one says nothing.
    fn text(&mut self, letter: u8, text: &str) {
        let header = &mut self.header;
        match letter {
            b'P' => header.parts = (!text.is_empty()).then(|| text.to_owned()),
            _ if text.is_empty() => {}
            b'T' => header.titles.push(text.to_owned()),
            b'C' => header.composers.push(text.to_owned()),
            b'R' => header.rhythm = Some(text.to_owned()),
            _ => header.others.push((char::from(letter), text.to_owned())),
        }
    }

    fn key(&mut self, text: &str, at: &mut At<'_, '_>) {
        let field = KeyField::read(text);
        if !field.unread.is_empty() {
            at.complain(ComplaintKind::Field, unread_key(&field));
        }
        self.header.key = field.key;
        self.octave = field.octave;
        self.percussion = field.percussion;
        self.keyed = true;
    }

    /// Text that continues the last field.
    pub(crate) fn continue_text(&mut self, text: &str, at: &mut At<'_, '_>) {
        let header = &mut self.header;
        let field = match self.last {
            b'T' => header.titles.last_mut(),
            b'C' => header.composers.last_mut(),
            b'R' => header.rhythm.as_mut(),
            b'P' => header.parts.as_mut(),
            b'M' | b'L' | b'K' | b'X' | b'V' | b'U' | b'I' | b'm' | 0 => None,
            last => header
                .others
                .last_mut()
                .filter(|field| field.0 == char::from(last))
                .map(|f| &mut f.1),
        };
        match field {
            Some(field) => {
                field.push(' ');
                field.push_str(&decode(text));
                field.truncate(field.trim_end().len());
            }
            None => at.complain(ComplaintKind::Field, "the line continues no text field; left out"),
        }
    }

    /// Whether the last field is text that may run on without `+:`, as it did in ABC 1.
    pub(crate) fn in_text(&self) -> bool {
        !matches!(self.last, b'M' | b'L' | b'K' | b'X' | b'V' | b'U' | b'I' | b'm' | b'P' | 0)
    }

    /// Whether no field has been taken yet.
    pub(crate) fn is_untouched(&self) -> bool {
        self.last == 0
    }

    /// `I:` or `%%`: of all instructions only those that touch the reading.
    pub(crate) fn instruction(&mut self, text: &str) {
        let text = text.trim();
        let (name, value) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        match name {
            "propagate-accidentals" => {
                self.reach = match value.trim() {
                    "not" => Reach::Not,
                    "octave" => Reach::Octave,
                    _ => Reach::Pitch,
                };
            }
            "score" | "staves" => {
                let grouping = |c: char| c.is_whitespace() || "()[]{}|*".contains(c);
                let ids = value.split(grouping).filter(|id| !id.is_empty());
                self.score = ids.take(MAX_VOICES).map(str::to_owned).collect();
            }
            _ => {}
        }
    }
}

impl Music {
    /// Takes a field of the body, on a line of its own or inline.
    pub(crate) fn body_field(&mut self, letter: u8, text: &str, place: Place<'_>) {
        let at = &mut At { log: &mut self.log, place };
        match letter {
            b'K' => {
                let field = KeyField::read(text);
                if !field.unread.is_empty() {
                    at.complain(ComplaintKind::Field, unread_key(&field));
                }
                let voice = self.voices.current();
                voice.key_octave = field.octave;
                if field.names_key {
                    voice.change(Event::Key(field.key));
                }
            }
            b'M' => {
                let metre = metre(text, at);
                self.voices.current().change(Event::Metre(metre));
            }
            b'L' => {
                if let Some(unit) = unit(text, at) {
                    self.voices.current().change(Event::Unit(unit));
                }
            }
            b'P' => {
                let name = decode(text).trim().to_owned();
                if !name.is_empty() {
                    self.voices.current().part(name, at);
                }
            }
            b'V' => self.voices.select(text, &self.fields),
            b'U' => self.fields.symbols.define(text),
            b'I' => self.instruction(text),
            b'T' if self.fields.header.titles.is_empty() => self.fields.take(letter, text, at),
            b'A'..=b'D' | b'F'..=b'H' | b'O' | b'S' | b'Z' if self.voices.current().is_fresh() => {
                self.fields.take(letter, text, at);
            }
            b'm' | b'N' | b'Q' | b'R' | b'r' | b's' | b'T' | b'W' | b'w' | b'+' => {}
            _ => {
                let message =
                    format!("`{}:` has no place in the music; left out", char::from(letter));
                at.complain(ComplaintKind::Field, message);
            }
        }
    }

    /// `I:` or `%%` in the body.
    pub(crate) fn instruction(&mut self, text: &str) {
        self.fields.instruction(text);
        let reach = self.fields.reach;
        for voice in self.voices.all() {
            voice.accidentals.set_reach(reach);
        }
    }
}

fn unread_key(field: &KeyField) -> String {
    format!("`{}` in the key means nothing; read as {}", field.unread, field.key)
}

fn metre(text: &str, at: &mut At<'_, '_>) -> Option<Metre> {
    if text.is_empty() || text.eq_ignore_ascii_case("none") {
        return None;
    }
    // The first word is enough where others follow, as in `6/8 slowly`.
    let first = text.split_whitespace().next().unwrap_or(text);
    match text.parse().or_else(|error| first.parse().map_err(|_| error)) {
        Ok(metre) => Some(metre),
        Err(error) => {
            at.complain(ComplaintKind::Field, format!("{error}; read as no metre"));
            None
        }
    }
}

fn unit(text: &str, at: &mut At<'_, '_>) -> Option<Duration> {
    let first = text.split([' ', '=']).next().unwrap_or(text);
    let (num, den) = first.split_once('/').unwrap_or((first, "1"));
    let part = |text: &str| text.trim().parse().ok().filter(|part| (1..=1024u32).contains(part));
    match (part(num), part(den)) {
        (Some(num), Some(den)) => Some(Duration::new(num, den)),
        _ if text.is_empty() => None,
        _ => {
            let shown: String = text.chars().take(20).collect();
            let message =
                format!("unit length `{shown}` should be like `1/8`; the default is taken");
            at.complain(ComplaintKind::Field, message);
            None
        }
    }
}
