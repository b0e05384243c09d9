//! Tunes embedded a second by an experiment's melody tower.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use model::{Dims, Lift, MelodyConfig, MelodyTower, Precision, embed_melodies};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use tokens::{Feature, Tokens, Vocabulary, VocabularyOptions};
use train::Experiment;

use crate::median;

/// Tunes embedded a round.
const TUNES: usize = 2048;

pub(crate) fn run(tunes: Vec<Tokens>, config: &Path, rounds: usize) -> Result<(), Box<dyn Error>> {
    let experiment = Experiment::load(config)?;
    let reading = experiment.melody.reading();
    let tunes: Vec<Tokens> =
        tunes.into_iter().filter_map(|tune| reading.prepare(tune).ok()).take(TUNES).collect();
    let vocabulary = Vocabulary::build(&tunes, &VocabularyOptions::default());
    let tower = tower(&experiment, &vocabulary)?;
    let tunes: Vec<&Tokens> = tunes.iter().collect();
    let round = || -> Result<f64, model::Error> {
        let start = Instant::now();
        embed_melodies(&tower, (&reading, &vocabulary), &tunes, &[])?;
        Ok(tunes.len() as f64 / start.elapsed().as_secs_f64())
    };
    let rates = (0..rounds).map(|_| round()).collect::<Result<Vec<_>, _>>()?;
    println!("median {:.0} tunes/s", median(rates));
    Ok(())
}

fn tower(experiment: &Experiment, vocabulary: &Vocabulary) -> Result<MelodyTower, model::Error> {
    let melody = &experiment.melody;
    let sizes = |features: &[Feature]| features.iter().map(|&f| vocabulary.size(f)).collect();
    let config = MelodyConfig {
        note_vocab: sizes(&melody.notes),
        note_dims: Dims::All(melody.note_dims),
        header_vocab: sizes(&melody.header),
        header_dims: Dims::All(melody.header_dims),
        encoder: melody.own_encoder(),
        pooling: melody.pooling,
        mlp: melody.projection,
        dropout: melody.dropout,
        output: experiment.training.output,
        grams: None,
        lift: Lift::default(),
        precision: Precision::F32,
    };
    MelodyTower::new(config, &mut ChaCha8Rng::seed_from_u64(1))
}
