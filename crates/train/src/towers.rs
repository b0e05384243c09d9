//! The two towers in training: batches of works, a step on one, a look at the validation works.

use model::{Pairs, Parameters, TitleBatch, Towers, TowersBatch, TowersTape};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tokens::Tokens;

use crate::data::{Dataset, Example, batches};
use crate::evaluate::{cosines, titles};
use crate::history::{History, Record};
use crate::predictions::{Look, Predictions};
use crate::random::{Purpose, generator};
use crate::run::files;
use crate::trainer::{Learner, LookAt, Plan, Stepped};
use crate::watch::{StepReport, Validation};
use crate::{Error, Experiment, RunDir, setup};

/// The towers, what they learn from and what they are judged by.
pub(crate) struct TowersLearner<'a> {
    experiment: &'a Experiment,
    data: &'a Dataset,
    run: &'a RunDir,
    towers: Towers,
    tape: TowersTape,
    predictions: Predictions,
}

/// What a batch leaves to be recorded.
pub(crate) struct BatchLoss {
    loss: f32,
    works: usize,
}

impl<'a> TowersLearner<'a> {
    /// Towers with the experiment's first weights.
    pub(crate) fn new(
        experiment: &'a Experiment,
        data: &'a Dataset,
        run: &'a RunDir,
    ) -> Result<Self, Error> {
        let towers = setup::towers(experiment, &data.vocabulary)?;
        let (tape, predictions) = (TowersTape::default(), Predictions::default());
        Ok(Self { experiment, data, run, towers, tape, predictions })
    }

    /// How the experiment wants them trained.
    pub(crate) fn plan(&self) -> Plan {
        let training = &self.experiment.training;
        Plan {
            epochs: training.epochs,
            evaluate_every: training.evaluate_every,
            patience: training.patience,
            learning_rate: training.learning_rate,
            warm_up: training.warm_up,
            optimiser: setup::optimiser(training),
        }
    }

    /// A setting and a title of each work.
    fn batch(&self, works: &[usize], random: &mut ChaCha8Rng) -> TowersBatch {
        let training = &self.experiment.training;
        let mut tunes = Vec::with_capacity(works.len());
        let mut names = TitleBatch::default();
        for &work in works {
            let example = &self.data.train[work];
            tunes.push(setting(example, training.transpose, random));
            let title = title(example, training.aliases, random);
            names.push(&thinned(model::title_features(title), training.gram_dropout, random), &[]);
        }
        let tunes: Vec<&Tokens> = tunes.iter().collect();
        TowersBatch {
            melodies: self.experiment.melody.reading().batch(&self.data.vocabulary, &tunes),
            titles: names,
            pairs: Pairs::diagonal(works.len()),
        }
    }

    fn rankings(&self) -> Result<Look, Error> {
        let examples = &self.data.validation;
        let Towers { melody, title, .. } = &self.towers;
        let tunes: Vec<&Tokens> = examples.iter().map(Example::query).collect();
        let read = (&self.experiment.melody.reading(), &self.data.vocabulary);
        let melodies = model::embed_melodies(melody, read, &tunes, &[])?;
        let titles = model::embed_titles(title, &titles(examples), &[])?;
        Look::new(&cosines(examples, self.experiment.training.output, (melodies, titles))?)
    }
}

