//! The ways in which people write one tune differently do not matter.

use std::path::PathBuf;

use super::*;
use proptest::prelude::*;

const MAGGIE: &str =
    "|:E2BE dEBE|E2BE AFDF|E2BE dEBE|BABc dAFD:|d2fd c2ec|defg afge|d2fd c2ec|BABc dAFA|";
const COOLEY: &str =
    "|:EBBA B2EB|B2AB dBAG|FDAD BDAD|FDAD dAFD:|eBgB eBgB|d2fd gdfd|eBgB efge|dBAF DEFD|";
const KESH: &str = "|:GAG GAB|ABA ABd|edd gdd|edB dBA|GAG GAB|ABA ABd|edd gdB|AGF G3:|";

/// A store of three tunes in a folder of its own, and its namer.
fn store() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("corpus.db");
    let tune = |x: u32, title: &str, head: &str, music: &str| {
        format!("X:{x}\nT:{title}\n{head}\n{music}\n\n")
    };
    let book = tune(1, "Drowsy Maggie", "R:reel\nM:4/4\nL:1/8\nK:Edor", MAGGIE)
        + &tune(2, "Cooley's", "R:reel\nM:4/4\nL:1/8\nK:Edor", COOLEY)
        + &tune(3, "The Kesh", "R:jig\nM:6/8\nL:1/8\nK:G", KESH);
    add(&path, book);
    (folder, path)
}

fn add(path: &Path, book: String) {
    let name = ("book.abc", book.into_bytes());
    let store = corpus::Store::open(path).unwrap();
    store.import_bytes(name, &corpus::ImportOptions::default(), &mut |_| {}).unwrap();
}

fn asked(head: &str, music: &str) -> Tune {
    abc::read_tune(&format!("X:9\n{head}\n{music}"))
}

#[test]
fn however_it_is_written_it_is_the_same_tune() {
    let (_folder, path) = store();
    let namer = Namer::open(&path).unwrap();
    let plain = "M:4/4\nL:1/8\nK:Edor";
    let first = "E2BE dEBE|E2BE AFDF|E2BE dEBE|BABc dAFD|";
    let second = "d2fd c2ec|defg afge|d2fd c2ec|BABc dAFA|";
    let low = "E,2B,E, DE,B,E,|E,2B,E, A,F,D,F,|E,2B,E, DE,B,E,|B,A,B,C DA,F,D,|";
    for (way, head, music) in [
        ("as it is", plain, MAGGIE.to_owned()),
        ("another key", "M:4/4\nL:1/8\nK:Ador", "A2eA gAeA|A2eA dBGB|A2eA gAeA|edef gdBG|".into()),
        ("an octave lower", plain, low.to_owned()),
        ("a mode spelled out", "M:4/4\nL:1/8\nK:Dmaj", MAGGIE.to_owned()),
        ("halved notes", "M:2/4\nL:1/16\nK:Edor", MAGGIE.to_owned()),
        ("doubled notes", "M:4/2\nL:1/4\nK:Edor", MAGGIE.to_owned()),
        ("a pickup", plain, format!("BA|{first}{second}")),
        ("repeats written out", plain, format!("{first}{first}{second}{second}")),
        ("the first part alone", plain, first.to_owned()),
        ("the second part alone", plain, second.to_owned()),
        ("the second part first", plain, format!("{second}{first}")),
        ("long notes played as short ones", plain, MAGGIE.replace("E2", "EE").replace("d2", "dd")),
        ("ornaments", plain, MAGGIE.replace("E2BE", "E{F}EBE").replace("d2fd", "(3ddd fd")),
        ("some notes wrong", plain, MAGGIE.replace("AFDF", "AGDF").replace("defg", "dffg")),
    ] {
        let answer = namer.name(&asked(head, &music), 3).unwrap();
        let found = answer.matches.first().map(|found| found.title.as_str());
        assert_eq!(found, Some("Drowsy Maggie"), "{way}");
        assert!(!answer.matches[0].evidence.is_empty(), "{way}");
        let next = answer.matches.get(1).map_or(0.0, |found| found.score);
        assert!(answer.matches[0].score > 2.0 * next, "{way}: {answer:?}");
    }
}

