//! The training loop: from batches of works to weights.

use std::time::{Duration, Instant};

use model::{AdamW, Pairs, Parameters, Schedule, TitleBatch, Towers, TowersBatch, TowersTape};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tokens::Tokens;

use crate::checkpoint;
use crate::data::{Dataset, Example, batches};
use crate::evaluate::{cosines, titles};
use crate::history::{History, Record};
use crate::predictions::{Look, Predictions};
use crate::random::{Purpose, generator};
use crate::run::files;
use crate::watch::{Outcome, StepReport, Validation, Watch};
use crate::{Error, Experiment, RunDir, setup};

/// Longest time between two checkpoints.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);

/// A training under way.
pub(crate) struct Trainer<'a> {
    experiment: &'a Experiment,
    data: &'a Dataset,
    run: &'a RunDir,
    towers: Towers,
    tape: TowersTape,
    optimiser: AdamW,
    schedule: Schedule,
    history: History,
    predictions: Predictions,
    /// Steps done.
    step: u64,
    /// Seconds of earlier sittings.
    seconds: f64,
    started: Instant,
    saved: Instant,
}

impl<'a> Trainer<'a> {
    /// A training at the last checkpoint of the run, or at its start.
    pub(crate) fn new(
        experiment: &'a Experiment,
        data: &'a Dataset,
        run: &'a RunDir,
    ) -> Result<Self, Error> {
        let mut towers = setup::towers(experiment, &data.vocabulary)?;
        let optimiser = match checkpoint::read(run, &mut towers)? {
            Some(optimiser) => optimiser,
            None => setup::optimiser(&experiment.training),
        };
        let step = optimiser.steps();
        let steps = (1..=experiment.training.epochs)
            .map(|epoch| epoch_batches(experiment, data, epoch).len() as u64)
            .sum();
        let now = Instant::now();
        Ok(Self {
            experiment,
            data,
            run,
            towers,
            tape: TowersTape::default(),
            optimiser,
            schedule: setup::schedule(&experiment.training, steps),
            history: History::open(run, step)?,
            predictions: Predictions::open(run, step)?,
            step,
            seconds: run.manifest()?.seconds,
            started: now,
            saved: now,
        })
    }

    /// Trains to the end, or until `watch` asks to stop.
    pub(crate) fn run(mut self, watch: &mut dyn Watch) -> Result<Outcome, Error> {
        let mut first = 0;
        for epoch in 1..=self.experiment.training.epochs {
            let batches = epoch_batches(self.experiment, self.data, epoch);
            let done = self.step.saturating_sub(first).min(batches.len() as u64) as usize;
            first += batches.len() as u64;
            for batch in &batches[done..] {
                let report = self.train(batch, epoch)?;
                watch.step(&report);
                self.history.add(Record::Step(report))?;
                let looked = self.step == first && self.is_due(epoch);
                if looked {
                    let validation = self.validate(epoch)?;
                    watch.validated(&validation);
                }
                if watch.should_stop() {
                    self.save()?;
                    return Ok(Outcome::Interrupted { step: self.step });
                }
                if looked || self.saved.elapsed() > CHECKPOINT_EVERY {
                    self.save()?;
                }
            }
            if self.has_lost_patience() {
                break;
            }
        }
        self.finish()
    }

    fn is_due(&self, epoch: usize) -> bool {
        let training = &self.experiment.training;
        epoch.is_multiple_of(training.evaluate_every) || epoch == training.epochs
    }

