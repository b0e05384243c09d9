//! A tunebook's text cut into its tunes, without reading their music.

use std::borrow::Cow;

use crate::lines::{Line, Lines, looks_like_music};
use crate::read::{FileHeader, TuneReader};
use crate::tune::Tune;
use crate::voice::Scratch;

/// The text of one tune in a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source<'a> {
    /// Line of the book where the text starts, from 1.
    pub line: u32,
    /// The tune's own text, from its `X:` field to its last line of music or fields.
    pub text: &'a str,
    /// The book's file header (ABC 2.1, section 2.2.2), which the tune inherits; mostly empty.
    pub file_header: &'a str,
}

impl<'a> Source<'a> {
    /// A text that stands for itself: the file header, where there is one, before the tune.
    ///
    /// ```
    /// let book = "M:6/8\n\nX:1\nK:G\nGAB|\n";
    /// let source = abc::split(book).next().ok_or("no tune")?;
    /// assert_eq!(source.text, "X:1\nK:G\nGAB|");
    /// assert_eq!(source.standalone(), "M:6/8\n\nX:1\nK:G\nGAB|");
    /// # Ok::<(), &str>(())
    /// ```
    pub fn standalone(&self) -> Cow<'a, str> {
        if self.file_header.is_empty() {
            Cow::Borrowed(self.text)
        } else {
            Cow::Owned(format!("{}\n\n{}", self.file_header.trim_end(), self.text))
        }
    }

    /// Reads the tune.
    pub fn read(&self) -> Tune {
        let file_header = FileHeader::read(self.file_header);
        TuneReader::new(&file_header, self.line).read(self.text, &mut Scratch::default())
    }
}

/// Cuts a tunebook into the texts of its tunes, in order.
///
/// A tune starts at an `X:` field and ends at an empty line or the next `X:` (ABC 2.1, section
/// 2.2). More leniently, an empty line inside the header, before the music, or before a line that
/// can only be music does not end it, and a block of fields with a `K:` and music after it is a
/// tune although it has no `X:`.
///
/// ```
/// let book = "X:1\nK:G\nGAB|\n\nsome words\n\nX:2\nK:D\nDEF|\n";
/// let lines: Vec<u32> = abc::split(book).map(|source| source.line).collect();
/// assert_eq!(lines, [1, 7]);
/// ```
pub fn split(text: &str) -> Split<'_> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (file_header, start, line) = file_header(text);
    Split { text, lines: Lines::new(&text[start..]), base: start, line, file_header, held: None }
}

/// The texts of the tunes in a book, made by [`split`].
#[derive(Clone, Debug)]
pub struct Split<'a> {
    text: &'a str,
    lines: Lines<'a>,
    /// Where `lines` start in the text.
    base: usize,
    /// Lines taken so far.
    line: u32,
    file_header: &'a str,
    /// A line taken that starts the next tune.
    held: Option<Start>,
}

#[derive(Clone, Copy, Debug)]
struct Start {
    offset: usize,
    end: usize,
    line: u32,
}

impl<'a> Split<'a> {
    /// The book's file header, empty when it has none.
    pub fn file_header(&self) -> &'a str {
        self.file_header
    }

    fn next_line(&mut self) -> Option<(Start, &'a str)> {
        let (offset, line) = self.lines.next()?;
        self.line = self.line.saturating_add(1);
        let offset = self.base + offset;
        Some((Start { offset, end: offset + line.len(), line: self.line }, line))
    }

    /// Goes on to the line with which a tune's text becomes certain: its `X:`, or the first music
    /// after a block of fields with a `K:`.
    fn find_start(&mut self) -> Option<(Start, Extent)> {
        if let Some(start) = self.held.take() {
            return Some((start, Extent::new(start.end)));
        }
        let mut block: Option<(Start, bool)> = None;
        while let Some((at, line)) = self.next_line() {
            match Line::of(line) {
                Line::Field(b'X', _) => return Some((at, Extent::new(at.end))),
                Line::Field(letter, _) => {
                    let (start, keyed) = block.unwrap_or((at, false));
                    block = Some((start, keyed || letter == b'K'));
                }
                Line::Comment(_) => {}
                Line::Blank => block = None,
                Line::Other => match block.take() {
                    Some((start, true)) if looks_like_music(line) => {
                        let mut extent = Extent::new(at.end);
                        (extent.keyed, extent.music) = (true, true);
                        return Some((start, extent));
                    }
                    _ => {}
                },
            }
        }
        None
    }
}

/// How far a tune's text reaches.
#[derive(Debug)]
struct Extent {
    end: usize,
    keyed: bool,
    music: bool,
    gap: bool,
    block: bool,
}

impl Extent {
    fn new(end: usize) -> Self {
        Self { end, keyed: false, music: false, gap: false, block: false }
    }

