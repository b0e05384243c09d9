//! Titles as sparse rows of numbers: features weighted by rarity, those that always come together in one column.

use std::collections::BTreeMap;

/// The features that examples have.
///
/// Features that the same titles have equally often (most n-grams of a rare word) get equal weights at the minimum, so m
/// of them share one column: its value is theirs times the square root of m, which leaves the minimised sum as it was.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Vocabulary {
    /// Ascending.
    pub(crate) ids: Vec<u32>,
    /// The column of each id.
    pub(crate) columns: Vec<usize>,
    /// The weight by rarity of each id.
    pub(crate) rarity: Vec<f64>,
    /// One over the square root of how many ids share the column of each id.
    pub(crate) share: Vec<f64>,
    /// How many columns there are.
    pub(crate) width: usize,
}

impl Vocabulary {
    /// Takes the features of every title.
    pub(crate) fn new(titles: &[Vec<u32>]) -> Self {
        let mut places: BTreeMap<u32, Vec<(usize, usize)>> = BTreeMap::new();
        for (title, features) in titles.iter().enumerate() {
            for (id, count) in counted(features) {
                places.entry(id).or_default().push((title, count));
            }
        }
        let mut sharing: BTreeMap<&[(usize, usize)], (usize, usize)> = BTreeMap::new();
        for at in places.values() {
            let column = sharing.len();
            sharing.entry(at).or_insert((column, 0)).1 += 1;
        }
        let n = titles.len() as f64;
        let rarity = |at: &Vec<_>| ((1.0 + n) / (1.0 + at.len() as f64)).ln() + 1.0;
        let found: Vec<(usize, usize)> = places.values().map(|at| sharing[at.as_slice()]).collect();
        Self {
            columns: found.iter().map(|&(column, _)| column).collect(),
            share: found.iter().map(|&(_, ids)| 1.0 / (ids as f64).sqrt()).collect(),
            rarity: places.values().map(rarity).collect(),
            width: sharing.len(),
            ids: places.into_keys().collect(),
        }
    }

    /// How many columns there are: V.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// A title as (column, value), ascending, of unit length before columns were shared.
    pub(crate) fn row(&self, features: &[u32]) -> Vec<(usize, f64)> {
        let mut row = BTreeMap::new();
        let mut squares: f64 = 0.0;
        for (id, count) in counted(features) {
            let Ok(at) = self.ids.binary_search(&id) else { continue };
            let value = (1.0 + (count as f64).ln()) * self.rarity[at];
            squares += value * value;
            *row.entry(self.columns[at]).or_insert(0.0) += value * self.share[at];
        }
        let length = squares.sqrt();
        row.into_iter().map(|(column, value): (usize, f64)| (column, value / length)).collect()
    }
}

/// The distinct features, ascending, with how often each appears.
fn counted(features: &[u32]) -> Vec<(u32, usize)> {
    let mut sorted = features.to_vec();
    sorted.sort_unstable();
    sorted.chunk_by(|a, b| a == b).map(|same| (same[0], same.len())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_of_the_same_titles_share_a_column_and_rows_keep_their_length() {
        let vocabulary = Vocabulary::new(&[vec![7, 9, 4], vec![4, 4], vec![9, 7, 2]]);
        assert_eq!(vocabulary.width(), 3);
        assert_eq!(vocabulary.columns, [0, 1, 2, 2]);
        // 7 and 9 are in two titles of three, 4 twice in one of its two.
        let (common, rare) = ((4.0f64 / 3.0).ln() + 1.0, 2.0f64.ln() + 1.0);
        let close = |row: Vec<(usize, f64)>, expected: &[(usize, f64)]| {
            let columns: Vec<usize> = row.iter().map(|cell| cell.0).collect();
            assert_eq!(columns, expected.iter().map(|cell| cell.0).collect::<Vec<_>>());
            for (cell, expected) in row.iter().zip(expected) {
                assert!((cell.1 - expected.1).abs() < 1e-12, "{row:?}");
            }
        };
        let length = (2.0 * common * common + rare * rare).sqrt();
        let both = 2.0f64.sqrt() * common;
        close(vocabulary.row(&[2, 7, 9]), &[(0, rare / length), (2, both / length)]);
        // One of the two that share a column gives half of what both give; what no title has gives nothing.
        close(vocabulary.row(&[9, 100]), &[(2, 1.0 / 2.0f64.sqrt())]);
        assert_eq!(vocabulary.row(&[100]), []);
    }
}
