//! Words that are spelt nearly alike.

/// How many slips a word of so many letters is forgiven.
pub(super) fn slips(letters: usize) -> usize {
    match letters {
        0..=3 => 0,
        4..=6 => 1,
        _ => 2,
    }
}

/// The least number of letters added, dropped, changed or swapped with their neighbour that turns one word into the other
/// (optimal string alignment); none where it is more than `most`.
pub(super) fn distance(a: &[char], b: &[char], most: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    // Rows of the table for prefixes of `a` two and one letters shorter, and for the prefix at hand.
    let (mut before, mut last) = (Vec::new(), (0..=b.len()).collect::<Vec<usize>>());
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let changed = last[j] + usize::from(x != y);
            let mut best = changed.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        if row.iter().all(|&cost| cost > most) {
            return None;
        }
        before = std::mem::replace(&mut last, row);
    }
    Some(last[b.len()]).filter(|&cost| cost <= most)
}

/// Twice the trigrams that two texts share over those of both, spaces left out: 0..=1.
pub(super) fn shared_letters(a: &str, b: &str) -> f32 {
    let grams = |text: &str| {
        let letters: Vec<char> = text.chars().filter(|c| *c != ' ').collect();
        let mut grams: Vec<[char; 3]> =
            letters.windows(3).map(|gram| [gram[0], gram[1], gram[2]]).collect();
        grams.sort_unstable();
        grams
    };
    let (a, b) = (grams(a), grams(b));
    let (mut i, mut j, mut shared) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => (i, j, shared) = (i + 1, j + 1, shared + 1),
        }
    }
    2.0 * shared as f32 / (a.len() + b.len()).max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted_up_to_a_limit() {
        for (a, b, expected) in [
            ("maggie", "maggie", Some(0)),
            ("maggie", "magie", Some(1)),
            ("maggie", "maggei", Some(1)),
            ("kitten", "sitting", None),
            ("drowsy", "drwosey", Some(2)),
            ("", "ab", Some(2)),
        ] {
            let letters = |word: &str| word.chars().collect::<Vec<char>>();
            assert_eq!(distance(&letters(a), &letters(b), 2), expected, "{a} {b}");
            assert_eq!(distance(&letters(b), &letters(a), 2), expected, "{b} {a}");
        }
    }

    #[test]
    fn words_written_together_share_their_letters() {
        assert_eq!(shared_letters("drowsy maggie", "drowsymaggie"), 1.0);
        assert!(shared_letters("drowsy maggie", "drowsie magie") > 0.4);
        assert_eq!(shared_letters("ab", "ab"), 0.0);
    }
}