#[test]
fn of_like_melodies_that_of_the_stated_dance_type_comes_first() {
    let (_folder, path) = store();
    let slide = KESH.replace("edd gdd", "edd gde").replace("AGF G3", "AGF G2A");
    add(&path, format!("X:4\nT:The Haymaker\nR:slide\nM:12/8\nL:1/8\nK:G\n{slide}\n"));
    let namer = Namer::open(&path).unwrap();
    let between = KESH.replace("edd gdd", "edd gde");
    let first = |dance: &str| {
        let tune = asked(&format!("{dance}M:6/8\nL:1/8\nK:G"), &between);
        namer.name(&tune, 1).unwrap().matches.swap_remove(0).title
    };
    assert_eq!(first("R:Double Jig\n"), "The Kesh");
    assert_eq!(first("R:slide\n"), "The Haymaker");
    // Neither the type of other tunes, nor one that no tune has, nor what is none hides a tune.
    for other in ["", "R:reel\n", "R:waltz\n", "R:traditional\n"] {
        assert!(["The Kesh", "The Haymaker"].contains(&first(other).as_str()), "{other}");
    }
}

#[test]
fn evidence_names_the_bars_and_the_notes_that_differ() {
    let (_folder, path) = store();
    let namer = Namer::open(&path).unwrap();
    let tune = asked("M:4/4\nL:1/8\nK:Ador", "A2eA gAeA|A2eA dBAB|A2eA gAeA|edef gdBG|");
    let found = namer.name(&tune, 1).unwrap().matches.swap_remove(0);
    let passage = &found.evidence[0];
    assert_eq!((passage.query.clone(), passage.setting.clone()), (0..4, 0..4));
    assert_eq!(passage.transposition, -5);
    assert_eq!(passage.query_differs, [NotePlace { bar: 1, note: 5 }]);
    assert_eq!(passage.setting_differs, [NotePlace { bar: 1, note: 5 }]);
    let shown = namer.side_by_side(&tune, &found);
    assert_eq!(shown[0][1].query.as_ref().unwrap().text, "A2 e A d B (A) B");
    assert_eq!(shown[0][1].setting.as_ref().unwrap().text, "E2 B E A ^F (D) ^F");
}

#[test]
fn no_notes_get_an_honest_answer() {
    let (_folder, path) = store();
    let namer = Namer::open(&path).unwrap();
    for music in ["", "z8|z8|", "G|", "GG GG|"] {
        let answer = namer.name(&asked("L:1/8\nK:C", music), 5).unwrap();
        assert!(answer.known < 0.5, "{music}: {answer:?}");
    }
}

#[test]
fn many_at_a_time_get_the_answers_that_each_gets_alone() {
    let (_folder, path) = store();
    let run = LoadedRun::open(train::shipped().unwrap()).unwrap();
    let namer = Namer::open(&path).unwrap().with_run(&run, &crate::silent).unwrap();
    let head = "M:4/4\nL:1/8\nK:Edor";
    let tunes = [MAGGIE, "z8|", KESH, "", COOLEY].map(|music| asked(head, music));
    let answers = namer.name_all(&tunes, 2).unwrap();
    assert_eq!(answers.len(), tunes.len());
    for (tune, answer) in tunes.iter().zip(answers) {
        assert_eq!(answer, namer.name(tune, 2).unwrap());
    }
    // More than are compared at a time.
    let many: Vec<Tune> = tunes.iter().cycle().take(3 * TOGETHER + 1).cloned().collect();
    let all = namer.name_all(&many, 2).unwrap();
    let one = namer.name(&tunes[3 * TOGETHER % tunes.len()], 2).unwrap();
    assert_eq!((all.len(), all.last()), (many.len(), Some(&one)));
    assert_eq!(namer.name(&tunes[0], 2).unwrap().titles.len(), 2);
}

#[test]
fn a_changed_store_gets_a_new_index_and_an_unchanged_one_keeps_it() {
    let (_folder, path) = store();
    assert_eq!(Namer::open(&path).unwrap().works(), 3);
    let index = file::path(&path);
    let written = std::fs::metadata(&index).unwrap().modified().unwrap();
    assert_eq!(Namer::open(&path).unwrap().works(), 3);
    assert_eq!(std::fs::metadata(&index).unwrap().modified().unwrap(), written);
    add(&path, "X:4\nT:Scale\nL:1/8\nK:C\nCDEF GABc|dcBA GFED|\n".to_owned());
    assert_eq!(Namer::open(&path).unwrap().works(), 4);
}

