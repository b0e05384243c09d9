//! The command line end to end on a small tunebook, and its answers to bad input.

use crate::workshop::Workshop;
use serde_json::Value;

fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_run_goes_from_tunes_to_a_report_and_rankings() {
    let workshop = Workshop::new(80);
    workshop.succeed(&["train", "small.toml", "--run", "run", "--db", "corpus.db"]);

    // The run is enough: the corpus that it was made from may go.
    std::fs::remove_file(workshop.path("corpus.db")).unwrap();
    let shown = workshop.succeed(&["evaluate", "run"]);
    for word in ["MRR", "chance", "header only", "reel"] {
        assert!(shown.contains(word), "no {word} in\n{shown}");
    }
    let report = json_lines(&workshop.succeed(&["evaluate", "--json", "run"]));
    let stored = std::fs::read_to_string(workshop.path("run/report.json")).unwrap();
    assert_eq!(report, [serde_json::from_str::<Value>(&stored).unwrap()]);
    for file in ["report.html", "run.trec", "qrels.trec", "predictions.parquet", "vocab.json"] {
        assert!(workshop.path("run").join(file).is_file(), "no {file}");
    }

    std::fs::write(workshop.path("titles.txt"), "The Red Widow\nThe Piper\nA Jig\n").unwrap();
    let rank = ["rank", "--json", "--run", "run", "--tunes", "book.abc", "--titles", "titles.txt"];
    let by_tune = json_lines(&workshop.succeed(&rank));
    assert_eq!(by_tune.len(), 80);
    assert_eq!(by_tune[6]["x"], "7");
    let mut ranking: Vec<u64> =
        by_tune[0]["ranking"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
    ranking.sort_unstable();
    assert_eq!(ranking, [1, 2, 3]);
    let by_title = json_lines(&workshop.succeed(&[&rank[..], &["--by", "title"]].concat()));
    assert_eq!(by_title.len(), 3);
    assert_eq!(by_title[0]["ranking"].as_array().unwrap().len(), 80);
}

#[test]
fn a_run_is_judged_on_tunes_like_none_and_asked_for_those_it_knows() {
    let workshop = Workshop::new(80);
    // Tunes of one number and title in a book are settings of one work.
    let book = std::fs::read_to_string(workshop.path("book.abc")).unwrap();
    let twice = format!("{book}{}", book.replace("K:D\n", "K:D\nDEFG|"));
    std::fs::write(workshop.path("twice.abc"), twice).unwrap();
    workshop.succeed(&["corpus", "add", "twice.abc", "--db", "twice.db"]);
    let small = std::fs::read_to_string(workshop.path("small.toml")).unwrap();
    let grams = small
        .replace("[title]", "[melody.grams]\nbuckets = 2048\ncomponents = 5\n[title]")
        .replace("[training]", "[training]\nhide_settings = true");
    std::fs::write(workshop.path("grams.toml"), grams).unwrap();
    workshop.succeed(&["train", "grams.toml", "--run", "run", "--db", "twice.db"]);

    let known = json_lines(&workshop.succeed(&["evaluate", "--known", "--json", "run"])).remove(0);
    assert_eq!(known["titles"], 80);
    let asked = known["mrr"]["n"].as_u64().unwrap();
    assert!((30..80).contains(&asked), "{asked} settings kept from training");
    let shown = workshop.succeed(&["evaluate", "--known", "run"]);
    assert!(shown.starts_with(&format!("{asked} settings of known works")), "{shown}");

    let shown = workshop.succeed(&["evaluate", "--unlike", "0.9", "run"]);
    assert!(shown.contains("no nearer than 0.9 to a training work"), "{shown}");
    assert!(!workshop.path("run/report.json").exists());
    let none = workshop.fail(&["evaluate", "--unlike", "0.0001", "run"]);
    assert!(none.contains("take a greater cosine"), "{none}");
    workshop.succeed(&["train", "small.toml", "--run", "all", "--db", "twice.db"]);
    let none = workshop.fail(&["evaluate", "--known", "all"]);
    assert!(none.contains("training.hide_settings = true"), "{none}");
}

#[test]
fn another_book_is_learned_from_and_never_judged() {
    let workshop = Workshop::new(80);
    // The book once more under other titles, and forty tunes that it has not.
    let more = crate::workshop::tunebook(120).replace("T:The ", "T:Some ");
    std::fs::write(workshop.path("more.abc"), more).unwrap();
    workshop.succeed(&["corpus", "add", "more.abc", "--db", "corpus.db"]);
    let small = std::fs::read_to_string(workshop.path("small.toml")).unwrap();
    for (run, corpus) in
        [("alone", "sources = [\"book\"]"), ("both", "sources = [\"book\"]\nalso = [\"more\"]")]
    {
        let config = small.replace("[melody]", &format!("[corpus]\n{corpus}\n[melody]"));
        std::fs::write(workshop.path("config.toml"), config).unwrap();
        workshop.succeed(&["train", "config.toml", "--run", run, "--db", "corpus.db"]);
    }
    let json = |file: &str| -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(workshop.path(file)).unwrap()).unwrap()
    };
    assert_eq!(json("both/split.json"), json("alone/split.json"));
    let judged =
        ["validation", "test"].map(|side| json("both/split.json")[side].as_array().unwrap().len());
    let also = json("both/run.json")["also"]["works"].as_u64().unwrap();
    assert_eq!(also as usize, 120 - judged.iter().sum::<usize>());
    assert!(json("alone/run.json").get("also").is_none());
    let report = workshop.succeed(&["evaluate", "both"]);
    assert!(report.contains("model"), "{report}");
    let page = std::fs::read_to_string(workshop.path("both/report.html")).unwrap();
    assert!(page.contains(&format!("{also} works of other sources")));
    std::fs::write(workshop.path("config.toml"), "[corpus]\nsources = [\"bok\"]\n").unwrap();
    let wrong = workshop.fail(&["train", "config.toml", "--run", "wrong", "--db", "corpus.db"]);
    assert!(wrong.contains("no source `bok`"), "{wrong}");
}

