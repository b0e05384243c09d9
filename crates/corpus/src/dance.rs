//! Dance types under one name each.

/// Names by which each dance type goes, the normalised one first; all folded.
const TYPES: &[&[&str]] = &[
    &["reel", "reels"],
    &["slip jig", "slipjig", "slip jigs", "hop jig", "slip hop jig"],
    &["jig", "jigs", "double jig", "single jig", "doublejig", "singlejig"],
    &["hornpipe", "hornpipes"],
    &["polka", "polkas"],
    &["waltz", "waltzes", "valse", "waltze"],
    &["barndance", "barn dance"],
    &["strathspey", "strathspeys", "strathsy", "strathspy"],
    &["quickstep", "quick step", "quickstepp"],
    &["march", "marches", "quick march", "slow march", "marche"],
    &["slide", "slides"],
    &["mazurka", "mazurkas"],
    &["three-two", "three two", "triple hornpipe", "3 2 hornpipe", "3 2"],
    &["clog", "clogs", "lancashire clog", "clog dance"],
    &["fling", "highland fling", "highland", "highlands"],
    &["schottische", "schottisches"],
    &["set dance", "long dance", "setdance"],
    &["air", "airs", "slow air"],
    &["minuet", "minuets", "menuet"],
    &["gavotte", "gavottes", "gavot"],
    &["cotillion", "cottillon", "cotillon"],
    &["quadrille", "quadrilles"],
    &["walkaround", "walk around"],
    &["allemande", "allemand"],
    &["bourree", "bourrees"],
    &["polska", "polskas"],
    &["an dro", "andro"],
    &["muineira", "muneira"],
    &["gigue", "gigues"],
    &["rant", "rants"],
    &["planxty"],
    &["lament"],
    &["song"],
];

/// Dance words that say what a tune is only in an `R:` field or after a dash, since they are common
/// words of titles too (`The Highland Laddie`, `Londonderry Air`, `Playground Slide`).
const WEAK_IN_TITLES: &[&str] = &[
    "air",
    "fling",
    "slide",
    "set dance",
    "walkaround",
    "allemande",
    "an dro",
    "rant",
    "lament",
    "planxty",
    "song",
];

/// The normalised name of the dance type that `text` (an `R:` field, a type column) gives: a known
/// type, or the known type with which the text ends or begins (`Irish reel`, `reel, slow`). `None`
/// for anything else, since such fields also hold genres and remarks (`ballade, romanze`).
///
/// ```
/// assert_eq!(corpus::dance_type("Slip-Jig"), Some("slip jig"));
/// assert_eq!(corpus::dance_type("double jig"), Some("jig"));
/// assert_eq!(corpus::dance_type("bourrée"), Some("bourree"));
/// assert_eq!(corpus::dance_type("Erzählung, Romanze"), None);
/// ```
pub fn dance_type(text: &str) -> Option<&'static str> {
    let folded = super::titles::fold_words(text);
    exact(&folded).or_else(|| ending(&folded)).or_else(|| beginning(&folded))
}

/// The dance type that a phrase is, word for word; `phrase` folded.
pub(crate) fn exact(phrase: &str) -> Option<&'static str> {
    TYPES.iter().find(|names| names.contains(&phrase)).map(|names| names[0])
}

/// The dance type that a folded title states: as its last word (`fishers hornpipe`), as its first
/// words followed by `of`, `in`, `for` or a number (`march of the 44th regt`, `jig in a`), or as
/// `quick step` and `quick march` anywhere at its start.
pub(crate) fn stated_in_title(folded: &str) -> Option<&'static str> {
    let strong = |name: &&'static str| !WEAK_IN_TITLES.contains(name);
    ending(folded).or_else(|| leading(folded)).filter(strong)
}

/// Every dance type that a folded text names, wherever it stands in it, longer names before shorter ones that they hold.
pub(crate) fn within(folded: &str) -> Vec<&'static str> {
    let mut rest = format!(" {folded} ");
    let mut names: Vec<(&str, &'static str)> =
        TYPES.iter().flat_map(|names| names.iter().map(|&name| (name, names[0]))).collect();
    names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    let mut found = Vec::new();
    for (name, first) in names {
        let spaced = format!(" {name} ");
        if rest.contains(&spaced) {
            found.push(first);
            rest = rest.replace(&spaced, " / ");
        }
    }
    found
}

/// Whether a dance type goes by a common word that a title may hold for other reasons.
pub(crate) fn is_weak_in_titles(name: &str) -> bool {
    WEAK_IN_TITLES.contains(&name)
}

fn ending(folded: &str) -> Option<&'static str> {
    let named = |name: &&&str| folded.strip_suffix(**name).is_some_and(|head| head.ends_with(' '));
    longest(named)
}

fn beginning(folded: &str) -> Option<&'static str> {
    let named =
        |name: &&&str| folded.strip_prefix(**name).is_some_and(|rest| rest.starts_with(' '));
    longest(named)
}

fn leading(folded: &str) -> Option<&'static str> {
    let quick = ["quick step", "quick march"].into_iter().find(|name| folded.starts_with(name));
    if let Some(name) = quick {
        return exact(name);
    }
    longest(|name: &&&str| {
        folded.strip_prefix(**name).and_then(|rest| rest.strip_prefix(' ')).is_some_and(|rest| {
            let word = rest.split(' ').next().unwrap_or_default();
            matches!(word, "of" | "in" | "for") || word.starts_with(|c: char| c.is_ascii_digit())
        })
    })
}

/// The type whose longest name satisfies `named`, so that `slip jig` goes before `jig`.
fn longest(named: impl Fn(&&&str) -> bool) -> Option<&'static str> {
    let all = TYPES.iter().flat_map(|names| names.iter().map(move |name| (name, names[0])));
    all.filter(|(name, _)| named(name)).max_by_key(|(name, _)| name.len()).map(|(_, first)| first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dance_type_has_one_name() {
        for (text, expected) in [
            ("reel", "reel"),
            ("REEL", "reel"),
            (" Jig ", "jig"),
            ("double jig", "jig"),
            ("slipjig", "slip jig"),
            ("Slip-jig", "slip jig"),
            ("barn dance", "barndance"),
            ("highland fling", "fling"),
            ("three-two", "three-two"),
            ("Irish reel", "reel"),
            ("reel (hornpipe)", "hornpipe"),
        ] {
            assert_eq!(dance_type(text), Some(expected), "{text}");
        }
        for text in [" ", "Liebes - Lied", "?"] {
            assert_eq!(dance_type(text), None);
        }
    }

    #[test]
    fn a_title_states_its_dance_type_only_in_plain_words() {
        for (folded, expected) in [
            ("fishers hornpipe", Some("hornpipe")),
            ("mr davidsons strathsy", Some("strathspey")),
            ("march of the 44th regt", Some("march")),
            ("quick step 33d regt", Some("quickstep")),
            ("drink of brandy slipjig", Some("slip jig")),
            ("jig in a", Some("jig")),
            ("jig runrig", None),
            ("londonderry air", None),
            ("marching home", None),
        ] {
            assert_eq!(stated_in_title(folded), expected, "{folded}");
        }
    }
}
