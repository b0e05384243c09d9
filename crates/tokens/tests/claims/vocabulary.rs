//! Vocabularies: ids, files, what is refused.

use crate::common::tokens;
use tokens::{ABSENT, Error, Feature, Symbol, UNKNOWN, Value, Vocabulary, VocabularyOptions};

const JIG: &str = "R:jig\nM:6/8\nL:1/8\nK:Ador\n|:e2A AzG:|";
const REEL: &str = "R:reel\nM:4/4\nL:1/8\nK:D\nd2fd A2FA|";

fn vocabulary() -> Vocabulary {
    Vocabulary::build(&[tokens(JIG), tokens(REEL)], &VocabularyOptions::default())
}

#[test]
fn ids_ascend_with_the_values() {
    let vocabulary = vocabulary();
    let values = |feature| {
        let ids = 2..u32::try_from(vocabulary.size(feature)).unwrap();
        ids.map(|id| vocabulary.value(feature, id).unwrap().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(values(Feature::Duration), ["1/8", "1/4"]);
    assert_eq!(values(Feature::DanceType), ["jig", "reel"]);
    assert_eq!(values(Feature::Interval), ["-7", "-5", "-4", "-3", "-2", "0", "3", "4"]);
    assert_eq!(values(Feature::Symbol)[..7], ["start", "end", "rest", "|", "|:", ":|", "note66"]);
}

#[test]
fn the_order_of_the_tunes_does_not_matter() {
    let turned = [tokens(REEL), tokens(JIG)];
    assert_eq!(Vocabulary::build(&turned, &VocabularyOptions::default()), vocabulary());
}

#[test]
fn absent_is_0_and_unknown_1() {
    let vocabulary = vocabulary();
    let waltz = tokens("R:waltz\nM:3/4\nL:1/8\nK:C\nC6|");
    let ids = vocabulary.encode(&waltz, &[Feature::Pitch, Feature::DanceType, Feature::Root]);
    assert_eq!(ids.rows, 4);
    let (absent, unknown) = (ABSENT, UNKNOWN);
    assert_eq!(ids.ids[..3], [absent, unknown, unknown]);
    assert_eq!(ids.ids[3..6], [unknown, unknown, unknown]);
    let none = tokens("M:none\nK:none\nG");
    assert_eq!(vocabulary.encode_header(&none, &[Feature::Root, Feature::Numerator]), [0, 0]);
}

#[test]
fn what_is_rarer_than_min_count_is_unknown() {
    let options = VocabularyOptions { min_count: 3, ..Default::default() };
    let vocabulary = Vocabulary::build(&[tokens(JIG), tokens(REEL)], &options);
    let id = |symbol| vocabulary.id(Feature::Symbol, Value::Symbol(symbol));
    assert_eq!(id(Symbol::Note(76)), UNKNOWN, "once in the jig");
    assert!(id(Symbol::Note(69)) > UNKNOWN, "two in either");
    assert!(id(Symbol::End) > UNKNOWN, "start and end are never rare");
}

#[test]
fn an_id_without_a_value_is_not_decoded() {
    let vocabulary = vocabulary();
    let note = vocabulary.id(Feature::Symbol, Value::Symbol(Symbol::Note(69)));
    for (symbol, duration) in [(ABSENT, 2), (UNKNOWN, 2), (999, 2), (note, ABSENT), (note, 99)] {
        let error = vocabulary.decode(symbol, duration).unwrap_err();
        assert!(matches!(error, Error::UnknownId { .. }), "{symbol} {duration}");
    }
}

#[test]
fn spoilt_files_are_refused() {
    let json = vocabulary().to_json().unwrap();
    let check = |spoilt: String, expected: &str| {
        assert_ne!(spoilt, json);
        let error = Vocabulary::from_json(&spoilt).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check(json.replace("\"version\": 1", "\"version\": 2"), "of version 2, expected 1");
    check(json.replace("\"jig\"", "\"reel\""), "value `reel` of `dance_type` is there twice");
    check(json.replace("\"note66\"", "\"note666\""), "value `note666` of `symbol` is no value");
    check(json.replace("\"octave\"", "\"octavo\""), "cannot be read");
    check(json.replace("\"1/8\"", "\"2/16\""), "is no value");
    check("{}".to_owned(), "cannot be read");
    check("{\"version\": 1, \"features\": {}}".to_owned(), "has no values for `symbol`");
}
