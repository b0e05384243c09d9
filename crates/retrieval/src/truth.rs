//! Which candidates are right for which query.

use std::collections::{BTreeSet, HashMap};

use crate::error::{Error, Result, check_length};

/// The relevant candidates of every query, by index from 0.
///
/// A query can have several (a title with many settings) or none: a query without a relevant candidate is ranked but
/// not measured, as in trec_eval, and `n` of each metric says how many were.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    relevant: Vec<Vec<u32>>,
    candidates: usize,
}

impl Truth {
    /// Takes one list of relevant candidates a query, in any order.
    ///
    /// # Errors
    /// An index beyond the candidates, or the same one twice for a query.
    pub fn new(mut relevant: Vec<Vec<u32>>, candidates: usize) -> Result<Self> {
        for (query, list) in relevant.iter_mut().enumerate() {
            list.sort_unstable();
            let twice = list.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
            let beyond = list.last().copied().filter(|&last| last as usize >= candidates);
            if let Some(candidate) = twice.or(beyond) {
                return Err(Error::Truth { query, candidate, candidates });
            }
        }
        Ok(Self { relevant, candidates })
    }

    /// Query i's one relevant candidate is candidate i, for `n` of each.
    pub fn diagonal(n: usize) -> Self {
        Self { relevant: (0..n as u32).map(|i| vec![i]).collect(), candidates: n }
    }

    /// Takes pairs of ids (query, relevant candidate); a pair named twice counts once.
    ///
    /// # Errors
    /// An id that is not in its list.
    pub fn from_pairs<'a>(
        queries: &[String],
        candidates: &[String],
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self> {
        let (rows, columns) = (positions(queries), positions(candidates));
        let mut relevant = vec![BTreeSet::new(); queries.len()];
        let unknown = |id: &str, among| Error::UnknownId { id: id.to_owned(), among };
        for (query, candidate) in pairs {
            let row = *rows.get(query).ok_or_else(|| unknown(query, "queries"))?;
            let column = columns.get(candidate).ok_or_else(|| unknown(candidate, "candidates"))?;
            relevant[row as usize].insert(*column);
        }
        let relevant = relevant.into_iter().map(|set| set.into_iter().collect()).collect();
        Ok(Self { relevant, candidates: candidates.len() })
    }

    /// How many queries there are.
    pub fn queries(&self) -> usize {
        self.relevant.len()
    }

    /// How many candidates there are.
    pub fn candidates(&self) -> usize {
        self.candidates
    }

    /// The relevant candidates of a query (from 0), ascending.
    ///
    /// # Panics
    /// If there is no such query.
    pub fn relevant(&self, query: usize) -> &[u32] {
        &self.relevant[query]
    }

    /// The same pairs in the other direction.
    pub fn transposed(&self) -> Self {
        let mut relevant = vec![Vec::new(); self.candidates];
        for (query, list) in self.relevant.iter().enumerate() {
            for &candidate in list {
                relevant[candidate as usize].push(query as u32);
            }
        }
        Self { relevant, candidates: self.relevant.len() }
    }

    /// Checks that this truth belongs to scores of (Q, C).
    pub(crate) fn check_shape(&self, queries: usize, candidates: usize) -> Result<()> {
        check_length("truth, queries", queries, self.queries())?;
        check_length("truth, candidates", candidates, self.candidates)
    }
}

fn positions(ids: &[String]) -> HashMap<&str, u32> {
    ids.iter().enumerate().map(|(i, id)| (id.as_str(), i as u32)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(list: &[&str]) -> Vec<String> {
        list.iter().map(|&id| id.to_owned()).collect()
    }

    #[test]
    fn pairs_of_ids_become_sorted_indices() {
        let (tunes, titles) = (ids(&["m0", "m1"]), ids(&["a", "b", "c"]));
        let pairs = [("m1", "c"), ("m1", "a"), ("m1", "c")];
        let truth = Truth::from_pairs(&tunes, &titles, pairs).unwrap();
        assert!(truth.relevant(0).is_empty());
        assert_eq!(truth.relevant(1), [0, 2]);
        let other = Truth::new(vec![vec![1], vec![], vec![1]], 2).unwrap();
        assert_eq!(truth.transposed(), other);
        assert_eq!(other.transposed(), truth);
    }

    #[test]
    fn candidates_that_are_unknown_or_repeated_are_refused() {
        let of = |list: Vec<u32>| Truth::new(vec![vec![0], list], 3).unwrap_err();
        assert_eq!(of(vec![3]), Error::Truth { query: 1, candidate: 3, candidates: 3 });
        assert_eq!(of(vec![2, 0, 2]), Error::Truth { query: 1, candidate: 2, candidates: 3 });
        let unknown = Truth::from_pairs(&ids(&["m"]), &ids(&["a"]), [("m", "b")]).unwrap_err();
        assert_eq!(unknown, Error::UnknownId { id: "b".into(), among: "candidates" });
    }
}
