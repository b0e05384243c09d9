//! Rankings and truth in TREC's text formats, so that anyone's tool can check them.
//!
//! A run has six columns (`query Q0 candidate rank score tag`), a qrels file four (`query 0 candidate relevance`), apart
//! by single blanks. Ids cannot hold blanks there: white space, control characters and `%` itself are written as `%` and
//! two hexadecimal digits for each byte of their UTF-8 form, as in addresses.
//!
//! trec_eval reads only the score column, as f32, and breaks ties its own way. So that it finds our order, the score
//! column falls strictly: a score that is not below the one before it is written as the next f32 below that.

use std::io::{self, Write};

use crate::ranking::{Ranking, Rankings};
use crate::truth::Truth;

/// Writes the listed hits of every query as a run; `tag` names the system.
///
/// Rank with `keep` at the number of candidates for a whole run.
///
/// # Errors
/// Whatever `out` reports.
pub fn write_run(mut out: impl Write, rankings: &Rankings, tag: &str) -> io::Result<()> {
    let tag = escape(tag);
    for (query, ranking) in rankings.queries().iter().zip(rankings.list()) {
        let query = escape(query);
        for (place, (candidate, score)) in falling(ranking).enumerate() {
            let candidate = escape(&rankings.candidates()[candidate as usize]);
            writeln!(out, "{query} Q0 {candidate} {} {score} {tag}", place + 1)?;
        }
    }
    out.flush()
}

/// Writes the truth of the rankings' queries and candidates as qrels: one line a relevant pair, with relevance 1.
///
/// # Errors
/// Whatever `out` reports, and `InvalidInput` for a truth of another shape.
pub fn write_qrels(mut out: impl Write, rankings: &Rankings, truth: &Truth) -> io::Result<()> {
    let (queries, candidates) = (rankings.queries(), rankings.candidates());
    truth
        .check_shape(queries.len(), candidates.len())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    for (q, query) in queries.iter().enumerate() {
        let query = escape(query);
        for &candidate in truth.relevant(q) {
            writeln!(out, "{query} 0 {} 1", escape(&candidates[candidate as usize]))?;
        }
    }
    out.flush()
}

/// The hits of a ranking with scores that fall strictly.
fn falling(ranking: &Ranking) -> impl Iterator<Item = (u32, f32)> {
    let hits = ranking.hits().iter();
    hits.scan(f32::INFINITY, |last, hit| {
        *last = if hit.score < *last { hit.score } else { last.next_down() };
        Some((hit.candidate, *last))
    })
}

/// An id without blanks, from which the id can be read back.
fn escape(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    for c in id.chars() {
        if c.is_whitespace() || c.is_control() || c == '%' {
            let mut utf8 = [0; 4];
            out.extend(c.encode_utf8(&mut utf8).bytes().map(|byte| format!("%{byte:02X}")));
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scores::Scores;

    fn ids(list: &[&str]) -> Vec<String> {
        list.iter().map(|&id| id.to_owned()).collect()
    }

    fn text(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn ids_are_written_without_blanks() {
        assert_eq!(escape("Máire Dhall\t100%\u{a0}"), "Máire%20Dhall%09100%25%C2%A0");
    }

    #[test]
    fn runs_and_qrels_have_six_and_four_columns() {
        let scores = Scores::new(
            ids(&["the session:1", "b"]),
            ids(&["x", "y y", "z"]),
            vec![0.5, 2.0, -1.0, 3.0, 3.0, 4.0],
        );
        let truth = Truth::new(vec![vec![1, 2], vec![0]], 3).unwrap();
        let rankings = scores.unwrap().rank(&truth, 3).unwrap();
        assert_eq!(
            text(|out| write_run(out, &rankings, "my run")),
            "the%20session:1 Q0 y%20y 1 2 my%20run\n\
             the%20session:1 Q0 x 2 0.5 my%20run\n\
             the%20session:1 Q0 z 3 -1 my%20run\n\
             b Q0 z 1 4 my%20run\n\
             b Q0 x 2 3 my%20run\n\
             b Q0 y%20y 3 2.9999998 my%20run\n"
        );
        assert_eq!(
            text(|out| write_qrels(out, &rankings, &truth)),
            "the%20session:1 0 y%20y 1\nthe%20session:1 0 z 1\nb 0 x 1\n"
        );
        assert!(write_qrels(Vec::new(), &rankings, &Truth::diagonal(3)).is_err());
    }

    #[test]
    fn sorting_a_run_by_its_score_column_gives_our_order() {
        let values = [0.0, -0.0, 0.0, 1e-45, 1.0, 1.0, 1.0, 0.99999994, 0.9999999, -2.0, -2.0];
        let names: Vec<String> = (0..values.len()).map(|i| format!("c{i}")).collect();
        let scores = Scores::new(ids(&["q"]), names, values.to_vec()).unwrap();
        let rankings = scores.rank(&Truth::new(vec![vec![0]], 11).unwrap(), 11).unwrap();
        let run = text(|out| write_run(out, &rankings, "t"));
        let column = |n: usize| run.lines().map(move |line| line.split(' ').nth(n).unwrap());
        let read: Vec<f32> = column(4).map(|score| score.parse().unwrap()).collect();
        assert!(read.windows(2).all(|pair| pair[0] > pair[1]), "{read:?}");
        let expected = [4, 5, 6, 7, 8, 3, 0, 1, 2, 9, 10].map(|i| format!("c{i}"));
        assert!(column(2).eq(expected.iter().map(String::as_str)));
    }
}
