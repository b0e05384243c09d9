//! Tunes of a file that comes in pieces, and which kind of file it is.

use crate::lines::Lines;
use crate::read::{FileHeader, TuneReader};
use crate::voice::Scratch;
use crate::{MidiError, Tune, decode, read_midi, read_tune, split};

/// How a standard MIDI file begins.
const MIDI: &[u8] = b"MThd";

/// How UTF-16 begins, of either order of bytes.
const UTF16: [&[u8]; 2] = [b"\xFF\xFE", b"\xFE\xFF"];

/// Reads all tunes of a file, whatever it holds: ABC, a fragment of ABC without `X:` and `K:`, or a standard MIDI file.
/// Without any music there are none.
///
/// ```
/// let names = |bytes: &[u8]| -> Result<Vec<String>, abc::MidiError> {
///     Ok(abc::read_file(bytes)?.into_iter().map(|tune| tune.header.number).collect())
/// };
/// assert_eq!(names(b"X:1\nK:G\nGAB|\n\nX:2\nK:D\nDEF|\n")?, ["1", "2"]);
/// assert_eq!(names(b"GAB cde")?, [""]);
/// assert_eq!(names(&abc::midi(&abc::read_tune("GAB cde")))?, [""]);
/// assert!(names(b"")?.is_empty());
/// # Ok::<(), abc::MidiError>(())
/// ```
///
/// # Errors
/// [`MidiError`] for a MIDI file that is damaged or has no melody.
pub fn read_file(bytes: &[u8]) -> Result<Vec<Tune>, MidiError> {
    let mut incoming = Incoming::default();
    let mut tunes = incoming.push(bytes);
    tunes.extend(incoming.finish()?);
    Ok(tunes)
}

/// Reads the tunes of a file that comes in pieces, as [`read_file`] reads all of it, and keeps no more of it than a tune that has
/// not ended, or what has no `X:` at the start of a line.
///
/// ```
/// let mut incoming = abc::Incoming::default();
/// assert!(incoming.push(b"X:1\nK:G\nGAB|\n\nX").is_empty());
/// assert_eq!(incoming.push(b":2\nK:D\nDE")[0].header.number, "1");
/// assert_eq!(incoming.finish()?[0].header.number, "2");
/// # Ok::<(), abc::MidiError>(())
/// ```
#[derive(Debug, Default)]
pub struct Incoming {
    /// What is not read yet.
    pending: Vec<u8>,
    /// How far it was looked through for the start of a tune.
    seen: usize,
    /// Whether the start of the file is not pending any more.
    begun: bool,
    /// Whether there was a tune.
    some: bool,
    /// Lines that were read.
    lines: u32,
    file_header: FileHeader,
    scratch: Scratch,
}

impl Incoming {
    /// Takes the next piece; the tunes that are whole with it.
    pub fn push(&mut self, piece: &[u8]) -> Vec<Tune> {
        self.pending.extend_from_slice(piece);
        let Some(at) = self.cut() else {
            return Vec::new();
        };
        let rest = self.pending.split_off(at);
        let whole = std::mem::replace(&mut self.pending, rest);
        (self.seen, self.begun) = (0, true);
        self.read(&whole)
    }

    /// The tunes that end with the file.
    ///
    /// # Errors
    /// As [`read_file`].
    pub fn finish(mut self) -> Result<Vec<Tune>, MidiError> {
        let rest = std::mem::take(&mut self.pending);
        if !self.begun && rest.starts_with(MIDI) {
            return Ok(vec![read_midi(&rest)?]);
        }
        let mut tunes = self.read(&rest);
        if !self.some {
            tunes.push(read_tune(&decode(&rest)));
            tunes.retain(|tune| !tune.bars.is_empty());
        }
        Ok(tunes)
    }

