//! Titles that tell of their music in plain words.

use serde::{Deserialize, Serialize};

use crate::dance;

use super::fold_words;

/// Words for kinds of tunes that are no dance types here, folded.
const KINDS: &[&str] = &[
    "medley",
    "medleys",
    "lullaby",
    "carol",
    "hymn",
    "psalm",
    "serenade",
    "caprice",
    "rondo",
    "sonata",
    "concerto",
    "prelude",
    "breakdown",
    "hoedown",
    "rag",
    "galop",
    "gallop",
    "foxtrot",
    "tango",
    "jota",
    "halling",
    "springar",
    "hambo",
    "csardas",
    "hora",
    "bransle",
    "branle",
    "pavane",
    "galliard",
    "sarabande",
    "courante",
    "rigaudon",
    "ballad",
    "blues",
    "ragtime",
    "caoineadh",
    "suantrai",
];

/// Names of modes, folded.
const MODES: &[&str] =
    &["dorian", "mixolydian", "aeolian", "phrygian", "lydian", "ionian", "modal"];

/// What the words of a title say about its music: a reader who knows the words needs no melody for those that tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Telling {
    /// They name the tune's own dance type, or a wider one that holds it (`jig` for a slip jig).
    ItsDance,
    /// They name a dance type, and not the tune's own.
    AnotherDance,
    /// They name a key, a mode or a kind of tune, or a dance type where the tune's own is not known.
    MusicWord,
    /// None of this.
    Nothing,
}

impl Telling {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::ItsDance, Self::AnotherDance, Self::MusicWord, Self::Nothing];

    /// What the title names, as tables say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ItsDance => "its dance type",
            Self::AnotherDance => "another dance type",
            Self::MusicWord => "a word of music",
            Self::Nothing => "none of these",
        }
    }
}

/// What a title tells about a tune of this dance type (in its normalised name).
///
/// Common words that are also dance types (`air`, `slide`, `fling`, `lament`...) count as the tune's own type where
/// they are right; elsewhere they are a word of music and never a wrong type.
///
/// ```
/// use corpus::{Telling, telling};
/// assert_eq!(telling("Fisher's Hornpipe", Some("hornpipe")), Telling::ItsDance);
/// assert_eq!(telling("Fisher's Hornpipe", Some("reel")), Telling::AnotherDance);
/// assert_eq!(telling("Jackson's in A Minor", Some("jig")), Telling::MusicWord);
/// assert_eq!(telling("The Butterfly", Some("slip jig")), Telling::Nothing);
/// ```
pub fn telling(title: &str, dance_type: Option<&str>) -> Telling {
    let words = fold_words(title);
    let named = dance::within(&words);
    let own = |name: &&str| {
        let wider = |kind: &str| kind.strip_suffix(*name).is_some_and(|head| head.ends_with(' '));
        dance_type.is_some_and(|kind| kind == *name || wider(kind))
    };
    if named.iter().any(own) {
        Telling::ItsDance
    } else if dance_type.is_some() && named.iter().any(|name| !dance::is_weak_in_titles(name)) {
        Telling::AnotherDance
    } else if !named.is_empty() || names_key_or_kind(&words) {
        Telling::MusicWord
    } else {
        Telling::Nothing
    }
}

/// A mode, a kind of tune, `a minor`, `b flat major`, or `in g` at the end. `major` alone is a soldier.
fn names_key_or_kind(folded: &str) -> bool {
    let words: Vec<&str> = folded.split(' ').collect();
    let plain = words.iter().any(|word| MODES.contains(word) || KINDS.contains(word));
    plain || (0..words.len()).any(|at| names_key(&words, at))
}

/// Whether the word at `at` is a tonic of a key.
fn names_key(words: &[&str], at: usize) -> bool {
    if !matches!(words[at], "a" | "b" | "c" | "d" | "e" | "f" | "g") {
        return false;
    }
    let after_in = at > 0 && words[at - 1] == "in";
    let rest = &words[at + 1..];
    match rest {
        ["major" | "minor", ..] | ["flat" | "sharp", "major" | "minor", ..] => true,
        [] | ["flat" | "sharp"] => after_in,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_tells_by_whole_words_wherever_they_stand() {
        let check = |title: &str, kind: &str, expected| {
            let kind = (!kind.is_empty()).then_some(kind);
            assert_eq!(telling(title, kind), expected, "{title}");
        };
        check("The Jig of Slurs", "jig", Telling::ItsDance);
        check("Kerry Polka Set", "polka", Telling::ItsDance);
        check("The Kid on the Mountain Jig", "slip jig", Telling::ItsDance);
        check("A Slip Jig of No Name", "slip jig", Telling::ItsDance);
        check("A Slip Jig of No Name", "jig", Telling::AnotherDance);
        check("The Dingle Slide", "slide", Telling::ItsDance);
        check("Playground Slide", "reel", Telling::MusicWord);
        check("Fisher's Hornpipe", "", Telling::MusicWord);
        check("Reeling Home", "reel", Telling::Nothing);
        check("Marching Through Georgia", "march", Telling::Nothing);
    }

    #[test]
    fn a_letter_is_a_key_only_beside_a_word_that_makes_it_one() {
        let tells = |title: &str| telling(title, Some("reel")) == Telling::MusicWord;
        for title in ["Paddy's in D", "G Minor", "B-flat Major", "The Dorian", "Paddy's in B Flat"]
        {
            assert!(tells(title), "{title}");
        }
        for title in [
            "Major Moran's",
            "A Frog in a Well",
            "The Sergeant Major",
            "Give Me a Drink",
            "Minor Offence",
        ] {
            assert!(!tells(title), "{title}");
        }
    }
}
