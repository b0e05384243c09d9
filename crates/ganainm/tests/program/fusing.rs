//! Runs fused into one: enough on its own, and the same answers for files as in its report.

use std::collections::HashMap;

use crate::workshop::{Workshop, tunebook};
use serde_json::Value;

/// Two seeds of one config.
fn two_runs() -> Workshop {
    let workshop = Workshop::new(80);
    for (run, seed) in [("one", "1"), ("two", "2")] {
        let train = ["train", "small.toml", "--run", run, "--seed", seed, "--db", "corpus.db"];
        workshop.succeed(&train);
    }
    workshop
}

fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The test works of a run's report, in order, and the score of every (melody, title).
fn reported(workshop: &Workshop, run: &str) -> (Vec<String>, HashMap<(String, String), f64>) {
    let text = std::fs::read_to_string(workshop.path(run).join("run.trec")).unwrap();
    let (mut works, mut scores) = (Vec::new(), HashMap::new());
    for line in text.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let (query, candidate) = (fields[0].to_owned(), fields[2].to_owned());
        if works.last() != Some(&query) {
            works.push(query.clone());
        }
        scores.insert((query, candidate), fields[4].parse().unwrap());
    }
    (works, scores)
}

/// Writes these works' tunes and titles as a user would have them.
fn write_files(workshop: &Workshop, works: &[String]) {
    let book = tunebook(80);
    let tunes: Vec<&str> = book.split("\n\n").collect();
    let tune = |work: &String| {
        let number: usize = work.rsplit(':').next().unwrap().parse().unwrap();
        tunes[number - 1].trim()
    };
    let abc: Vec<&str> = works.iter().map(tune).collect();
    let title = |tune: &&str| tune.lines().nth(1).unwrap()["T:".len()..].to_owned();
    let titles: Vec<String> = abc.iter().map(title).collect();
    std::fs::write(workshop.path("test.abc"), abc.join("\n\n")).unwrap();
    std::fs::write(workshop.path("test.txt"), titles.join("\n")).unwrap();
}

fn ranked(workshop: &Workshop, run: &str, by: &str) -> Vec<Value> {
    let files = ["--tunes", "test.abc", "--titles", "test.txt", "--json", "--by", by];
    json_lines(&workshop.succeed(&[&["rank", "--run", run][..], &files].concat()))
}

/// (place of the query, place of the candidate, score) of every line of `ganainm rank`.
fn cells(lines: &[Value]) -> Vec<(usize, usize, f64)> {
    let line = |(query, line): (usize, &Value)| {
        let numbers = |key: &str| line[key].as_array().unwrap().clone();
        let places = numbers("ranking").into_iter().map(|n| n.as_u64().unwrap() as usize - 1);
        let scores = numbers("scores").into_iter().map(|n| n.as_f64().unwrap());
        places.zip(scores).map(move |(place, score)| (query, place, score)).collect::<Vec<_>>()
    };
    lines.iter().enumerate().flat_map(line).collect()
}

