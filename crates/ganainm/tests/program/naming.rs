//! `ganainm name` on the tunes of a small tunebook.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use crate::workshop::{Workshop, tunebook};
use serde_json::Value;

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_tune_of_a_book_is_named_in_its_order() {
    let workshop = Workshop::new(80);
    let shown = workshop.succeed(&[
        "name",
        "--json",
        "-k",
        "3",
        "--db",
        "corpus.db",
        "book.abc",
        "book.abc",
    ]);
    let answers = lines(&shown);
    assert_eq!(answers.len(), 160);
    for (at, answer) in answers.iter().enumerate() {
        let number = at % 80 + 1;
        assert_eq!(answer["x"], number.to_string());
        assert_eq!(answer["matches"][0]["tune"], format!("book:{number}"));
        assert_eq!(answer["matches"][0]["title"], answer["title"]);
        assert!(answer["matches"].as_array().unwrap().len() <= 3);
        assert!(answer["known"].as_f64().unwrap() > 0.5);
        assert_eq!(answer["titles"].as_array().unwrap().len(), 3, "by the model that comes along");
    }
}

#[test]
fn standard_input_midi_and_chosen_bars_are_heard() {
    let workshop = Workshop::new(80);
    let book = tunebook(80);
    let seventh = book.split("\n\n").nth(6).unwrap();
    let mut child = workshop
        .command(&["name", "--json", "--db", "corpus.db", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(seventh.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let answers = lines(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(answers[0]["matches"][0]["tune"], "book:7");

    std::fs::write(workshop.path("seven.mid"), abc::midi(&abc::read_tune(seventh))).unwrap();
    let heard = lines(&workshop.succeed(&["name", "--json", "--db", "corpus.db", "seven.mid"]));
    assert_eq!(heard[0]["matches"][0]["tune"], "book:7");

    std::fs::write(workshop.path("seven.abc"), seventh).unwrap();
    let args = ["name", "--from-bars", "5-12", "--db", "corpus.db", "seven.abc"];
    let shown = workshop.succeed(&args);
    assert!(
        shown.contains("book:7#1") && shown.contains(" 5  ") && shown.contains(" | "),
        "{shown}"
    );
}

#[test]
fn a_tune_of_a_stream_is_answered_when_the_next_one_begins() {
    let workshop = Workshop::new(20);
    let mut child = workshop
        .command(&["name", "--json", "-k", "1", "--db", "corpus.db", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut sent, book) = (child.stdin.take().unwrap(), tunebook(3));
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    for (at, tune) in book.split("\n\n").take(3).enumerate() {
        sent.write_all(tune.as_bytes()).unwrap();
        sent.write_all(b"\n\n").unwrap();
        if at > 0 {
            let answer = lines(&answers.next().unwrap().unwrap()).remove(0);
            assert_eq!(answer["matches"][0]["tune"], format!("book:{at}"));
        }
    }
    drop(sent);
    assert_eq!(lines(&answers.next().unwrap().unwrap())[0]["x"], "3");
    assert!(answers.next().is_none() && child.wait().unwrap().success());
}

#[test]
fn a_run_tells_which_titles_would_fit() {
    let workshop = Workshop::new(80);
    workshop.succeed(&["train", "small.toml", "--run", "run", "--db", "corpus.db"]);
    let args = ["name", "--json", "-k", "4", "--run", "run", "--db", "corpus.db", "book.abc"];
    let answers = lines(&workshop.succeed(&args));
    let titles = answers[0]["titles"].as_array().unwrap();
    let scores: Vec<f64> = titles.iter().map(|title| title["score"].as_f64().unwrap()).collect();
    assert_eq!(scores.len(), 4);
    assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
}

#[test]
fn what_is_no_tune_gets_one_clear_line() {
    let workshop = Workshop::new(20);
    std::fs::write(workshop.path("empty.abc"), "").unwrap();
    std::fs::write(workshop.path("cut.mid"), b"MThd and no more").unwrap();
    for (args, expected) in [
        (vec!["name", "--db", "corpus.db", "empty.abc"], "no tunes"),
        (vec!["name", "--db", "corpus.db", "cut.mid"], "MIDI"),
        (vec!["name", "--db", "corpus.db", "missing.abc"], "missing.abc"),
        (vec!["name", "--db", "nowhere.db", "book.abc"], "corpus add"),
        (vec!["name", "--db", "corpus.db", "--from-bars", "8-5", "book.abc"], "5-8"),
    ] {
        let errors = workshop.fail(&args);
        assert!(errors.contains(expected), "{args:?}: {errors}");
    }
}