    /// Where the last `X:` at the start of a line is: no tune goes over it. The first `X:` of a file is none to cut at, since the
    /// file header before it ends there.
    fn cut(&mut self) -> Option<usize> {
        let whole = |mark: &[u8]| self.pending.starts_with(mark);
        if !self.begun && (whole(MIDI) || UTF16.into_iter().any(whole)) {
            return None;
        }
        let starts = |at: &usize| {
            self.pending[*at..].starts_with(b"X:")
                && at.checked_sub(1).is_none_or(|end| matches!(self.pending[end], b'\n' | b'\r'))
        };
        let last = (self.seen..self.pending.len()).rev().find(starts);
        let first = || self.begun || (0..last.unwrap_or(0)).any(|at| starts(&at));
        let found = last.filter(|&at| at > 0 && first());
        // An `X` at the very end may be half of it.
        self.seen = self.pending.len().saturating_sub(1);
        found
    }

    fn read(&mut self, part: &[u8]) -> Vec<Tune> {
        let text = decode(part);
        let sources = split(&text);
        if self.lines == 0 {
            self.file_header = FileHeader::read(sources.file_header());
        }
        let mut tunes = Vec::new();
        for source in sources {
            let reader = TuneReader::new(&self.file_header, self.lines.saturating_add(source.line));
            tunes.push(reader.read(source.text, &mut self.scratch));
        }
        let lines = u32::try_from(Lines::new(&text).count()).unwrap_or(u32::MAX);
        self.lines = self.lines.saturating_add(lines);
        self.some |= !tunes.is_empty();
        tunes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_bytes;

    const BOOKS: [&[u8]; 6] = [
        b"%abc\nM:6/8\nC:Trad\n\nX:1\nK:C\nCD|\n\nwords\n\nX:2\nT:Caf\xe9\nK:D\n\nDE|\nX:3\nK:E\nEF|",
        b"T:A\nK:C\nCD|\n\nT:B\nM:C\nK:D\nDE|\n\nX:9\nK:G\nGA|\n\nT:C\nK:C\nAB|\n",
        b"X:1\r\nK:C\r\n%%begintext\r\n\r\nX:2\r\nK:D\r\nDE|\r\n\r\n  X:3\r\nK:C\r\nC|\r\n",
        b"\xef\xbb\xbfL:1/16\nX:1\nK:C\nCD XX:|\n\nX:2\nK:C\nC(D|\nX:\nX:4\nK:C\nD|",
        b"\xff\xfeX\0:\x001\0\n\0K\0:\0C\0\n\0C\0|\0\n\0X\0:\x002\0\n\0K\0:\0D\0\n\0D\0|\0",
        b"no tune here\n",
    ];

    #[test]
    fn pieces_of_any_size_give_the_tunes_of_the_whole() {
        for book in BOOKS {
            let whole = read_bytes(book).tunes;
            for size in 1..=book.len() {
                let mut incoming = Incoming::default();
                let mut tunes: Vec<Tune> =
                    book.chunks(size).flat_map(|piece| incoming.push(piece)).collect();
                tunes.extend(incoming.finish().unwrap());
                assert_eq!(tunes, whole, "pieces of {size}: {}", decode(book));
            }
        }
    }

    #[test]
    fn of_a_long_book_little_is_kept() {
        let mut incoming = Incoming::default();
        let mut tunes = 0;
        for number in 1..=2000 {
            let tune = format!("X:{number}\nK:C\nCDEF GABc|\n\n");
            for piece in tune.as_bytes().chunks(7) {
                tunes += incoming.push(piece).len();
                assert!(incoming.pending.len() < 100);
            }
        }
        assert_eq!((tunes, incoming.finish().unwrap().len()), (1999, 1));
    }

    #[test]
    fn a_midi_file_is_read_whole_whatever_bytes_it_has() {
        let midi = crate::midi(&read_tune("GAB cde"));
        let mut incoming = Incoming::default();
        for piece in midi.chunks(3) {
            assert!(incoming.push(piece).is_empty());
        }
        assert_eq!(incoming.finish().unwrap(), [read_midi(&midi).unwrap()]);
        let mut false_one = Incoming::default();
        assert!(false_one.push(b"MThd\nX:1\nK:C\nC|\nX:2\nK:C\nD|\n").is_empty());
        assert!(false_one.finish().is_err());
    }
}
