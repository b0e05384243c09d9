//! What the tests share: where real tunes are, and what must hold of every tune.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::path::PathBuf;

use abc::{Tune, read_tune, write};

/// The text of a book in the corpora (`GANAINM_CORPORA`, or `../shared/corpora` beside the
/// workspace); `None` where there is none, which only continuous integration takes ill.
pub(crate) fn book(name: &str) -> Option<String> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpora");
    let folder = std::env::var_os("GANAINM_CORPORA").map_or_else(|| beside.into(), PathBuf::from);
    let path = folder.join(name);
    match std::fs::read(&path) {
        Ok(bytes) => Some(abc::decode(&bytes).into_owned()),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "{}: {error}", path.display());
            println!("skipped: no {}", path.display());
            None
        }
    }
}

/// The texts of all `.abc` files in the folder `GANAINM_BOOKS`, for more real tunes than the
/// corpora have; mostly none.
pub(crate) fn more_books() -> Vec<String> {
    let Some(folder) = std::env::var_os("GANAINM_BOOKS") else { return Vec::new() };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "abc"));
    paths.sort();
    let books = paths.iter().filter_map(|path| std::fs::read(path).ok());
    books.map(|bytes| abc::decode(&bytes).into_owned()).collect()
}

/// Panics unless the tune, written and read again, plays the same and is written the same.
pub(crate) fn check_writing(tune: &Tune) {
    let text = write(tune);
    let again = read_tune(&text);
    assert!(again.melody() == tune.melody(), "another melody: {text}");
    assert_eq!(again.unfold(), tune.unfold(), "{text}");
    let lengths = |tune: &Tune| tune.bars.iter().map(abc::Bar::length).collect::<Vec<_>>();
    assert_eq!(lengths(&again), lengths(tune), "{text}");
    assert_eq!(again.fills(), tune.fills(), "{text}");
    assert_eq!(again.header.titles, tune.header.titles, "{text}");
    assert_eq!(again.header.key, tune.header.key, "{text}");
    assert_eq!(write(&again), text);
    if !tune.bars.is_empty() {
        let touching = again.complaints.iter().find(|complaint| complaint.kind.touches_notes());
        assert_eq!(touching, None, "{text}");
    }
}

/// Panics unless every complaint stands somewhere in the text.
pub(crate) fn check_positions(text: &str, tune: &Tune) {
    let text = text.replace("\r\n", "\n");
    let lines: Vec<&str> = text.split(['\n', '\r']).collect();
    for complaint in &tune.complaints {
        let line = lines.get(complaint.line as usize - 1);
        let length = line.map(|line| line.chars().count());
        let inside =
            length.is_some_and(|length| (1..=length + 1).contains(&(complaint.column as usize)));
        assert!(inside, "{complaint} in {text:?}");
    }
}
