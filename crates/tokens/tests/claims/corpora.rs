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
