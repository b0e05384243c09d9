//! Imports of folders, archives and The Session's tables, on files made here.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::io::Write;
use std::path::Path;

use corpus::{Corpus, Error, ImportOptions, ImportSummary, Store, TitleKind};
use zip::write::SimpleFileOptions;

const REEL: &str = "X:1\nT:RIVAL -- REEL., THE\nM:C\nL:1/8\nK:G\nGABc dedB|dedB dedB|c2ec B2dB|\n";
const JIG: &str = "X:1\nT:Off to Donnybrook -- Jig\nM:6/8\nL:1/8\nK:D\nABA AFD|GFG EFG|ABA AFD|\n";

const TUNES: &str = "tune_id,setting_id,name,type,meter,mode,abc,date,username,composer\n\
    27,27,Drowsy Maggie,reel,4/4,Edorian,\"|:E2BE dEBE|\r\nE2BE AFDF|\r\n\r\nE2BE dEBE:|\",2001-05-15,a,\n\
    27,31,Drowsy Maggie,reel,4/4,Edorian,|:E2BE dEBE|BABc dAFD:|,2001-06-01,b,\n\
    1105,1105,\"Butterfly, The\",slip jig,9/8,Eminor,B2E G2E F3|B2E G2E FED|,2002-01-01,c,Tommy Potts\n";
const ALIASES: &str = "tune_id,alias,name\n27,Sleepy Maggie,Drowsy Maggie\n\
    27,\"Reel, The Drowsy\",Drowsy Maggie\n27,Drowsy Maggie,Drowsy Maggie\n9999,Nobody,Nothing\n";
const POPULARITY: &str = "name,tune_id,tunebooks\nDrowsy Maggie,27,4321\n";

fn import(store: &Store, path: &Path) -> Result<ImportSummary, Error> {
    store.import(path, &ImportOptions::default(), &mut |_| {})
}

fn add(store: &Store, name: &str, text: &str) -> ImportSummary {
    let file = (name, text.as_bytes().to_vec());
    store.import_bytes(file, &ImportOptions::default(), &mut |_| {}).unwrap()
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn ids(corpus: &Corpus) -> Vec<&str> {
    corpus.works.iter().map(|work| work.id.as_str()).collect()
}

#[test]
fn a_folder_gives_its_books_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let books = folder.path().join("books/Ryan's");
    std::fs::create_dir_all(&books).unwrap();
    std::fs::write(books.join("b.abc"), REEL).unwrap();
    std::fs::write(books.join("a.ABC"), JIG).unwrap();
    std::fs::write(books.join("readme.txt"), "not for import").unwrap();
    std::fs::write(books.join("bad.abc"), [0_u8, 1, 2]).unwrap();
    std::fs::write(folder.path().join("books/solo.abc"), JIG).unwrap();
    let store = Store::in_memory().unwrap();
    let summary = import(&store, &folder.path().join("books")).unwrap();
    assert_eq!((summary.files, summary.settings_added), (3, 3));
    assert_eq!(summary.skipped.len(), 1);
    assert!(summary.skipped[0].name.ends_with("bad.abc"));
    assert!(summary.skipped[0].reason.starts_with("binary data"), "{:?}", summary.skipped);
    let corpus = store.load().unwrap();
    assert_eq!(ids(&corpus), ["ryans:1", "ryans:2", "solo:1"]);
    assert_eq!(corpus.works[0].titles[0].text, "Off to Donnybrook");
    assert_eq!(corpus.works[1].titles[0].text, "The Rival");
    assert_eq!(corpus.works[1].dance_type, None, "its title alone says reel");
    assert_eq!(corpus.works[0].family, corpus.works[2].family);
}

#[test]
fn an_archive_is_read_like_a_folder_and_can_be_narrowed() {
    let folder = tempfile::tempdir().unwrap();
    let wheel = folder.path().join("books-1.0.whl");
    let files: [(&str, &[u8]); 5] = [
        ("music/ryans/1.abc", REEL.as_bytes()),
        ("music/ryans/2.abc", JIG.as_bytes()),
        ("music/airds/one.abc", JIG.as_bytes()),
        ("music/settings.json", b"{\"a\": 1}"),
        ("music/code.py", b"X:1"),
    ];
    std::fs::write(&wheel, zipped(&files)).unwrap();
    let store = Store::in_memory().unwrap();
    let only =
        |only: &str| ImportOptions { only: Some(only.to_owned()), ..ImportOptions::default() };
    let summary = store.import(&wheel, &only("airds"), &mut |_| {}).unwrap();
    assert_eq!((summary.files, summary.settings_added, summary.skipped.len()), (1, 1, 0));
    let error = store.import(&wheel, &only("nowhere"), &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("with `nowhere` in its path"), "{error}");
    let summary = import(&store, &wheel).unwrap();
    assert_eq!((summary.settings_added, summary.settings_known), (2, 1));
    assert!(summary.skipped[0].reason.starts_with("unknown table"), "{:?}", summary.skipped);
    assert_eq!(ids(&store.load().unwrap()), ["one:1", "ryans:1", "ryans:2"]);
    let named = ImportOptions { source: Some("My Books".to_owned()), ..ImportOptions::default() };
    store.import(&wheel, &named, &mut |_| {}).unwrap();
    assert_eq!(store.load().unwrap().works[0].source(), "my-books");
}

