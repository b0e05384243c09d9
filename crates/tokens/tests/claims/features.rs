//! Every feature on short tunes of every kind.

use std::collections::BTreeMap;

use crate::common::{column, tokens};
use tokens::{Error, Facts, Feature, KeyName, Tokens, Value};

/// Checks columns of a tune: a line each, the feature's name and its values.
#[track_caller]
fn check(abc: &str, expected: &str) {
    let tokens = tokens(abc);
    for line in expected.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, values) = line.split_once(':').unwrap();
        let feature: Feature = name.trim().parse().unwrap();
        let values: Vec<&str> = values.split_whitespace().collect();
        assert_eq!(column(&tokens, feature), values.join(" "), "{feature} of {abc}");
    }
}

#[test]
fn a_jig_has_all_its_features() {
    check(
        "R:Jig\nM:6/8\nL:1/8\nK:Ador\n|:e2A AzG|",
        "symbol:             start |: note76 note69 note69 rest note67 | end
         duration:           . . 1/4 1/8 1/8 1/8 1/8 . .
         pitch:              . . 76 69 69 . 67 . .
         pitch_class:        . . 4 9 9 . 7 . .
         octave:             . . 5 4 4 . 4 . .
         degree:             . . 7 0 0 . 10 . .
         interval:           . . . -7 0 . -2 . .
         bar_index:          0 0 0 0 0 0 0 0 1
         bar_index_mod4:     0 0 0 0 0 0 0 0 1
         bar_position:       0/1 0/1 0/1 1/4 3/8 1/2 5/8 3/4 0/1
         part:               0 0 0 0 0 0 0 0 0
         is_on_beat:         . . yes no yes no no . .
         is_middle_beat:     . . no no no no no . .
         beat_strength:      . . 4 2 3 2 2 . .
         next_bar_index:     0 0 0 0 0 0 0 1 1
         next_bar_index_mod4: 0 0 0 0 0 0 0 1 1
         next_position:      0/1 0/1 1/4 3/8 1/2 5/8 3/4 0/1 0/1
         next_beat_strength: 4 4 2 3 2 2 . 4 4
         key:                Ador Ador Ador Ador Ador Ador Ador Ador Ador
         root:               A A A A A A A A A
         mode:               dor dor dor dor dor dor dor dor dor
         signature:          1 1 1 1 1 1 1 1 1
         played_key:         Ador Ador Ador Ador Ador Ador Ador Ador Ador
         played_root:        A A A A A A A A A
         played_signature:   1 1 1 1 1 1 1 1 1
         metre:              6/8 6/8 6/8 6/8 6/8 6/8 6/8 6/8 6/8
         numerator:          6 6 6 6 6 6 6 6 6
         denominator:        8 8 8 8 8 8 8 8 8
         compound:           yes yes yes yes yes yes yes yes yes
         triple:             no no no no no no no no no
         unit_length:        1/8 1/8 1/8 1/8 1/8 1/8 1/8 1/8 1/8
         dance_type:         jig jig jig jig jig jig jig jig jig",
    );
}

#[test]
fn a_reel_has_four_beats() {
    check(
        "R: Reel \nM:4/4\nL:1/8\nK:D\nd2fd A2FA|",
        "symbol:         start note74 note78 note74 note69 note66 note69 | end
         bar_position:   0/1 0/1 1/4 3/8 1/2 3/4 7/8 1/1 0/1
         is_on_beat:     . yes yes no yes yes no . .
         is_middle_beat: . no no no yes no no . .
         beat_strength:  . 4 2 1 3 2 1 . .
         degree:         . 0 4 0 7 4 7 . .
         dance_type:     reel reel reel reel reel reel reel reel reel",
    );
}

#[test]
fn echoes_are_what_stood_a_phrase_and_a_part_before() {
    check(
        "M:2/4\nL:1/4\nK:C\nCD|E2|F2|G2|A2|(3Bcde||fg|",
        "symbol:       start note60 note62 | note64 | note65 | note67 | note69 | (3:2:3 note71 note72 note74 note76 || note77 note79 | end
         phrase_echo:  . . . . . . . . . note60 | note64 note64 . . | . . . . . .
         phrase_echo_duration: . . . . . . . . . 1/4 . 1/2 1/2 . . . . . . . . .
         part_echo:    . . . . . . . . . . . . . . . . . note60 note62 | note64 note64",
    );
    let tune = tokens("M:2/4\nL:1/4\nK:C\nCD|E2|F2|G2|CD||");
    assert_eq!(
        column(&tune.transposed(2).unwrap(), Feature::PhraseEcho),
        column(&tune, Feature::PhraseEcho).replace("note62", "note64").replace("note60", "note62"),
    );
}

