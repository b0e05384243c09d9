//! Claims about finding, on a small corpus.

use corpus::ImportOptions;

use super::*;

const BOOK: &str = "\
X:1\nT:Drowsy Maggie\nR:reel\nM:4/4\nK:Edor\nE2BE dEBE|\n
X:2\nT:The Kesh\nT:The Castle\nR:jig\nM:6/8\nK:G\nGAG GAB|\n
X:3\nT:The Morning Dew\nR:reel\nM:4/4\nK:Em\nEBBA B2EB|\n
X:4\nT:Sí Beag, Sí Mór\nR:waltz\nM:3/4\nK:D\nd2 f2 a2|\n
X:5\nT:Maggie in the Wood\nR:polka\nM:2/4\nK:G\nBA Bd|\n
X:6\nT:The Humours of Ballyloughlin\nR:jig\nM:6/8\nK:D\nA2A AGF|\n";

fn finder() -> (tempfile::TempDir, Finder) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let store = Store::open(&path).unwrap();
    store.import_bytes(("a.abc", BOOK.into()), &ImportOptions::default(), &mut |_| ()).unwrap();
    drop(store);
    let finder = Finder::open(&path, None, &crate::silent).unwrap();
    (folder, finder)
}

fn ids(finder: &Finder, words: &str, filter: Filter) -> Vec<String> {
    let query = Query { words: words.to_owned(), filter, most: 10 };
    let found = finder.find(&query).unwrap();
    found.into_iter().map(|found| found.tune.rsplit(':').next().unwrap().to_owned()).collect()
}

#[test]
fn misspelt_accented_joined_and_begun_words_find_their_tune() {
    let (_folder, finder) = finder();
    for (words, expected) in [
        ("drowsy maggie", "1"),
        ("DROWSIE MAGGY", "1"),
        ("drowsymaggie", "1"),
        ("magie drowsy", "1"),
        ("kesh", "2"),
        ("the casle", "2"),
        ("si beag si mor", "4"),
        ("humers of balyloughlin", "6"),
        ("humours", "6"),
        ("morn", "3"),
    ] {
        assert_eq!(ids(&finder, words, Filter::default()).first().unwrap(), expected, "{words}");
    }
}

#[test]
fn nothing_is_found_where_nothing_is_alike() {
    let (_folder, finder) = finder();
    for words in ["xylophone", "\"", "' OR 1=1 --", "*", "%"] {
        assert!(ids(&finder, words, Filter::default()).is_empty(), "{words}");
    }
}

#[test]
fn the_reason_names_the_title_that_matched() {
    let (_folder, finder) = finder();
    let query = |words: &str| Query { words: words.to_owned(), most: 1, ..Query::default() };
    let why = |words| finder.find(&query(words)).unwrap().remove(0).why;
    let whole = Matched::Whole;
    assert_eq!(why("the kesh"), [Reason::Title { matched: whole, likeness: 1.0 }]);
    let text = "The Castle".to_owned();
    assert_eq!(why("castle"), [Reason::Alias { text, matched: whole, likeness: 1.0 }]);
    assert!(matches!(why("drowsey magie")[..], [Reason::Title { matched: Matched::Spelling, .. }]));
    assert!(matches!(why("maggie wood")[..], [Reason::Title { matched: Matched::Words, .. }]));
}

#[test]
fn filters_hold_for_words_and_for_no_words() {
    let (_folder, finder) = finder();
    let filter = |dance, key| Filter::read(dance, key, None).unwrap();
    assert_eq!(ids(&finder, "maggie", filter(Some("polka"), None)), ["5"]);
    assert_eq!(ids(&finder, "", filter(Some("reel"), None)), ["1", "3"]);
    assert_eq!(ids(&finder, "", filter(None, Some("Em"))), ["3"]);
    assert_eq!(ids(&finder, "", Filter::default()).len(), 6);
}
