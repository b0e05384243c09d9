//! How far two ways of dividing the same things agree, whatever the parts are called.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Result, check_length};

/// Agreement of two partitions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// Normalised mutual information: mutual information over the mean of the two entropies, 0..=1.
    pub nmi: f64,
    /// Adjusted Rand index (Hubert and Arabie 1985): 0 by chance, 1 for equal partitions, negative for less than chance.
    pub ari: f64,
}

/// Compares two partitions of the same things; each part is a number.
///
/// # Errors
/// Lists of different lengths.
pub fn agreement(a: &[u32], b: &[u32]) -> Result<Agreement> {
    check_length("parts of the second partition", a.len(), b.len())?;
    let pairs = a.iter().zip(b).map(|(&a, &b)| (a, b));
    let (both, n) = (count(pairs), a.len() as f64);
    let (a, b) = (count(a.iter().copied()), count(b.iter().copied()));
    Ok(Agreement { nmi: nmi((&a, &b, &both), n), ari: ari((&a, &b, &both), n) })
}

/// How many things are in each part of either partition, and in each pair of parts.
type Counts<'a> = (&'a BTreeMap<u32, f64>, &'a BTreeMap<u32, f64>, &'a BTreeMap<(u32, u32), f64>);

fn count<T: Ord>(things: impl Iterator<Item = T>) -> BTreeMap<T, f64> {
    let mut counts = BTreeMap::new();
    for thing in things {
        *counts.entry(thing).or_insert(0.0) += 1.0;
    }
    counts
}

fn nmi((a, b, both): Counts<'_>, n: f64) -> f64 {
    if a.len() <= 1 && b.len() <= 1 {
        return 1.0;
    }
    let entropy = |counts: &BTreeMap<u32, f64>| -> f64 {
        -counts.values().map(|count| count / n * (count / n).ln()).sum::<f64>()
    };
    let term =
        |(&(i, j), &count): (&(u32, u32), &f64)| count / n * (count * n / (a[&i] * b[&j])).ln();
    let information: f64 = both.iter().map(term).sum();
    information.max(0.0) / ((entropy(a) + entropy(b)) / 2.0)
}

fn ari((a, b, both): Counts<'_>, n: f64) -> f64 {
    let pairs = |count: &f64| count * (count - 1.0) / 2.0;
    let together: f64 = both.values().map(pairs).sum();
    let (in_a, in_b) = (a.values().map(pairs).sum::<f64>(), b.values().map(pairs).sum::<f64>());
    let (most, all) = ((in_a + in_b) / 2.0, pairs(&n));
    let expected = if all > 0.0 { in_a * in_b / all } else { 0.0 };
    if most == expected { 1.0 } else { (together - expected) / (most - expected) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_parts_do_not_matter() {
        let same = agreement(&[0, 0, 1, 1, 2], &[7, 7, 3, 3, 0]).unwrap();
        assert!((same.nmi - 1.0).abs() < 1e-12 && (same.ari - 1.0).abs() < 1e-12);
    }

    #[test]
    fn one_part_tells_nothing() {
        let one = agreement(&[0, 0, 1, 1], &[5, 5, 5, 5]).unwrap();
        assert_eq!((one.nmi, one.ari), (0.0, 0.0));
        assert!(agreement(&[0], &[]).is_err());
    }
}
