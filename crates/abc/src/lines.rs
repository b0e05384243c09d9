//! Lines of a text and what kind each is.

/// Lines with their offsets, ended by LF, CRLF or CR.
#[derive(Clone, Debug)]
pub(crate) struct Lines<'a> {
    text: &'a str,
    next: usize,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, next: 0 }
    }
}

impl<'a> Iterator for Lines<'a> {
    /// Byte offset and the line without its end.
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.next;
        let rest = self.text.as_bytes().get(start..).filter(|rest| !rest.is_empty())?;
        let length = line_length(rest);
        let ending = match &rest[length..] {
            [b'\r', b'\n', ..] => 2,
            [_, ..] => 1,
            [] => 0,
        };
        self.next = start + length + ending;
        Some((start, &self.text[start..start + length]))
    }
}

/// Bytes before the first CR or LF, looking at many at a time since most lines are long.
fn line_length(bytes: &[u8]) -> usize {
    const MANY: usize = 32;
    let ends = |byte: u8| (byte == b'\n') | (byte == b'\r');
    let mut length = 0;
    for chunk in bytes.chunks_exact(MANY) {
        // Without a branch for each byte the compiler compares them all at once.
        if chunk.iter().fold(0, |found, &byte| found | u8::from(ends(byte))) != 0 {
            break;
        }
        length += MANY;
    }
    length + bytes[length..].iter().position(|&byte| ends(byte)).unwrap_or(bytes.len() - length)
}

/// What a line looks like, whatever stands around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// Nothing but blanks.
    Blank,
    /// `%...`, with `%%` for directives.
    Comment(&'a str),
    /// `T:text`; `+` continues the field before.
    Field(u8, &'a str),
    /// Anything else.
    Other,
}

impl<'a> Line<'a> {
    pub(crate) fn of(line: &'a str) -> Self {
        let bytes = line.as_bytes();
        match bytes {
            [b'%', ..] => Self::Comment(line),
            [letter, b':', ..] if letter.is_ascii_alphabetic() || *letter == b'+' => {
                Self::Field(*letter, &line[2..])
            }
            [] => Self::Blank,
            [b' ' | b'\t' | 0x0B | 0x0C | 0xC2.., ..] => Self::indented(line),
            _ => Self::Other,
        }
    }

    fn indented(line: &'a str) -> Self {
        let trimmed = line.trim_start();
        match trimmed.as_bytes() {
            [] => Self::Blank,
            [b'%', ..] => Self::Comment(trimmed),
            // Only an `X:` with a number is surely a field where blanks come first.
            [b'X', b':', ..]
                if trimmed[2..].trim_start().starts_with(|c: char| c.is_ascii_digit()) =>
            {
                Self::Field(b'X', &trimmed[2..])
            }
            _ => Self::Other,
        }
    }

    /// Starts a `%%begin...` block.
    pub(crate) fn begins_block(self) -> bool {
        matches!(self, Self::Comment(text) if text.starts_with("%%begin"))
    }

    /// Ends a `%%begin...` block.
    pub(crate) fn ends_block(self) -> bool {
        matches!(self, Self::Comment(text) if text.starts_with("%%end"))
    }
}

/// Whether a body line that starts like a field is music after all: `G:|` closes a repeat.
pub(crate) fn is_music_after_all(letter: u8, text: &str) -> bool {
    matches!(letter, b'A'..=b'G' | b'a'..=b'g' | b'x' | b'z') && text.starts_with(['|', ':', ']'])
}

/// How much of a line is looked at to tell music from words.
const SAMPLE: usize = 400;

/// Whether a line can only be music: it has notes and a bar line, and nearly nothing else.
pub(crate) fn looks_like_music(line: &str) -> bool {
    let (mut notes, mut bars, mut others, mut quoted) = (0, 0, 0, false);
    for byte in line.bytes().take(SAMPLE) {
        match byte {
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'A'..=b'G' | b'a'..=b'g' => notes += 1,
            b'|' => bars += 1,
            b' ' | b'z' | b'x' | b'Z' | b'0'..=b'9' => {}
            b'/' | b':' | b'[' | b']' | b'(' | b')' | b'{' | b'}' | b'<' | b'>' | b'^' | b'_' => {}
            b'=' | b',' | b'\'' | b'-' | b'~' | b'.' | b'`' | b'\\' | b'!' | b'u' | b'v' | b'T' => {
            }
            _ => others += 1,
        }
    }
    notes > 0 && bars > 0 && others * 5 <= notes
}

/// Whether a line among music is words: no bar line, and many letters that no note has.
pub(crate) fn looks_like_words(line: &str) -> bool {
    let line = line.as_bytes();
    let sample = &line[..line.len().min(SAMPLE)];
    let mut words = 0;
    let mut run = (0, 0);
    for &byte in sample.iter().chain(b" ") {
        match byte {
            b'|' | b':' | b'"' | b'!' | b'+' | b'{' | b'[' | b'0'..=b'9' => return false,
            // Letters of notes, rests and common decorations.
            b'A'..=b'H' | b'a'..=b'g' | b'L' | b'M' | b'O' | b'P' | b'S' | b'T' | b'X' | b'Z' => {
                run.0 += 1;
            }
            b'u' | b'v' | b'x' | b'y' | b'z' => {
                run.0 += 1;
            }
            b'h'..=b't' | b'w' | b'I'..=b'Z' => run.1 += 1,
            _ => {
                words += usize::from(run.0 + run.1 >= 3 && run.1 * 3 >= run.0 + run.1);
                run = (0, 0);
            }
        }
    }
    words >= 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_every_way() {
        let lines: Vec<_> = Lines::new("a\r\nb\rc\n\nlonger than sixteen bytes\n").collect();
        let expected = [(0, "a"), (3, "b"), (5, "c"), (7, ""), (8, "longer than sixteen bytes")];
        assert_eq!(lines, expected);
    }

    #[test]
    fn fields_are_told_from_music() {
        assert_eq!(Line::of("T:A"), Line::Field(b'T', "A"));
        assert_eq!(Line::of("+:more"), Line::Field(b'+', "more"));
        assert_eq!(Line::of("  X: 3"), Line::Field(b'X', " 3"));
        assert_eq!(Line::of(" \u{a0}\t"), Line::Blank);
        assert_eq!(Line::of("|:ABc"), Line::Other);
        assert!(is_music_after_all(b'G', "|"));
        assert!(!is_music_after_all(b'G', "group"));
    }

    #[test]
    fn words_are_told_from_music() {
        assert!(looks_like_music("|:\"Am\"A2 cB A>B{c}d2|"));
        assert!(!looks_like_music("N bars 13 and 21 are |f2ed| marked Bis"));
        assert!(looks_like_words("Repeat the last part twice"));
        assert!(!looks_like_words("ABc dBA FED"));
        assert!(!looks_like_words("A B c | play"));
        assert!(!looks_like_words("HAB TAB vuA"));
    }
}
