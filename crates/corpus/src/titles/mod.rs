//! Titles as people typed them, made fit to show and to match.

mod case;
mod fold;
mod nameless;
mod tail;
mod telling;
mod tidy;

pub(crate) use fold::fold_words;
pub use fold::{fold, without_article};
pub use telling::{Telling, telling};

use serde::{Deserialize, Serialize};

use crate::dance;

/// A title of a work.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Title {
    /// For display: cleaned, accents kept (`The Butterfly`, `Sí Beag Sí Mór`).
    pub text: String,
    /// For matching, see [`fold`].
    pub folded: String,
    /// Whether it is the work's name or another name for it.
    pub kind: TitleKind,
}

/// The standing of a title.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TitleKind {
    /// The name under which the source has the work.
    Name,
    /// Another name: a second `T:` field, an entry of the alias list, an "or" in the title.
    Alias,
}

impl Title {
    /// A title of `text` as it stands.
    pub fn new(text: &str, kind: TitleKind) -> Self {
        Self { text: text.to_owned(), folded: fold(text), kind }
    }
}

/// What a title field says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// The title, or `None` where the field names nothing (`x`, `Untitled`, `Gan Ainm`, `Reel 4`).
    pub text: Option<String>,
    /// Other titles that the same field holds (`X, or Y`).
    pub aliases: Vec<String>,
    /// The dance type that the field states (`Thunder -- Hornpipe`, `Fisher's Hornpipe`).
    pub dance_type: Option<String>,
}

/// Cleans the text of one title field.
///
/// Inverted articles go to the front, numbering and dance types after a dash go away, capitals
/// become title case, alternatives become aliases; Irish titles keep their words and accents. The
/// rules with their examples are in `docs/corpus.md`.
///
/// ```
/// let title = corpus::clean_title("42D HIGHLAND REGIMENT -- STRATHSPEY.");
/// assert_eq!(title.text.as_deref(), Some("42d Highland Regiment"));
/// assert_eq!(title.dance_type.as_deref(), Some("strathspey"));
/// assert_eq!(corpus::clean_title("Butterfly, The").text.as_deref(), Some("The Butterfly"));
/// assert_eq!(corpus::clean_title("Gan Ainm").text, None);
/// ```
pub fn clean_title(raw: &str) -> Cleaned {
    let text = tidy::tidy(raw);
    if tidy::is_remark(&text) {
        return Cleaned::default();
    }
    let (main, others) = tail::alternatives(&text);
    let (text, mut dance_type) = finish(&main);
    let mut aliases = Vec::new();
    for other in others {
        let (alias, stated) = finish(&other);
        aliases.extend(alias.filter(|alias| Some(alias) != text.as_ref()));
        dance_type = dance_type.or(stated);
    }
    if text.is_none() && !aliases.is_empty() {
        let first = aliases.remove(0);
        return Cleaned { text: Some(first), aliases, dance_type };
    }
    Cleaned { text, aliases, dance_type }
}

/// One title without its alternatives, and the dance type that it states.
fn finish(text: &str) -> (Option<String>, Option<String>) {
    let stripped = tail::strip(text);
    let has_words = !fold_words(&stripped.text).is_empty();
    let whole = match stripped.article {
        Some(article) if article.ends_with('\'') && article.len() == 2 && article != "A'" => {
            article + &stripped.text
        }
        Some(article) => format!("{article} {}", stripped.text),
        None => stripped.text,
    };
    let shown = case::settle(&whole);
    let bare = fold(&shown);
    let stated = stripped.dance_type.or_else(|| dance::stated_in_title(&bare));
    let itself = dance::exact(&bare);
    // `Highland -- Hornpipe` is a hornpipe of that name, `Reel -- Reel` has none.
    let named_after_dance = itself.is_some() && stated.is_some() && itself != stated;
    let nameless = nameless::is_nameless(&fold_words(&shown)) && !named_after_dance;
    let stated = stated.or(itself);
    ((has_words && !nameless).then_some(shown), stated.map(str::to_owned))
}

#[cfg(test)]
mod tests;
