//! Studies from the command line: resumed after kills, refused where runs do not fit, and what they leave.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::workshop::Workshop;
use serde_json::Value;

const STUDY: &str = r#"
name = "tiny"
seeds = [1, 2]
base = "small.toml"
reference = "both"
pool = 5
resamples = 200
[experiment.training]
epochs = 4
[[arm]]
name = "both"
[[arm]]
name = "header"
set = { "melody.notes" = [] }
[[arm]]
name = "half"
corpus_share = 0.5
"#;

const RUNS: [&str; 6] = ["both-1", "header-1", "half-1", "both-2", "header-2", "half-2"];

fn workshop() -> Workshop {
    let workshop = Workshop::new(80);
    std::fs::write(workshop.path("tiny.toml"), STUDY).unwrap();
    workshop
}

fn study<'a>(rest: &[&'a str]) -> Vec<&'a str> {
    [&["study", "tiny.toml", "--db", "corpus.db"], rest].concat()
}

fn weights(workshop: &Workshop, folder: &str) -> Vec<Vec<u8>> {
    let read =
        |run| std::fs::read(workshop.path(folder).join(run).join("melody.safetensors")).unwrap();
    RUNS.map(read).to_vec()
}

#[test]
fn a_study_goes_from_a_grid_to_one_table() {
    let workshop = workshop();
    let shown = workshop.succeed(&study(&[]));
    for word in ["tiny, test works", "p Holm", "header only (baseline)", "chance (exact)", "sd"] {
        assert!(shown.contains(word), "no {word} in\n{shown}");
    }
    let folder = workshop.path("runs/tiny");
    let text = std::fs::read_to_string(folder.join("study.json")).unwrap();
    let verdict: Value = serde_json::from_str(&text).unwrap();
    let direction = &verdict["report"]["directions"][0];
    assert_eq!(direction["candidates"], 5);
    let systems = direction["systems"].as_array().unwrap();
    assert_eq!((systems[0]["name"].as_str(), systems[0]["runs"].as_u64()), (Some("both"), Some(2)));
    assert_eq!(direction["comparisons"][0]["comparisons"], 2);
    assert_eq!(verdict["arms"][2]["experiment"]["training"]["share"], 0.5);
    for file in ["study.md", "study.csv", "study.svg"] {
        assert!(std::fs::metadata(folder.join(file)).unwrap().len() > 500, "{file}");
    }

    // Once more: everything is there, and gives the same verdict but on one line.
    let lines = workshop.succeed(&study(&["--json", "--jobs", "1"]));
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kept = lines.iter().filter(|line| line["kind"] == "kept").count();
    assert_eq!((kept, lines.last()), (6, Some(&verdict)));

    let before = std::fs::read(folder.join("study.json")).unwrap();
    let validation = workshop.succeed(&study(&["--validation"]));
    assert!(validation.contains("tiny, validation works"));
    assert_eq!(std::fs::read(folder.join("study.json")).unwrap(), before);
}

#[test]
fn a_study_killed_again_and_again_ends_like_an_unbroken_one() {
    let workshop = workshop();
    let threads = ["--jobs", "2"];
    workshop.succeed(&study(&[&threads[..], &["--folder", "whole"]].concat()));
    let broken = study(&[&threads[..], &["--folder", "broken"]].concat());
    for steps in [3, 20, 45] {
        kill_after(&workshop, &broken, steps);
    }
    workshop.succeed(&broken);
    assert!(weights(&workshop, "whole") == weights(&workshop, "broken"));
    let report = |folder: &str| -> Value {
        let text = std::fs::read_to_string(workshop.path(folder).join("study.json")).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["report"].take()
    };
    assert_eq!(report("whole"), report("broken"));
}