#[test]
fn a_slip_jig_is_compound_and_triple() {
    check(
        "R:Slip_Jig\nM:9/8\nL:1/8\nK:G\nB2E G2E F3|",
        "is_on_beat:    . yes no yes no yes . .
         beat_strength: . 4 2 3 2 3 . .
         compound:      yes yes yes yes yes yes yes yes
         triple:        yes yes yes yes yes yes yes yes
         signature:     1 1 1 1 1 1 1 1",
    );
    let slip_jig = tokens("R:Slip_Jig\nM:9/8\nL:1/8\nK:G\nB2E G2E F3|");
    assert_eq!(slip_jig.value(0, Feature::DanceType), Value::Name("slip jig"));
}

#[test]
fn a_waltz_is_simple_and_triple() {
    check(
        "R:waltz\nM:3/4\nL:1/8\nK:Bb\nB2 d3 f|",
        "is_on_beat:    . yes yes no . .
         beat_strength: . 4 3 2 . .
         compound:      no no no no no no
         triple:        yes yes yes yes yes yes
         signature:     -2 -2 -2 -2 -2 -2",
    );
}

#[test]
fn twelve_eight_has_a_middle_beat_and_irregular_metres_a_downbeat_alone() {
    check(
        "M:12/8\nL:1/8\nK:C\nC3 D3 E3 F3|",
        "is_on_beat:     . yes yes yes yes . .
         is_middle_beat: . no no yes no . .
         beat_strength:  . 4 2 3 2 . .",
    );
    check(
        "M:5/4\nL:1/4\nK:C\nC2 D E F|",
        "is_on_beat:     . yes no no no . .
         is_middle_beat: . no no no no . .
         beat_strength:  . 4 3 3 3 . .",
    );
}

#[test]
fn a_pickup_announces_its_length_and_stands_at_the_end_of_its_bar() {
    check(
        "M:6/8\nL:1/8\nK:G\nD|G3 A3|B3 c2:|d|e6|",
        "symbol:         start pickup note62 | note67 note69 | note71 note72 :| pickup note74 | note76 | end
         duration:       . 1/8 1/8 . 3/8 3/8 . 3/8 1/4 . 1/8 1/8 . 3/4 . .
         bar_index:      0 -1 -1 -1 0 0 0 1 1 1 -1 -1 -1 0 0 1
         bar_index_mod4: 0 3 3 3 0 0 0 1 1 1 3 3 3 0 0 1
         bar_position:   0/1 5/8 5/8 3/4 0/1 3/8 3/4 0/1 3/8 5/8 5/8 5/8 3/4 0/1 3/4 0/1
         part:           0 0 0 0 0 0 0 0 0 0 1 1 1 1 1 1
         next_bar_index: 0 -1 -1 0 0 0 1 1 1 0 -1 -1 0 0 1 1
         is_on_beat:     . . no . yes yes . yes yes . . no . yes . .",
    );
}

#[test]
fn a_pickup_before_the_repeat_belongs_to_its_part() {
    for line in ["|:", "||:"] {
        check(
            &format!("M:2/4\nL:1/8\nK:C\nC{line}DEFG|ABcd|"),
            "bar_index: 0 -1 -1 -1 0 0 0 0 0 0 1 1 1 1 1 2
             part:      0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
        );
    }
    check(
        "M:2/4\nL:1/8\nK:C\n|:DEFG:|G|:ABcd:|",
        "symbol:    start |: note62 note64 note65 note67 :| pickup note67 | |: note69 note71 note72 note74 :| end
         bar_index: 0 0 0 0 0 0 0 -1 -1 -1 0 0 0 0 0 0 1
         part:      0 0 0 0 0 0 0 1 1 1 1 1 1 1 1 1 1",
    );
}

#[test]
fn two_short_bars_that_make_a_full_one_are_one() {
    check(
        "M:6/8\nL:1/8\nK:G\nG6|G3 A2|B|c6|",
        "symbol:       start note67 | note67 note69 | pickup note71 | note72 | end
         bar_index:    0 0 0 1 1 1 1 1 1 2 2 3
         bar_position: 0/1 0/1 3/4 0/1 3/8 5/8 5/8 5/8 3/4 0/1 3/4 0/1",
    );
}

