//! The features of a title: its words and the runs of three to five letters in them, hashed.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The lengths of the runs, boundary marks included (Bojanowski et al., arXiv 1607.04606, took 3 to 6).
const LENGTHS: std::ops::RangeInclusive<usize> = 3..=5;

/// What a whole word's hash begins with, so that `the` as a word and as a run of letters are two features.
const WORD: u8 = b'=';

/// The features of a title: for each of its words the hash of the word and of every run of 3 to 5 characters in it,
/// `<` before the word and `>` after it being two of them. A feature that appears twice is there twice.
///
/// Titles are folded first: to lower case, accents and other marks taken off, apostrophes dropped, everything else
/// that is neither a letter nor a digit read as a space. A hash is the 64-bit FNV-1a (Fowler, Noll, Vo) of the UTF-8
/// text, its halves combined by exclusive or; a whole word is hashed with `=` before it.
///
/// ```
/// assert_eq!(model::title_features("Drowsy Maggie"), model::title_features("  DROWSY, Mággie"));
/// // `ann` has the word, `<an`, `ann`, `nn>`, `<ann`, `ann>` and `<ann>`.
/// assert_eq!(model::title_features("Ann").len(), 7);
/// ```
pub fn title_features(title: &str) -> Vec<u32> {
    let mut features = Vec::new();
    for word in fold(title).split_whitespace() {
        features.push(hash(std::iter::once(WORD).chain(word.bytes())));
        let marked = format!("<{word}>");
        let mut starts: Vec<usize> = marked.char_indices().map(|(at, _)| at).collect();
        starts.push(marked.len());
        for length in LENGTHS {
            for run in starts.windows(length + 1) {
                features.push(hash(marked[run[0]..run[length]].bytes()));
            }
        }
    }
    features
}

/// A title with nothing but lower-case letters, digits and spaces.
fn fold(title: &str) -> String {
    let kept = title.nfkd().filter(|&c| !is_combining_mark(c) && !is_apostrophe(c));
    kept.flat_map(char::to_lowercase).map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect()
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '`' | '´' | '‘' | '’' | '‛' | 'ʼ' | '′')
}

/// The 64-bit FNV-1a hash, its halves combined.
fn hash(bytes: impl Iterator<Item = u8>) -> u32 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325, step);
    (hash >> 32) as u32 ^ hash as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_folded_to_plain_letters() {
        let check = |title: &str, folded: &str| {
            assert_eq!(fold(title).split_whitespace().collect::<Vec<_>>().join(" "), folded);
        };
        check("The Butterfly", "the butterfly");
        check("Cailín an Ghleanna", "cailin an ghleanna");
        check("O’Carolan's #6", "ocarolans 6");
        check("Port na bPúcaí / Fairies", "port na bpucai fairies");
        check("İstanbul ½", "istanbul 1 2");
        check("...", "");
    }

    #[test]
    fn the_hash_is_fnv_1a_with_its_halves_combined() {
        // The published value for "foobar" is 85944171f73967e8.
        assert_eq!(hash("foobar".bytes()), 0x8594_4171 ^ 0xf739_67e8);
    }

    #[test]
    fn a_word_and_the_same_run_of_letters_are_two_features() {
        let features = title_features("other the");
        let the = hash("the".bytes());
        assert!(features.contains(&the) && features.contains(&hash("=the".bytes())));
        assert_eq!(features.iter().filter(|&&f| f == the).count(), 2);
    }

    #[test]
    fn a_title_of_marks_alone_has_no_features() {
        assert!(title_features("").is_empty() && title_features("?!").is_empty());
    }
}