impl Learner for TowersLearner<'_> {
    type Record = Record;
    type Loss = BatchLoss;

    fn batches(&self, epoch: usize) -> Vec<Vec<usize>> {
        let experiment = self.experiment;
        let mut order = generator(experiment.seed, Purpose::Order, epoch as u64);
        batches(&self.data.train, experiment.training.batch, &mut order)
    }

    fn parameters(&mut self) -> &mut impl Parameters {
        &mut self.towers
    }

    fn gradients(&mut self, works: &[usize], step: u64) -> Result<BatchLoss, model::Error> {
        let seed = self.experiment.seed;
        let batch = self.batch(works, &mut generator(seed, Purpose::Choice, step));
        let mut dropout = generator(seed, Purpose::Dropout, step);
        let loss = self.towers.forward(&batch, &mut dropout, &mut self.tape)?;
        self.towers.backward(&batch, &mut self.tape);
        Ok(BatchLoss { loss, works: works.len() })
    }

    fn begin(&mut self, step: u64) -> Result<(), Error> {
        self.predictions = Predictions::open(self.run, step)?;
        Ok(())
    }

    fn moved(&mut self) {
        self.towers.loss.clamp();
    }

    fn stepped(&self, step: Stepped, loss: &BatchLoss) -> Record {
        Record::Step(StepReport {
            step: step.step,
            steps: step.steps,
            epoch: step.epoch,
            loss: loss.loss,
            learning_rate: step.learning_rate,
            scale: self.towers.loss.scale(),
            gradient_norm: step.gradient_norm,
            works_per_second: loss.works as f32 / step.seconds,
        })
    }

    /// Predictions are recorded at each look.
    fn look(&mut self, at: LookAt, history: &History<Record>) -> Result<Record, Error> {
        let look = self.rankings()?;
        let mut validation = Validation {
            step: at.step,
            epoch: at.epoch,
            loss: recent_loss(history.records()),
            melody_to_title: mean_reciprocal_rank(look.melody_to_title.outcomes().values()),
            title_to_melody: mean_reciprocal_rank(look.title_to_melody.outcomes().values()),
            candidates: self.data.validation.len(),
            chance: mean_reciprocal_rank(&look.melody_to_title.outcomes().chance()),
            best: false,
        };
        validation.best = at.best.is_none_or(|best| validation.merit() > best);
        if validation.best {
            self.run.write(files::MELODY, &self.towers.melody.to_safetensors()?)?;
            self.run.write(files::TITLE, &self.towers.title.to_safetensors()?)?;
        }
        self.predictions.add(self.run, (at.step, &look))?;
        Ok(Record::Validation(validation))
    }
}

/// Mean loss of the steps since the last look.
fn recent_loss(records: &[Record]) -> f32 {
    let recent = records.iter().rev().map_while(|record| match record {
        Record::Step(report) => Some(report.loss),
        Record::Validation(_) => None,
    });
    let (sum, count) = recent.fold((0.0, 0_u32), |(sum, count), loss| (sum + loss, count + 1));
    sum / count.max(1) as f32
}

fn mean_reciprocal_rank(outcomes: &[retrieval::Outcome]) -> f64 {
    let sum: f64 = outcomes.iter().map(|outcome| outcome.reciprocal_rank).sum();
    sum / outcomes.len().max(1) as f64
}

/// One of the work's settings, moved up or down by at most `most` semitones.
fn setting(example: &Example, most: i8, random: &mut ChaCha8Rng) -> Tokens {
    let tokens = &example.settings[random.random_range(0..example.settings.len())];
    let semitones = if most > 0 { random.random_range(-most..=most) } else { 0 };
    // A tune that would leave the range of pitches stays where it is.
    tokens.transposed(semitones).unwrap_or_else(|_| tokens.clone())
}

/// The work's name, or with probability `share` one of its aliases where it has any.
fn title<'e>(example: &'e Example, share: f32, random: &mut ChaCha8Rng) -> &'e str {
    let alias = random.random::<f32>() < share;
    if !alias || example.aliases.is_empty() {
        return &example.title;
    }
    &example.aliases[random.random_range(0..example.aliases.len())]
}

/// The features without a random `share` of them, one at least.
fn thinned(mut features: Vec<u32>, share: f32, random: &mut ChaCha8Rng) -> Vec<u32> {
    let first = features.first().copied();
    features.retain(|_| random.random::<f32>() >= share);
    if features.is_empty() {
        features.extend(first);
    }
    features
}
