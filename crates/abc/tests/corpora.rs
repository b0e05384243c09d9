//! Claims about whole books.

mod common;

use abc::{Tune, tunes};

#[test]
fn the_session_is_read_whole() {
    let Some(book) = common::book("thesession.abc") else { return };
    let read: Vec<Tune> = tunes(&book).map(|(_, tune)| tune).collect();
    assert_eq!(read.len(), 20_777);
    assert!(read.iter().all(|tune| !tune.melody().is_empty()));
    let touched = |tune: &&Tune| tune.complaints.iter().any(|c| c.kind.touches_notes());
    let clean = read.len() - read.iter().filter(touched).count();
    assert!(clean * 1000 >= read.len() * 999, "{clean} of {} without a doubt", read.len());
}

#[test]
fn the_session_is_written_as_it_plays() {
    let Some(book) = common::book("thesession.abc") else { return };
    // Each seventh tune: all of them take too long without optimisation.
    let step = if cfg!(debug_assertions) { 7 } else { 1 };
    for (_, tune) in tunes(&book).step_by(step) {
        common::check_writing(&tune);
    }
}

#[test]
fn sources_stand_for_their_tunes() {
    let Some(book) = common::book("aimgc2022/tunes.abc") else { return };
    for (source, tune) in tunes(&book) {
        let alone = abc::read(&source.standalone());
        assert_eq!(alone.tunes.len(), 1);
        assert_eq!(alone.tunes[0].bars, tune.bars);
        assert_eq!(alone.tunes[0].header, tune.header);
        common::check_writing(&tune);
    }
}

#[test]
fn other_books_are_written_as_they_play() {
    for book in common::more_books() {
        for (source, tune) in tunes(&book) {
            common::check_writing(&tune);
            common::check_positions(&book, &tune);
            assert_eq!(source.line, tune.line);
        }
    }
}
