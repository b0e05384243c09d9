//! Bytes to text: UTF-8 where it is, Windows-1252 (Latin-1 with quotes) line by line where not.

use std::borrow::Cow;

use crate::complaint::{Complaint, ComplaintKind};

/// Decodes the bytes of a tunebook. UTF-8 is borrowed; each line that is not UTF-8 is read as
/// Windows-1252, since both occur in one file; a byte order mark is left out, and UTF-16 is
/// recognised by its mark.
///
/// ```
/// assert_eq!(abc::decode(b"T:An Ghr\xe9in"), "T:An Ghréin");
/// assert_eq!(abc::decode("T:An Ghréin".as_bytes()), "T:An Ghréin");
/// ```
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match bytes {
        [0xFF, 0xFE, rest @ ..] => Cow::Owned(utf16(rest, u16::from_le_bytes)),
        [0xFE, 0xFF, rest @ ..] => Cow::Owned(utf16(rest, u16::from_be_bytes)),
        _ => {
            let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
            match std::str::from_utf8(bytes) {
                Ok(text) => Cow::Borrowed(text),
                Err(_) => Cow::Owned(line_by_line(bytes)),
            }
        }
    }
}

/// The complaint about bytes that are not UTF-8.
pub(crate) fn complaint(bytes: &[u8]) -> Option<Complaint> {
    let utf16 = bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF");
    let line = first_foreign_line(bytes).filter(|_| !utf16)?;
    let message = "not UTF-8 from here on in places; such lines are read as Windows-1252";
    let kind = ComplaintKind::Encoding;
    Some(Complaint { line, column: 1, kind, message: message.to_owned() })
}

/// The first line (from 1) that is not UTF-8.
fn first_foreign_line(bytes: &[u8]) -> Option<u32> {
    let error = std::str::from_utf8(bytes).err()?;
    let before = &bytes[..error.valid_up_to()];
    let breaks = before
        .iter()
        .enumerate()
        .filter(|&(at, &byte)| byte == b'\n' || byte == b'\r' && before.get(at + 1) != Some(&b'\n'))
        .count();
    u32::try_from(breaks + 1).ok()
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

fn line_by_line(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    for line in bytes.split_inclusive(|&byte| byte == b'\n' || byte == b'\r') {
        match std::str::from_utf8(line) {
            Ok(line) => text.push_str(line),
            Err(_) => text.extend(line.iter().map(|&byte| windows_1252(byte))),
        }
    }
    text
}

fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '\u{20AC}', '\u{81}', '\u{201A}', '\u{192}', '\u{201E}', '\u{2026}', '\u{2020}',
        '\u{2021}', '\u{2C6}', '\u{2030}', '\u{160}', '\u{2039}', '\u{152}', '\u{8D}', '\u{17D}',
        '\u{8F}', '\u{90}', '\u{2018}', '\u{2019}', '\u{201C}', '\u{201D}', '\u{2022}', '\u{2013}',
        '\u{2014}', '\u{2DC}', '\u{2122}', '\u{161}', '\u{203A}', '\u{153}', '\u{9D}', '\u{17E}',
        '\u{178}',
    ];
    match byte {
        0x80..=0x9F => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_is_borrowed_and_its_mark_left_out() {
        assert!(matches!(decode("\u{feff}X:1\u{e9}".as_bytes()), Cow::Borrowed("X:1\u{e9}")));
    }

    #[test]
    fn lines_of_both_encodings_are_told_apart() {
        let mixed = b"T:Caf\xc3\xa9\nT:Caf\xe9\rT:\x93A\x94";
        assert_eq!(decode(mixed), "T:Caf\u{e9}\nT:Caf\u{e9}\rT:\u{201c}A\u{201d}");
        assert_eq!(first_foreign_line(mixed), Some(2));
        assert_eq!(first_foreign_line(b"a\r\nb\rc\xe9"), Some(3));
        assert_eq!(first_foreign_line(b"abc"), None);
    }

    #[test]
    fn utf16_is_known_by_its_mark() {
        assert_eq!(decode(b"\xff\xfeX\0:\0"), "X:");
        assert_eq!(decode(b"\xfe\xff\0X\0:"), "X:");
    }
}
