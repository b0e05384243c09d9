//! What can be wrong with vectors, scores and truths handed in.

/// A reason why something cannot be ranked or measured; every message names the place.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A list has another length than the sizes around it ask for.
    #[error("{what}: expected {expected} values, got {got}")]
    Length {
        /// The list that is too long or too short.
        what: &'static str,
        /// The length that would fit.
        expected: usize,
        /// The length it has.
        got: usize,
    },
    /// A picture cannot be written as a file.
    #[error("picture: {0}")]
    Picture(String),
    /// An id is the empty string, which no run file can carry.
    #[error("id number {position} (from 0) is empty")]
    EmptyId {
        /// The position in the list of ids, from 0.
        position: usize,
    },
    /// Two rows carry the same id.
    #[error("id `{id}` appears twice")]
    DuplicateId {
        /// The id.
        id: String,
    },
    /// An id is named that is not in the list of ids.
    #[error("id `{id}` is not among the {among}")]
    UnknownId {
        /// The id.
        id: String,
        /// The list searched: `queries` or `candidates`.
        among: &'static str,
    },
    /// A vector has a component that is NaN or infinite.
    #[error("vector of `{id}`: component {component} is not finite")]
    NotFinite {
        /// The id of the vector.
        id: String,
        /// The component, from 0.
        component: usize,
    },
    /// A vector is all zeros and has no direction.
    #[error("vector of `{id}` has length zero, so it has no direction")]
    ZeroLength {
        /// The id of the vector.
        id: String,
    },
    /// A score is NaN or infinite.
    #[error("score of candidate `{candidate}` for query `{query}` is not finite")]
    ScoreNotFinite {
        /// The id of the query.
        query: String,
        /// The id of the candidate.
        candidate: String,
    },
    /// Queries and candidates live in spaces of different dimension.
    #[error("queries have dimension {queries}, candidates have dimension {candidates}")]
    Dimension {
        /// Dimension of the queries.
        queries: usize,
        /// Dimension of the candidates.
        candidates: usize,
    },
    /// A truth names a candidate that does not exist, or the same one twice.
    #[error(
        "truth of query {query}: candidate {candidate} is named twice or beyond {candidates} candidates"
    )]
    Truth {
        /// The query, from 0.
        query: usize,
        /// The candidate, from 0.
        candidate: u32,
        /// How many candidates there are.
        candidates: usize,
    },
    /// A pool cannot be drawn: too few candidates, or no room beside the relevant ones.
    #[error(
        "pools of {size} cannot be drawn for query `{query}`: it has {relevant} relevant of {candidates} candidates"
    )]
    Pool {
        /// The asked size of a pool.
        size: usize,
        /// The id of the query.
        query: String,
        /// How many candidates are relevant to it.
        relevant: usize,
        /// How many candidates there are.
        candidates: usize,
    },
    /// Two systems were measured on different queries or candidates, so they cannot be paired.
    #[error("systems `{left}` and `{right}` were not measured on the same queries and candidates")]
    Unpaired {
        /// One system.
        left: String,
        /// The other.
        right: String,
    },
    /// No query has a relevant candidate, so nothing can be measured.
    #[error("no query has a relevant candidate")]
    NothingToMeasure,
    /// Bytes are not those of a classifier.
    #[error("the file of a classifier: {problem}")]
    ClassifierFile {
        /// What is wrong with them.
        problem: String,
    },
    /// A setting is out of its range.
    #[error("{what}: expected {expected}, got {got}")]
    Setting {
        /// The setting.
        what: &'static str,
        /// The range it must lie in, in words.
        expected: &'static str,
        /// Its value, as text.
        got: String,
    },
}

/// The result of this crate's functions.
pub type Result<T> = std::result::Result<T, Error>;

/// Checks that a list has the length that the sizes around it ask for.
pub(crate) fn check_length(what: &'static str, expected: usize, got: usize) -> Result<()> {
    if expected == got { Ok(()) } else { Err(Error::Length { what, expected, got }) }
}

/// Checks that every id is non-empty and appears once.
pub(crate) fn check_ids(ids: &[String]) -> Result<()> {
    let mut seen = std::collections::HashSet::with_capacity(ids.len());
    for (position, id) in ids.iter().enumerate() {
        if id.is_empty() {
            return Err(Error::EmptyId { position });
        }
        if !seen.insert(id.as_str()) {
            return Err(Error::DuplicateId { id: id.clone() });
        }
    }
    Ok(())
}
