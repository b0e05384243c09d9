//! Text in fields: comments, accents written as `\'e` or `&eacute;` (ABC 2.1, section 8.2).

use std::borrow::Cow;

/// The text up to a comment, `%` unless escaped as `\%`, without blanks around it.
pub(crate) fn without_comment(text: &str) -> &str {
    let mut from = 0;
    while let Some(at) = text[from..].find('%').map(|at| from + at) {
        let slashes = text.as_bytes()[..at].iter().rev().take_while(|&&b| b == b'\\').count();
        if slashes % 2 == 0 {
            return text[..at].trim();
        }
        from = at + 1;
    }
    text.trim()
}

/// Decodes accents and entities.
pub(crate) fn decode(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| byte == b'\\' || byte == b'&') {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '&']) {
        // A TeX group around an accent, `{\'e}`, goes with it.
        let braced = rest[..at].ends_with('{') && rest.as_bytes()[at] == b'\\';
        let after = &rest[at + 1..];
        let (symbol, length) = match rest.as_bytes()[at] {
            b'&' => entity(after),
            _ => escape(after),
        };
        let closed = braced && length > 1 && after[length..].starts_with('}');
        decoded.push_str(&rest[..at - usize::from(closed)]);
        decoded.push(symbol);
        rest = &after[length + usize::from(closed)..];
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

/// Decodes HTML entities alone: `&eacute;`, `&#39;`, `&amp;`; what is none stays.
///
/// ```
/// assert_eq!(abc::entities("Mary &amp; S&iacute;le & &c;"), "Mary & Síle & &c;");
/// ```
pub fn entities(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut parts = text.split('&');
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for after in parts {
        let (symbol, length) = entity(after);
        decoded.push(symbol);
        decoded.push_str(&after[length..]);
    }
    Cow::Owned(decoded)
}

/// Escapes what [`decode`] and comments would change, and keeps the text on its line.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for c in text.trim().chars() {
        match c {
            '\\' | '%' | '&' => encoded.extend(['\\', c]),
            '\n' | '\r' => encoded.push(' '),
            _ => encoded.push(c),
        }
    }
    encoded
}

/// What follows a backslash: the character it stands for and how many bytes it took.
fn escape(after: &str) -> (char, usize) {
    let bytes = after.as_bytes();
    if let Some(c) = code_point(after) {
        return c;
    }
    let ligature = |name: &str, c: char| after.starts_with(name).then_some((c, name.len()));
    let found = ligature("AE", 'Æ')
        .or_else(|| ligature("ae", 'æ'))
        .or_else(|| ligature("OE", 'Œ'))
        .or_else(|| ligature("oe", 'œ'))
        .or_else(|| ligature("AA", 'Å'))
        .or_else(|| ligature("aa", 'å'))
        .or_else(|| ligature("ss", 'ß'))
        .or_else(|| ligature("DH", 'Ð'))
        .or_else(|| ligature("dh", 'ð'))
        .or_else(|| ligature("TH", 'Þ'))
        .or_else(|| ligature("th", 'þ'))
        .or_else(|| double_acute(after));
    if let Some(found) = found {
        return found;
    }
    match bytes {
        [b'\\' | b'%' | b'&', ..] => (char::from(bytes[0]), 1),
        [mark, b'{', letter, b'}', ..] if accented(*mark, *letter).is_some() => {
            (accented(*mark, *letter).unwrap_or('?'), 4)
        }
        [b'c', b' ', letter @ (b'c' | b'C'), ..] => (if *letter == b'c' { 'ç' } else { 'Ç' }, 3),
        [mark, b'\\', b'i', ..] if accented(*mark, b'i').is_some() => {
            (accented(*mark, b'i').unwrap_or('?'), 3)
        }
        [mark, letter, ..] => accented(*mark, *letter).map_or(('\\', 0), |c| (c, 2)),
        _ => ('\\', 0),
    }
}

/// `\u00e9` and `\U000000e9`.
fn code_point(after: &str) -> Option<(char, usize)> {
    let digits = match after.as_bytes().first()? {
        b'u' => 4,
        b'U' => 8,
        _ => return None,
    };
    let hex = after.get(1..=digits)?;
    if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let c = char::from_u32(u32::from_str_radix(hex, 16).ok()?)?;
    (!c.is_control()).then_some((c, digits + 1))
}

fn double_acute(after: &str) -> Option<(char, usize)> {
    let letter = *after.strip_prefix('H')?.as_bytes().first()?;
    let c = match letter {
        b'O' => 'Ő',
        b'o' => 'ő',
        b'U' => 'Ű',
        b'u' => 'ű',
        _ => return None,
    };
    Some((c, 2))
}

