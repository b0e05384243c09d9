//! The store against double imports, other programs, full disks, strange files.

use super::*;
use crate::{ImportOptions, ImportSummary, Progress};

const BOOK: &str = "X:1\nT:Butterfly, The\nR:slip jig\nM:9/8\nL:1/8\nK:Em\n\
    B2E G2E F3|B2E G2E FED|B2E G2E F3|B2d d2B AFD|\n\n\
    X:2\nT:x\nM:4/4\nL:1/8\nK:D\nF2AF ABde|f2ed BAFA|\n\n\
    X:3\nT:Drowsy Maggie\nS:https://thesession.org/tunes/27#setting27\nR:reel\nM:4/4\nL:1/8\n\
    K:Edor\nE2BE dEBE|E2BE AFDF|\n";

fn quiet(_: Progress<'_>) {}

fn add(store: &Store, name: &str, text: &str) -> Result<ImportSummary, Error> {
    let file = (name, text.as_bytes().to_vec());
    store.import_bytes(file, &ImportOptions::default(), &mut quiet)
}

fn ids(store: &Store) -> Vec<String> {
    let corpus = store.load().unwrap();
    let settings = corpus.works.into_iter().flat_map(|work| work.settings);
    settings.map(|setting| setting.id).collect()
}

#[test]
fn the_same_file_twice_adds_nothing() {
    let store = Store::in_memory().unwrap();
    let first = add(&store, "book.abc", BOOK).unwrap();
    assert_eq!((first.settings_added, first.works_added, first.without_title), (3, 3, 1));
    let hash = store.load().unwrap().hash;
    let again = add(&store, "elsewhere/book.abc", BOOK).unwrap();
    assert_eq!((again.settings_added, again.settings_known, again.works_added), (0, 3, 0));
    assert_eq!(store.load().unwrap().hash, hash);
    assert_eq!(ids(&store), ["book:1#1", "book:2#1", "thesession:27#27"]);
}

#[test]
fn line_ends_and_encodings_make_no_difference() {
    let store = Store::in_memory().unwrap();
    add(&store, "book.abc", BOOK).unwrap();
    let dos = add(&store, "book.abc", &BOOK.replace('\n', "\r\n")).unwrap();
    assert_eq!(dos.settings_added, 0);
}

#[test]
fn the_order_of_imports_does_not_show() {
    let other = "X:7\nT:Other\nM:4/4\nL:1/8\nK:G\nGABc dedB|dedB dedB|c2ec B2dB|A2A2 A2BA|\n";
    let loaded = |names: [(&str, &str); 2]| {
        let store = Store::in_memory().unwrap();
        names.iter().for_each(|(name, text)| {
            add(&store, name, text).unwrap();
        });
        store.load().unwrap()
    };
    let there = loaded([("a.abc", BOOK), ("b.abc", other)]);
    let back = loaded([("b.abc", other), ("a.abc", BOOK)]);
    assert_eq!(there, back);
    assert_eq!(there.works.len(), 4);
}

#[test]
fn a_file_named_like_a_source_with_numbers_takes_none_of_them() {
    let store = Store::in_memory().unwrap();
    add(&store, "thesession.abc", BOOK).unwrap();
    let expected = ["thesession:27#27", "thesession-unnumbered:1#1", "thesession-unnumbered:2#1"];
    assert_eq!(ids(&store), expected);
}

#[test]
fn an_import_that_fails_leaves_the_store_as_it_was() {
    let store = Store::in_memory().unwrap();
    add(&store, "book.abc", BOOK).unwrap();
    let before = store.load().unwrap();
    for (text, expected) in [
        ("", "no tune found"),
        ("words only", "no tune found"),
        ("X:1\0\0\0", "binary data"),
        ("PK\u{3}\u{4}broken", "cut off or damaged"),
        ("tune_id,setting_id,name,type,abc\n1,1,a,reel,ABc\n", "lacks the columns `meter`, `mode`"),
    ] {
        let error = add(&store, "bad", text).unwrap_err().to_string();
        assert!(error.starts_with("bad: ") && error.contains(expected), "{error}");
        assert_eq!(store.load().unwrap(), before);
    }
}

#[test]
fn a_line_of_a_hundred_megabytes_is_named() {
    let store = Store::in_memory().unwrap();
    let text = "X:1\nK:C\n".to_owned() + &"C".repeat(100_000_000) + "\n";
    let error = add(&store, "long.abc", &text).unwrap_err().to_string();
    assert!(error.starts_with("long.abc: line 3 has 100000000 bytes"), "{error}");
}

#[test]
fn a_full_disk_stops_an_import_without_a_trace() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("corpus.db")).unwrap();
    add(&store, "book.abc", BOOK).unwrap();
    let before = store.load().unwrap();
    let count = |name| store.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let pages = count("page_count").unwrap();
    store.connection.pragma_update(None, "max_page_count", pages).unwrap();
    let tune = |x: u32| format!("X:{x}\nT:Tune {x}a\nK:C\n% {}\nCDEF|\n\n", "words ".repeat(200));
    let big: String = (1..50).map(tune).collect();
    let error = add(&store, "big.abc", &big).unwrap_err();
    assert!(matches!(error, Error::DiskFull { .. }), "{error}");
    assert_eq!(store.load().unwrap(), before);
}

