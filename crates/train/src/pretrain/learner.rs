//! The language model in training: batches of tunes, a step on one, a look at the validation tunes.

use model::{
    AdamW, AdamWConfig, Dims, LanguageBatch, LanguageConfig, LanguageLoss, LanguageModel,
    LanguageTape, Mode, Parameters,
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tokens::{Feature, Tokens, Vocabulary};

use super::config::Pretraining;
use super::data::{Melodies, batches, cut, moved};
use super::record::{Foretold, LanguageLook, LanguageRecord, LanguageStep};
use crate::history::History;
use crate::random::{Purpose, generator};
use crate::run::files;
use crate::trainer::{Learner, LookAt, Plan, Stepped};
use crate::{Error, RunDir};

/// The model, what it learns from and what it is judged by.
pub(super) struct LanguageLearner<'a> {
    config: &'a Pretraining,
    features: Vec<Feature>,
    melodies: &'a Melodies,
    run: &'a RunDir,
    model: LanguageModel,
    tape: LanguageTape,
    second: Box<Replica>,
}

/// A copy of the model, for the other half of a batch.
struct Replica {
    model: LanguageModel,
    tape: LanguageTape,
}

/// Half of a batch, and what its dropout is drawn from.
struct Half {
    batch: LanguageBatch,
    dropout: ChaCha8Rng,
}

impl Half {
    fn forward(
        mut self,
        model: &LanguageModel,
        tape: &mut LanguageTape,
    ) -> Result<LanguageLoss, model::Error> {
        model.forward(&self.batch, Mode::Train(&mut self.dropout), tape)
    }
}

/// A model with the pretraining's first weights.
pub(super) fn model(
    config: &Pretraining,
    vocabulary: &Vocabulary,
) -> Result<LanguageModel, model::Error> {
    let (features, shape) = (&config.melody.features, &config.model);
    let language = LanguageConfig {
        vocab: features.keys().map(|&feature| vocabulary.size(feature)).collect(),
        dims: Dims::Each(features.values().copied().collect()),
        structure: shape.structure,
        symbols: vocabulary.size(Feature::Symbol),
        durations: vocabulary.size(Feature::Duration),
        symbol_dims: shape.symbol_dims,
        duration_hidden: shape.duration_hidden,
        dropout: shape.dropout,
        precision: shape.precision,
    };
    LanguageModel::new(language, &mut generator(config.seed, Purpose::Weights, 0))
}

impl<'a> LanguageLearner<'a> {
    /// The model with its first weights.
    pub(super) fn new(
        config: &'a Pretraining,
        melodies: &'a Melodies,
        run: &'a RunDir,
    ) -> Result<Self, Error> {
        let model = model(config, &melodies.vocabulary)?;
        let (features, tape) = (config.features(), LanguageTape::default());
        let second = Box::new(Replica { model: model.clone(), tape: LanguageTape::default() });
        Ok(Self { config, features, melodies, run, model, tape, second })
    }

    /// Every second tune of a batch, in the key in which it is learned this time.
    fn half(&self, (batch, half): (&[usize], usize), step: u64) -> Half {
        let (seed, melodies) = (self.config.seed, self.melodies);
        let place = 2 * step + half as u64;
        let mut choice = generator(seed, Purpose::Choice, place);
        let keys = (self.config.melody.key, &melodies.keys);
        let tunes = batch.iter().skip(half).step_by(2);
        let tunes: Vec<Tokens> =
            tunes.map(|&tune| moved(&melodies.train[tune], keys, &mut choice)).collect();
        let tunes: Vec<&Tokens> = tunes.iter().collect();
        let mut batch = LanguageBatch::new(&melodies.vocabulary, &self.features, &tunes);
        self.withhold(&mut batch, &mut choice);
        Half { batch, dropout: generator(seed, Purpose::Dropout, place) }
    }

    /// Keeps from the model a part of what the headers of some tunes say.
    fn withhold(&self, batch: &mut LanguageBatch, random: &mut ChaCha8Rng) {
        let share = self.config.training.withhold;
        if share == 0.0 {
            return;
        }
        let told = self.features.iter().enumerate().filter(|(_, f)| tells_header(**f));
        let told: Vec<usize> = told.map(|(column, _)| column).collect();
        for tune in 0..batch.lengths.len() {
            let draw: f32 = random.random();
            if draw >= share {
                continue;
            }
            for &column in &told {
                if draw < share / 2.0 || random.random() {
                    batch.withhold(tune, column);
                }
            }
        }
    }

    /// How the pretraining wants it trained.
    pub(super) fn plan(&self) -> Plan {
        let training = &self.config.training;
        Plan {
            epochs: training.epochs,
            evaluate_every: training.evaluate_every,
            patience: training.patience,
            learning_rate: training.learning_rate,
            warm_up: training.warm_up,
            optimiser: AdamW::new(AdamWConfig {
                decay: training.weight_decay,
                clip: Some(training.clip),
                ..AdamWConfig::default()
            }),
        }
    }
}

/// Whether a feature tells what stands in a tune's header, or follows from it: the strength of beats does from the metre.
pub(crate) fn tells_header(feature: Feature) -> bool {
    feature.is_header() || matches!(feature, Feature::BeatStrength | Feature::NextBeatStrength)
}

