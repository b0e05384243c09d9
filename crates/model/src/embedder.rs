//! Trained towers with all that they need to read tunes and titles.

use std::sync::Arc;

use tokens::{Tokens, Vocabulary};

use crate::{
    Error, MelodyTape, MelodyTower, Mode, Reading, SentenceEncoder, TitleBatch, TitleTape,
    TitleTower, title_features,
};

/// Tunes that are embedded at a time: enough to keep the cores busy, few enough that what a tower keeps of them stays small.
const TUNES: usize = 16;
/// Titles that are embedded at a time.
const TITLES: usize = 128;

/// Trained towers with all that they need to read tunes and titles.
#[derive(Clone, Debug)]
pub struct Embedder {
    /// What the melody tower reads of a tune.
    pub reading: Reading,
    /// Values of the features.
    pub vocabulary: Vocabulary,
    /// Embeds tunes.
    pub melody: MelodyTower,
    /// Embeds titles.
    pub title: TitleTower,
    /// Makes the sentence vectors of titles, where the title tower reads them.
    pub sentence: Option<Arc<SentenceEncoder>>,
}

impl Embedder {
    /// D, the length of the vectors.
    pub fn output(&self) -> usize {
        self.title.config().output
    }

    /// Unit vectors of tunes that went through [`Reading::prepare`], (B, D).
    ///
    /// # Errors
    /// When the towers do not fit the reading or the vocabulary.
    pub fn embed_melodies(&self, tunes: &[&Tokens]) -> Result<Vec<f32>, Error> {
        embed_melodies(&self.melody, (&self.reading, &self.vocabulary), tunes, &[])
    }

    /// Unit vectors of titles, (B, D).
    ///
    /// # Errors
    /// When the title tower reads sentence vectors and there is no encoder that makes them, or one of another width.
    pub fn embed_titles(&self, titles: &[&str]) -> Result<Vec<f32>, Error> {
        match self.sentence_encoder()? {
            Some(encoder) => embed_titles(&self.title, titles, &encoder.embed(titles)),
            None => embed_titles(&self.title, titles, &[]),
        }
    }

    /// What makes the sentence vectors that the title tower reads; nothing where it reads none.
    pub(crate) fn sentence_encoder(&self) -> Result<Option<&Arc<SentenceEncoder>>, Error> {
        let width = self.title.config().sentence;
        if width == 0 {
            return Ok(None);
        }
        let Some(encoder) = &self.sentence else {
            let message = format!(
                "the title tower reads sentence vectors of {width} numbers; give it the sentence encoder that it was \
                 trained with"
            );
            return Err(Error::Config(message));
        };
        if encoder.output() != width {
            let message = format!(
                "the title tower reads sentence vectors of {width} numbers, and the sentence encoder makes {}",
                encoder.output()
            );
            return Err(Error::Config(message));
        }
        Ok(Some(encoder))
    }

    /// Whether another embedder's frozen language model makes the same of every tune.
    pub(crate) fn pools_like(&self, other: &Embedder) -> bool {
        self.reading.notes == other.reading.notes
            && self.reading.withheld == other.reading.withheld
            && self.vocabulary == other.vocabulary
            && self.melody.pools_like(&other.melody)
    }
}

/// What [`MelodyTower::pool`] makes of prepared tunes, (B, width); nothing where the tower has no frozen language model.
///
/// # Errors
/// When the tower does not fit the reading or the vocabulary.
pub fn pool_melodies(
    tower: &MelodyTower,
    (reading, vocabulary): (&Reading, &Vocabulary),
    tunes: &[&Tokens],
) -> Result<Option<Vec<f32>>, Error> {
    let mut all = Vec::new();
    for part in by_length(tunes).chunks(TUNES) {
        let batch: Vec<&Tokens> = part.iter().map(|&tune| tunes[tune]).collect();
        let Some(vectors) = tower.pool(&reading.batch(vocabulary, &batch))? else {
            return Ok(None);
        };
        all.resize(tunes.len() * (vectors.len() / part.len()), 0.0);
        place(&vectors, part, &mut all);
    }
    Ok((!all.is_empty()).then_some(all))
}

