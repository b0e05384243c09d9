//! Titles that name nothing.

use crate::dance;

/// Ways of saying that a tune has no name, folded; a dance type may stand before or after them.
const NOTHING: &[&str] = &[
    "untitled",
    "gan ainm",
    "gan aimn",
    "ganainm",
    "no name",
    "noname",
    "no title",
    "notitle",
    "unknown",
    "unknown title",
    "title unknown",
    "name unknown",
    "unknown name",
    "unnamed",
    "nameless",
    "not known",
    "without a name",
    "without name",
    "without title",
    "sans nom",
    "anon",
    "anonymous",
    "name not known",
    "dont know",
    "i dont know",
];

/// Words that say nothing on their own.
const EMPTY_WORDS: &[&str] =
    &["x", "xx", "xxx", "do", "ditto", "tune", "trad", "traditional", "n a", "na", "title"];

/// Books whose name and a number are no title (`O'Neill's 101`).
const BOOKS: &[&str] = &["oneills", "oneill", "ryans", "kerrs", "airds", "cre", "ceol rince"];

/// Whether a title, folded with its articles kept, names nothing: no letters (`?`, `1921`), a word
/// such as `Untitled`, or a bare dance type with or without a number (`Reel No. 4`, `A March`).
pub(super) fn is_nameless(words: &str) -> bool {
    let bare = without_number(without_article(words));
    if bare.is_empty() || EMPTY_WORDS.contains(&bare) || NOTHING.contains(&bare) {
        return true;
    }
    if dance::exact(bare).is_some() {
        return true;
    }
    let numbered = bare.len() < without_article(words).len();
    if numbered && BOOKS.contains(&bare) {
        return true;
    }
    NOTHING.iter().any(|nothing| {
        let rest = bare.strip_prefix(nothing).or_else(|| bare.strip_suffix(nothing));
        rest.is_some_and(|rest| dance::exact(rest.trim()).is_some())
    })
}

fn without_article(words: &str) -> &str {
    ["the ", "a ", "an "].iter().find_map(|article| words.strip_prefix(article)).unwrap_or(words)
}

/// The words without numbers and `no`, `nr`, `number` at their end.
fn without_number(words: &str) -> &str {
    let mut rest = words;
    loop {
        let (head, last) = rest.rsplit_once(' ').unwrap_or(("", rest));
        let digits = !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit());
        let label = rest.len() < words.len() && matches!(last, "no" | "nr" | "number" | "nos");
        if !digits && !label {
            return rest;
        }
        rest = head;
    }
}
