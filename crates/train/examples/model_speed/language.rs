//! A training step of the melody language model on batches of real tunes with their lengths.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use model::{
    AdamW, AdamWConfig, Dims, LanguageBatch, LanguageConfig, LanguageModel, LanguageTape,
    LossWeight, Mode, Parameters, Precision,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::json;
use tokens::{Feature, Tokens, Vocabulary, VocabularyOptions};
use train::Pretraining;

use crate::median;

/// Times `steps` steps, each on another batch, and leaves in `folder` what PyTorch's side needs: the model before the
/// first step, the batches, and the losses of that model on the first of them.
pub(crate) fn run(
    tunes: &[Tokens],
    config: &Path,
    (precision, steps): (Precision, usize),
    folder: &Path,
) -> Result<(), Box<dyn Error>> {
    let config = Pretraining::load(config)?;
    let cut = |tune: &Tokens| Some(tune.as_played().ok()?.truncated(config.melody.max_rows));
    let tunes: Vec<Tokens> = tunes.iter().filter_map(cut).collect();
    let vocabulary = Vocabulary::build(&tunes, &VocabularyOptions::default());
    let features: Vec<Feature> = config.features();
    let groups = groups(&tunes, config.training.batch_rows, steps);
    let batches: Vec<LanguageBatch> =
        groups.iter().map(|group| LanguageBatch::new(&vocabulary, &features, group)).collect();
    let mut model = LanguageModel::new(shape(&config, &vocabulary, precision), &mut random())?;
    let mut tape = LanguageTape::default();
    let loss = model.forward(&batches[0], Mode::Evaluate, &mut tape)?;
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("model.safetensors"), model.to_safetensors()?)?;
    let batch = |b: &LanguageBatch| json!([b.lengths, b.rows, b.bars, b.symbols, b.durations]);
    let batch: Vec<_> = batches.iter().map(batch).collect();
    let left = json!({ "batches": batch, "losses": [loss.symbol, loss.duration] });
    std::fs::write(folder.join("batches.json"), left.to_string())?;

    let mut optimiser = AdamW::new(AdamWConfig::default());
    let mut dropout = random();
    let mut step = |batch: &LanguageBatch| -> Result<f64, model::Error> {
        let start = Instant::now();
        model.zero_gradients();
        model.forward(batch, Mode::Train(&mut dropout), &mut tape)?;
        model.backward(LossWeight::default(), &mut tape);
        optimiser.step(&mut model, config.training.learning_rate)?;
        Ok(start.elapsed().as_secs_f64() * 1e3)
    };
    // The first step makes the memory that the others use again.
    step(&batches[0])?;
    let times = batches.iter().map(step).collect::<Result<Vec<_>, _>>()?;
    println!("median {:.2} ms", median(times));
    Ok(())
}

fn random() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(1)
}

/// Batches as training makes them, at most `rows` rows of tunes of about one length: `count` of them, from the shortest
/// tunes to the longest.
fn groups(tunes: &[Tokens], rows: usize, count: usize) -> Vec<Vec<&Tokens>> {
    let mut order: Vec<&Tokens> = tunes.iter().collect();
    order.sort_by_key(|tune| tune.len());
    let group = |at: usize| {
        let start = order.len() * (2 * at + 1) / (2 * count);
        let mut sum = 0;
        let tunes = order[start..].iter().take_while(|tune| {
            sum += tune.len();
            sum <= rows
        });
        tunes.copied().collect()
    };
    (0..count).map(group).collect()
}

fn shape(config: &Pretraining, vocabulary: &Vocabulary, precision: Precision) -> LanguageConfig {
    let (features, shape) = (&config.melody.features, &config.model);
    LanguageConfig {
        vocab: features.keys().map(|&feature| vocabulary.size(feature)).collect(),
        dims: Dims::Each(features.values().copied().collect()),
        structure: shape.structure,
        symbols: vocabulary.size(Feature::Symbol),
        durations: vocabulary.size(Feature::Duration),
        symbol_dims: shape.symbol_dims,
        duration_hidden: shape.duration_hidden,
        dropout: shape.dropout,
        precision,
    }
}