/// Gives a copy of a model the values of the original.
fn copy_values(from: &LanguageModel, to: &mut LanguageModel) {
    let mut values = Vec::new();
    from.visit(&mut |_, param| values.extend_from_slice(&param.value));
    let mut rest = &values[..];
    to.visit_mut(&mut |_, param| {
        let (own, others) = rest.split_at(param.value.len());
        param.value.copy_from_slice(own);
        rest = others;
    });
}

/// Adds the gradients of a copy to those of the original.
fn add_gradients(from: &LanguageModel, to: &mut LanguageModel) {
    let mut grads = Vec::new();
    from.visit(&mut |_, param| grads.extend_from_slice(&param.grad));
    let mut rest = &grads[..];
    to.visit_mut(&mut |_, param| {
        let (own, others) = rest.split_at(param.grad.len());
        param.grad.iter_mut().zip(own).for_each(|(sum, x)| *sum += x);
        rest = others;
    });
}

/// How well a model foretells tunes, taken in batches of at most `rows` rows.
pub(super) fn foretell(
    model: &LanguageModel,
    (vocabulary, features): (&Vocabulary, &[Feature]),
    (tunes, rows): (&[Tokens], usize),
) -> Result<Foretold, model::Error> {
    let mut tape = LanguageTape::default();
    let mut order: Vec<usize> = (0..tunes.len()).collect();
    order.sort_by_key(|&tune| tunes[tune].len());
    let (mut symbol, mut duration) = ((0.0, 0), (0.0, 0));
    for batch in cut(&order, tunes, rows) {
        let tunes: Vec<&Tokens> = batch.iter().map(|&tune| &tunes[tune]).collect();
        let batch = LanguageBatch::new(vocabulary, features, &tunes);
        let loss = model.forward(&batch, Mode::Evaluate, &mut tape)?;
        symbol.0 += f64::from(loss.symbol) * loss.symbols as f64;
        symbol.1 += loss.symbols;
        duration.0 += f64::from(loss.duration) * loss.durations as f64;
        duration.1 += loss.durations;
    }
    Ok(Foretold::new(symbol, duration))
}

impl Learner for LanguageLearner<'_> {
    type Record = LanguageRecord;
    type Loss = LanguageLoss;

    fn batches(&self, epoch: usize) -> Vec<Vec<usize>> {
        let mut order = generator(self.config.seed, Purpose::Order, epoch as u64);
        batches(&self.melodies.train, self.config.training.batch_rows, &mut order)
    }

    fn parameters(&mut self) -> &mut impl Parameters {
        &mut self.model
    }

    /// Each half of the batch goes through a copy of the model of its own, on a thread of its own where there are two:
    /// recurrent layers leave a second thread little to do otherwise. The halves do not depend on the threads.
    fn gradients(&mut self, batch: &[usize], step: u64) -> Result<LanguageLoss, model::Error> {
        let [first, second] = [0, 1].map(|half| self.half((batch, half), step));
        copy_values(&self.model, &mut self.second.model);
        self.second.model.zero_gradients();
        let (a, b) = rayon::join(
            || first.forward(&self.model, &mut self.tape),
            || second.forward(&self.second.model, &mut self.second.tape),
        );
        let (a, b) = (a?, b?);
        let whole = (a.symbols + b.symbols, a.durations + b.durations);
        let (of_a, of_b) = (a.weight(whole), b.weight(whole));
        rayon::join(
            || self.model.backward(of_a, &mut self.tape),
            || self.second.model.backward(of_b, &mut self.second.tape),
        );
        add_gradients(&self.second.model, &mut self.model);
        Ok(LanguageLoss {
            symbol: a.symbol * of_a.symbol + b.symbol * of_b.symbol,
            duration: a.duration * of_a.duration + b.duration * of_b.duration,
            symbols: whole.0,
            durations: whole.1,
        })
    }

    fn stepped(&self, step: Stepped, loss: &LanguageLoss) -> LanguageRecord {
        LanguageRecord::Step(LanguageStep {
            step: step.step,
            steps: step.steps,
            epoch: step.epoch,
            symbol: loss.symbol,
            duration: loss.duration,
            learning_rate: step.learning_rate,
            gradient_norm: step.gradient_norm,
            rows_per_second: loss.symbols as f32 / step.seconds,
        })
    }

    fn look(
        &mut self,
        at: LookAt,
        _history: &History<LanguageRecord>,
    ) -> Result<LanguageRecord, Error> {
        let reading = (&self.melodies.vocabulary, &self.features[..]);
        let tunes = (&self.melodies.validation[..], self.config.training.batch_rows);
        let foretold = foretell(&self.model, reading, tunes)?;
        let best = at.best.is_none_or(|best| -foretold.nats() > best);
        if best {
            self.run.write(files::MELODY, &self.model.to_safetensors()?)?;
        }
        let LookAt { step, epoch, seconds, .. } = at;
        Ok(LanguageRecord::Validation(LanguageLook { step, epoch, seconds, foretold, best }))
    }
}
