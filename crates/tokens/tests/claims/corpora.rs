//! Every tune of the corpora that are there becomes tokens, and tokens become the tune again.

use std::path::{Path, PathBuf};

use crate::common::sounds;
use tokens::{
    Error, Facts, Feature, KeyStatistics, Tokens, UNKNOWN, Vocabulary, VocabularyOptions,
};

/// All tunes in the corpora folder; `None`, with a printed line, where there is none.
fn corpora() -> Option<Vec<abc::Tune>> {
    let folder = std::env::var_os("GANAINM_CORPORA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora"),
        PathBuf::from,
    );
    if !folder.is_dir() {
        assert!(std::env::var_os("CI").is_none(), "no corpora in {}", folder.display());
        println!("skipped: no corpora in {}", folder.display());
        return None;
    }
    let mut files = Vec::new();
    collect(&folder, &mut files);
    files.sort();
    assert!(!files.is_empty(), "no .abc file in {}", folder.display());
    let bytes = files.iter().map(|file| std::fs::read(file).unwrap());
    Some(bytes.flat_map(|bytes| abc::read_bytes(&bytes).tunes).collect())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "abc") {
            files.push(path);
        }
    }
}

#[test]
fn every_tune_with_notes_becomes_tokens() {
    let Some(tunes) = corpora() else { return };
    let mut all = Vec::new();
    for tune in &tunes {
        match Tokens::new(tune, &Facts::default()) {
            Ok(tokens) => all.push(tokens),
            Err(Error::NoMelody) => assert_eq!(tune.notes().count(), 0),
            Err(error) => panic!("{}: {error}", tune.header.number),
        }
    }
    println!("{} tunes, {} with notes", tunes.len(), all.len());
    let vocabulary = Vocabulary::build(&all, &VocabularyOptions::default());
    for tokens in &all {
        let encoded = vocabulary.encode(tokens, Feature::ALL);
        assert!(!encoded.ids.contains(&UNKNOWN));
    }
    let json = vocabulary.to_json().unwrap();
    assert_eq!(Vocabulary::from_json(&json).unwrap(), vocabulary);
    for &feature in Feature::ALL {
        println!("{feature}: {} ids", vocabulary.size(feature));
    }
    println!("{}", serde_json::to_string(&KeyStatistics::of(&all)).unwrap());
}

#[test]
fn every_tune_plays_the_same_after_it_was_tokens() {
    let Some(tunes) = corpora() else { return };
    let mut differing = Vec::new();
    for tune in &tunes {
        let Ok(tokens) = Tokens::new(tune, &Facts::default()) else { continue };
        let flat = abc::Header { parts: None, ..tune.header.clone() };
        if sounds(&tokens.to_tune()) != sounds(&abc::Tune { header: flat, ..tune.clone() }) {
            differing.push(tune.header.number.clone());
        }
        let played = Tokens::in_playing_order(tune, &Facts::default()).unwrap();
        if sounds(&played.to_tune()) != sounds(tune) {
            differing.push(format!("{} in playing order", tune.header.number));
        }
    }
    assert!(differing.is_empty(), "{} differ: {differing:?}", differing.len());
}

/// Shares of real tunes in their usual metre that pass the form check, by dance type, as
/// `docs/composing.md` has them.
#[test]
fn most_real_dance_tunes_have_the_form_of_one() {
    let Some(tunes) = corpora() else { return };
    for (dance, metre, at_least) in [
        ("reel", "4/4", 0.59),
        ("jig", "6/8", 0.64),
        ("hornpipe", "4/4", 0.64),
        ("polka", "2/4", 0.66),
        ("slip jig", "9/8", 0.51),
        ("slide", "12/8", 0.61),
        ("waltz", "3/4", 0.54),
        ("barndance", "4/4", 0.54),
        ("mazurka", "3/4", 0.61),
        ("strathspey", "4/4", 0.55),
    ] {
        let of_type = tunes.iter().filter(|tune| {
            let is = |field: &str| tune.header.rhythm.as_deref() == Some(field);
            is(dance) && tune.header.metre.is_some_and(|found| found.to_string() == metre)
        });
        let tokens: Vec<_> =
            of_type.filter_map(|tune| Tokens::new(tune, &Facts::default()).ok()).collect();
        let pass = tokens.iter().filter(|tokens| tokens::form(tokens).is_ok()).count();
        println!("{dance}: {pass} of {} pass", tokens.len());
        if tokens.len() > 100 {
            assert!(pass as f64 >= at_least * tokens.len() as f64, "{dance}: {pass}");
        }
    }
}