/// A letter with a mark before it as ABC and TeX write it.
fn accented(mark: u8, letter: u8) -> Option<char> {
    let (letters, composed) = match mark {
        b'`' => ("AEIOUNaeioun", "ÀÈÌÒÙǸàèìòùǹ"),
        b'\'' => ("AEIOUYCLNRSZaeiouyclnrszgG", "ÁÉÍÓÚÝĆĹŃŔŚŹáéíóúýćĺńŕśźǵǴ"),
        b'^' => ("AEIOUCGHJSWYaeioucghjswy", "ÂÊÎÔÛĈĜĤĴŜŴŶâêîôûĉĝĥĵŝŵŷ"),
        b'"' => ("AEIOUYaeiouy", "ÄËÏÖÜŸäëïöüÿ"),
        b'~' => ("ANOIUaoniu", "ÃÑÕĨŨãõñĩũ"),
        b'=' => ("AEIOUDaeioud", "ĀĒĪŌŪĐāēīōūđ"),
        b'.' => ("CEGIZBDFMPSTcegzbdfmpst", "ĊĖĠİŻḂḊḞṀṖṠṪċėġżḃḋḟṁṗṡṫ"),
        b'/' => ("OoDdLl", "ØøĐđŁł"),
        b',' | b'c' => ("CcSsTt", "ÇçŞşŢţ"),
        b';' => ("AEIUaeiu", "ĄĘĮŲąęįų"),
        b'o' => ("AUau", "ÅŮåů"),
        b'r' => ("AaUu", "ÅåŮů"),
        b'u' => ("AEGIOUaegiou", "ĂĔĞĬŎŬăĕğĭŏŭ"),
        b'v' => ("CDELNRSTZcdelnrstz", "ČĎĚĽŇŘŠŤŽčďěľňřšťž"),
        _ => return None,
    };
    let place = letters.bytes().position(|candidate| candidate == letter)?;
    composed.chars().nth(place)
}

/// What follows an ampersand: `eacute;`, `#233;`, `#xe9;`.
fn entity(after: &str) -> (char, usize) {
    const LONGEST: usize = 10;
    let end = after.bytes().take(LONGEST).position(|byte| byte == b';');
    let found = end.and_then(|end| {
        let name = &after[..end];
        let number = match name.strip_prefix('#') {
            Some(hex) if hex.starts_with(['x', 'X']) => u32::from_str_radix(&hex[1..], 16).ok(),
            Some(decimal) => decimal.parse().ok(),
            None => return named(name).map(|c| (c, end + 1)),
        };
        let c = char::from_u32(number?).filter(|c| !c.is_control())?;
        Some((c, end + 1))
    });
    found.unwrap_or(('&', 0))
}

fn named(name: &str) -> Option<char> {
    let special = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "copy" => '©',
        "szlig" => 'ß',
        "aelig" => 'æ',
        "AElig" => 'Æ',
        "oelig" => 'œ',
        "OElig" => 'Œ',
        "eth" => 'ð',
        "ETH" => 'Ð',
        "thorn" => 'þ',
        "THORN" => 'Þ',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        _ => return accent_entity(name),
    };
    Some(special)
}

/// `eacute`, `Ntilde` and their like: a letter and the name of its accent.
fn accent_entity(name: &str) -> Option<char> {
    let (&letter, accent) = name.as_bytes().split_first()?;
    let mark = match accent {
        b"grave" => b'`',
        b"acute" => b'\'',
        b"circ" => b'^',
        b"uml" => b'"',
        b"tilde" => b'~',
        b"macr" => b'=',
        b"cedil" => b',',
        b"ring" => b'r',
        b"slash" => b'/',
        b"caron" => b'v',
        b"breve" => b'u',
        b"dot" => b'.',
        _ => return None,
    };
    accented(mark, letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(decode(text), expected, "{text}");
    }

    #[test]
    fn accents_of_every_form_are_decoded() {
        check(r"Caf\'e", "Café");
        check(r"Caf\'{e}", "Café");
        check(r"Caf{\'e}s", "Cafés");
        check(r"S\'\ile", "Síle");
        check(r#"M\"adchen"#, "Mädchen");
        check(r"Ma\~nana", "Mañana");
        check(r"Fran\cais", "Fran\\cais");
        check(r"Fran\ccais", "Français");
        check(r"Fran\c cais", "Français");
        check(r"\aal and \AAl", "ål and Ål");
        check(r"\/Ostergade, S\/orland", "Østergade, Sørland");
        check(r"\AErlig \ss \HO", "Ærlig ß Ő");
        check(r"\u00e9 \U000000e9 \ua", "é é ă");
        check("&eacute;&Eacute;&#233;&#xe9;&amp;&ccedil;&oslash;", "éÉéé&çø");
        check(r"100\% \\ \&", r"100% \ &");
    }

    #[test]
    fn what_is_no_accent_stays() {
        check("Rakes & Reels; more", "Rakes & Reels; more");
        check("&unknown; & &;", "&unknown; & &;");
        check(r"a\b \", r"a\b \");
        check(r"\é \u12é4", r"\é \u12é4");
        check("{plain}", "{plain}");
        check(r"&#0;&#99999999;\u000a", r"&#0;&#99999999;\u000a");
    }

    #[test]
    fn comments_end_a_field() {
        assert_eq!(without_comment(" Drowsy Maggie % a reel "), "Drowsy Maggie");
        assert_eq!(without_comment(r"100\% wool % yes"), r"100\% wool");
        assert_eq!(without_comment(r"\\% gone"), r"\\");
    }

    #[test]
    fn encoded_text_decodes_to_itself() {
        for text in [r"a\'e", "50% & more", "&eacute;", r"{\'e}", r"\", r"\\%"] {
            let encoded = encode(text);
            assert_eq!(without_comment(&encoded), encoded);
            assert_eq!(decode(&encoded), text);
        }
    }
}
