//! The training loop: from batches to weights, with checkpoints, looks at validation, and an end.

use std::time::{Duration, Instant};

use model::{AdamW, Decay, Parameters, Schedule};

use crate::history::{History, Logged};
use crate::watch::{Outcome, Watch};
use crate::{Error, RunDir, checkpoint, files};

/// Longest time between two checkpoints.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);

/// How long is trained and how fast.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) epochs: usize,
    /// Epochs between two looks at validation.
    pub(crate) evaluate_every: usize,
    /// Looks without a better one after which training stops; 0 for never.
    pub(crate) patience: usize,
    /// The greatest learning rate.
    pub(crate) learning_rate: f32,
    /// Share of all steps in which the rate rises from zero; it falls as a cosine after.
    pub(crate) warm_up: f32,
    /// The optimiser before its first step.
    pub(crate) optimiser: AdamW,
}

/// One training step, as far as every training has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stepped {
    /// Steps done, this one included.
    pub(crate) step: u64,
    /// Steps of the whole training.
    pub(crate) steps: u64,
    /// Epoch of the step, from 1.
    pub(crate) epoch: usize,
    pub(crate) learning_rate: f32,
    /// Norm of the gradient of all weights before clipping.
    pub(crate) gradient_norm: f32,
    /// Seconds that the step took.
    pub(crate) seconds: f32,
}

/// A look at validation that is due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LookAt {
    /// Steps done.
    pub(crate) step: u64,
    /// Epochs done.
    pub(crate) epoch: usize,
    /// Seconds of training, of all sittings.
    pub(crate) seconds: f64,
    /// The greatest merit of a look so far.
    pub(crate) best: Option<f64>,
}

/// What a training trains, and on what.
pub(crate) trait Learner {
    /// What is recorded of a step and of a look.
    type Record: Logged;
    /// What one batch leaves to be recorded.
    type Loss;

    /// The batches of an epoch, the same at every call.
    fn batches(&self, epoch: usize) -> Vec<Vec<usize>>;

    /// What is trained.
    fn parameters(&mut self) -> &mut impl Parameters;

    /// Adds the gradients of one batch to those of the parameters; `step` counts the steps done before.
    fn gradients(&mut self, batch: &[usize], step: u64) -> Result<Self::Loss, model::Error>;

    /// Called once, when the parameters are those of the last checkpoint, which was after `step` steps.
    fn begin(&mut self, _step: u64) -> Result<(), Error> {
        Ok(())
    }

    /// Called after the optimiser has moved the parameters.
    fn moved(&mut self) {}

    /// The record of a step.
    fn stepped(&self, step: Stepped, loss: &Self::Loss) -> Self::Record;

    /// Looks at validation and keeps the weights if they are the best so far.
    fn look(&mut self, at: LookAt, history: &History<Self::Record>) -> Result<Self::Record, Error>;
}

/// A training under way.
pub(crate) struct Trainer<'a, L: Learner> {
    learner: L,
    plan: Plan,
    schedule: Schedule,
    run: &'a RunDir,
    history: History<L::Record>,
    /// Steps done.
    step: u64,
    /// Seconds of earlier sittings.
    seconds: f64,
    started: Instant,
    saved: Instant,
}

impl<'a, L: Learner> Trainer<'a, L> {
    /// A training at the last checkpoint of the run, or at its start.
    pub(crate) fn new(run: &'a RunDir, mut learner: L, mut plan: Plan) -> Result<Self, Error> {
        if let Some(optimiser) = checkpoint::read(run, learner.parameters())? {
            plan.optimiser = optimiser;
        }
        let step = plan.optimiser.steps();
        learner.begin(step)?;
        let steps = (1..=plan.epochs).map(|epoch| learner.batches(epoch).len() as u64).sum();
        let schedule = Schedule {
            peak: plan.learning_rate,
            floor: 0.0,
            warmup: (plan.warm_up * steps as f32) as u64,
            steps,
            decay: Decay::Cosine,
        };
        let now = Instant::now();
        Ok(Self {
            learner,
            plan,
            schedule,
            run,
            history: History::open(run, step)?,
            step,
            seconds: run.manifest()?.seconds,
            started: now,
            saved: now,
        })
    }