#[test]
fn a_short_last_bar_is_no_pickup() {
    check(
        "M:2/4\nL:1/8\nK:C\n|:CDEF:|C2|]",
        "symbol:       start |: note60 note62 note64 note65 :| note60 |] end
         bar_index:    0 0 0 0 0 0 0 0 0 1
         part:         0 0 0 0 0 0 0 1 1 1
         bar_position: 0/1 0/1 0/1 1/8 1/4 3/8 1/2 0/1 1/4 0/1",
    );
}

#[test]
fn endings_stand_side_by_side() {
    check(
        "M:2/4\nL:1/4\nK:C\n|:CD|1 EF:|2 GA||cd|]",
        "symbol:    start |: note60 note62 | [1 note64 note65 :| [2 note67 note69 || note72 note74 |] end
         bar_index: 0 0 0 0 0 1 1 1 1 1 1 1 1 0 0 0 1
         part:      0 0 0 0 0 0 0 0 0 0 0 0 0 1 1 1 1
         next_bar_index: 0 0 0 0 1 1 1 1 0 1 1 1 0 0 0 0 0",
    );
}

#[test]
fn an_ending_within_a_bar_keeps_its_place() {
    check(
        "M:2/4\nL:1/8\nK:C\n|:CDEF|GA [1 Bc:|[2 de|]",
        "symbol:       start |: note60 note62 note64 note65 | note67 note69 [1 note71 note72 :| [2 note74 note76 |] end
         bar_index:    0 0 0 0 0 0 0 1 1 1 1 1 1 1 1 1 1 2
         bar_position: 0/1 0/1 0/1 1/8 1/4 3/8 1/2 0/1 1/8 1/4 1/4 3/8 1/2 1/4 1/4 3/8 1/2 0/1",
    );
    check(
        "M:2/4\nL:1/8\nK:C\n|:CDEF|GA|1 Bc:|2 de|]",
        "symbol:       start |: note60 note62 note64 note65 | note67 note69 | [1 pickup note71 note72 :| [2 pickup note74 note76 |] end
         bar_index:    0 0 0 0 0 0 0 1 1 1 2 1 1 1 1 2 1 1 1 1 2
         bar_position: 0/1 0/1 0/1 1/8 1/4 3/8 1/2 0/1 1/8 1/4 0/1 1/4 1/4 3/8 1/2 0/1 1/4 1/4 3/8 1/2 0/1
         part:         0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
    );
}

#[test]
fn several_repeats_are_told_apart() {
    check("K:C\n|:C::D::|", "symbol: start |: note60 :| |: note62 ::| end");
}

#[test]
fn tuplets_have_a_symbol_and_exact_durations() {
    check(
        "M:2/4\nL:1/8\nK:C\n(3CDE F2|",
        "symbol:       start (3:2:3 note60 note62 note64 note65 | end
         duration:     . . 1/12 1/12 1/12 1/4 . .
         bar_position: 0/1 0/1 0/1 1/12 1/6 1/4 1/2 0/1
         beat_strength: . . 4 0 0 3 . .",
    );
}

#[test]
fn broken_rhythm_needs_no_symbol() {
    check(
        "M:2/4\nL:1/8\nK:C\nC>D E<F|",
        "symbol:   start note60 note62 note64 note65 | end
         duration: . 3/16 1/16 1/16 3/16 . .",
    );
}

#[test]
fn ties_have_a_symbol() {
    check("M:1/4\nL:1/4\nK:C\nC-|C|", "symbol: start note60 - | note60 | end");
}

#[test]
fn key_and_metre_change_within_the_tune() {
    check(
        "M:2/4\nL:1/8\nK:G\nF4|[K:Dmix][M:3/8]F2 D|",
        "symbol:       start note66 | K:Dmix M:3/8 note66 note62 | end
         key:          Gmaj Gmaj Gmaj Dmix Dmix Dmix Dmix Dmix Dmix
         root:         G G G D D D D D D
         degree:       . 11 . . . 4 0 . .
         metre:        2/4 2/4 2/4 2/4 3/8 3/8 3/8 3/8 3/8
         numerator:    2 2 2 2 3 3 3 3 3
         triple:       no no no no yes yes yes yes yes
         bar_position: 0/1 0/1 1/2 0/1 0/1 0/1 1/4 3/8 0/1
         is_on_beat:   . yes . . . yes yes . .
         beat_strength: . 4 . . . 4 3 . .",
    );
}

