//! Training from the command line: reproducible, and nothing lost to a kill.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::workshop::{CONFIG, Workshop};

const WEIGHTS: [&str; 2] = ["melody.safetensors", "title.safetensors"];

fn weights(workshop: &Workshop, run: &str) -> Vec<Vec<u8>> {
    WEIGHTS.iter().map(|name| std::fs::read(workshop.path(run).join(name)).unwrap()).collect()
}

/// Lines without what the clock says.
fn steps(workshop: &Workshop, run: &str) -> Vec<(u64, f64)> {
    let text = std::fs::read_to_string(workshop.path(run).join("metrics.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|line| (line["step"].as_u64().unwrap(), line["loss"].as_f64().unwrap()))
        .collect()
}

#[test]
fn one_seed_gives_one_set_of_weights() {
    let workshop = Workshop::new(60);
    for (run, seed) in [("a", "3"), ("b", "3"), ("c", "4")] {
        workshop.succeed(&[
            "train",
            "small.toml",
            "--run",
            run,
            "--seed",
            seed,
            "--db",
            "corpus.db",
        ]);
    }
    assert!(weights(&workshop, "a") == weights(&workshop, "b"));
    assert!(weights(&workshop, "a") != weights(&workshop, "c"));
    assert_eq!(steps(&workshop, "a"), steps(&workshop, "b"));
}

#[test]
fn a_run_killed_again_and_again_ends_like_an_unbroken_one() {
    let workshop = Workshop::new(60);
    let long = CONFIG.replace("epochs = 6", "epochs = 40");
    std::fs::write(workshop.path("long.toml"), long).unwrap();
    workshop.succeed(&["train", "long.toml", "--run", "whole", "--db", "corpus.db"]);
    let all = steps(&workshop, "whole").len();

    let mut args = vec!["train", "long.toml", "--run", "broken", "--db", "corpus.db"];
    for kill in 1..=3 {
        kill_after(&workshop, &args, all * kill / 5);
        args = vec!["train", "--resume", "broken"];
    }
    workshop.succeed(&args);
    assert!(weights(&workshop, "whole") == weights(&workshop, "broken"));
    assert_eq!(steps(&workshop, "whole"), steps(&workshop, "broken"));
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
