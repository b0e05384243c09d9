//! From an experiment to a run directory, towers and an optimiser.

use std::path::Path;

use corpus::{Corpus, Split, Store};
use model::{
    AdamW, AdamWConfig, Dims, Encoder, InfoNce, InfoNceConfig, MelodyConfig, MelodyTower,
    Precision, TitleConfig, TitleTower, Towers,
};
use tokens::{Feature, Vocabulary};

use crate::config::TrainingConfig;
use crate::data::Dataset;
use crate::random::{Purpose, generator};
use crate::run::{FORMAT, Manifest, RunKind, files, machine};
use crate::{Error, Experiment, RunDir};

/// Makes the directory of a new run at `path`, whole or not at all, with everything but weights.
pub(crate) fn run_dir(
    experiment: &Experiment,
    store: &Store,
    path: &Path,
) -> Result<(RunDir, Dataset), Error> {
    RunDir::check_free(path)?;
    let corpus = experiment.corpus.select(store.load()?)?;
    let split = Split::new(&corpus, &experiment.split)?;
    let data = Dataset::new(&corpus, &split, experiment)?;
    // Built once before anything is written, so that a config that describes no towers leaves nothing.
    towers(experiment, &data.vocabulary)?;
    let run = RunDir::create(path, |run| {
        store.copy_to(&run.file(files::CORPUS))?;
        run.write_json(files::SPLIT, &split)?;
        run.write(files::VOCABULARY, data.vocabulary.to_json()?.as_bytes())?;
        run.write_json(files::MANIFEST, &manifest(RunKind::Towers, experiment.seed, &corpus))?;
        run.write(files::CONFIG, experiment.to_toml()?.as_bytes())
    })?;
    Ok((run, data))
}

/// What makes a run that begins now.
pub(crate) fn manifest(kind: RunKind, seed: u64, corpus: &Corpus) -> Manifest {
    Manifest {
        kind,
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: env!("GANAINM_COMMIT").to_owned(),
        corpus: corpus.hash.clone(),
        seed,
        machine: machine(),
        threads: rayon::current_num_threads(),
        steps: 0,
        seconds: 0.0,
        finished: false,
    }
}

/// Towers with the experiment's first weights.
pub(crate) fn towers(experiment: &Experiment, vocabulary: &Vocabulary) -> Result<Towers, Error> {
    let mut random = generator(experiment.seed, Purpose::Weights, 0);
    let (melody, title, training) = (&experiment.melody, &experiment.title, &experiment.training);
    let sizes = |features: &[Feature]| features.iter().map(|&f| vocabulary.size(f)).collect();
    let melody = MelodyConfig {
        note_vocab: sizes(&melody.notes),
        note_dims: Dims::All(melody.note_dims),
        header_vocab: sizes(&melody.header),
        header_dims: Dims::All(melody.header_dims),
        encoder: Encoder::Gru {
            hidden: melody.hidden,
            layers: melody.layers,
            bidirectional: melody.bidirectional,
        },
        pooling: melody.pooling,
        mlp: melody.projection,
        dropout: melody.dropout,
        output: training.output,
        precision: Precision::F32,
    };
    let title = TitleConfig {
        buckets: title.buckets,
        dims: title.dims,
        pooling: title.pooling,
        hidden: title.projection,
        dropout: title.dropout,
        output: training.output,
    };
    let loss = InfoNceConfig { initial: training.scale, ..InfoNceConfig::default() };
    Ok(Towers::new(
        MelodyTower::new(melody, &mut random)?,
        TitleTower::new(title, &mut random)?,
        InfoNce::new(loss)?,
    )?)
}

/// The optimiser before its first step.
pub(crate) fn optimiser(training: &TrainingConfig) -> AdamW {
    AdamW::new(AdamWConfig {
        epsilon: training.epsilon,
        decay: training.weight_decay,
        clip: Some(training.clip),
        ..AdamWConfig::default()
    })
}
