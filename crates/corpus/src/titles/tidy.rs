//! What is done to the characters of a title before its words are looked at.

use unicode_normalization::UnicodeNormalization;

/// Remarks in brackets that are about the notation, folded beginnings.
const REMARKS: &[&str] = &["can be used", "for the", "as a ", "play "];

/// Instruments for which a tune is said to be; a field that says only that is a remark.
const INSTRUMENTS: &[&str] = &[" flute", " violin", " fiddle", " fife", " pipes"];

/// A title with entities decoded, stray marks gone, accents composed, white space single.
pub(super) fn tidy(raw: &str) -> String {
    let decoded = abc::entities(raw);
    let text = decoded.trim_start().trim_start_matches("T:");
    let text: String = text.nfc().filter(|&c| !c.is_control() || c.is_whitespace()).collect();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = without_index_remark(&text);
    let text = without_leading_number(text);
    let text = text.replace(['’', '‘', '`', '´'], "'").replace(['“', '”'], "\"");
    undotted(&mended(&text))
}

/// Whether the field is a remark on the notation: `(Can be used as a Clog.)`, `for the Ger: Flute`.
pub(super) fn is_remark(text: &str) -> bool {
    let folded = super::fold_words(text);
    let bracketed = text.starts_with('(') && text.ends_with(')');
    let remark = REMARKS.iter().any(|start| folded.starts_with(start));
    let instrument = INSTRUMENTS.iter().any(|name| folded.ends_with(name));
    let scoring = folded == "2 flutes" || (folded.starts_with("for the") && instrument);
    (bracketed && remark) || scoring || folded.contains("following tunes are")
}

/// `Moar Neine [index]`: a bracketed note by the transcriber at the end.
fn without_index_remark(text: &str) -> &str {
    let cut = text.rfind('[').filter(|_| text.ends_with(']'));
    match cut {
        Some(at) if super::fold_words(&text[at..]).ends_with("index") => text[..at].trim_end(),
        _ => text,
    }
}

/// `1. The Reel` and `No. 3: The Reel` without their number; `1st August` and `1921` as they are.
fn without_leading_number(text: &str) -> &str {
    let label = ["No. ", "No.", "Nr. ", "#"].iter().find_map(|label| text.strip_prefix(label));
    let body = label.unwrap_or(text);
    let digits = body.bytes().take_while(u8::is_ascii_digit).count();
    let after = &body[digits..];
    let rest = after.strip_prefix(['.', ')', ':']).or(label.map(|_| after));
    match rest {
        Some(rest) if digits > 0 && rest.starts_with(' ') => rest.trim_start(),
        _ => text,
    }
}

/// Text in which an overeager replacement put a colon after every `at` (`Wat:erloo`), mended.
fn mended(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let before = &text[..at];
        let hurt = c == ':' && before.ends_with("at") && before.len() > 2;
        if !hurt || before.ends_with(" at") {
            mended.push(c);
        }
    }
    mended
}

/// Irish in small letters with a dot for each dotted consonant (`an stanadoir suga.c`), written
/// with `h` as today (`sugach`).
fn undotted(text: &str) -> String {
    let dotted = |pair: &[u8]| pair[0] == b'.' && pair[1].is_ascii_lowercase();
    let small = text.chars().skip(1).all(|c| !c.is_uppercase());
    if !small || !text.as_bytes().windows(2).any(dotted) {
        return text.to_owned();
    }
    let mut spelt = String::with_capacity(text.len() + 8);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.peek().copied() {
            Some(next) if c == '.' && next.is_ascii_lowercase() => {
                chars.next();
                spelt.push(next);
                if matches!(next, 'b' | 'c' | 'd' | 'f' | 'g' | 'm' | 'p' | 's' | 't') {
                    spelt.push('h');
                }
            }
            _ => spelt.push(c),
        }
    }
    spelt
}
