//! A trained sentence encoder of BERT's family, such as all-MiniLM-L6-v2 or all-mpnet-base-v2 (Reimers and Gurevych, arXiv
//! 1908.10084): from text to a unit vector, by weights that others have trained and nothing here changes.

mod bert;
mod config;
mod distance;
mod text;
mod wordpiece;

use rayon::prelude::*;

use crate::{Error, Precision};
use bert::{Bert, Room};
use config::BertConfig;
use wordpiece::WordPiece;

/// Tokens of a batch, at least one text whatever its length: enough for the products, few enough for the caches.
const ROWS: usize = 512;

/// The encoder: text through a WordPiece vocabulary and BERT or MPNet, the mean over all tokens, unit length.
#[derive(Clone, Debug)]
pub struct SentenceEncoder {
    /// How exactly numbers enter products.
    pub precision: Precision,
    words: WordPiece,
    bert: Bert,
}

impl SentenceEncoder {
    /// The encoder of the files that a Hugging Face folder has: `config.json`, `tokenizer.json` or `vocab.txt`, and
    /// `model.safetensors`. A `vocab.txt` is taken for one of lower case without accents.
    ///
    /// # Errors
    /// When a file is damaged, the files do not fit each other, or they describe something else than BERT with
    /// absolute positions, or MPNet, with exact or approximated GELU or ReLU and a WordPiece vocabulary.
    pub fn from_files(config: &[u8], tokenizer: &[u8], weights: &[u8]) -> Result<Self, Error> {
        let config = BertConfig::from_json(config)?;
        let words = WordPiece::from_file(tokenizer)?;
        let (size, largest) = (config.vocab_size, words.largest());
        if largest as usize >= size {
            let message = format!("has the token {largest}, and the weights have {size} tokens");
            return Err(Error::Tokenizer(message));
        }
        let bert = Bert::new(config, weights)?;
        Ok(SentenceEncoder { precision: Precision::F32, words, bert })
    }

    /// The length of the vectors.
    pub fn output(&self) -> usize {
        self.bert.config().hidden_size
    }

    /// The numbers of a text's tokens, between the mark of the beginning and that of the end.
    ///
    /// A text of more tokens than the encoder reads (256, or as many as it has positions) is cut.
    pub fn token_ids(&self, text: &str) -> Vec<u32> {
        self.words.ids(text, self.bert.config().longest())
    }

    /// Unit vectors of texts, (N, output).
    pub fn embed(&self, texts: &[&str]) -> Vec<f32> {
        let ids: Vec<Vec<u32>> = texts.par_iter().map(|text| self.token_ids(text)).collect();
        let width = self.output();
        let groups = groups(&ids);
        let embed = |room: &mut Room, group: &Vec<usize>| {
            let batch: Vec<&[u32]> = group.iter().map(|&text| &ids[text][..]).collect();
            self.bert.forward(&batch, self.precision, room)
        };
        let found: Vec<Vec<f32>> = groups.par_iter().map_init(Room::default, embed).collect();
        let mut vectors = vec![0.0; texts.len() * width];
        for (group, found) in groups.iter().zip(&found) {
            for (&text, vector) in group.iter().zip(found.chunks_exact(width)) {
                vectors[text * width..][..width].copy_from_slice(vector);
            }
        }
        vectors
    }
}

/// Places of texts, those of like length together, the longest first so that no thread ends with them.
fn groups(ids: &[Vec<u32>]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..ids.len()).collect();
    order.sort_by_key(|&text| std::cmp::Reverse(ids[text].len()));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut rows = ROWS;
    for text in order {
        let length = ids[text].len();
        if rows + length > ROWS {
            groups.push(Vec::new());
            rows = 0;
        }
        rows += length;
        if let Some(group) = groups.last_mut() {
            group.push(text);
        }
    }
    groups
}