#[test]
fn a_store_that_another_program_writes_to_is_refused_and_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("corpus.db");
    let (store, other) = (Store::open(&path).unwrap(), Store::open(&path).unwrap());
    add(&store, "book.abc", BOOK).unwrap();
    let writing = other.begin().unwrap();
    let error = add(&store, "other.abc", BOOK).unwrap_err();
    assert!(matches!(error, Error::Locked { .. }), "{error}");
    assert_eq!(store.load().unwrap().works.len(), 3);
    drop(writing);
    add(&store, "other.abc", BOOK).unwrap();
}

#[test]
fn a_store_of_a_later_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("corpus.db");
    Store::open(&path).unwrap().connection.pragma_update(None, "user_version", 99).unwrap();
    let error = Store::open(&path).unwrap_err();
    assert!(matches!(error, Error::NewerStore { found: 99, .. }), "{error}");
    assert!(error.to_string().contains("update the program"));
}

#[test]
fn other_files_are_not_taken_for_stores() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "words, words, words; and not a database at all").unwrap();
    assert!(matches!(Store::open(&text), Err(Error::NotAStore { .. })));
    let foreign = folder.path().join("other.db");
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE a (b)").unwrap();
    assert!(matches!(Store::open(&foreign), Err(Error::NotAStore { .. })));
    assert!(matches!(Store::open(folder.path()), Err(Error::NotAStore { .. })));
    let missing = folder.path().join("missing.db");
    assert!(matches!(Store::open_existing(&missing), Err(Error::NoStore { .. })));
    assert!(!missing.exists());
    let below = text.join("corpus.db");
    assert!(Store::open(&below).unwrap_err().to_string().contains("notes.txt"));
}

#[test]
fn sqlite_failures_have_names_of_their_own() {
    use rusqlite::ffi;
    let failed = |code| rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
    let path = Path::new("s.db");
    let named = |code| Error::database(path, failed(code)).to_string();
    assert!(named(ffi::SQLITE_READONLY).contains("read-only"));
    assert!(named(ffi::SQLITE_FULL).contains("disk is full"));
    assert!(named(ffi::SQLITE_BUSY).contains("another program"));
    assert!(named(ffi::SQLITE_NOTADB).contains("not a store"));
}

#[test]
fn families_are_kept_for_the_corpus_that_they_were_made_for() {
    let store = Store::in_memory().unwrap();
    add(&store, "book.abc", BOOK).unwrap();
    let corpus = store.load().unwrap();
    store.connection.execute("UPDATE family SET family = family + 100", []).unwrap();
    assert_eq!(store.load().unwrap().works[0].family, 100);
    let twin = BOOK.replace("X:1", "X:9").replace("K:Em", "K:F#m");
    add(&store, "twin.abc", &twin).unwrap();
    let grown = store.load().unwrap();
    assert_ne!(grown.hash, corpus.hash);
    let butterflies =
        grown.works.iter().filter(|w| w.name().is_some_and(|t| t.folded == "butterfly"));
    let families: Vec<u32> = butterflies.map(|work| work.family).collect();
    assert_eq!(families, [0, 0]);
}

#[test]
fn findings_say_where() {
    let store = Store::in_memory().unwrap();
    add(&store, "a/bad.abc", "X:1\nT:A\nK:C\nCDEF|\n\nX:2\nT:B\nK:C\nCD(EF|[CE|\n").unwrap();
    let findings = store.findings().unwrap();
    assert!(!findings.is_empty());
    for finding in &findings {
        assert_eq!((finding.file.as_str(), finding.setting.as_str()), ("a/bad.abc", "bad:2#1"));
        assert_eq!(finding.line, 9, "{finding:?}");
    }
    let stats = store.load().unwrap().stats(&findings);
    let counted: usize = stats.complaints.iter().map(|count| count.count).sum();
    assert_eq!(counted, findings.len());
}