/// The places of tunes by length: tunes of like length go together, so that no batch waits for one long tune.
fn by_length(tunes: &[&Tokens]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..tunes.len()).collect();
    order.sort_by_key(|&tune| tunes[tune].len());
    order
}

/// Puts rows of one width where each belongs.
fn place(rows: &[f32], places: &[usize], all: &mut [f32]) {
    let width = rows.len() / places.len();
    for (&place, row) in places.iter().zip(rows.chunks_exact(width)) {
        all[place * width..][..width].copy_from_slice(row);
    }
}

/// Unit vectors of prepared tunes, (B, D), by a tower still in training or not.
///
/// `pooled`: what [`MelodyTower::pool`] made of each tune, where that is known; else none.
///
/// # Errors
/// When the tower does not fit the reading or the vocabulary.
pub fn embed_melodies(
    tower: &MelodyTower,
    (reading, vocabulary): (&Reading, &Vocabulary),
    tunes: &[&Tokens],
    pooled: &[&[f32]],
) -> Result<Vec<f32>, Error> {
    let mut vectors = vec![0.0; tunes.len() * tower.config().output];
    let mut tape = MelodyTape::default();
    for part in by_length(tunes).chunks(TUNES) {
        let batch: Vec<&Tokens> = part.iter().map(|&tune| tunes[tune]).collect();
        let batch = match pooled {
            [] => reading.batch(vocabulary, &batch),
            _ => {
                let pooled: Vec<&[f32]> = part.iter().map(|&tune| pooled[tune]).collect();
                reading.batch_of_pooled(vocabulary, &batch, &pooled)
            }
        };
        tower.forward(&batch, Mode::Evaluate, &mut tape)?;
        place(tape.embeddings(), part, &mut vectors);
    }
    Ok(vectors)
}

/// Unit vectors of titles, (B, D), by a tower still in training or not.
///
/// `sentences`: (B, S), the titles' sentence vectors; none for a tower that reads none.
///
/// # Errors
/// When the sentence vectors are not those of the titles, or not as wide as the tower reads them.
pub fn embed_titles(
    tower: &TitleTower,
    titles: &[&str],
    sentences: &[f32],
) -> Result<Vec<f32>, Error> {
    let (config, mut tape) = (tower.config(), TitleTape::default());
    let (expected, found) = (titles.len() * config.sentence, sentences.len());
    if expected != found {
        return Err(Error::Batch { what: "values of sentence vectors", expected, found });
    }
    let mut vectors = Vec::with_capacity(titles.len() * config.output);
    for (part, titles) in titles.chunks(TITLES).enumerate() {
        let mut batch = TitleBatch::default();
        for (place, title) in titles.iter().enumerate() {
            let from = (part * TITLES + place) * config.sentence;
            batch.push(&title_features(title), &sentences[from..from + config.sentence]);
        }
        tower.forward(&batch, Mode::Evaluate, &mut tape)?;
        vectors.extend_from_slice(tape.embeddings());
    }
    Ok(vectors)
}

