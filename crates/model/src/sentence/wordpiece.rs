//! WordPiece (Wu et al., arXiv 1609.08144, as BERT applies it): a word as the longest pieces that a vocabulary has.

use std::collections::HashMap;

use serde::Deserialize;

use super::text::Normaliser;
use crate::Error;

/// The marks of a text's beginning and end: MPNet's where the vocabulary has them, else BERT's, which MPNet's vocabulary has too.
const MARKS: [[&str; 2]; 2] = [["<s>", "</s>"], ["[CLS]", "[SEP]"]];

/// The mark of a word that no pieces make up.
const UNKNOWN: &str = "[UNK]";

/// What begins a piece that is not the first of its word.
const INSIDE: &str = "##";

/// The characters of the longest word that is looked at; a longer one is unknown.
const LONGEST_WORD: usize = 100;

/// A vocabulary and what is done to a text before it is looked up.
#[derive(Clone, Debug)]
pub(super) struct WordPiece {
    normaliser: Normaliser,
    pieces: HashMap<String, u32>,
    start: u32,
    end: u32,
    unknown: u32,
}

/// What is read of a `tokenizer.json`; the names are the file's.
#[derive(Deserialize)]
struct TokenizerFile {
    normalizer: NormalizerPart,
    pre_tokenizer: Part,
    post_processor: Part,
    model: ModelPart,
}

#[derive(Deserialize)]
struct Part {
    r#type: String,
}

#[derive(Deserialize)]
struct NormalizerPart {
    r#type: String,
    #[serde(default)]
    clean_text: bool,
    #[serde(default)]
    handle_chinese_chars: bool,
    strip_accents: Option<bool>,
    #[serde(default)]
    lowercase: bool,
}

#[derive(Deserialize)]
struct ModelPart {
    r#type: Option<String>,
    unk_token: String,
    continuing_subword_prefix: String,
    max_input_chars_per_word: usize,
    vocab: HashMap<String, u32>,
}

impl WordPiece {
    /// From a `tokenizer.json`, or a `vocab.txt` of a model of lower case without accents.
    ///
    /// # Errors
    /// When the file is damaged, lacks a mark or describes another kind of tokens.
    pub(super) fn from_file(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.trim_ascii_start().starts_with(b"{") {
            return Self::from_json(bytes);
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Err(Error::Tokenizer(
                "is neither JSON nor a list of words in UTF-8".to_owned(),
            ));
        };
        let pieces = text.lines().zip(0..).map(|(line, id)| (line.trim_end().to_owned(), id));
        let normaliser = Normaliser { lower_case: true, strip_accents: true, part_chinese: true };
        Self::new(normaliser, pieces.collect())
    }