#[test]
fn a_truncated_archive_and_an_empty_folder_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::in_memory().unwrap();
    let whole = zipped(&[("a.abc", REEL.as_bytes()), ("b.abc", JIG.as_bytes())]);
    let path = folder.path().join("cut.whl");
    for length in [5, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = import(&store, &path).unwrap_err();
        assert!(matches!(error, Error::Archive { .. }), "{length}: {error}");
        assert!(error.to_string().contains("cut.whl"));
    }
    let mut spoilt = whole.clone();
    spoilt[45] ^= 0xff;
    std::fs::write(&path, &spoilt).unwrap();
    assert!(matches!(import(&store, &path), Err(Error::Archive { .. })));
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let error = import(&store, &empty).unwrap_err();
    assert!(matches!(error, Error::NothingToImport { .. }), "{error}");
    let error = import(&store, &folder.path().join("missing.abc")).unwrap_err();
    assert!(error.to_string().contains("missing.abc"), "{error}");
    assert!(store.load().unwrap().works.is_empty());
}

#[test]
fn the_tables_of_the_session_make_one_corpus_in_any_order() {
    let tables = [("tunes.csv", TUNES), ("aliases.csv", ALIASES), ("pop.csv", POPULARITY)];
    let loaded = |order: [usize; 3]| {
        let store = Store::in_memory().unwrap();
        order.into_iter().for_each(|at| {
            add(&store, tables[at].0, tables[at].1);
        });
        store.load().unwrap()
    };
    let corpus = loaded([0, 1, 2]);
    assert_eq!(corpus, loaded([2, 1, 0]));
    assert_eq!(ids(&corpus), ["thesession:27", "thesession:1105"]);
    let maggie = &corpus.works[0];
    let titles: Vec<_> = maggie.titles.iter().map(|t| (t.text.as_str(), t.kind)).collect();
    let expected = [
        ("Drowsy Maggie", TitleKind::Name),
        ("Reel, The Drowsy", TitleKind::Alias),
        ("Sleepy Maggie", TitleKind::Alias),
    ];
    assert_eq!(titles, expected);
    assert_eq!(maggie.popularity, Some(4321));
    assert_eq!(maggie.settings[1].id, "thesession:27#31");
    assert_eq!(maggie.settings[0].key.as_deref(), Some("E dorian"));
    assert_eq!(maggie.settings[0].tune().bars.len(), 3);
    let butterfly = &corpus.works[1];
    assert_eq!(butterfly.titles[0].text, "The Butterfly");
    assert_eq!(butterfly.settings[0].tune().header.composers, ["Tommy Potts"]);
}

#[test]
fn json_tables_are_read_like_csv() {
    let store = Store::in_memory().unwrap();
    let json = r#"[{"tune_id":"27","setting_id":"27","name":"Drowsy Maggie","type":"reel",
        "meter":"4/4","mode":"Edorian","abc":"|:E2BE dEBE|\r\nE2BE AFDF:|","date":"","username":"a",
        "composer":null}]"#;
    let summary = add(&store, "tunes.json", json);
    assert_eq!(summary.settings_added, 1);
    add(&store, "-", r#"[{"tune_id": 27, "alias": "Sleepy Maggie", "name": "Drowsy Maggie"}]"#);
    let corpus = store.load().unwrap();
    assert_eq!(corpus.works[0].titles.len(), 2);
    assert!(corpus.works[0].settings[0].abc.contains("M:4/4"));
}

#[test]
fn a_newer_dump_replaces_and_a_repeated_one_adds_nothing() {
    let store = Store::in_memory().unwrap();
    add(&store, "tunes.csv", TUNES);
    let again = add(&store, "tunes.csv", TUNES);
    assert_eq!((again.settings_known, again.settings_added), (3, 0));
    let newer = TUNES.replace("BABc dAFD", "BABc dAFE");
    let summary = add(&store, "tunes.csv", &newer);
    let counts = (summary.settings_changed, summary.settings_known, summary.works_added);
    assert_eq!(counts, (1, 2, 0));
    let corpus = store.load().unwrap();
    assert_eq!(corpus.setting_count(), 3);
    assert!(corpus.works[0].settings[1].abc.contains("dAFE"));
    let twice = add(&store, "aliases.csv", ALIASES).aliases_added
        + add(&store, "aliases.csv", ALIASES).aliases_added;
    assert_eq!(twice, 4);
}

#[test]
fn a_bad_record_is_skipped_and_named() {
    let store = Store::in_memory().unwrap();
    let text = TUNES.replace("\n1105,", "\neleven,");
    let summary = add(&store, "tunes.csv", &text);
    assert_eq!(summary.settings_added, 2);
    assert_eq!(summary.skipped[0].name, "tunes.csv: line 7");
    assert!(summary.skipped[0].reason.contains("`eleven`"), "{:?}", summary.skipped);
}

#[test]
fn missing_columns_are_named() {
    let store = Store::in_memory().unwrap();
    let options = ImportOptions::default();
    for (text, expected) in [
        ("tune_id,setting_id,name\n", "tunes lacks the columns `type`, `meter`, `mode`, `abc`"),
        ("alias,name\na,b\n", "aliases lacks the column `tune_id`"),
        ("name,tunebooks\na,1\n", "tune_popularity lacks the column `tune_id`"),
        ("colour,shape\nred,round\n", "unknown table"),
    ] {
        let file = ("t.csv", text.as_bytes().to_vec());
        let error = store.import_bytes(file, &options, &mut |_| {}).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