#[test]
fn without_key_or_metre_nothing_is_made_up() {
    check(
        "M:none\nL:1/8\nK:none\nC2D|",
        "bar_position:   0/1 0/1 1/4 3/8 0/1
         is_on_beat:     . . . . .
         beat_strength:  . . . . .
         degree:         . . . . .
         key:            none none none none none
         root:           . . . . .
         mode:           . . . . .
         signature:      0 0 0 0 0
         metre:          none none none none none
         compound:       . . . . .
         dance_type:     . . . . .",
    );
}

#[test]
fn facts_go_before_the_header() {
    let tune = abc::read_tune("R:reel\nK:C\nC|");
    let key = abc::read_tune("K:A mix\n").header.key;
    let tokens = Tokens::new(&tune, &Facts { dance_type: Some("Slip  Jig"), key: Some(key) });
    let tokens = tokens.unwrap();
    assert_eq!(tokens.value(0, Feature::DanceType), Value::Name("slip jig"));
    assert_eq!(tokens.value(0, Feature::Key).to_string(), "Cmaj");
    assert_eq!(tokens.value(0, Feature::PlayedKey).to_string(), "Amix");
    assert_eq!(tokens.played_key(), KeyName::from(key));
}

#[test]
fn a_tune_without_notes_is_refused() {
    let error = Tokens::new(&abc::read_tune("K:C\nz4|"), &Facts::default()).unwrap_err();
    assert!(matches!(error, Error::NoMelody));
}

/// Checks columns of a tune in playing order.
#[track_caller]
fn check_played(abc: &str, expected: &[(Feature, &str)]) {
    let tokens = Tokens::in_playing_order(&abc::read_tune(abc), &Facts::default()).unwrap();
    for (feature, values) in expected {
        assert_eq!(column(&tokens, *feature), *values, "{feature} of {abc}");
    }
}

#[test]
fn playing_order_writes_the_repeats_out() {
    check_played(
        "M:2/4\nL:1/4\nK:C\n|:CD|1 EF:|2 GA|]",
        &[
            (
                Feature::Symbol,
                "start note60 note62 | note64 note65 || note60 note62 | note67 note69 |] end",
            ),
            (Feature::BarIndex, "0 0 0 0 1 1 1 0 0 0 1 1 1 2"),
            (Feature::Part, "0 0 0 0 0 0 0 1 1 1 1 1 1 1"),
        ],
    );
}

#[test]
fn playing_order_goes_back_behind_a_change() {
    check_played(
        "M:2/4\nL:1/4\nK:G\n|:FF|[K:C]FF:|",
        &[
            (
                Feature::Symbol,
                "start note66 note66 | K:Cmaj note65 note65 || K:Gmaj M:2/4 note66 note66 | \
                 K:Cmaj note65 note65 || end",
            ),
            (Feature::Signature, "1 1 1 1 0 0 0 0 1 1 1 1 1 0 0 0 0 0"),
        ],
    );
}

#[test]
fn truncation_keeps_the_first_rows() {
    let whole = tokens("K:C\nCDEF|GABc|");
    let short = whole.clone().truncated(4);
    assert_eq!(column(&short, Feature::Symbol), "start note60 note62 note64");
    assert_eq!(whole.clone().truncated(99), whole);
}

#[test]
fn fingerprints_tell_tunes_apart_and_stay() {
    let one = tokens("K:C\nCDEF|");
    assert_eq!(one.fingerprint(), tokens("K:C\nCDEF|").fingerprint());
    for other in ["K:C\nCDEG|", "K:G\nCDE=F|", "K:C\nCDEF||", "K:C\nCDEF2|", "R:reel\nK:C\nCDEF|"] {
        assert_ne!(one.fingerprint(), tokens(other).fingerprint(), "{other}");
    }
}

#[test]
fn beat_strengths_are_those_of_music21() {
    let fixture = include_str!("../fixtures/beat_strength.json");
    let table: BTreeMap<String, Vec<f64>> = serde_json::from_str(fixture).unwrap();
    assert_eq!(table.len(), 10);
    for (metre, strengths) in table {
        let notes = "C".repeat(strengths.len());
        let tokens = tokens(&format!("M:{metre}\nL:1/16\nK:C\n{notes}|"));
        for (place, &strength) in strengths.iter().enumerate() {
            let Value::Number(level) = tokens.value(place + 1, Feature::BeatStrength) else {
                panic!("semiquaver {place} of {metre} has no strength");
            };
            assert_eq!(2f64.powi(level - 4), strength, "semiquaver {place} of {metre}");
        }
    }
}