    fn from_json(bytes: &[u8]) -> Result<Self, Error> {
        let file: TokenizerFile =
            serde_json::from_slice(bytes).map_err(|e| Error::Tokenizer(e.to_string()))?;
        let (text, model) = (&file.normalizer, file.model);
        let template = &file.post_processor.r#type;
        let found = [
            ("normalizer", &*text.r#type, "BertNormalizer"),
            ("clean_text", if text.clean_text { "true" } else { "false" }, "true"),
            ("pre_tokenizer", &*file.pre_tokenizer.r#type, "BertPreTokenizer"),
            ("model", model.r#type.as_deref().unwrap_or("WordPiece"), "WordPiece"),
            ("unk_token", &*model.unk_token, UNKNOWN),
            ("continuing_subword_prefix", &*model.continuing_subword_prefix, INSIDE),
            ("max_input_chars_per_word", &*model.max_input_chars_per_word.to_string(), "100"),
        ];
        for (key, found, expected) in found {
            if found != expected {
                let message = format!("{key} is {found}; what is supported: {expected}");
                return Err(Error::Tokenizer(message));
            }
        }
        let known = ["TemplateProcessing", "BertProcessing", "RobertaProcessing"];
        if !known.contains(&template.as_str()) {
            let message =
                format!("post_processor is {template}; what is supported: BERT's and MPNet's");
            return Err(Error::Tokenizer(message));
        }
        let normaliser = Normaliser {
            lower_case: text.lowercase,
            strip_accents: text.strip_accents.unwrap_or(text.lowercase),
            part_chinese: text.handle_chinese_chars,
        };
        Self::new(normaliser, model.vocab)
    }

    fn new(normaliser: Normaliser, pieces: HashMap<String, u32>) -> Result<Self, Error> {
        let mark = |mark: &str| {
            let missing = || Error::Tokenizer(format!("the vocabulary lacks {mark}"));
            pieces.get(mark).copied().ok_or_else(missing)
        };
        let [start, end] = MARKS[usize::from(!pieces.contains_key(MARKS[0][0]))];
        let [start, end, unknown] = [mark(start)?, mark(end)?, mark(UNKNOWN)?];
        Ok(WordPiece { normaliser, pieces, start, end, unknown })
    }

    /// The largest number of a piece.
    pub(super) fn largest(&self) -> u32 {
        self.pieces.values().copied().max().unwrap_or_default()
    }

    /// The numbers of a text's pieces, at most `longest` with the marks around them. A mark's name in the text is text.
    pub(super) fn ids(&self, text: &str, longest: usize) -> Vec<u32> {
        let mut ids = vec![self.start];
        for word in self.normaliser.words(text) {
            self.add(&word, &mut ids);
            if ids.len() >= longest {
                ids.truncate(longest.saturating_sub(1));
                break;
            }
        }
        ids.push(self.end);
        ids
    }

    /// Adds the longest pieces, from the left, that make up a word; or the mark of an unknown one.
    fn add(&self, word: &str, ids: &mut Vec<u32>) {
        let before = ids.len();
        let mut rest = word;
        let mut piece = String::new();
        if word.chars().count() > LONGEST_WORD {
            return ids.push(self.unknown);
        }
        while !rest.is_empty() {
            piece.clear();
            piece.push_str(if rest.len() < word.len() { INSIDE } else { "" });
            let prefix = piece.len();
            piece.push_str(rest);
            let found = loop {
                if let Some(&id) = self.pieces.get(&piece) {
                    break Some(id);
                }
                piece.pop();
                if piece.len() <= prefix {
                    break None;
                }
            };
            let Some(id) = found else {
                ids.truncate(before);
                return ids.push(self.unknown);
            };
            ids.push(id);
            rest = &rest[piece.len() - prefix..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKENIZER: &str = include_str!("../../tests/fixtures/sentence_tokenizer.json");

    #[test]
    fn real_titles_get_the_numbers_of_the_reference_tokenizer() {
        let words = WordPiece::from_file(TOKENIZER.as_bytes()).unwrap();
        let titles = include_str!("../../tests/fixtures/sentence_titles.json");
        let titles: Vec<(String, Vec<u32>)> = serde_json::from_str(titles).unwrap();
        assert!(titles.len() > 40);
        for (title, ids) in titles {
            assert_eq!(words.ids(&title, 256), ids, "{title:?}");
        }
    }

    #[test]
    fn a_list_of_words_is_numbered_by_line() {
        let words = b"[PAD]\n[UNK]\n[CLS]\n[SEP]\nreel\n##s\r\nthe\n";
        let words = WordPiece::from_file(words).unwrap();
        assert_eq!(words.ids("The Reels, jig", 256), [2, 6, 4, 5, 1, 1, 3]);
        assert_eq!(words.ids("the reels the reels", 5), [2, 6, 4, 5, 3]);
        assert_eq!(words.ids(&"reel".repeat(30), 256), [2, 1, 3]);
        let error = WordPiece::from_file(b"[PAD]\n[UNK]\n[CLS]\n").unwrap_err();
        assert_eq!(error.to_string(), "tokenizer: the vocabulary lacks [SEP]");
        let words = b"<s>\n<pad>\n</s>\n[UNK]\n[CLS]\n[SEP]\nreel\n";
        let words = WordPiece::from_file(words).unwrap();
        assert_eq!(words.ids("reel", 256), [0, 6, 2]);
    }

    #[test]
    fn another_kind_of_tokens_is_refused() {
        let check = |from: &str, to: &str, message: &str| {
            assert!(TOKENIZER.contains(from));
            let error = WordPiece::from_file(TOKENIZER.replace(from, to).as_bytes()).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
        };
        check("\"WordPiece\",\n  \"unk", "\"BPE\",\n  \"unk", "model is BPE");
        check("BertNormalizer", "NFKC", "normalizer is NFKC; what is supported: BertNormalizer");
        check("TemplateProcessing", "ByteLevel", "post_processor is ByteLevel");
        check("\"clean_text\": true", "\"clean_text\": false", "clean_text is false");
        check("\"[CLS]\": 101", "\"[BEGIN]\": 101", "the vocabulary lacks [CLS]");
    }
}
