//! `ganainm find` from the command line.

use crate::workshop::Workshop;

#[test]
fn misspelt_words_find_a_tune_and_say_why() {
    let workshop = Workshop::new(24);
    let args = ["find", "walls", "of", "--db", "corpus.db", "--json", "-k", "3"];
    let lines = workshop.succeed(&args);
    assert!(lines.lines().count() <= 3 && lines.lines().all(|l| l.contains(r#""by":"title""#)));
    let title = field(lines.lines().next().unwrap(), "title");
    let misspelt = title.replacen("Walls", "Wals", 1);
    let text = workshop.succeed(&["find", &misspelt, "--db", "corpus.db", "-k", "1"]);
    assert!(text.starts_with(&title), "{misspelt}: {text}");
    assert!(text.contains("nearly so"), "{text}");
    let refused = workshop.fail(&["find", "x", "--type", "blues", "--db", "corpus.db"]);
    assert!(refused.contains("`blues` is not known"), "{refused}");
}

#[test]
fn a_run_adds_tunes_whose_music_fits_and_keeps_their_vectors() {
    let workshop = Workshop::new(48);
    workshop.succeed(&["train", "small.toml", "--run", "run", "--db", "corpus.db"]);
    let args = ["find", "Broken Bridge", "--run", "run", "--db", "corpus.db", "--json", "-k", "48"];
    let first = workshop.succeed(&args);
    assert!(first.contains(r#""by":"music""#), "{first}");
    assert_eq!(std::fs::read_dir(workshop.path("cache/ganainm/melodies")).unwrap().count(), 1);
    assert_eq!(workshop.succeed(&args), first);
    // Vectors that were damaged since are made anew.
    let kept = std::fs::read_dir(workshop.path("cache/ganainm/melodies")).unwrap().next();
    let kept = kept.unwrap().unwrap().path();
    let whole = std::fs::read(&kept).unwrap();
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 64;
    std::fs::write(&kept, damaged).unwrap();
    assert_eq!(workshop.succeed(&args), first);
    assert_eq!(std::fs::read(&kept).unwrap(), whole);
}

fn field(line: &str, name: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(line).unwrap();
    value[name].as_str().unwrap().to_owned()
}