    /// Trains to the end, or until `watch` asks to stop.
    pub(crate) fn run(mut self, watch: &mut dyn Watch<L::Record>) -> Result<Outcome, Error> {
        if self.plan.epochs == 0 && self.history.best().is_none() {
            // What is not trained is looked at all the same: that leaves its weights in the run.
            self.look(0, watch)?;
        }
        let mut first = 0;
        for epoch in 1..=self.plan.epochs {
            let batches = self.learner.batches(epoch);
            let done = self.step.saturating_sub(first).min(batches.len() as u64) as usize;
            first += batches.len() as u64;
            for batch in &batches[done..] {
                self.train(batch, epoch, watch)?;
                let looked = self.step == first && self.is_due(epoch);
                if looked {
                    self.look(epoch, watch)?;
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
        epoch.is_multiple_of(self.plan.evaluate_every) || epoch == self.plan.epochs
    }

    /// One step on one batch.
    fn train(
        &mut self,
        batch: &[usize],
        epoch: usize,
        watch: &mut dyn Watch<L::Record>,
    ) -> Result<(), Error> {
        let started = Instant::now();
        let before = self.step;
        self.step += 1;
        let not_finite = |error| match error {
            model::Error::NotFinite { what } => Error::NotFinite { step: before + 1, what },
            other => other.into(),
        };
        self.learner.parameters().zero_gradients();
        let loss = self.learner.gradients(batch, before).map_err(not_finite)?;
        let learning_rate = self.schedule.rate(self.step);
        let optimiser = &mut self.plan.optimiser;
        let gradient_norm =
            optimiser.step(self.learner.parameters(), learning_rate).map_err(not_finite)?;
        self.learner.moved();
        let stepped = Stepped {
            step: self.step,
            steps: self.schedule.steps,
            epoch,
            learning_rate,
            gradient_norm,
            seconds: started.elapsed().as_secs_f32(),
        };
        let record = self.learner.stepped(stepped, &loss);
        watch.record(&record);
        self.history.add(record)
    }

    fn look(&mut self, epoch: usize, watch: &mut dyn Watch<L::Record>) -> Result<(), Error> {
        let (step, best) = (self.step, self.history.best_merit());
        let at = LookAt { step, epoch, seconds: self.seconds(), best };
        let record = self.learner.look(at, &self.history)?;
        watch.record(&record);
        self.history.add(record)
    }

    /// Seconds of all sittings.
    fn seconds(&self) -> f64 {
        self.seconds + self.started.elapsed().as_secs_f64()
    }

    fn has_lost_patience(&self) -> bool {
        self.plan.patience > 0 && self.history.looks_since_best() >= self.plan.patience
    }

    /// Writes a checkpoint. The records go first: those after the checkpoint are dropped when the
    /// run goes on, those before it must be there.
    fn save(&mut self) -> Result<(), Error> {
        self.history.sync()?;
        checkpoint::write(self.run, self.learner.parameters(), &self.plan.optimiser)?;
        self.record(false)?;
        self.saved = Instant::now();
        Ok(())
    }

    fn finish(mut self) -> Result<Outcome, Error> {
        self.save()?;
        let seconds = self.record(true)?;
        checkpoint::remove(self.run)?;
        let best_step = self.history.best().map_or(self.step, Logged::step);
        Ok(Outcome::Finished { best_step, seconds })
    }

    /// Brings the manifest up to date; seconds of all sittings.
    fn record(&self, finished: bool) -> Result<f64, Error> {
        let mut manifest = self.run.manifest()?;
        manifest.steps = self.step;
        manifest.seconds = self.seconds();
        manifest.finished = finished;
        self.run.write_json(files::MANIFEST, &manifest)?;
        Ok(manifest.seconds)
    }
}
