//! Upper and lower case of titles that were typed all in capitals or all in small letters.

/// Words that stay small inside a title.
const SMALL: &[&str] = &[
    "a", "an", "and", "as", "at", "by", "for", "from", "in", "na", "of", "on", "or", "the", "to",
    "with",
];

/// A title all in capitals (a stray `'s` aside) in title case, any other with a capital at its
/// head.
pub(super) fn settle(title: &str) -> String {
    let upper = title.chars().filter(|c| c.is_uppercase()).count();
    let lower = title.chars().filter(|c| c.is_lowercase()).count();
    if upper >= 2 && lower * 10 <= upper {
        return title_case(title);
    }
    let mut letters = title.chars().skip_while(|c| !c.is_alphanumeric());
    let (first, second) = (letters.next(), letters.next());
    // Irish writes `bPúcaí` and `tSeanbhean` with a small letter before the capital.
    let mutated = second.is_some_and(char::is_uppercase);
    match first {
        Some(c) if c.is_lowercase() && !mutated => capitalise_first(title),
        _ => title.to_owned(),
    }
}

fn title_case(title: &str) -> String {
    let words = title.split(' ').enumerate().map(|(at, word)| {
        let small = word.to_lowercase();
        if at > 0 && SMALL.contains(&small.as_str()) { small } else { name_case(&small) }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A lower-case word with capitals where names have them: `o'neill's` is `O'Neill's`,
/// `mcdonald-smith` is `McDonald-Smith`, `42d` stays.
fn name_case(word: &str) -> String {
    let parts = word.split('-').map(|part| {
        if matches!(part, "ii" | "iii" | "iv" | "vi") {
            return part.to_uppercase();
        }
        for prefix in ["o'", "d'", "l'", "mc"] {
            if let Some(rest) = part.strip_prefix(prefix).filter(|rest| rest.chars().count() > 2) {
                return capitalise_first(prefix) + &capitalise_first(rest);
            }
        }
        capitalise_first(part)
    });
    parts.collect::<Vec<_>>().join("-")
}

fn capitalise_first(word: &str) -> String {
    let Some(at) = word.find(char::is_alphanumeric) else {
        return word.to_owned();
    };
    let (head, rest) = word.split_at(at);
    let mut chars = rest.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    head.chars().chain(first).chain(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_become_title_case_with_irish_names() {
        for (title, expected) in [
            ("THE GIRL I LEFT BEHIND ME", "The Girl I Left Behind Me"),
            ("O'CAROLAN'S LAMENT", "O'Carolan's Lament"),
            ("MCDONALD'S RAMBLES", "McDonald's Rambles"),
            ("VAUGHAN's FAVORITE", "Vaughan's Favorite"),
            ("BELLES OF EDINBORO'", "Belles of Edinboro'"),
            ("CAMP-MEETING", "Camp-Meeting"),
            ("\"CHEESE IT!\"", "\"Cheese It!\""),
            ("an stanadoir sugach", "An stanadoir sugach"),
            ("the Dandys", "The Dandys"),
            ("bPort an tSean", "bPort an tSean"),
            ("Cití Na gCumann", "Cití Na gCumann"),
            ("Swan LK243", "Swan LK243"),
        ] {
            assert_eq!(settle(title), expected);
        }
    }
}
