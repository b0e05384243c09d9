//! ABC text to settings.

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::gather::Input;
use super::{Contents, Draft, THE_SESSION};
use crate::Error;
use crate::reading::facts;

/// The longest line that is read as ABC, in bytes.
const LONGEST_LINE: usize = 1 << 20;

/// How much of a file is looked at to tell text from binary data.
const SAMPLE: usize = 1 << 16;

/// Tunes of a file called `thesession` that carry no address have no place among The Session's
/// numbers; this is their source.
const UNNUMBERED: &str = "thesession-unnumbered";

/// The settings of a tunebook.
pub(super) fn contents(input: &Input) -> Result<Contents, Error> {
    let name = input.name.clone();
    if is_binary(&input.bytes) {
        return Err(Error::Binary { name });
    }
    let lines = input.bytes.split(|&byte| byte == b'\n' || byte == b'\r');
    if let Some((at, line)) = lines.enumerate().find(|(_, line)| line.len() > LONGEST_LINE) {
        let (line, length) = (at + 1, line.len());
        return Err(Error::LongLine { name, line, length, limit: LONGEST_LINE });
    }
    let text = abc::decode(&input.bytes);
    let tunes: Vec<abc::Source<'_>> = abc::split(&text).collect();
    if tunes.is_empty() {
        return Err(Error::NoTune { name });
    }
    let drafts = tunes.par_iter().map(|tune| draft(tune, &input.source)).collect();
    Ok(Contents { drafts, ..Contents::default() })
}

fn draft(text: &abc::Source<'_>, source: &str) -> Draft {
    let tune = text.read();
    let numbered = address(&tune.header);
    let source = match (numbered, source) {
        (Some(_), _) => THE_SESSION,
        (None, THE_SESSION) => UNNUMBERED,
        (None, source) => source,
    };
    let abc = text.standalone().replace("\r\n", "\n").replace('\r', "\n");
    Draft {
        source: source.to_owned(),
        numbered,
        x: tune.header.number.trim().parse().ok().filter(|&number| number > 0),
        content: Sha256::digest(&abc).into(),
        abc,
        facts: facts(&tune),
        line: tune.line,
        complaints: tune.complaints,
        from_dump: false,
    }
}

/// The numbers of tune and setting in an address at thesession.org.
fn address(header: &abc::Header) -> Option<(u32, Option<u32>)> {
    let fields = header.others.iter().filter(|(letter, _)| matches!(letter, 'S' | 'F'));
    fields.filter_map(|(_, text)| numbers(text)).next()
}

fn numbers(text: &str) -> Option<(u32, Option<u32>)> {
    let rest = text.split_once("thesession.org/tunes/")?.1;
    let tune = leading_number(rest)?;
    let setting = rest.split_once("#setting").and_then(|(_, rest)| leading_number(rest));
    Some((tune, setting))
}

fn leading_number(text: &str) -> Option<u32> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text[..digits].parse().ok()
}

/// Whether the bytes are no text: zeros in them (but for UTF-16 with its mark), or many control
/// characters.
pub(super) fn is_binary(bytes: &[u8]) -> bool {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return false;
    }
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let odd = sample.iter().filter(|&&b| b < 9 || (14..32).contains(&b)).count();
    sample.contains(&0) || odd * 20 > sample.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gives_tune_and_setting() {
        for (text, expected) in [
            ("https://thesession.org/tunes/27#setting12342", Some((27, Some(12342)))),
            ("http://www.thesession.org/tunes/display/27", None),
            ("https://thesession.org/tunes/27", Some((27, None))),
            ("O'Neill's", None),
        ] {
            assert_eq!(numbers(text), expected, "{text}");
        }
    }

    #[test]
    fn text_in_any_encoding_is_no_binary_data() {
        assert!(!is_binary("T:Caisleán An Óir".as_bytes()));
        assert!(!is_binary(b"T:Caisle\xe1n"));
        assert!(!is_binary(b"\xff\xfeX\0:\0"));
        assert!(is_binary(b"\x7fELF\x02\x01\x01\0"));
        assert!(is_binary(b"\x01\x02\x03\x04"));
    }
}