#[test]
fn an_index_is_read_as_it_was_written_and_a_damaged_one_is_built_anew() {
    let (_folder, path) = store();
    let namer = Namer::open(&path).unwrap();
    let (_, kept) = file::read(&path).unwrap();
    assert_eq!(kept, namer.index);
    let whole = std::fs::read(file::path(&path)).unwrap();
    for length in [0, 11, 40, whole.len() / 2, whole.len() - 1] {
        std::fs::write(file::path(&path), &whole[..length]).unwrap();
        assert!(file::read(&path).is_none(), "{length}");
    }
    assert_eq!(Namer::open(&path).unwrap().index, namer.index);
}

#[test]
fn an_index_that_is_damaged_inside_is_not_believed_wherever_it_is_and_is_mended() {
    let (_folder, path) = store();
    let namer = Namer::open(&path).unwrap();
    let whole = std::fs::read(file::path(&path)).unwrap();
    for at in (0..whole.len()).step_by(17).chain([whole.len() - 1]) {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << (at % 8);
        std::fs::write(file::path(&path), &damaged).unwrap();
        assert!(file::read(&path).is_none(), "byte {at} of {}", whole.len());
    }
    assert_eq!(Namer::open(&path).unwrap().index, namer.index);
    assert_eq!(std::fs::read(file::path(&path)).unwrap(), whole);
}

#[test]
fn an_empty_store_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("corpus.db");
    corpus::Store::open(&path).unwrap();
    let error = Namer::open(&path).unwrap_err();
    assert!(matches!(error, NameError::Empty { .. }), "{error}");
}

/// The alignment cell by cell, as the paper has it.
fn plain_score(query: &[i16], setting: &[i16], by: i16) -> i16 {
    let mut cells = vec![vec![0_i16; setting.len() + 1]; query.len() + 1];
    let mut best = 0;
    for i in 1..=query.len() {
        for j in 1..=setting.len() {
            let matched =
                cells[i - 1][j - 1] + align::points(query[i - 1] + 4 * by, setting[j - 1]);
            let beside = cells[i - 1][j].max(cells[i][j - 1]) - align::GAP;
            cells[i][j] = matched.max(beside).max(0);
            best = best.max(cells[i][j]);
        }
    }
    best
}

proptest! {
    #[test]
    fn alignment_by_antidiagonals_equals_the_plain_one(
        queries in prop::collection::vec(
            (prop::collection::vec(240_i16..330, 0..40), -12_i16..13), 0..5),
        setting in prop::collection::vec(240_i16..330, 0..70),
    ) {
        let moved: Vec<(&[i16], i16)> =
            queries.iter().map(|(query, by)| (&query[..], *by)).collect();
        let expected: Vec<i16> =
            moved.iter().map(|(query, by)| plain_score(query, &setting, *by)).collect();
        let mut aligner = align::Aligner::default();
        aligner.set(&setting);
        prop_assert_eq!(&aligner.scores(&moved), &expected);
        // The buffers are used again.
        prop_assert_eq!(&aligner.scores(&moved), &expected);
    }

    #[test]
    fn a_key_never_matters(by in -11_i16..12, notes in prop::collection::vec(55_u8..80, 30..60)) {
        let tune = |by: i16| {
            let mut tune = asked("L:1/8\nM:4/4\nK:C", &"C".repeat(notes.len()));
            let events = tune.bars.iter_mut().flat_map(|bar| &mut bar.events);
            for (event, midi) in events.zip(&notes) {
                if let abc::Event::Note(note) = event {
                    note.pitch = abc::Pitch::from_midi((i16::from(*midi) + by) as u8);
                }
            }
            tune
        };
        let [here, there] = [0, by].map(|by| melody::reading(&tune(by)).unwrap());
        for kind in index::KINDS {
            prop_assert_eq!(kind.counts(&here), kind.counts(&there));
        }
        let found = align::transpositions(&here.steps, &there.steps, 1);
        prop_assert_eq!(found, vec![by]);
    }
}
