//! The two towers in training: batches of works, a step on one, a look at the validation works.

use model::{Pairs, Parameters, TitleBatch, Towers, TowersBatch, TowersTape};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tokens::Tokens;

use crate::data::{Dataset, Example, batches};
use crate::evaluate::{cosines, titles};
use crate::foundation::{Foundation, Seen};
use crate::history::{History, Record};
use crate::looks::LookVectors;
use crate::predictions::{Look, Predictions};
use crate::random::{Purpose, generator};
use crate::run::files;
use crate::trainer::{Learner, LookAt, Plan, Stepped};
use crate::watch::{StepReport, Validation};
use crate::{Error, Experiment, RunDir, components, grams, ridge, setup};

/// The towers, what they learn from and what they are judged by.
pub(crate) struct TowersLearner<'a> {
    experiment: &'a Experiment,
    data: &'a Dataset,
    run: &'a RunDir,
    towers: Towers,
    tape: TowersTape,
    /// What need not be computed again of the training and of the validation works.
    seen: Seen,
    seen_validation: Seen,
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
        (data, foundation): (&'a Dataset, &Foundation),
        run: &'a RunDir,
    ) -> Result<Self, Error> {
        let mut towers = setup::towers(experiment, &data.vocabulary, foundation)?;
        let see = |examples| foundation.see(&towers.melody, (experiment, data), examples);
        let (seen, seen_validation) = (see(&data.train)?, see(&data.validation)?);
        let transfer = experiment.melody.transfer.as_ref();
        components::fit(transfer, (&data.train, &seen), &mut towers.melody)?;
        grams::fit(experiment, &data.train, &mut towers.melody)?;
        ridge::fit(experiment, (data, &seen), &mut towers)?;
        let (tape, predictions) = (TowersTape::default(), Predictions::default());
        Ok(Self { experiment, data, run, towers, tape, seen, seen_validation, predictions })
    }

    /// How the experiment wants them trained.
    pub(crate) fn plan(&self) -> Plan {
        let training = &self.experiment.training;
        Plan {
            epochs: training.epochs,
            // A look at works that were learned from tells nothing that could choose among weights.
            evaluate_every: if training.refit { training.epochs } else { training.evaluate_every },
            patience: training.patience,
            learning_rate: training.learning_rate,
            warm_up: training.warm_up,
            optimiser: setup::optimiser(training),
        }
    }

    /// A setting and a title of each work.
    fn batch(&self, works: &[usize], random: &mut ChaCha8Rng) -> TowersBatch {
        let training = &self.experiment.training;
        let (mut tunes, mut pooled) = (Vec::with_capacity(works.len()), Vec::new());
        let mut names = TitleBatch::default();
        for &work in works {
            let example = &self.data.train[work];
            let count = example.settings.len();
            let setting = random.random_range(0..count);
            tunes.push(moved(&example.settings[setting], training.transpose, random));
            pooled.push(self.seen.pooled(work, (setting, count)));
            let name = name(example, training.aliases, random);
            let title = example.names().nth(name).unwrap_or_default();
            let title = variant(title, training.title_variants, random);
            let grams = thinned(model::title_features(title), training.gram_dropout, random);
            names.push(&grams, self.seen.sentence(work, (name, 1 + example.aliases.len())));
        }
        let tunes: Vec<&Tokens> = tunes.iter().collect();
        let (reading, vocabulary) = (self.experiment.melody.reading(), &self.data.vocabulary);
        let melodies = match self.seen.pooled {
            Some(_) => reading.batch_of_pooled(vocabulary, &tunes, &pooled),
            None => reading.batch(vocabulary, &tunes),
        };
        TowersBatch { melodies, titles: names, pairs: Pairs::diagonal(works.len()) }
    }

    /// What the towers make of the validation works.
    fn vectors(&self) -> Result<LookVectors, Error> {
        let (examples, seen) = (&self.data.validation, &self.seen_validation);
        let Towers { melody, title, .. } = &self.towers;
        let tunes: Vec<&Tokens> = examples.iter().map(Example::query).collect();
        let read = (&self.experiment.melody.reading(), &self.data.vocabulary);
        let first = |work: usize| seen.pooled(work, (0, examples[work].settings.len()));
        let pooled: Vec<&[f32]> =
            seen.pooled.iter().flat_map(|all| (0..all.len()).map(first)).collect();
        let melodies = model::embed_melodies(melody, read, &tunes, &pooled)?;
        let sentences: Vec<&[f32]> = examples
            .iter()
            .enumerate()
            .map(|(work, example)| seen.sentence(work, (0, 1 + example.aliases.len())))
            .collect();
        let title_vectors = model::embed_titles(title, &titles(examples), &sentences.concat())?;
        Ok(LookVectors { dim: title.config().output, melody: melodies, title: title_vectors })
    }
}

impl Learner for TowersLearner<'_> {
    type Record = Record;
    type Loss = BatchLoss;

    fn batches(&self, epoch: usize) -> Vec<Vec<usize>> {
        let experiment = self.experiment;
        let mut order = generator(experiment.seed, Purpose::Order, epoch as u64);
        let training = &experiment.training;
        batches(&self.data.train, (training.batch, training.same_type), &mut order)
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

    /// Predictions and vectors are recorded at each look.
    fn look(&mut self, at: LookAt, history: &History<Record>) -> Result<Record, Error> {
        let vectors = self.vectors()?;
        vectors.write(self.run, at.step)?;
        let LookVectors { dim, melody, title } = vectors;
        let look = Look::new(&cosines(&self.data.validation, dim, (melody, title))?)?;
        let mut validation = Validation {
            step: at.step,
            epoch: at.epoch,
            loss: recent_loss(history.records()),
            melody_to_title: mean_reciprocal_rank(look.melody_to_title.outcomes().values()),
            title_to_melody: mean_reciprocal_rank(look.title_to_melody.outcomes().values()),
            candidates: self.data.validation.len(),
            chance: mean_reciprocal_rank(&look.melody_to_title.outcomes().chance()),
            best: false,
            learned: self.experiment.training.refit,
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

/// A setting moved up or down by at most `most` semitones.
fn moved(setting: &Tokens, most: i8, random: &mut ChaCha8Rng) -> Tokens {
    let semitones = if most > 0 { random.random_range(-most..=most) } else { 0 };
    // A tune that would leave the range of pitches stays where it is.
    setting.transposed(semitones).unwrap_or_else(|_| setting.clone())
}

/// Which of the work's names stands for it: the first, or with probability `share` another where it has any.
fn name(example: &Example, share: f32, random: &mut ChaCha8Rng) -> usize {
    let alias = random.random::<f32>() < share;
    if !alias || example.aliases.is_empty() {
        return 0;
    }
    1 + random.random_range(0..example.aliases.len())
}

/// A title, or with probability `share` what is left of it without its article: players say both. Words for dances at
/// a title's end are gone before, as titles are cleaned when they are imported.
fn variant<'t>(title: &'t str, share: f32, random: &mut ChaCha8Rng) -> &'t str {
    if share == 0.0 || random.random::<f32>() >= share {
        return title;
    }
    corpus::without_article(title)
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