#[test]
fn a_fusion_alone_is_enough_and_answers_for_files_as_in_its_report() {
    let workshop = two_runs();
    let ways: [(&str, &[&str]); 3] = [
        ("level", &["--classifiers"]),
        ("both", &["--classifiers", "--normalisation", "both", "--objective", "log-rank"]),
        ("ranks", &["--method", "reciprocal-rank", "--weights", "equal"]),
    ];
    for (name, options) in ways {
        let shown =
            workshop.succeed(&[&["fuse", "one", "two", "--run", name][..], options].concat());
        assert!(shown.contains("weight") && shown.contains("two"), "{shown}");
    }
    for gone in ["one", "two"] {
        std::fs::remove_dir_all(workshop.path(gone)).unwrap();
    }
    std::fs::remove_file(workshop.path("corpus.db")).unwrap();
    for (name, options) in ways {
        let report = json_lines(&workshop.succeed(&["evaluate", "--json", name])).remove(0);
        let systems = report["directions"][0]["systems"].as_array().unwrap();
        let role = |wanted: &str| {
            systems.iter().find(|system| system["name"] == wanted).unwrap()["role"].clone()
        };
        assert_eq!(role("fusion"), "model");
        for baseline in ["chance", "header only", "one", "two"] {
            assert_eq!(role(baseline), "baseline", "{baseline}");
        }
        assert!(workshop.path(name).join("report.html").is_file());

        let (works, expected) = reported(&workshop, name);
        write_files(&workshop, &works);
        let within = if options.contains(&"--classifiers") { 1e-4 } else { 1e-6 };
        let check = |tune: usize, title: usize, score: f64| {
            let pair = (works[tune].clone(), works[title].clone());
            assert!((expected[&pair] - score).abs() < within, "{name}: {pair:?} {score}");
        };
        let by_tune = cells(&ranked(&workshop, name, "tune"));
        assert_eq!(by_tune.len(), works.len() * works.len());
        by_tune.iter().for_each(|&(tune, title, score)| check(tune, title, score));
        let by_title = cells(&ranked(&workshop, name, "title"));
        assert_eq!(by_title.len(), by_tune.len());
        by_title.iter().for_each(|&(title, tune, score)| check(tune, title, score));
    }
}

#[test]
fn a_standard_score_does_not_depend_on_the_other_candidates() {
    let workshop = two_runs();
    let fuse = ["fuse", "one", "two", "--run", "both", "--normalisation", "both"];
    workshop.succeed(&fuse);
    workshop.succeed(&["evaluate", "both"]);
    let (works, _) = reported(&workshop, "both");
    write_files(&workshop, &works);
    let all = cells(&ranked(&workshop, "both", "tune"));
    write_files(&workshop, &works[..2]);
    for (tune, title, score) in cells(&ranked(&workshop, "both", "tune")) {
        let before = all.iter().find(|cell| (cell.0, cell.1) == (tune, title)).unwrap();
        assert!((before.2 - score).abs() < 1e-4, "{tune} {title}");
    }
}

#[test]
fn one_recipe_gives_one_fusion() {
    let workshop = two_runs();
    let read = |run: &str| std::fs::read(workshop.path(run).join("fusion.toml")).unwrap();
    for name in ["a", "b"] {
        workshop.succeed(&["fuse", "one", "two", "--classifiers", "--run", name]);
    }
    assert_eq!(read("a"), read("b"));
}

#[test]
fn what_the_recipe_promises_on_validation_is_what_evaluation_measures() {
    let workshop = two_runs();
    let fuse = ["fuse", "one", "two", "--classifiers", "--run", "both", "--json"];
    let recipe = json_lines(&workshop.succeed(&fuse)).remove(0);
    let report = ["evaluate", "--validation", "--json", "both"];
    let report = json_lines(&workshop.succeed(&report)).remove(0);
    let measured = |name: &str| {
        let directions = report["directions"].as_array().unwrap().iter();
        let dcg = directions.map(|direction| {
            let systems = direction["systems"].as_array().unwrap();
            let system = systems.iter().find(|system| system["name"] == name).unwrap();
            system["full"]["overall"]["dcg"]["value"].as_f64().unwrap()
        });
        dcg.sum::<f64>() / 2.0
    };
    let same = |promised: &Value, name: &str| {
        assert!((promised.as_f64().unwrap() - measured(name)).abs() < 1e-9, "{name}");
    };
    same(&recipe["validation"], "fusion");
    let members = recipe["members"].as_array().unwrap();
    assert_eq!(members.len(), 4);
    members.iter().for_each(|m| same(&m["validation"], m["name"].as_str().unwrap()));
    let weights: Vec<f64> = members.iter().map(|m| m["weight"].as_f64().unwrap()).collect();
    assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    // Two seeds of one config count alike.
    assert_eq!(weights[0], weights[1]);
}

