//! What happened in a training so far: `metrics.jsonl` and TensorBoard's event files.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::run::files;
use crate::tensorboard::EventFile;
use crate::watch::{StepReport, Validation};
use crate::{Error, RunDir};

/// What a training records: steps and looks at validation.
pub(crate) trait Logged: Serialize + DeserializeOwned {
    /// Steps done.
    fn step(&self) -> u64;

    /// How good a look at validation is, the greater the better; none for a step.
    fn merit(&self) -> Option<f64>;

    /// What TensorBoard shows of it.
    fn scalars(&self) -> Vec<(&'static str, f32)>;
}

/// A line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Record {
    /// A training step.
    Step(StepReport),
    /// A look at the validation works.
    Validation(Validation),
}

impl Logged for Record {
    fn step(&self) -> u64 {
        match self {
            Self::Step(report) => report.step,
            Self::Validation(validation) => validation.step,
        }
    }

    fn merit(&self) -> Option<f64> {
        match self {
            Self::Step(_) => None,
            Self::Validation(validation) => Some(validation.merit()),
        }
    }

    fn scalars(&self) -> Vec<(&'static str, f32)> {
        match self {
            Self::Step(report) => vec![
                ("train/loss", report.loss),
                ("train/learning_rate", report.learning_rate),
                ("train/scale", report.scale),
                ("train/gradient_norm", report.gradient_norm),
                ("train/works_per_second", report.works_per_second),
            ],
            Self::Validation(validation) => vec![
                ("validation/mrr_melody_to_title", validation.melody_to_title as f32),
                ("validation/mrr_title_to_melody", validation.title_to_melody as f32),
            ],
        }
    }
}

/// All records of a run, kept in memory and on disk.
#[derive(Debug)]
pub(crate) struct History<R> {
    records: Vec<R>,
    lines: BufWriter<File>,
    events: EventFile<BufWriter<File>>,
    run: RunDir,
}

impl<R: Logged> History<R> {
    /// Opens the history of a run at `step`: what was recorded after it is dropped, since those
    /// steps will be done again.
    pub(crate) fn open(run: &RunDir, step: u64) -> Result<Self, Error> {
        let mut records: Vec<R> = read(run)?;
        records.retain(|record| record.step() <= step);
        let path = run.file(files::METRICS);
        let mut kept = Vec::new();
        for record in &records {
            put_line(&mut kept, record).map_err(|source| Error::io(&path, source))?;
        }
        run.write(files::METRICS, &kept)?;
        let lines = OpenOptions::new().append(true).open(&path);
        let lines = lines.map_err(|source| Error::io(&path, source))?;
        Ok(Self { records, lines: BufWriter::new(lines), events: events(run)?, run: run.clone() })
    }

    /// Records a step or a look.
    pub(crate) fn add(&mut self, record: R) -> Result<(), Error> {
        let failed = |source| Error::io(self.run.path(), source);
        put_line(&mut self.lines, &record).map_err(failed)?;
        let (now, step) = (seconds_since_1970(), record.step());
        for (tag, value) in record.scalars() {
            self.events.scalar(now, step, (tag, value)).map_err(failed)?;
        }
        self.records.push(record);
        Ok(())
    }

    /// Sees to it that all records are on the disk.
    pub(crate) fn sync(&mut self) -> Result<(), Error> {
        let failed = |source| Error::io(self.run.path(), source);
        self.lines.flush().map_err(failed)?;
        self.lines.get_ref().sync_data().map_err(failed)?;
        self.events.flush().map_err(failed)
    }

    /// All records, in order.
    pub(crate) fn records(&self) -> &[R] {
        &self.records
    }

