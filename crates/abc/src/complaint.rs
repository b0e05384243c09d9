//! What the reader could not make sense of.

use std::fmt;

/// Something that the reader could not make sense of, where it stood and what was done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Line in the source, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The kind, for counting.
    pub kind: ComplaintKind,
    /// What stood there and what was done, as one clause.
    pub message: String,
}

/// Kinds of complaints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ComplaintKind {
    /// A field that means nothing here or has no sense in it.
    Field,
    /// A character in the music that stands for nothing.
    Character,
    /// A letter that could be a decoration but is not defined as one.
    Decoration,
    /// A line of words among the music.
    Text,
    /// A note length, tuplet or broken rhythm that does not add up.
    Rhythm,
    /// A chord, grace group, inline field or text that is not closed.
    Unclosed,
    /// Repeats and endings that do not fit together.
    Repeat,
    /// A tie to nothing or to another pitch.
    Tie,
    /// Bytes that are not UTF-8 and were read as Windows-1252, or leftovers of quoted mail.
    Encoding,
    /// Notes missing altogether.
    Empty,
    /// Voices beside the melody that were left out.
    Voice,
    /// More of something than any tune has; the rest was left out.
    Limit,
}

impl ComplaintKind {
    /// Whether the notes as read may differ from what was meant.
    pub fn touches_notes(self) -> bool {
        matches!(self, Self::Character | Self::Rhythm | Self::Unclosed | Self::Empty | Self::Limit)
    }
}

impl fmt::Display for ComplaintKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Field => "field",
            Self::Character => "character",
            Self::Decoration => "decoration",
            Self::Text => "text",
            Self::Rhythm => "rhythm",
            Self::Unclosed => "unclosed",
            Self::Repeat => "repeat",
            Self::Tie => "tie",
            Self::Encoding => "encoding",
            Self::Empty => "empty",
            Self::Voice => "voice",
            Self::Limit => "limit",
        })
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

/// Complaints kept of one tune; a tune with more is not a tune.
const MAX_COMPLAINTS: usize = 100;

/// Where in the source something stands: a line and a byte offset in its text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) line: u32,
    pub(crate) text: &'a str,
    pub(crate) offset: usize,
}

/// Collects complaints, counting columns only from the last complaint on, so that a line full of
/// mistakes costs no more than its length.
#[derive(Debug, Default)]
pub(crate) struct Log {
    complaints: Vec<Complaint>,
    left_out: usize,
    line: u32,
    offset: usize,
    column: u32,
}

impl Log {
    pub(crate) fn add(&mut self, place: Place<'_>, kind: ComplaintKind, message: String) {
        if self.complaints.len() >= MAX_COMPLAINTS {
            self.left_out += 1;
            return;
        }
        let column = self.column_of(place);
        self.complaints.push(Complaint { line: place.line, column, kind, message });
    }

    fn column_of(&mut self, place: Place<'_>) -> u32 {
        let known = self.line == place.line && self.offset <= place.offset && self.column > 0;
        let (from, column) = if known { (self.offset, self.column) } else { (0, 1) };
        let end = place.offset.min(place.text.len());
        let starts = place.text.as_bytes()[from.min(end)..end]
            .iter()
            // Bytes 10xxxxxx continue a character.
            .filter(|&&byte| byte & 0xC0 != 0x80)
            .count();
        let column = column.saturating_add(u32::try_from(starts).unwrap_or(u32::MAX));
        (self.line, self.offset, self.column) = (place.line, end, column);
        column
    }

    /// The complaints in the order of the source.
    pub(crate) fn finish(mut self) -> Vec<Complaint> {
        self.complaints.sort_by_key(|complaint| (complaint.line, complaint.column));
        if let Some(last) = self.complaints.last().filter(|_| self.left_out > 0) {
            let (line, column) = (last.line, last.column);
            let message = format!("{} more complaints left out", self.left_out);
            self.complaints.push(Complaint { line, column, kind: ComplaintKind::Limit, message });
        }
        self.complaints
    }
}

/// Where complaints about what is being read go.
pub(crate) struct At<'l, 'a> {
    pub(crate) log: &'l mut Log,
    pub(crate) place: Place<'a>,
}

impl At<'_, '_> {
    pub(crate) fn complain(&mut self, kind: ComplaintKind, message: impl Into<String>) {
        self.log.add(self.place, kind, message.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_in_any_order() {
        let mut log = Log::default();
        let text = "Fáinne? geal? an lae?";
        for mark in [7, 13, 21, 13] {
            log.add(Place { line: 3, text, offset: mark }, ComplaintKind::Field, String::new());
        }
        let columns: Vec<u32> = log.finish().iter().map(|complaint| complaint.column).collect();
        assert_eq!(columns, [7, 13, 13, 21]);
    }

    #[test]
    fn complaints_are_bounded() {
        let mut log = Log::default();
        for line in 1..5000 {
            log.add(Place { line, text: "", offset: 0 }, ComplaintKind::Field, String::new());
        }
        let complaints = log.finish();
        assert_eq!(complaints.len(), MAX_COMPLAINTS + 1);
        assert_eq!(complaints[MAX_COMPLAINTS].message, "4899 more complaints left out");
    }
}
