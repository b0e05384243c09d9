//! A place in a line of music.

use crate::complaint::Place;

/// Numbers beyond this have no sense in music; it keeps arithmetic far from overflow.
pub(crate) const MAX_NUMBER: u32 = 1 << 31;

/// Walks through the bytes of one line of music.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: usize,
    pub(crate) line: u32,
    /// Bytes that were looked for and do not come again on this line, so that a line of unclosed
    /// brackets is not searched to its end for each.
    missing: [bool; 3],
}

/// What closes a passage of the line.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Close {
    Quote = 0,
    Brace = 1,
    Bracket = 2,
}

impl Close {
    fn byte(self) -> u8 {
        match self {
            Self::Quote => b'"',
            Self::Brace => b'}',
            Self::Bracket => b']',
        }
    }
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str, line: u32) -> Self {
        Self { text, at: 0, line, missing: [false; 3] }
    }

    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    pub(crate) fn peek_at(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    #[inline]
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// How many of this byte come next; they are taken.
    #[inline]
    pub(crate) fn count(&mut self, byte: u8) -> usize {
        let start = self.at;
        while self.eat(byte) {}
        self.at - start
    }

    /// A number, when digits come next; beyond [`MAX_NUMBER`] it stays there.
    #[inline]
    pub(crate) fn number(&mut self) -> Option<u32> {
        let mut number = None;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            let tens = number.unwrap_or(0u32).saturating_mul(10);
            number = Some(tens.saturating_add(u32::from(digit - b'0')).min(MAX_NUMBER));
            self.at += 1;
        }
        number
    }

    #[inline]
    pub(crate) fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    /// The text from here to the closing byte, which is taken too; `None` when it does not come.
    pub(crate) fn until(&mut self, close: Close) -> Option<&'a str> {
        if self.missing[close as usize] {
            return None;
        }
        let rest = &self.text.as_bytes()[self.at..];
        match rest.iter().position(|&byte| byte == close.byte()) {
            Some(length) => {
                let inside = &self.text[self.at..self.at + length];
                self.at += length + 1;
                Some(inside)
            }
            None => {
                self.missing[close as usize] = true;
                None
            }
        }
    }

    /// Takes one whole character, wherever in it the cursor stands.
    pub(crate) fn skip_char(&mut self) {
        self.at += 1;
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
    }

    #[inline]
    pub(crate) fn place(&self, offset: usize) -> Place<'a> {
        Place { line: self.line, text: self.text, offset }
    }

    /// A piece of the text for a complaint.
    pub(crate) fn quote(&self, from: usize) -> String {
        const LONGEST: usize = 24;
        let piece = self.text.get(from..self.at.min(self.text.len())).unwrap_or_default();
        let mut quote: String = piece.chars().take(LONGEST).collect();
        if quote.len() < piece.len() {
            quote.push('\u{2026}');
        }
        quote
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_in_range() {
        assert_eq!(Cursor::new("12x", 1).number(), Some(12));
        assert_eq!(Cursor::new("99999999999999999999", 1).number(), Some(MAX_NUMBER));
        assert_eq!(Cursor::new("x", 1).number(), None);
    }

    #[test]
    fn a_missing_close_is_looked_for_once() {
        let mut cursor = Cursor::new("ab}c\u{e9}", 1);
        assert_eq!(cursor.until(Close::Brace), Some("ab"));
        assert_eq!(cursor.until(Close::Brace), None);
        assert!(cursor.missing[Close::Brace as usize]);
        assert_eq!(cursor.at, 3);
    }
}
