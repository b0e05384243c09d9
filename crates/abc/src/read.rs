//! A tune's text to a [`Tune`].

use crate::complaint::{At, ComplaintKind, Log, Place};
use crate::fields::Fields;
use crate::lines::{Line, Lines, is_music_after_all, looks_like_music, looks_like_words};
use crate::music::Music;
use crate::text::without_comment;
use crate::tune::Tune;
use crate::voice::Scratch;

/// What the file header says, read once for all tunes.
#[derive(Clone, Debug, Default)]
pub(crate) struct FileHeader(Fields);

impl FileHeader {
    pub(crate) fn read(text: &str) -> Self {
        let mut fields = Fields::default();
        let mut log = Log::default();
        for (line, (_, text)) in (1..).zip(Lines::new(text)) {
            let place = Place { line, text, offset: 0 };
            match Line::of(text) {
                Line::Field(letter, value) => {
                    fields.take(letter, without_comment(value), &mut At { log: &mut log, place });
                }
                Line::Comment(comment) => {
                    if let Some(directive) = comment.strip_prefix("%%") {
                        fields.instruction(directive);
                    }
                }
                Line::Blank | Line::Other => {}
            }
        }
        Self(fields.inherit())
    }
}

/// Reads one tune.
pub(crate) struct TuneReader {
    line: u32,
    fields: Fields,
    log: Log,
    /// Whether the line before was empty.
    gap: bool,
    /// Inside `%%begin...`.
    block: bool,
}

impl TuneReader {
    /// Starts a tune whose text begins at this line of its book.
    pub(crate) fn new(file_header: &FileHeader, line: u32) -> Self {
        let FileHeader(fields) = file_header;
        Self { line, fields: fields.clone(), log: Log::default(), gap: false, block: false }
    }

    pub(crate) fn read(mut self, text: &str, scratch: &mut Scratch) -> Tune {
        let start = Place { line: self.line, text, offset: 0 };
        let mut lines = (self.line..).zip(Lines::new(text).map(|(_, text)| text));
        let first_music = self.header(&mut lines);
        self.complain_of_header(start);
        let mut music = Music::new(self.fields, self.log, std::mem::take(scratch));
        let mut gaps = Gaps { gap: false, block: self.block };
        if let Some((line, text)) = first_music {
            gaps.body_line(&mut music, text, line);
        }
        let mut last = start;
        for (line, text) in lines {
            gaps.body_line(&mut music, text, line);
            last = Place { line, text, offset: text.len() };
        }
        let (tune, used) = finish(music, self.line, last);
        *scratch = used;
        tune
    }

    /// Reads the header up to its `K:`; where that is missing, up to the first line of music,
    /// which is returned.
    fn header<'a>(
        &mut self,
        lines: &mut impl Iterator<Item = (u32, &'a str)>,
    ) -> Option<(u32, &'a str)> {
        for (line, text) in lines {
            let kind = Line::of(text);
            let place = Place { line, text, offset: 0 };
            match kind {
                _ if self.block => self.block = !kind.ends_block(),
                Line::Blank => self.gap = true,
                Line::Comment(comment) => {
                    self.block = kind.begins_block();
                    if let Some(directive) = comment.strip_prefix("%%") {
                        self.fields.instruction(directive);
                    }
                }
                Line::Field(letter, value) => {
                    let at = &mut At { log: &mut self.log, place };
                    self.fields.take(letter, without_comment(value), at);
                    self.gap = false;
                    if self.fields.keyed {
                        return None;
                    }
                }
                Line::Other if looks_like_music(text) || self.fields.is_untouched() => {
                    return Some((line, text));
                }
                Line::Other => self.stray_text(text, place),
            }
        }
        None
    }

    /// Text in the header that is no field: fields of text ran over several lines in ABC 1.
    fn stray_text(&mut self, text: &str, place: Place<'_>) {
        let at = &mut At { log: &mut self.log, place };
        if self.fields.in_text() && !self.gap {
            at.complain(ComplaintKind::Field, "no field; read on from the line before");
            self.fields.continue_text(without_comment(text), at);
        } else {
            at.complain(ComplaintKind::Field, "no field; left out");
        }
    }

    fn complain_of_header(&mut self, start: Place<'_>) {
        if self.fields.header.number.is_empty() {
            self.log.add(start, ComplaintKind::Field, "no `X:` number".to_owned());
        }
        if !self.fields.keyed {
            let message = "no `K:` field; read without accidentals".to_owned();
            self.log.add(start, ComplaintKind::Field, message);
        }
    }
}

/// What stands between lines of the body.
struct Gaps {
    gap: bool,
    block: bool,
}

impl Gaps {
    fn body_line(&mut self, music: &mut Music, text: &str, line: u32) {
        let kind = Line::of(text);
        let place = Place { line, text, offset: 0 };
        match kind {
            _ if self.block => self.block = !kind.ends_block(),
            Line::Blank => self.gap = true,
            Line::Comment(comment) => {
                self.block = kind.begins_block();
                if let Some(directive) = comment.strip_prefix("%%") {
                    music.instruction(directive);
                }
            }
            Line::Field(letter, value) if !is_music_after_all(letter, value) => {
                music.body_field(letter, without_comment(value), place);
            }
            _ if looks_like_words(text) => {
                let message = "a line of words; left out".to_owned();
                music.log.add(place, ComplaintKind::Text, message);
            }
            _ => {
                if std::mem::take(&mut self.gap) && !music.voices.current().is_fresh() {
                    let message = "an empty line inside the tune; read on".to_owned();
                    music.log.add(place, ComplaintKind::Field, message);
                }
                music.line(text, line);
            }
        }
    }
}

fn finish(music: Music, line: u32, end: Place<'_>) -> (Tune, Scratch) {
    let Music { fields, voices, mut log, .. } = music;
    let melody = voices.melody(&fields, &mut log, end);
    if melody.bars.is_empty() {
        let start = Place { line, text: "", offset: 0 };
        log.add(start, ComplaintKind::Empty, "the tune has no notes".to_owned());
    }
    let mut header = fields.finish();
    (header.key, header.metre, header.unit) =
        (melody.setup.key, melody.setup.metre, melody.setup.unit);
    let complaints = log.finish();
    (Tune { line, header, bars: melody.bars, complaints }, melody.scratch)
}
