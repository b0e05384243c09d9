//! Training and pretraining from the command line: reproducible, and nothing lost to a kill.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::workshop::{CONFIG, PRETRAINING, Workshop};

/// A command that trains.
struct Job {
    command: &'static str,
    config: &'static str,
    /// The files of weights that it leaves.
    weights: &'static [&'static str],
    /// What it records at every step and every look.
    loss: &'static str,
}

const TOWERS: Job = Job {
    command: "train",
    config: CONFIG,
    weights: &["melody.safetensors", "title.safetensors"],
    loss: "loss",
};

const LANGUAGE: Job = Job {
    command: "pretrain",
    config: PRETRAINING,
    weights: &["melody.safetensors"],
    loss: "symbol",
};

impl Job {
    fn weights(&self, workshop: &Workshop, run: &str) -> Vec<Vec<u8>> {
        let read = |name| std::fs::read(workshop.path(run).join(name)).unwrap();
        self.weights.iter().map(read).collect()
    }

    /// Lines without what the clock says.
    fn steps(&self, workshop: &Workshop, run: &str) -> Vec<(u64, f64)> {
        let text = std::fs::read_to_string(workshop.path(run).join("metrics.jsonl")).unwrap();
        text.lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .map(|line| (line["step"].as_u64().unwrap(), line[self.loss].as_f64().unwrap()))
            .collect()
    }

    fn start<'a>(&'a self, config: &'a str, run: &'a str) -> Vec<&'a str> {
        vec![self.command, config, "--run", run, "--db", "corpus.db"]
    }

    fn one_seed_gives_one_set_of_weights(&self) {
        let workshop = Workshop::new(60);
        std::fs::write(workshop.path("job.toml"), self.config).unwrap();
        for (run, seed) in [("a", "3"), ("b", "3"), ("c", "4")] {
            workshop.succeed(&[&self.start("job.toml", run)[..], &["--seed", seed]].concat());
        }
        assert!(self.weights(&workshop, "a") == self.weights(&workshop, "b"));
        assert!(self.weights(&workshop, "a") != self.weights(&workshop, "c"));
        assert_eq!(self.steps(&workshop, "a"), self.steps(&workshop, "b"));
    }

    fn a_run_killed_again_and_again_ends_like_an_unbroken_one(&self) {
        let workshop = Workshop::new(60);
        let long = self.config.replace("epochs = 6", "epochs = 40");
        std::fs::write(workshop.path("long.toml"), long).unwrap();
        workshop.succeed(&self.start("long.toml", "whole"));
        let all = self.steps(&workshop, "whole").len();

        let mut args = self.start("long.toml", "broken");
        for kill in 1..=3 {
            kill_after(&workshop, &args, all * kill / 5);
            args = vec![self.command, "--resume", "broken"];
        }
        workshop.succeed(&args);
        assert!(self.weights(&workshop, "whole") == self.weights(&workshop, "broken"));
        assert_eq!(self.steps(&workshop, "whole"), self.steps(&workshop, "broken"));
    }
}

#[test]
fn one_seed_gives_one_set_of_weights() {
    TOWERS.one_seed_gives_one_set_of_weights();
    LANGUAGE.one_seed_gives_one_set_of_weights();
}

#[test]
fn towers_killed_again_and_again_end_like_unbroken_ones() {
    TOWERS.a_run_killed_again_and_again_ends_like_an_unbroken_one();
}

#[test]
fn a_language_model_killed_again_and_again_ends_like_an_unbroken_one() {
    LANGUAGE.a_run_killed_again_and_again_ends_like_an_unbroken_one();
}

#[test]
fn a_run_of_the_other_kind_is_refused_by_name() {
    let workshop = Workshop::new(60);
    std::fs::write(workshop.path("job.toml"), PRETRAINING).unwrap();
    workshop.succeed(&LANGUAGE.start("job.toml", "notes"));
    for args in [&["evaluate", "notes"][..], &["train", "--resume", "notes"]] {
        let message = workshop.fail(args);
        assert!(message.contains("melody language model"), "{args:?}: {message}");
    }
    let report = std::fs::read_to_string(workshop.path("notes/report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    for side in ["validation", "test"] {
        assert!(report[side]["symbol"].as_f64().unwrap() > 0.0);
        assert!(report[side]["durations"].as_u64() < report[side]["symbols"].as_u64());
    }
}

/// Starts training and kills it, with no chance to tidy up, once so many lines are recorded.
fn kill_after(workshop: &Workshop, args: &[&str], lines: usize) {
    let metrics = workshop.path("broken/metrics.jsonl");
    let quiet = workshop.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut child = quiet.unwrap();
    let deadline = Instant::now() + Duration::from_secs(120);
    while std::fs::read_to_string(&metrics).map_or(0, |text| text.lines().count()) < lines {
        assert!(child.try_wait().unwrap().is_none(), "training was over before the kill");
        assert!(Instant::now() < deadline, "no progress");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}
