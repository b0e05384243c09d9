//! ABC 2.1 text to tunes and back.
//!
//! ```
//! let book = abc::read(
//!     "X:1\n\
//!      T:Drowsy Maggie\n\
//!      R:reel\n\
//!      M:4/4\n\
//!      L:1/8\n\
//!      K:Edor\n\
//!      |:E2BE dEBE|E2BE AFDF|E2BE dEBE|1BABc dAFD:|2BABc dAFA||\n\
//!      d2fd c2ec|defg afge|d2fd c2ec|BABc dAFA:|\n",
//! );
//! let tune = &book.tunes[0];
//! assert_eq!(tune.header.titles, ["Drowsy Maggie"]);
//! assert_eq!(tune.header.key.to_string(), "Edor");
//! assert_eq!(tune.bars.len(), 9);
//! // The first part with both endings, then the second part, twice each.
//! assert_eq!(tune.unfold(), [0, 1, 2, 3, 0, 1, 2, 4, 5, 6, 7, 8, 5, 6, 7, 8]);
//! let melody = tune.melody();
//! assert_eq!(melody[0].pitch.midi(), 64);
//! assert_eq!(melody[0].duration, abc::Duration::new(1, 4));
//! assert!(tune.complaints.is_empty());
//! ```
//!
//! The reader takes what it finds: tunes are typed by hand, and a slip in one bar should not cost
//! the tune, nor one tune the book. What it can make no sense of becomes a [`Complaint`] with its
//! place, its kind, and what was done about it; kinds that [touch notes](ComplaintKind::touches_notes)
//! mean that the melody may differ from what was meant. How each ambiguity of the standard is
//! decided stands in `docs/abc-dialect.md`.
//!
//! - [`read`] and [`read_bytes`] read a whole book, [`tunes`] one tune after another with its
//!   source, [`split`] only finds the sources, [`read_tune`] reads a single tune or fragment,
//!   [`read_file`] a file of ABC or MIDI, and [`Incoming`] one that comes in pieces.
//! - [`Tune`] is the tune as written; [`Tune::unfold`] puts its bars into playing order,
//!   [`Tune::melody`] gives the tones as they sound, [`Tune::fills`] tells which bars fill their
//!   metre.
//! - [`write()`] makes ABC of a tune again, which plays the same; [`midi()`] makes a MIDI file of it.
//!
//! Reading takes time linear in the text, whatever the text is, and memory for at most a million
//! notes a tune. No input makes it panic.

mod accidentals;
mod barline;
mod complaint;
mod cursor;
mod duration;
mod encoding;
mod fields;
mod fill;
mod heard;
mod incoming;
mod key;
mod keyfield;
mod lines;
mod melody;
mod metre;
mod midi;
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
pub use heard::{MidiError, read_midi};
pub use incoming::{Incoming, read_file};
pub use key::{Key, KeyError, Mode, Tonic};
pub use melody::{Placed, Sounding};
pub use metre::{Metre, MetreError};
pub use midi::midi;
pub use pitch::{Pitch, Pitches};
pub use split::{Source, Split, split};
pub use text::entities;
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
/// All tunes are kept at once, a million at most; [`tunes`] reads any number one at a time.
pub fn read(text: &str) -> Book {
    const MAX_TUNES: usize = 1_000_000;
    let mut tunes = tunes(text);
    let kept = tunes.by_ref().take(MAX_TUNES).map(|(_, tune)| tune).collect();
    let complaints = tunes.sources.next().map(|source| Complaint {
        line: source.line,
        column: 1,
        kind: ComplaintKind::Limit,
        message: format!("more than {MAX_TUNES} tunes; the rest is left out"),
    });
    Book { tunes: kept, complaints: complaints.into_iter().collect() }
}

/// Reads a tunebook in UTF-8, or where it is not, in Windows-1252; see [`decode`].
pub fn read_bytes(bytes: &[u8]) -> Book {
    let mut book = read(&decode(bytes));
    book.complaints.extend(encoding::complaint(bytes));
    book
}

/// Reads the tunes of a book one at a time, each with its source text.
///
/// ```
/// let book = "X:1\nT:One\nK:G\nGAB|\n\nX:2\nT:Two\nK:D\nDEF|\n";
/// for (source, tune) in abc::tunes(book) {
///     assert!(source.text.contains(&tune.header.titles[0]));
///     assert_eq!(source.line, tune.line);
/// }
/// ```
pub fn tunes(text: &str) -> Tunes<'_> {
    let sources = split(text);
    let file_header = FileHeader::read(sources.file_header());
    Tunes { sources, file_header, scratch: Scratch::default() }
}

/// The tunes of a book with their source texts, made by [`tunes`].
#[derive(Debug)]
pub struct Tunes<'a> {
    sources: Split<'a>,
    file_header: FileHeader,
    scratch: Scratch,
}

impl<'a> Iterator for Tunes<'a> {
    type Item = (Source<'a>, Tune);

    fn next(&mut self) -> Option<(Source<'a>, Tune)> {
        let source = self.sources.next()?;
        let reader = TuneReader::new(&self.file_header, source.line);
        Some((source, reader.read(source.text, &mut self.scratch)))
    }
}

/// Reads the whole text as one tune, even without `X:` or `K:`: a fragment, or the music alone.
///
/// ```
/// let tune = abc::read_tune("GAB cde");
/// assert_eq!(tune.melody().len(), 6);
/// ```
pub fn read_tune(text: &str) -> Tune {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    TuneReader::new(&FileHeader::default(), 1).read(text, &mut Scratch::default())
}
