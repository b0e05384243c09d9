//! ABC 2.1 text to tunes and back.

mod accidentals;
mod barline;
mod complaint;
mod cursor;
mod duration;
mod encoding;
mod fields;
mod fill;
mod key;
mod keyfield;
mod lines;
mod melody;
mod metre;
mod music;
mod notes;
mod pitch;
mod read;
mod rhythm;
mod split;
mod text;
mod tie;
mod tune;
mod uneven;
mod unfold;
mod voice;
mod voices;
mod write;

pub use complaint::{Complaint, ComplaintKind};
pub use duration::Duration;
pub use encoding::decode;
pub use fill::Fill;
pub use key::{Key, KeyError, Mode, Tonic};
pub use melody::{Placed, Sounding};
pub use metre::{Metre, MetreError};
pub use pitch::{Pitch, Pitches};
pub use split::{Source, Split, split};
pub use tune::{Bar, BarLine, BarStyle, Event, Header, Note, Rest, Tune, Tuplet};
pub use write::write;

use read::{FileHeader, TuneReader};
use voice::Scratch;

/// A tunebook as read: its tunes in order and complaints that belong to no tune.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Book {
    /// Tunes in the order of the file.
    pub tunes: Vec<Tune>,
    /// Complaints about text outside any tune.
    pub complaints: Vec<Complaint>,
}

/// Reads a tunebook; whatever its text is, the tunes that can be had are had.
///
/// All tunes are kept at once; [`tunes`] reads one at a time.
pub fn read(text: &str) -> Book {
    Book { tunes: tunes(text).map(|(_, tune)| tune).collect(), complaints: Vec::new() }
}

/// Reads a tunebook in UTF-8, or where it is not, in Windows-1252; see [`decode`].
pub fn read_bytes(bytes: &[u8]) -> Book {
    let mut book = read(&decode(bytes));
    book.complaints.extend(encoding::complaint(bytes));
    book
}

/// Reads the tunes of a book one at a time, each with its source text.
pub fn tunes(text: &str) -> Tunes<'_> {
    let sources = split(text);
    let file_header = FileHeader::read(sources.file_header());
    Tunes { sources, file_header, scratch: Scratch::default() }
}

/// The tunes of a book with their source texts, made by [`tunes`].
pub struct Tunes<'a> {
    sources: Split<'a>,
    file_header: FileHeader,
    scratch: Scratch,
}

impl<'a> Iterator for Tunes<'a> {
    type Item = (Source<'a>, Tune);

    fn next(&mut self) -> Option<(Source<'a>, Tune)> {
        let source = self.sources.next()?;
        let tune =
            TuneReader::new(&self.file_header, source.line).read(source.text, &mut self.scratch);
        Some((source, tune))
    }
}

/// Reads the whole text as one tune, even without `X:` or `K:`: a fragment, or the music alone.
pub fn read_tune(text: &str) -> Tune {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    TuneReader::new(&FileHeader::default(), 1).read(text, &mut Scratch::default())
}
