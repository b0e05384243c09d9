//! What holds for every tune.

use crate::common::{self, column, sounds};
use proptest::prelude::*;
use tokens::{Builder, Facts, Feature, Root, Tokens, Value, Vocabulary, VocabularyOptions};

/// Features that move with the notes.
const MOVED: [Feature; 9] = [
    Feature::PhraseEcho,
    Feature::PartEcho,
    Feature::Symbol,
    Feature::Pitch,
    Feature::PitchClass,
    Feature::Octave,
    Feature::Key,
    Feature::Root,
    Feature::Signature,
];

fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "C",
        "^F",
        "d2",
        "g/",
        "z",
        "b3",
        "A,",
        "_B",
        "e>f",
        "(3ABc",
        "(3efg",
        "a-a",
        "G-|G",
        "|",
        "|",
        "|",
        "||",
        "|:",
        ":|",
        "::",
        "|1",
        ":|2",
        "[K:Dmix]",
        "[K:Bbmin]",
        "[M:3/4]",
        "[M:6/8]",
        "|]",
        "\n",
    ])
}

prop_compose! {
    fn book_tune()(
        key in prop::sample::select(vec!["C", "Ador", "F#min", "Bb", "Ebmix", "none", "D Phr ^f"]),
        metre in prop::sample::select(vec!["6/8", "4/4", "9/8", "3/4", "2/2", "5/8", "none"]),
        rhythm in prop::sample::select(vec!["", "R:jig\n", "R:Slip jig\n"]),
        music in prop::collection::vec(piece(), 0..60),
    ) -> String {
        format!("{rhythm}M:{metre}\nL:1/8\nK:{key}\nG{}|", music.join(" "))
    }
}

fn tokens() -> impl Strategy<Value = Tokens> {
    book_tune().prop_map(|abc| common::tokens(&abc))
}

proptest! {
    #[test]
    fn transposing_there_and_back_changes_nothing(tokens in tokens(), n in -30i8..=30) {
        let there = tokens.transposed(n).unwrap();
        prop_assert_eq!(there.transposed(-n).unwrap(), tokens);
    }

    #[test]
    fn transposing_moves_pitch_and_key_alone(tokens in tokens(), n in -24i8..=24) {
        let moved = tokens.transposed(n).unwrap();
        for &feature in Feature::ALL.iter().filter(|f| !MOVED.contains(f)) {
            prop_assert_eq!(column(&moved, feature), column(&tokens, feature), "{}", feature);
        }
        for row in 0..tokens.len() {
            let by = (tokens.value(row, Feature::Pitch), moved.value(row, Feature::Pitch));
            if let (Value::Number(before), Value::Number(after)) = by {
                prop_assert_eq!(after, before + i32::from(n));
            }
            let by = (tokens.value(row, Feature::Root), moved.value(row, Feature::Root));
            if let (Value::Root(before), Value::Root(after)) = by {
                let expected = i32::from(before.pitch_class()) + i32::from(n);
                prop_assert_eq!(i32::from(after.pitch_class()), expected.rem_euclid(12));
            }
        }
    }

    #[test]
    fn rows_follow_from_the_pairs_before_them(tokens in tokens()) {
        let mut builder = Builder::new(tokens.head());
        for (row, (symbol, duration)) in tokens.pairs().enumerate() {
            if row > 0 {
                builder.push(symbol, duration);
            }
            for &feature in Feature::ALL {
                prop_assert_eq!(builder.tokens().value(row, feature), tokens.value(row, feature));
            }
        }
        prop_assert_eq!(builder.finish(), tokens);
    }

    #[test]
    fn a_transposed_tune_is_what_its_pairs_make(tokens in tokens(), n in -12i8..=12) {
        let moved = tokens.transposed(n).unwrap();
        let mut builder = Builder::new(moved.head());
        moved.pairs().skip(1).for_each(|(symbol, duration)| builder.push(symbol, duration));
        for &feature in Feature::ALL {
            prop_assert_eq!(column(builder.tokens(), feature), column(&moved, feature));
        }
    }

    #[test]
    fn the_common_tonic_is_c(tokens in tokens()) {
        let moved = tokens.to_common_tonic().unwrap();
        match tokens.key().root {
            Some(_) => prop_assert_eq!(moved.key().root.map(Root::pitch_class), Some(0)),
            None => prop_assert_eq!(moved, tokens),
        }
    }

    #[test]
    fn leaving_features_out_does_not_change_the_others(
        tokens in tokens(),
        keep in prop::sample::subsequence(Feature::ALL.to_vec(), 0..Feature::COUNT),
    ) {
        let vocabulary = Vocabulary::build([&tokens], &VocabularyOptions::default());
        let all = vocabulary.encode(&tokens, Feature::ALL);
        let some = vocabulary.encode(&tokens, &keep);
        prop_assert_eq!(some.rows, all.rows);
        for row in 0..all.rows {
            for (column, &feature) in keep.iter().enumerate() {
                let id = all.ids[row * Feature::COUNT + feature as usize];
                prop_assert_eq!(some.ids[row * keep.len() + column], id);
            }
        }
        let header = vocabulary.encode_header(&tokens, &keep);
        prop_assert_eq!(&some.ids[..keep.len()], header);
    }

    #[test]
    fn vocabularies_read_back_and_decode_what_they_encode(tokens in tokens()) {
        let vocabulary = Vocabulary::build([&tokens], &VocabularyOptions::default());
        let json = vocabulary.to_json().unwrap();
        prop_assert_eq!(&Vocabulary::from_json(&json).unwrap(), &vocabulary);
        for &feature in Feature::ALL {
            for row in 0..tokens.len() {
                let value = tokens.value(row, feature);
                let back = vocabulary.value(feature, vocabulary.id(feature, value));
                prop_assert_eq!(back.unwrap_or(Value::Absent), value);
            }
        }
        let ids = vocabulary.encode(&tokens, &[Feature::Symbol, Feature::Duration]).ids;
        let pairs: Result<Vec<_>, _> =
            ids.chunks(2).map(|pair| vocabulary.decode(pair[0], pair[1])).collect();
        prop_assert_eq!(pairs.unwrap(), tokens.pairs().collect::<Vec<_>>());
    }

    #[test]
    fn transposed_tunes_meet_no_unknown_values(tokens in tokens(), n in -5i8..=6) {
        let options = VocabularyOptions { transpositions: -5..=6, ..Default::default() };
        let vocabulary = Vocabulary::build([&tokens], &options);
        let ids = vocabulary.encode(&tokens.transposed(n).unwrap(), Feature::ALL).ids;
        prop_assert!(!ids.contains(&tokens::UNKNOWN));
    }

    #[test]
    fn tokens_written_as_a_tune_play_the_same(abc in book_tune()) {
        let tune = abc::read_tune(&abc);
        let written = Tokens::new(&tune, &Facts::default()).unwrap().to_tune();
        prop_assert_eq!(sounds(&written), sounds(&tune));
    }
}

#[test]
fn a_tie_into_an_ending_of_another_spelling_holds_in_tokens_too() {
    let tune = abc::read_tune("L:1/8\nK:C\nG:|2 [K:Bbmin] ^F |1 G-|G |1 C|");
    let written = Tokens::new(&tune, &Facts::default()).unwrap().to_tune();
    assert_eq!(sounds(&written), sounds(&tune));
}
