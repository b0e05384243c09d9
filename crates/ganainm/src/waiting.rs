//! What people see while vectors are made before there can be an answer.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use search::Embedded;

use crate::screen;

/// What takes no longer than this is done in silence.
const PATIENCE: Duration = Duration::from_millis(700);

/// A bar on standard error, or a line where that is no terminal.
#[derive(Default)]
pub(crate) struct Waiting(Mutex<Option<Begun>>);

struct Begun {
    what: Embedded,
    at: Instant,
    bar: Option<ProgressBar>,
}

impl Waiting {
    /// Shows that so many of all are done.
    pub(crate) fn tell(&self, what: Embedded, done: usize, all: usize) {
        let mut begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = match begun.take().filter(|begun| begun.what == what) {
            Some(begun) => begun,
            None => Begun { what, at: Instant::now(), bar: None },
        };
        *begun = Some(now.shown(done, all));
    }
}

impl Begun {
    fn shown(mut self, done: usize, all: usize) -> Self {
        if self.bar.is_none() && done < all && self.at.elapsed() >= PATIENCE {
            self.bar = Some(begin(self.what, all));
        }
        if let Some(bar) = &self.bar {
            bar.set_position(bar.position().max(done as u64));
            if done == all {
                bar.finish_and_clear();
            }
        }
        self
    }
}

fn begin(what: Embedded, all: usize) -> ProgressBar {
    let words = match what {
        Embedded::Melodies => "embedding the melodies, once for this corpus and run",
        Embedded::Titles => "embedding the titles",
    };
    let bar =
        screen::bar(all as u64, &format!("{words} {{bar:30}} {{pos}} of {{len}}, {{eta}} left"));
    if bar.is_hidden() {
        eprintln!("ganainm: {words}: {} of them", screen::grouped(all));
    }
    bar
}