    /// One step on one batch.
    fn train(&mut self, works: &[usize], epoch: usize) -> Result<StepReport, Error> {
        let started = Instant::now();
        let seed = self.experiment.seed;
        let batch = self.batch(works, &mut generator(seed, Purpose::Choice, self.step));
        let mut dropout = generator(seed, Purpose::Dropout, self.step);
        self.step += 1;
        let not_finite = |error| match error {
            model::Error::NotFinite { what } => Error::NotFinite { step: self.step, what },
            other => other.into(),
        };
        self.towers.zero_gradients();
        let loss = self.towers.forward(&batch, &mut dropout, &mut self.tape).map_err(not_finite)?;
        self.towers.backward(&batch, &mut self.tape);
        let learning_rate = self.schedule.rate(self.step);
        let gradient_norm =
            self.optimiser.step(&mut self.towers, learning_rate).map_err(not_finite)?;
        self.towers.loss.clamp();
        Ok(StepReport {
            step: self.step,
            steps: self.schedule.steps,
            epoch,
            loss,
            learning_rate,
            scale: self.towers.loss.scale(),
            gradient_norm,
            works_per_second: works.len() as f32 / started.elapsed().as_secs_f32(),
        })
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
            names.push(&thinned(model::title_features(title), training.gram_dropout, random));
        }
        let tunes: Vec<&Tokens> = tunes.iter().collect();
        TowersBatch {
            melodies: self.experiment.melody.reading().batch(&self.data.vocabulary, &tunes),
            titles: names,
            pairs: Pairs::diagonal(works.len()),
        }
    }

    /// A look at the validation works: predictions are recorded, and the weights kept if they are
    /// the best so far.
    fn validate(&mut self, epoch: usize) -> Result<Validation, Error> {
        let look = self.look()?;
        let mut validation = Validation {
            step: self.step,
            epoch,
            loss: self.history.recent_loss(),
            melody_to_title: mean_reciprocal_rank(look.melody_to_title.outcomes().values()),
            title_to_melody: mean_reciprocal_rank(look.title_to_melody.outcomes().values()),
            candidates: self.data.validation.len(),
            chance: mean_reciprocal_rank(&look.melody_to_title.outcomes().chance()),
            best: false,
        };
        let record = self.history.best().map(Validation::merit);
        validation.best = record.is_none_or(|record| validation.merit() > record);
        if validation.best {
            self.run.write(files::MELODY, &self.towers.melody.to_safetensors()?)?;
            self.run.write(files::TITLE, &self.towers.title.to_safetensors()?)?;
        }
        self.predictions.add(self.run, (self.step, &look))?;
        self.history.add(Record::Validation(validation.clone()))?;
        Ok(validation)
    }

    fn look(&self) -> Result<Look, Error> {
        let examples = &self.data.validation;
        let Towers { melody, title, .. } = &self.towers;
        let tunes: Vec<&Tokens> = examples.iter().map(Example::query).collect();
        let read = (&self.experiment.melody.reading(), &self.data.vocabulary);
        let melodies = model::embed_melodies(melody, read, &tunes)?;
        let titles = model::embed_titles(title, &titles(examples));
        Look::new(&cosines(examples, self.experiment.training.output, (melodies, titles))?)
    }

    fn has_lost_patience(&self) -> bool {
        let patience = self.experiment.training.patience;
        let since_best = self.history.validations().rev().take_while(|look| !look.best).count();
        patience > 0 && since_best >= patience
    }

    /// Writes a checkpoint. The records go first: those after the checkpoint are dropped when the
    /// run goes on, those before it must be there.
    fn save(&mut self) -> Result<(), Error> {
        self.history.sync()?;
        checkpoint::write(self.run, &self.towers, &self.optimiser)?;
        self.record(false)?;
        self.saved = Instant::now();
        Ok(())
    }

    fn finish(mut self) -> Result<Outcome, Error> {
        self.save()?;
        let seconds = self.record(true)?;
        checkpoint::remove(self.run)?;
        let best_step = self.history.best().map_or(self.step, |look| look.step);
        Ok(Outcome::Finished { best_step, seconds })
    }

    /// Brings the manifest up to date; seconds of all sittings.
    fn record(&self, finished: bool) -> Result<f64, Error> {
        let mut manifest = self.run.manifest()?;
        manifest.steps = self.step;
        manifest.seconds = self.seconds + self.started.elapsed().as_secs_f64();
        manifest.finished = finished;
        self.run.write_json(files::MANIFEST, &manifest)?;
        Ok(manifest.seconds)
    }
}

fn mean_reciprocal_rank(outcomes: &[retrieval::Outcome]) -> f64 {
    let sum: f64 = outcomes.iter().map(|outcome| outcome.reciprocal_rank).sum();
    sum / outcomes.len().max(1) as f64
}

fn epoch_batches(experiment: &Experiment, data: &Dataset, epoch: usize) -> Vec<Vec<usize>> {
    let mut order = generator(experiment.seed, Purpose::Order, epoch as u64);
    batches(&data.train, experiment.training.batch, &mut order)
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