#[cfg(test)]
pub(crate) mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;
    use tokens::{Facts, Feature, VocabularyOptions};

    use super::*;
    use crate::{BagPooling, Dims, Encoder, Lift, MelodyConfig, Pooling, Precision, TitleConfig};

    /// The small random encoder of the fixtures.
    pub(crate) fn encoder() -> SentenceEncoder {
        let config = include_bytes!("../tests/fixtures/sentence_tiny_config.json");
        let tokenizer = include_bytes!("../tests/fixtures/sentence_tiny_tokenizer.json");
        let weights = include_bytes!("../tests/fixtures/sentence_tiny.safetensors");
        SentenceEncoder::from_files(config, tokenizer, weights).unwrap()
    }

    pub(crate) fn title_config(sentence: usize) -> TitleConfig {
        let pooling = BagPooling::Mean;
        TitleConfig {
            buckets: 97,
            dims: 5,
            pooling,
            hidden: 7,
            dropout: 0.5,
            output: 11,
            sentence,
            anchors: None,
            lift: Lift::default(),
        }
    }

    pub(crate) fn melody_config(
        (note_vocab, header_vocab): (Vec<usize>, Vec<usize>),
        encoder: Encoder,
        pooling: Pooling,
    ) -> MelodyConfig {
        MelodyConfig {
            note_vocab,
            note_dims: Dims::All(5),
            header_vocab,
            header_dims: Dims::All(3),
            encoder,
            pooling,
            mlp: 13,
            dropout: 0.5,
            output: 11,
            grams: None,
            lift: Lift::default(),
            precision: Precision::F32,
        }
    }

    fn embedder(tunes: &[Tokens]) -> Embedder {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let reading = Reading {
            notes: vec![Feature::Symbol, Feature::Duration],
            header: vec![Feature::Metre],
            max_rows: 64,
            ..Reading::default()
        };
        let vocabulary = Vocabulary::build(tunes, &VocabularyOptions::default());
        let sizes = |features: &[Feature]| features.iter().map(|&f| vocabulary.size(f)).collect();
        let melody = melody_config(
            (sizes(&reading.notes), sizes(&reading.header)),
            Encoder::Gru { hidden: 7, layers: 1, bidirectional: true },
            Pooling::Attention,
        );
        Embedder {
            reading,
            melody: MelodyTower::new(melody, &mut random).unwrap(),
            title: TitleTower::new(title_config(21), &mut random).unwrap(),
            sentence: Some(Arc::new(encoder())),
            vocabulary,
        }
    }

    /// More tunes than fit one batch, of many lengths.
    fn tunes() -> Vec<Tokens> {
        let tune = |n: usize| {
            let text = format!("X:1\nM:6/8\nK:D\n{}|\n", "DFA".repeat(1 + n * 7 % 17));
            Tokens::new(&abc::read_tune(&text), &Facts::default()).unwrap()
        };
        (0..TUNES + 29).map(tune).collect()
    }

    #[test]
    fn vectors_come_in_the_order_of_the_tunes_and_titles() {
        let tunes = tunes();
        let embedder = embedder(&tunes);
        let together = embedder.embed_melodies(&tunes.iter().collect::<Vec<_>>()).unwrap();
        for (tune, vector) in tunes.iter().zip(together.chunks_exact(11)) {
            let alone = embedder.embed_melodies(&[tune]).unwrap();
            assert!(alone.iter().zip(vector).all(|(a, b)| (a - b).abs() < 1e-5));
        }
        let titles: Vec<String> = (0..TITLES + 5).map(|n| format!("The {n}th Reel")).collect();
        let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
        let together = embedder.embed_titles(&titles).unwrap();
        for (title, vector) in titles.iter().zip(together.chunks_exact(11)) {
            let alone = embedder.embed_titles(&[title]).unwrap();
            assert!(alone.iter().zip(vector).all(|(a, b)| (a - b).abs() < 1e-5));
        }
    }

    #[test]
    fn a_title_tower_without_the_encoder_that_it_reads_is_an_error() {
        let mut embedder = embedder(&tunes());
        embedder.sentence = None;
        let error = embedder.embed_titles(&["The Kesh"]).unwrap_err();
        assert!(error.to_string().contains("sentence vectors of 21 numbers; give it"), "{error}");
        embedder.sentence = Some(Arc::new(encoder()));
        let mut random = ChaCha8Rng::seed_from_u64(3);
        embedder.title = TitleTower::new(title_config(19), &mut random).unwrap();
        let error = embedder.embed_titles(&["The Kesh"]).unwrap_err();
        assert!(error.to_string().contains("of 19 numbers, and the sentence encoder makes 21"));
        embedder.title = TitleTower::new(title_config(0), &mut random).unwrap();
        assert_eq!(embedder.embed_titles(&["The Kesh"]).unwrap().len(), 11);
    }

    #[test]
    fn a_tune_is_moved_to_the_common_tonic_and_cut() {
        let tunes = tunes();
        let reading = Reading { max_rows: 5, ..embedder(&tunes).reading };
        let read = reading.prepare(tunes[3].clone()).unwrap();
        assert!(read.len() <= 5);
        assert_eq!(read.key().root, Some(tokens::Root::C));
        let as_written = Reading { key: crate::ReadingKey::AsWritten, ..reading };
        assert_ne!(as_written.prepare(tunes[3].clone()).unwrap().key().root, read.key().root);
    }
}