/// Starts the study and kills it, with no chance to tidy up, once its runs have so many records together.
fn kill_after(workshop: &Workshop, args: &[&str], records: usize) {
    let count = || -> usize {
        let metrics = RUNS.map(|run| workshop.path("broken").join(run).join("metrics.jsonl"));
        metrics
            .iter()
            .filter_map(|path| std::fs::read_to_string(path).ok())
            .map(|t| t.lines().count())
            .sum()
    };
    let quiet = workshop.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut child = quiet.unwrap();
    let deadline = Instant::now() + Duration::from_secs(120);
    while count() < records {
        assert!(child.try_wait().unwrap().is_none(), "the study was over before the kill");
        assert!(Instant::now() < deadline, "no progress");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn runs_that_do_not_fit_the_study_are_refused_by_name() {
    let workshop = workshop();
    let one = STUDY.replace("[1, 2]", "[1]").replace("epochs = 4", "epochs = 1");
    std::fs::write(workshop.path("tiny.toml"), &one).unwrap();
    workshop.succeed(&study(&[]));
    std::fs::write(workshop.path("tiny.toml"), one.replace("epochs = 1", "epochs = 2")).unwrap();
    let other = workshop.fail(&study(&[]));
    let expected = "`training.epochs` is 1 there, and 2 in the study";
    assert!(other.contains("both-1") && other.contains(expected), "{other}");

    std::fs::write(workshop.path("tiny.toml"), one.replace("[1]", "[1, 2]")).unwrap();
    std::fs::write(workshop.path("more.abc"), crate::workshop::tunebook(90)).unwrap();
    workshop.succeed(&["corpus", "add", "more.abc", "--db", "corpus.db"]);
    let grown = workshop.fail(&study(&[]));
    assert!(grown.contains("both-1: was made from other works"), "{grown}");
    assert!(!workshop.path("runs/tiny/both-2").exists());

    std::fs::write(workshop.path("tiny.toml"), one.replace("melody.notes", "melody.nots")).unwrap();
    let unknown = workshop.fail(&study(&[]));
    assert!(unknown.contains("tiny.toml: arm `header`") && unknown.contains("nots"), "{unknown}");
}

#[test]
fn arms_are_fused_and_judged_like_arms() {
    let workshop = workshop();
    let fused = STUDY.replace("corpus_share = 0.5", "corpus_share = 0.5\nseeds = [1]")
        + r#"
[[fusion]]
name = "each"
members = ["half", "both"]
[[fusion]]
name = "together"
members = ["both", "header"]
all_seeds = true
how = { weights = "equal" }
"#;
    std::fs::write(workshop.path("tiny.toml"), &fused).unwrap();
    let lines = workshop.succeed(&study(&["--json"]));
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_kind = |kind| {
        let found = lines.iter().filter(|line| line["kind"] == kind);
        let mut runs: Vec<&str> = found.map(|line| line["run"].as_str().unwrap()).collect();
        runs.sort_unstable();
        runs
    };
    let fusions = ["each-1", "each-2", "together-all"];
    assert_eq!(of_kind("fused"), fusions);
    let arms = ["both-1", "both-2", "half-1", "header-1", "header-2"];
    assert_eq!(of_kind("finished"), arms);
    let mut all = [&fusions[..], &arms[..]].concat();
    all.sort_unstable();
    assert_eq!(of_kind("scored"), all);
    let verdict = lines.last().unwrap();
    let systems = verdict["report"]["directions"][0]["systems"].as_array().unwrap();
    let runs: Vec<(&str, u64)> = systems[..5]
        .iter()
        .map(|system| (system["name"].as_str().unwrap(), system["runs"].as_u64().unwrap()))
        .collect();
    let expected = [("both", 2), ("header", 2), ("half", 1), ("each", 2), ("together", 1)];
    assert_eq!(runs, expected);
    assert_eq!(verdict["arms"][2]["seeds"], serde_json::json!([1]));
    assert_eq!(verdict["fusions"][1]["how"]["weights"], "equal");
    let recipe = std::fs::read_to_string(workshop.path("runs/tiny/each-2/fusion.toml")).unwrap();
    assert!(recipe.contains("\"half-1\"") && recipe.contains("\"both-2\""), "{recipe}");
    let members = std::fs::read_dir(workshop.path("runs/tiny/together-all/members")).unwrap();
    assert_eq!(members.count(), 4);

    // Once more: all is kept, but for what was taken away; then a fusion that is not what the study says.
    std::fs::remove_dir_all(workshop.path("runs/tiny/each-2")).unwrap();
    let again = workshop.succeed(&study(&["--json"]));
    let again: Vec<Value> = again.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(again.iter().filter(|line| line["kind"] == "fused").count(), 1);
    assert!(again.last() == Some(verdict));
    std::fs::write(workshop.path("tiny.toml"), fused.replace("equal", "chosen")).unwrap();
    let other = workshop.fail(&study(&[]));
    assert!(other.contains("together-all: was made otherwise"), "{other}");
}

#[test]
fn arms_trained_again_are_fused_with_the_weights_of_the_fusion_before() {
    let workshop = workshop();
    let text = STUDY.to_owned()
        + r#"
[[arm]]
name = "both-refit"
set = { training.refit = true }
[[arm]]
name = "header-refit"
set = { "melody.notes" = [], training.refit = true }
[[fusion]]
name = "refit"
members = ["both-refit", "header-refit"]
like = "chosen"
[[fusion]]
name = "chosen"
members = ["both", "header"]
"#;
    std::fs::write(workshop.path("tiny.toml"), text).unwrap();
    let run = || -> Vec<Value> {
        let lines = workshop.succeed(&study(&["--json"]));
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let fused = |lines: &[Value]| lines.iter().filter(|line| line["kind"] == "fused").count();
    let lines = run();
    assert_eq!(fused(&lines), 4);
    let systems = lines.last().unwrap()["report"]["directions"][0]["systems"].as_array().unwrap();
    assert!(systems.iter().any(|system| system["name"] == "refit" && system["runs"] == 2));
    let recipe = |run: &str| {
        std::fs::read_to_string(workshop.path("runs/tiny").join(run).join("fusion.toml")).unwrap()
    };
    assert_eq!(recipe("refit-2").replace("like = \"chosen-2\"\n", ""), recipe("chosen-2"));

    // Once more: all is kept; then a fusion that has not the weights of the other, and works that its runs learned from.
    assert_eq!(fused(&run()), 0);
    let changed = recipe("refit-2").replacen("weight = ", "weight = 1", 1);
    std::fs::write(workshop.path("runs/tiny/refit-2/fusion.toml"), changed).unwrap();
    let other = workshop.fail(&study(&[]));
    assert!(other.contains("refit-2: was made otherwise"), "{other}");
    std::fs::remove_dir_all(workshop.path("runs/tiny/refit-2")).unwrap();
    let judged = workshop.fail(&study(&["--validation"]));
    assert!(judged.contains("training.refit") && judged.contains("test works"), "{judged}");
    assert!(!workshop.path("runs/tiny/refit-2").exists(), "refused before anything is made");
}

#[test]
fn runs_that_learned_from_less_of_another_source_are_refused() {
    let workshop = Workshop::new(80);
    let add = |book: &str, tunes: usize| {
        std::fs::write(workshop.path(book), crate::workshop::tunebook(tunes)).unwrap();
        workshop.succeed(&["corpus", "add", book, "--source", "more", "--db", "corpus.db"]);
    };
    add("more.abc", 90);
    let study = |seeds: &str| {
        let text = format!(
            r#"
name = "also"
seeds = {seeds}
base = "small.toml"
reference = "alone"
pool = 5
resamples = 200
[experiment]
corpus.sources = ["book"]
training.epochs = 1
[[arm]]
name = "alone"
[[arm]]
name = "with-more"
set = {{ "corpus.also" = ["more"] }}
"#
        );
        std::fs::write(workshop.path("also.toml"), text).unwrap();
        ["study", "also.toml", "--db", "corpus.db"]
    };
    workshop.succeed(&study("[1]"));
    add("most.abc", 100);
    let refused = workshop.fail(&study("[1, 2]"));
    assert!(refused.contains("with-more-1: was made from other works"), "{refused}");
    assert!(!workshop.path("runs/also/alone-2").exists());
}

#[test]
fn the_importance_of_every_feature_is_told() {
    let workshop = workshop();
    workshop.succeed(&["train", "small.toml", "--run", "run", "--db", "corpus.db"]);
    let importance = |rest: &[&str]| {
        workshop.succeed(&[&["importance", "run", "--repeats", "2"], rest].concat())
    };
    let shown = importance(&[]);
    for word in ["intact", "symbol (notes)", "dance_type (header)", "4 comparisons"] {
        assert!(shown.contains(word), "no {word} in\n{shown}");
    }
    let report: Value = serde_json::from_str(&importance(&["--json"])).unwrap();
    let systems = report["directions"][1]["systems"].as_array().unwrap();
    let runs: Vec<u64> = systems.iter().map(|system| system["runs"].as_u64().unwrap()).collect();
    assert_eq!(runs, [1, 2, 2, 2, 2]);
    let within: Value = serde_json::from_str(&importance(&["--json", "--within-tunes"])).unwrap();
    assert_ne!(within, report);
    assert_eq!(within["directions"][0]["systems"][1], report["directions"][0]["systems"][1]);
}
