//! From a text to its words as BERT has them: cleaned, in lower case and without accents where the model wants that, each
//! mark of punctuation and each Chinese character a word of its own.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// What is done to a text before it is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Normaliser {
    pub(super) lower_case: bool,
    /// Whether letters lose the marks on them.
    pub(super) strip_accents: bool,
    /// Whether a Chinese character is a word of its own.
    pub(super) part_chinese: bool,
}

impl Normaliser {
    /// The words of a text.
    pub(super) fn words(self, text: &str) -> Vec<String> {
        let mut clean = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '\0' | '\u{fffd}' => (),
                _ if c.is_whitespace() => clean.push(' '),
                _ if c.general_category_group() == GeneralCategoryGroup::Other => (),
                _ if self.part_chinese && is_chinese(c) => clean.extend([' ', c, ' ']),
                _ => clean.push(c),
            }
        }
        if self.strip_accents {
            let is_mark = |c: &char| c.general_category() == GeneralCategory::NonspacingMark;
            clean = clean.nfd().filter(|c| !is_mark(c)).collect();
        }
        if self.lower_case {
            // Character by character: a sigma stays what it is at the end of a word too.
            clean = clean.chars().flat_map(char::to_lowercase).collect();
        }
        clean.split(char::is_whitespace).flat_map(apart).map(str::to_owned).collect()
    }
}

/// The pieces of a word between marks of punctuation, and the marks.
fn apart(word: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for (at, mark) in word.match_indices(is_punctuation) {
        pieces.extend([&word[start..at], mark]);
        start = at + mark.len();
    }
    pieces.push(&word[start..]);
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// Whether BERT takes a character for punctuation: the signs of ASCII, `$` among them, and Unicode's punctuation.
fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation() || c.general_category_group() == GeneralCategoryGroup::Punctuation
}

/// The blocks of unified and compatible ideographs, as BERT lists them.
fn is_chinese(c: char) -> bool {
    matches!(c,
        '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{2a6df}' | '\u{2a700}'..='\u{2b73f}' | '\u{2b740}'..='\u{2b81f}'
        | '\u{2b820}'..='\u{2ceaf}' | '\u{2f800}'..='\u{2fa1f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Normaliser =
        Normaliser { lower_case: true, strip_accents: true, part_chinese: true };

    #[test]
    fn a_text_is_cleaned_and_parted() {
        let check = |text, words: &[&str]| assert_eq!(PLAIN.words(text), words, "{text:?}");
        check("Drowsy Maggie", &["drowsy", "maggie"]);
        check(
            "O'Carolan’s #2 (Réidh)",
            &["o", "'", "carolan", "’", "s", "#", "2", "(", "reidh", ")"],
        );
        check("An Ḃean Ḋuḃ", &["an", "bean", "dub"]);
        check(" Tab\tand\u{a0}no\u{200b}thing\u{7} ", &["tab", "and", "nothing"]);
        check("笛の音", &["笛", "の", "音"]);
        check("…", &["…"]);
        check("", &[]);
    }

    #[test]
    fn a_model_with_case_and_accents_keeps_them() {
        let as_written =
            Normaliser { lower_case: false, strip_accents: false, part_chinese: false };
        assert_eq!(as_written.words("Port na bPúcaí 笛音"), ["Port", "na", "bPúcaí", "笛音"]);
    }
}