    /// The look with the greatest merit, the first one where several have it.
    pub(crate) fn best(&self) -> Option<&R> {
        let looks = self.looks().rev();
        looks.max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(record, _)| record)
    }

    /// The greatest merit of a look.
    pub(crate) fn best_merit(&self) -> Option<f64> {
        self.best().and_then(Logged::merit)
    }

    /// How many looks there were since the best one.
    pub(crate) fn looks_since_best(&self) -> usize {
        let best = self.best_merit();
        self.looks().skip_while(|&(_, merit)| Some(merit) != best).skip(1).count()
    }

    fn looks(&self) -> impl DoubleEndedIterator<Item = (&R, f64)> {
        self.records.iter().filter_map(|record| Some((record, record.merit()?)))
    }
}

/// The records of a run; a last line that was cut off by a kill is passed over.
///
/// # Errors
/// When the file cannot be read, or a line before the last is damaged.
pub(crate) fn read<R: Logged>(run: &RunDir) -> Result<Vec<R>, Error> {
    let path = run.file(files::METRICS);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let bytes = run.read(files::METRICS)?;
    let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
    let lines = bytes[..whole].split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    let parsed = lines.enumerate().map(|(number, line)| {
        serde_json::from_slice(line)
            .map_err(|error| Error::damaged(&path, format!("line {}: {error}", number + 1)))
    });
    parsed.collect()
}

fn put_line(out: &mut impl Write, record: &impl Logged) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, record)?;
    out.write_all(b"\n")
}

/// A new event file for this sitting: TensorBoard joins all files of a folder.
fn events(run: &RunDir) -> Result<EventFile<BufWriter<File>>, Error> {
    let now = seconds_since_1970();
    let path = run.file(&format!("events.out.tfevents.{now:.6}.ganainm"));
    let failed = |source| Error::io(&path, source);
    let file = File::create(&path).map_err(failed)?;
    EventFile::new(BufWriter::new(file), now).map_err(failed)
}

fn seconds_since_1970() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(step: u64, loss: f32) -> Record {
        Record::Step(StepReport {
            step,
            steps: 9,
            epoch: 1,
            loss,
            learning_rate: 0.1,
            scale: 8.0,
            gradient_norm: 1.0,
            works_per_second: 1.0,
        })
    }

    fn look(step: u64, mrr: f64) -> Record {
        Record::Validation(Validation {
            step,
            epoch: 1,
            loss: 1.0,
            melody_to_title: mrr,
            title_to_melody: mrr,
            candidates: 7,
            chance: 0.1,
            best: true,
            learned: false,
        })
    }

    #[test]
    fn what_came_after_the_checkpoint_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let run = RunDir::create(&dir.path().join("run"), |_| Ok(())).unwrap();
        let mut history = History::open(&run, 0).unwrap();
        let all = [step(1, 3.0), step(2, 2.0), look(2, 0.5), step(3, 1.0)];
        for record in &all {
            history.add(record.clone()).unwrap();
        }
        history.sync().unwrap();
        assert_eq!(read::<Record>(&run).unwrap(), all);
        assert_eq!(History::<Record>::open(&run, 2).unwrap().records, all[..3]);
        assert_eq!(read::<Record>(&run).unwrap(), all[..3]);
    }

    #[test]
    fn a_line_cut_off_by_a_kill_is_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let run = RunDir::create(&dir.path().join("run"), |_| Ok(())).unwrap();
        let mut bytes = Vec::new();
        put_line(&mut bytes, &step(1, 3.0)).unwrap();
        bytes.extend(b"{\"kind\":\"st");
        run.write(files::METRICS, &bytes).unwrap();
        assert_eq!(read::<Record>(&run).unwrap(), [step(1, 3.0)]);
    }

    #[test]
    fn the_best_look_is_the_first_of_the_highest() {
        let dir = tempfile::tempdir().unwrap();
        let run = RunDir::create(&dir.path().join("run"), |_| Ok(())).unwrap();
        let mut history = History::open(&run, 0).unwrap();
        for record in [step(1, 4.0), look(1, 0.2), step(2, 2.0), look(2, 0.4), look(3, 0.4)] {
            history.add(record).unwrap();
        }
        assert_eq!(history.best().unwrap().step(), 2);
        assert_eq!(history.looks_since_best(), 1, "an equal look is not better");
    }
}