#[test]
fn runs_that_cannot_be_fused_are_refused_with_their_reason() {
    let workshop = two_runs();
    let config = std::fs::read_to_string(workshop.path("small.toml")).unwrap();
    std::fs::write(workshop.path("other.toml"), format!("{config}[split]\nseed = 5\n")).unwrap();
    workshop.succeed(&["train", "other.toml", "--run", "other", "--db", "corpus.db"]);
    let refused = |args: &[&str], words: &[&str]| {
        let errors = workshop.fail(&[&["fuse", "--run", "new"], args].concat());
        assert!(words.iter().all(|word| errors.contains(word)), "{errors}");
        assert!(!workshop.path("new").exists());
    };
    refused(&["one", "other"], &["other", "[split]"]);
    refused(&["one"], &["two members", "--classifiers"]);
    refused(&["one", "nowhere"], &["nowhere"]);
    workshop.succeed(&["fuse", "one", "two", "--run", "fused"]);
    refused(&["one", "fused"], &["ganainm fuse"]);
    assert!(workshop.fail(&["fuse", "one", "two", "--run", "fused"]).contains("taken"));
    assert!(workshop.fail(&["train", "--resume", "fused"]).contains("ganainm fuse"));
}

#[test]
fn runs_trained_again_on_the_validation_works_too_take_the_weights_of_the_fusion_before() {
    let workshop = two_runs();
    let config = std::fs::read_to_string(workshop.path("small.toml")).unwrap();
    let again = config.replace("[training]", "[training]\nrefit = true");
    std::fs::write(workshop.path("again.toml"), again).unwrap();
    for (run, seed) in [("one-again", "1"), ("two-again", "2")] {
        let train = ["train", "again.toml", "--run", run, "--seed", seed, "--db", "corpus.db"];
        workshop.succeed(&train);
    }
    let metrics = std::fs::read_to_string(workshop.path("one-again/metrics.jsonl")).unwrap();
    let looks = json_lines(&metrics).into_iter().filter(|line| line["kind"] == "validation");
    assert_eq!(looks.map(|look| look["learned"].clone()).collect::<Vec<_>>(), [true]);
    let judged = workshop.fail(&["evaluate", "--validation", "one-again"]);
    assert!(judged.contains("training.refit") && judged.contains("test works"), "{judged}");

    workshop.succeed(&["fuse", "one", "two", "--classifiers", "--run", "both"]);
    fn fuse<'a>(runs: [&'a str; 2], options: &[&'a str]) -> Vec<&'a str> {
        [&["fuse", runs[0], runs[1], "--run", "new"][..], options].concat()
    }
    for (runs, options, why) in [
        (["one-again", "two-again"], &[][..], "--like"),
        (["two-again", "one-again"], &["--like", "both"], "trained again"),
        (["one", "two"], &["--like", "both"], "training.refit = true"),
        (["one-again", "two-again"], &["--like", "one"], "ganainm fuse"),
    ] {
        let refused = workshop.fail(&fuse(runs, options));
        assert!(refused.contains(why) && !workshop.path("new").exists(), "{refused}");
    }
    let shown = workshop.succeed(&fuse(["one-again", "two-again"], &["--like", "both"]));
    assert!(shown.contains("(of both)"), "{shown}");
    let read = |path: &str| std::fs::read(workshop.path(path)).unwrap();
    let recipe = |run: &str| String::from_utf8(read(&format!("{run}/fusion.toml"))).unwrap();
    assert_eq!(recipe("new").replace("like = \"both\"\n", ""), recipe("both"));
    assert_eq!(read("new/members/one/melody.safetensors"), read("one-again/melody.safetensors"));
    assert_ne!(
        read("new/members/one/melody.safetensors"),
        read("both/members/one/melody.safetensors")
    );
    for run in ["new", "one-again"] {
        workshop.succeed(&["evaluate", run]);
        let page = String::from_utf8(read(&format!("{run}/report.html"))).unwrap();
        assert!(page.contains("for validation, which were learned from too"), "{run}");
    }
}