#[test]
fn adding_the_same_book_twice_adds_nothing() {
    let workshop = Workshop::new(20);
    let before = workshop.succeed(&["corpus", "stats", "--json", "--db", "corpus.db"]);
    workshop.succeed(&["corpus", "add", "book.abc", "--db", "corpus.db"]);
    assert_eq!(workshop.succeed(&["corpus", "stats", "--json", "--db", "corpus.db"]), before);
    assert_eq!(json_lines(&before)[0]["works"], 20);
}

#[test]
fn every_format_of_export_holds_every_setting() {
    let workshop = Workshop::new(20);
    for (format, mark) in [("abc", "X:"), ("csv", "book:"), ("jsonl", "{")] {
        let text = workshop.succeed(&["corpus", "export", "--format", format, "--db", "corpus.db"]);
        assert_eq!(text.lines().filter(|line| line.starts_with(mark)).count(), 20, "{format}");
    }
    workshop.succeed(&["corpus", "export", "-o", "tunes.parquet", "--db", "corpus.db"]);
    assert!(std::fs::read(workshop.path("tunes.parquet")).unwrap().starts_with(b"PAR1"));
}

#[test]
fn bad_input_gets_one_clear_line_and_leaves_the_store_intact() {
    let workshop = Workshop::new(20);
    let before = workshop.succeed(&["corpus", "stats", "--json", "--db", "corpus.db"]);
    std::fs::write(workshop.path("cut.zip"), b"PK\x03\x04 and no more").unwrap();
    std::fs::write(workshop.path("picture.abc"), [0_u8, 159, 146, 150, 0, 0, 7].repeat(999))
        .unwrap();
    std::fs::write(workshop.path("long.abc"), vec![b'a'; 100_000_000]).unwrap();
    std::fs::create_dir(workshop.path("empty")).unwrap();
    for name in ["cut.zip", "picture.abc", "long.abc", "empty", "missing.abc"] {
        let errors = workshop.fail(&["corpus", "add", name, "--db", "corpus.db"]);
        let said: Vec<&str> = errors.lines().filter(|line| line.starts_with("ganainm:")).collect();
        assert_eq!(said.len(), 1, "{errors}");
        assert!(said[0].contains(name), "{errors}");
    }
    assert_eq!(workshop.succeed(&["corpus", "stats", "--json", "--db", "corpus.db"]), before);
}

#[test]
fn bad_configs_and_runs_are_refused_with_their_reason() {
    let workshop = Workshop::new(20);
    std::fs::write(workshop.path("bad.toml"), "[training]\nbach = 16\n").unwrap();
    let refused = workshop.fail(&["train", "bad.toml", "--db", "corpus.db"]);
    assert!(refused.contains("bad.toml") && refused.contains("bach"), "{refused}");
    assert!(!workshop.path("runs").exists());
    let missing = workshop.fail(&["evaluate", "nowhere"]);
    assert!(missing.contains("nowhere") && missing.contains("ganainm train"), "{missing}");
    let empty = workshop.fail(&["train", "small.toml", "--db", "new.db", "--run", "r"]);
    assert!(empty.contains("corpus add"), "{empty}");
    assert!(!workshop.path("r").exists());
}

#[test]
fn help_teaches_by_example() {
    let workshop = Workshop::new(20);
    for command in [
        "demo",
        "corpus add",
        "corpus export",
        "train",
        "study",
        "fuse",
        "evaluate",
        "importance",
        "rank",
        "completions",
    ] {
        let args: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let help = workshop.succeed(&args);
        assert!(help.contains("Examples:"), "{command}");
    }
    assert!(workshop.succeed(&["completions", "bash"]).contains("ganainm"));
}