    /// Takes a line into the tune, unless the tune is over.
    fn take(&mut self, line: &str, end: usize) -> bool {
        let kind = Line::of(line);
        let inside = match kind {
            _ if self.block => {
                self.block = !kind.ends_block();
                true
            }
            Line::Blank => {
                self.gap = true;
                return true;
            }
            Line::Comment(_) => {
                if self.gap {
                    return true;
                }
                self.block = kind.begins_block();
                true
            }
            Line::Field(letter, _) => {
                let body = matches!(letter, b'P' | b'V' | b'w' | b'W' | b's' | b'+');
                let goes_on = !self.gap || !self.music || body;
                self.keyed |= letter == b'K';
                goes_on
            }
            Line::Other => {
                let goes_on = !self.gap || looks_like_music(line);
                self.music |= self.keyed || looks_like_music(line);
                goes_on
            }
        };
        if inside {
            (self.end, self.gap) = (end, false);
        }
        inside
    }
}

impl<'a> Iterator for Split<'a> {
    type Item = Source<'a>;

    fn next(&mut self) -> Option<Source<'a>> {
        let (start, mut extent) = self.find_start()?;
        let mut ahead = self.clone_position();
        while let Some((at, line)) = self.next_line() {
            if matches!(Line::of(line), Line::Field(b'X', _)) {
                self.held = Some(at);
                break;
            }
            if !extent.take(line, at.end) {
                // The line may belong to a tune without `X:`; it is looked at again.
                self.restore(ahead);
                break;
            }
            ahead = self.clone_position();
        }
        let text = &self.text[start.offset..extent.end.max(start.offset)];
        Some(Source { line: start.line, text: text.trim_end(), file_header: self.file_header })
    }
}

impl<'a> Split<'a> {
    fn clone_position(&self) -> (Lines<'a>, u32) {
        (self.lines.clone(), self.line)
    }

    fn restore(&mut self, (lines, line): (Lines<'a>, u32)) {
        (self.lines, self.line) = (lines, line);
    }
}

/// Tunes of a file inherit no more than this of its header.
const MAX_FILE_HEADER: usize = 4096;

/// The file header: a block of fields at the start of a file that ends at an empty line or at the
/// first `X:`. Returns it with the offset and the number of lines before what follows.
fn file_header(text: &str) -> (&str, usize, u32) {
    let mut start = None;
    let mut fields = false;
    for (count, (offset, line)) in (0..).zip(Lines::new(text)) {
        let done = match Line::of(line) {
            Line::Blank => start.is_some(),
            Line::Field(b'X', _) => true,
            // A title or a key belongs to a tune, even if its `X:` is missing.
            Line::Field(b'T' | b'K', _) => return ("", 0, 0),
            Line::Field(..) => {
                fields = true;
                start.get_or_insert(offset);
                false
            }
            Line::Comment(_) => {
                start.get_or_insert(offset);
                false
            }
            Line::Other => return ("", 0, 0),
        };
        if done {
            let from = start.unwrap_or(offset);
            let header = &text[from..offset];
            let kept = fields && header.len() <= MAX_FILE_HEADER;
            return (if kept { header.trim_end() } else { "" }, offset, count);
        }
    }
    ("", 0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(book: &str, expected: &[&str]) {
        let texts: Vec<&str> = split(book).map(|source| source.text).collect();
        assert_eq!(texts, expected, "{book:?}");
    }

    #[test]
    fn tunes_end_at_empty_lines_and_at_the_next_number() {
        check(
            "X:1\nK:C\nCD|\n\nX:2\nK:D\nDE|\nX:3\nK:E\nEF|",
            &["X:1\nK:C\nCD|", "X:2\nK:D\nDE|", "X:3\nK:E\nEF|"],
        );
        check("free text\n\nX:1\nK:C\nCD|\n\nmore text\nwith A|B|C|\n\n", &["X:1\nK:C\nCD|"]);
        check("", &[]);
        check("no tune here", &[]);
    }

    #[test]
    fn an_empty_line_before_or_inside_the_music_ends_nothing() {
        check(
            "X:1\nT:A\n\nK:C\n\nCD|\n\nEF|GA|\n\nW:words\n\nprose",
            &["X:1\nT:A\n\nK:C\n\nCD|\n\nEF|GA|\n\nW:words"],
        );
    }

    #[test]
    fn a_tune_needs_no_number_when_it_has_a_key_and_music() {
        check("T:A\nK:C\nCD|\n\nT:B\nM:C\nK:D\nDE|\n", &["T:A\nK:C\nCD|", "T:B\nM:C\nK:D\nDE|"]);
        check("X:1\nK:C\nCD|\n\nT:B\nK:D\nDE|\n", &["X:1\nK:C\nCD|", "T:B\nK:D\nDE|"]);
    }

    #[test]
    fn blocks_of_text_may_hold_empty_lines() {
        let book = "X:1\nK:C\nCD|\n%%begintext\na\n\nb\n%%endtext\nEF|";
        check(book, &[book]);
    }

    #[test]
    fn the_file_header_goes_with_every_tune() {
        let book = "%abc-2.1\nM:6/8\nC:Trad\n\nX:1\nK:C\nCD|";
        let sources: Vec<_> = split(book).collect();
        assert_eq!(sources.len(), 1);
        assert_eq!(sources[0].file_header, "%abc-2.1\nM:6/8\nC:Trad");
        assert_eq!(sources[0].line, 5);
        assert_eq!(split("\n\nX:1\nK:C\nC|").next().map(|source| source.line), Some(3));
    }
}
