//! What several embedders make alike of the same tunes and titles, made once.

use std::sync::Arc;

use tokens::Tokens;

use crate::embedder::{embed_melodies, embed_titles, pool_melodies};
use crate::{Embedder, Error, SentenceEncoder};

/// Embeds tunes and titles by several embedders, and computes once what these have in common: the states of a frozen
/// language model, and sentence vectors of one encoder (the same [`Arc`]).
#[derive(Debug, Default)]
pub struct Shared {
    pooled: Vec<Pooled>,
    sentences: Vec<Sentences>,
}

/// What the language model of an embedder made of tunes with these fingerprints, (tunes, width).
#[derive(Debug)]
struct Pooled {
    by: Arc<Embedder>,
    tunes: Vec<u64>,
    rows: Vec<f32>,
}

/// What an encoder made of titles, (titles, S).
#[derive(Debug)]
struct Sentences {
    by: Arc<SentenceEncoder>,
    titles: Vec<String>,
    rows: Vec<f32>,
}

impl Shared {
    /// As [`Embedder::embed_melodies`], (B, D).
    ///
    /// # Errors
    /// As there.
    pub fn embed_melodies(
        &mut self,
        embedder: &Arc<Embedder>,
        tunes: &[&Tokens],
    ) -> Result<Vec<f32>, Error> {
        let Some(rows) = self.pooled(embedder, tunes)? else {
            return embedder.embed_melodies(tunes);
        };
        let width = rows.len() / tunes.len();
        let rows: Vec<&[f32]> = rows.chunks_exact(width).collect();
        let Embedder { melody, reading, vocabulary, .. } = &**embedder;
        embed_melodies(melody, (reading, vocabulary), tunes, &rows)
    }

    /// As [`Embedder::embed_titles`], (B, D).
    ///
    /// # Errors
    /// As there.
    pub fn embed_titles(
        &mut self,
        embedder: &Embedder,
        titles: &[&str],
    ) -> Result<Vec<f32>, Error> {
        let Some(encoder) = embedder.sentence_encoder()? else {
            return embed_titles(&embedder.title, titles, &[]);
        };
        let is_known =
            |known: &Sentences| Arc::ptr_eq(&known.by, encoder) && known.titles == titles;
        let known = self.sentences.iter().position(is_known).unwrap_or_else(|| {
            let (by, rows) = (Arc::clone(encoder), encoder.embed(titles));
            let titles = titles.iter().map(|&title| title.to_owned()).collect();
            self.sentences.push(Sentences { by, titles, rows });
            self.sentences.len() - 1
        });
        embed_titles(&embedder.title, titles, &self.sentences[known].rows)
    }

    /// What the embedder's language model makes of the tunes, (tunes, width); nothing where it has no frozen one.
    fn pooled(
        &mut self,
        embedder: &Arc<Embedder>,
        tunes: &[&Tokens],
    ) -> Result<Option<&[f32]>, Error> {
        let prints: Vec<u64> = tunes.iter().map(|tune| tune.fingerprint()).collect();
        let is_known = |known: &Pooled| known.tunes == prints && known.by.pools_like(embedder);
        if let Some(known) = self.pooled.iter().position(is_known) {
            return Ok(Some(&self.pooled[known].rows));
        }
        let Embedder { melody, reading, vocabulary, .. } = &**embedder;
        let Some(rows) = pool_melodies(melody, (reading, vocabulary), tunes)? else {
            return Ok(None);
        };
        self.pooled.push(Pooled { by: Arc::clone(embedder), tunes: prints, rows });
        Ok(self.pooled.last().map(|made| &made.rows[..]))
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;
    use tokens::{Facts, Feature, Vocabulary, VocabularyOptions};

    use super::*;
    use crate::embedder::tests::{encoder, melody_config, title_config};
    use crate::{
        Dims, Encoder, LanguageConfig, MelodyTower, Parameters, Pooling, Precision, Reading, Stack,
        Structure, TitleTower,
    };

    const TITLES: [&str; 3] = ["The Kesh", "Drowsy Maggie", "O"];

    fn tunes() -> Vec<Tokens> {
        let tune = |n: usize| {
            let text = format!("X:1\nM:6/8\nK:D\n{}|\n", "DFA".repeat(1 + n * 5 % 13));
            Tokens::new(&abc::read_tune(&text), &Facts::default()).unwrap()
        };
        (0..7).map(tune).collect()
    }

    /// Towers on a frozen language model, all weights drawn by a seed.
    fn embedder(tunes: &[Tokens], encoder: &Arc<SentenceEncoder>, seed: u64) -> Embedder {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let vocabulary = Vocabulary::build(tunes, &VocabularyOptions::default());
        let notes = vec![Feature::Symbol, Feature::Duration];
        let vocab: Vec<usize> = notes.iter().map(|&feature| vocabulary.size(feature)).collect();
        let model = LanguageConfig {
            symbols: vocab[0],
            durations: vocab[1],
            vocab: vocab.clone(),
            dims: Dims::All(5),
            structure: Structure::Flat(Stack { hidden: 7, layers: 1 }),
            symbol_dims: 3,
            duration_hidden: 3,
            dropout: 0.0,
            precision: Precision::F32,
        };
        let melody = melody_config(
            (vocab, vec![vocabulary.size(Feature::Metre)]),
            Encoder::Language { model, frozen: true, head: None, components: 4 },
            Pooling::Statistics,
        );
        let header = vec![Feature::Metre];
        Embedder {
            reading: Reading { notes, header, max_rows: 64, ..Reading::default() },
            melody: MelodyTower::new(melody, &mut random).unwrap(),
            title: TitleTower::new(title_config(encoder.output()), &mut random).unwrap(),
            sentence: Some(Arc::clone(encoder)),
            vocabulary,
        }
    }

    #[test]
    fn what_is_shared_is_made_once_and_changes_no_bit() {
        let encoder = Arc::new(encoder());
        let tunes = tunes();
        let first = embedder(&tunes, &encoder, 3);
        // Another head on the same language model, and another language model.
        let mut second = embedder(&tunes, &encoder, 5);
        let mut language = Vec::new();
        first.melody.visit(&mut |name, param| {
            language.extend(name.starts_with("notes.language").then(|| param.value.clone()));
        });
        let mut language = language.into_iter();
        second.melody.visit_mut(&mut |name, param| {
            if name.starts_with("notes.language") {
                param.value = language.next().unwrap();
            }
        });
        let third = embedder(&tunes, &encoder, 7);
        let (mut shared, tunes) = (Shared::default(), tunes.iter().collect::<Vec<_>>());
        for embedder in [first, second, third].map(Arc::new) {
            let melodies = shared.embed_melodies(&embedder, &tunes).unwrap();
            assert_eq!(melodies, embedder.embed_melodies(&tunes).unwrap());
            let titles = shared.embed_titles(&embedder, &TITLES).unwrap();
            assert_eq!(titles, embedder.embed_titles(&TITLES).unwrap());
        }
        assert_eq!((shared.pooled.len(), shared.sentences.len()), (2, 1));
        // Other tunes and titles are not taken for these.
        let fewer = Arc::clone(&shared.pooled[0].by);
        assert_eq!(
            shared.embed_melodies(&fewer, &tunes[..3]).unwrap(),
            fewer.embed_melodies(&tunes[..3]).unwrap()
        );
        assert_eq!(
            shared.embed_titles(&fewer, &TITLES[1..]).unwrap(),
            fewer.embed_titles(&TITLES[1..]).unwrap()
        );
        assert!(shared.embed_melodies(&fewer, &[]).unwrap().is_empty());
    }
}
