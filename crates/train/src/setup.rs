//! From an experiment to a run directory, towers and an optimiser.

use std::path::Path;

use corpus::{Split, SplitConfig, Store};
use model::{
    AdamW, AdamWConfig, BagPooling, Dims, Encoder, InfoNceConfig, Lift, Loss, LossConfig,
    MelodyConfig, MelodyTower, Stack, TitleConfig, TitleTower, Towers,
};
use tokens::{Feature, Vocabulary};

use crate::config::TrainingConfig;
use crate::data::Dataset;
use crate::foundation::{Found, Foundation};
use crate::random::{Purpose, generator};
use crate::run::{FORMAT, Manifest, RunKind, files, machine};
use crate::{CorpusConfig, Error, Experiment, RunDir, Transfer, Works};

/// Makes the directory of a new run at `path`, whole or not at all, with everything but weights.
pub(crate) fn run_dir(
    experiment: &Experiment,
    store: &Store,
    path: &Path,
) -> Result<(RunDir, Dataset), Error> {
    RunDir::check_free(path)?;
    let works = works((&experiment.corpus, &experiment.split), store)?;
    let found = Found::new(experiment, &works)?;
    let experiment = &found.experiment;
    let data = Dataset::new(&works, experiment, found.vocabulary.clone())?;
    let run = RunDir::create(path, |run| {
        found.copy_to(run)?;
        // Built once, so that a config that describes no towers leaves nothing.
        towers(experiment, &data.vocabulary, &Foundation::of_run(run)?)?;
        store.copy_to(&run.file(files::CORPUS))?;
        run.write_json(files::SPLIT, &works.split)?;
        run.write(files::VOCABULARY, data.vocabulary.to_json()?.as_bytes())?;
        let manifest = manifest(RunKind::Towers, experiment.seed, works.corpus.hash.clone());
        run.write_json(files::MANIFEST, &Manifest { also: works.to_be_recorded(), ..manifest })?;
        run.write(files::CONFIG, experiment.to_toml()?.as_bytes())
    })?;
    Ok((run, data))
}

/// The works of a store that a config chooses, shared out anew.
pub(crate) fn works(
    (config, split): (&CorpusConfig, &SplitConfig),
    store: &Store,
) -> Result<Works, Error> {
    Works::new(config, store.load()?, |corpus| Ok(Split::new(corpus, split)?))
}

/// What makes a run that begins now, of the corpus with this hash.
pub(crate) fn manifest(kind: RunKind, seed: u64, corpus: String) -> Manifest {
    Manifest {
        kind,
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: env!("GANAINM_COMMIT").to_owned(),
        corpus,
        also: None,
        seed,
        machine: machine(),
        threads: rayon::current_num_threads(),
        steps: 0,
        seconds: 0.0,
        finished: false,
    }
}

/// Towers with the experiment's first weights.
pub(crate) fn towers(
    experiment: &Experiment,
    vocabulary: &Vocabulary,
    foundation: &Foundation,
) -> Result<Towers, Error> {
    let mut random = generator(experiment.seed, Purpose::Weights, 0);
    let scale = experiment.training.scale;
    let loss = match experiment.training.loss {
        Some(loss) => loss,
        None => LossConfig::InfoNce(InfoNceConfig { initial: scale, ..InfoNceConfig::default() }),
    };
    let melody = melody(experiment, vocabulary, foundation)?;
    let title = title(experiment, vocabulary, foundation);
    let mut melody = MelodyTower::new(melody, &mut random)?;
    let title = TitleTower::new(title, &mut random)?;
    if let Some(transfer) = &experiment.melody.transfer {
        foundation.transfer(&mut melody, transfer)?;
    }
    Ok(Towers::new(melody, title, Loss::new(loss)?)?)
}

fn melody(
    experiment: &Experiment,
    vocabulary: &Vocabulary,
    foundation: &Foundation,
) -> Result<MelodyConfig, Error> {
    let (melody, ridge) = (&experiment.melody, experiment.ridge.is_some());
    let sizes = |features: &[Feature]| -> Vec<usize> {
        features.iter().map(|&f| vocabulary.size(f)).collect()
    };
    let header_vocab = sizes(&melody.header);
    let encoder = match (&melody.transfer, foundation.language()?) {
        (Some(transfer), Some(mut model)) => {
            let frozen = matches!(transfer.how, Transfer::Frozen | Transfer::Recurrent);
            // What is pooled of a frozen model is kept for other runs, and reads as it did when it learned.
            if transfer.how != Transfer::Frozen {
                model.precision = melody.precision;
            }
            let head = (transfer.how == Transfer::Recurrent)
                .then_some(Stack { hidden: melody.hidden, layers: melody.layers });
            Encoder::Language { model, frozen, head, components: transfer.components }
        }
        _ => melody.own_encoder(),
    };
    // A linear tower sees each value of the header by itself.
    let header_dims = match ridge {
        true => Dims::Each(header_vocab.clone()),
        false => Dims::All(melody.header_dims),
    };
    Ok(MelodyConfig {
        note_vocab: sizes(&melody.notes),
        note_dims: Dims::All(melody.note_dims),
        header_vocab,
        header_dims,
        encoder,
        pooling: melody.pooling,
        mlp: if ridge { 0 } else { melody.projection },
        dropout: melody.dropout,
        grams: melody.grams,
        output: output(experiment, vocabulary),
        lift: Lift::default(),
        precision: melody.precision,
    })
}

fn title(experiment: &Experiment, vocabulary: &Vocabulary, foundation: &Foundation) -> TitleConfig {
    let (title, output) = (&experiment.title, output(experiment, vocabulary));
    let ridge = experiment.ridge.is_some();
    TitleConfig {
        buckets: title.buckets,
        dims: if ridge { output - model::LIFT } else { title.dims },
        pooling: if ridge { BagPooling::ScaledSum } else { title.pooling },
        hidden: if ridge { 0 } else { title.projection },
        dropout: title.dropout,
        output,
        sentence: foundation.sentence_width(),
        anchors: None,
        lift: Lift::default(),
    }
}

/// D, the length of the vectors: of linear towers, what is foretold and the lift.
pub(crate) fn output(experiment: &Experiment, vocabulary: &Vocabulary) -> usize {
    let Some(ridge) = &experiment.ridge else { return experiment.training.output };
    let header: usize = experiment.melody.header.iter().map(|&f| vocabulary.size(f)).sum();
    let grams = experiment.melody.grams.map_or(0, |grams| grams.components);
    ridge.components + grams + header + model::LIFT
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
