//! What the form check says of tunes.

use crate::common;
use tokens::{Builder, Facts, Symbol, Tokens, form};

/// Eight bars of 2/4 in G that come home, without their last line.
const EIGHT: &str = "GABd|gded|cAcA|BGBG|GABd|gded|cAFA|G2G2";

/// The faults of a tune in 2/4; `8` stands for eight bars, `7` for the first seven of them.
fn faults(music: &str) -> Vec<String> {
    let seven = EIGHT.rsplit_once('|').unwrap().0;
    let music = music.replace('8', EIGHT).replace('7', seven);
    let tokens = common::tokens(&format!("M:2/4\nL:1/8\nK:G\n{music}"));
    match form(&tokens) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.iter().map(ToString::to_string).collect(),
    }
}

fn check(music: &str, expected: &[&str]) {
    assert_eq!(faults(music), expected, "{music}");
}

#[test]
fn tunes_as_players_write_them_have_no_fault() {
    for music in [
        "|:8:||:8:|",
        "8:|8:|",
        "8||8|]",
        "8|8|",
        "|:7|1G2Bd:|2G4||8|",
        "|:7|1G2Bd:|2G4|8:|",
        "7|1G2Bd:|2G4|cAcA|BGBG|gded|1G4:|2G4|8|",
        "|:cAcA|BGBG|gded|G4:||:cAcA|BGBG|gded|G4:|",
        // A pickup, and the bar that it is taken from.
        "D|7|G3:|D|7|G3:|",
        "|:D|7|G3:||:D|7|G3:|",
        "D|7|G3D:|7|G3|",
        "D|7|G3||D|7|G3|]",
        "D|7|1G3D:|2G3||D|7|G3|",
        "D|7|G3|D|7|G3|",
        "d|:8|8:|8|8|",
    ] {
        check(music, &[]);
    }
}

#[test]
fn a_bar_that_is_not_full_is_named() {
    check(
        "|:GAB|GABd|gded|cAcA|BGBG|GABd|gded|cAFA|G4:||:8:|",
        &["part 1, bar 1: lasts 3/8, 2/4 is expected"],
    );
    check(
        "|:8:||:GABd|gdedc|cAcA|BGBG|GABd|gded|cAFA|G4:|",
        &["part 2, bar 10: lasts 5/8, 2/4 is expected"],
    );
    check("|:7|G3:||:8:|", &["part 1, bar 8: lasts 3/8, 2/4 is expected"]);
    check("|:8:||:7|G3:|", &["part 2, bar 16: lasts 3/8, 2/4 is expected"]);
    let free = common::tokens(&format!("M:none\nL:1/8\nK:G\n{EIGHT}"));
    assert_eq!(form(&free).unwrap_err()[0].to_string(), "part 1, bar 1: has no metre");
}

#[test]
fn repeats_and_endings_that_do_not_pair_up_are_named() {
    check("|:8||:8:|", &["part 1, bar 1: starts a repeat that never ends"]);
    check("|:8:||:8|]", &["part 2, bar 9: starts a repeat that never ends"]);
    let alone = "part 1, bar 8: starts a first ending that no repeat sign and second ending follow";
    assert!(faults("|:7|1G2Bd:||:8:|").contains(&alone.to_owned()));
    let later = "part 1, bar 8: starts an ending without the one before it";
    assert!(faults("|:7|2G2Bd:||:8:|").contains(&later.to_owned()));
    assert!(faults("7|1G2Bd|2G4||8|").iter().any(|fault| fault.contains("without the one before")));
}

#[test]
fn parts_of_other_lengths_are_named() {
    let part = |bars, times| {
        format!(
            "part 1, bar 1: starts a part of {bars} bars that is played {times}; a multiple of 8 \
             is expected, or 4 played twice"
        )
    };
    assert_eq!(faults("|:7:||:8:|"), [part(7, "twice")]);
    assert_eq!(faults("GABd|cAcA|BGBG|G4||8|"), [part(4, "once")]);
    assert_eq!(faults("|:8|GABd|cAcA|BGBG|G4:||:8:|"), [part(12, "twice")]);
    check("|:8:|", &["part 1, bar 8: the tune ends after one part, two are expected"]);
}

#[test]
fn a_tune_comes_home_at_its_end() {
    let away = "part 2, bar 16: ends away from home: the tonic on a main beat is expected, or at \
                the end a tone of its chord";
    check("|:8:||:7|AGFA:|", &[away]);
    check("|:8:||:7|AAGA:|", &[]);
    check("|:8:||:7|AFAB:|", &[]);
    check("|:8:||:7|AFAc:|", &[away]);
    let minor = common::tokens(&format!("M:2/4\nL:1/8\nK:Edor\n{EIGHT}|{EIGHT}|"));
    assert!(form(&minor).is_ok());
}

#[test]
fn a_tune_that_breaks_off_is_no_form() {
    let whole = common::tokens(&format!("M:2/4\nL:1/8\nK:G\n{EIGHT}|{EIGHT}|"));
    let faults = form(&whole.clone().truncated(whole.len() - 1)).unwrap_err();
    assert_eq!(faults[0].to_string(), "part 1, bar 16: the tune breaks off");
    let empty = Builder::new(whole.head()).finish();
    assert!(form(&empty).is_err() && form(&empty.truncated(0)).is_err());
}

#[test]
fn a_note_too_many_or_too_few_is_always_a_fault() {
    let whole = common::tokens(&format!("M:2/4\nL:1/8\nK:G\n{EIGHT}:||:{EIGHT}:|"));
    assert!(form(&whole).is_ok());
    let notes: Vec<usize> =
        (0..whole.len()).filter(|&row| matches!(whole.symbol(row), Symbol::Note(_))).collect();
    for &left_out in &notes {
        for times in [0, 2] {
            let mut builder = Builder::new(whole.head());
            for (row, (symbol, duration)) in whole.pairs().enumerate().skip(1) {
                let times = if row == left_out { times } else { 1 };
                (0..times).for_each(|_| builder.push(symbol, duration));
            }
            assert!(form(&builder.finish()).is_err(), "row {left_out} {times} times");
        }
    }
}

#[test]
fn the_form_tells_the_parts() {
    let tune = abc::read_tune(&format!("M:2/4\nL:1/8\nK:G\nd|:{EIGHT}:|{EIGHT}|{EIGHT}|"));
    let parts = form(&Tokens::new(&tune, &Facts::default()).unwrap()).unwrap().parts;
    let parts: Vec<_> = parts.iter().map(|part| (part.first, part.bars, part.passes)).collect();
    assert_eq!(parts, [(1, 8, 2), (9, 16, 1)]);
}
