//! Queries that the model answered best, worst, and as it mostly does.

use retrieval::report::{Direction, Grid, Section};
use retrieval::{Rankings, Scores, Truth};

use super::paragraphs;
use crate::names::Names;
use crate::{Error, Judged};

/// Queries in each table.
const SHOWN: usize = 6;

/// Candidates that are named for each query.
const NAMED: usize = 3;

/// Tables of examples, both ways.
pub(super) fn section(judged: &Judged, names: &Names) -> Result<Section, Error> {
    let mut body = paragraphs(&[
        "Scores in brackets: for two towers the cosine of their vectors, from -1 to 1. The model knows no names of melodies; \
         here they stand for the melodies themselves. A rank that is no whole number is that of candidates that tie.",
    ]);
    for (direction, scores) in [
        (Direction::MelodyToTitle, &judged.scores),
        (Direction::TitleToMelody, &judged.scores.transposed()),
    ] {
        body += &format!("<h3>{direction}</h3>\n");
        let rankings = scores.rank(&Truth::diagonal(scores.queries().len()), NAMED)?;
        let order = order(&rankings, scores);
        let middle = order.len().saturating_sub(SHOWN) / 2;
        let worst = order.len().saturating_sub(SHOWN);
        for (what, from) in [("best", 0), ("middle", middle), ("worst", worst)] {
            let queries = order.iter().skip(from).take(SHOWN);
            body += &grid(direction, what, queries.map(|&q| row(q, (&rankings, scores), names)))
                .to_html();
        }
    }
    Ok(Section::new("examples", "Examples", body))
}

/// The queries, best rank first; among equals the greater cosine of the truth.
fn order(rankings: &Rankings, scores: &Scores) -> Vec<usize> {
    let place = |&query: &usize| {
        (rankings.list()[query].rank().unwrap_or(f64::INFINITY), -scores.row(query)[query])
    };
    let mut order: Vec<usize> = (0..rankings.queries().len()).collect();
    order.sort_by(|a, b| {
        let ((rank_a, cosine_a), (rank_b, cosine_b)) = (place(a), place(b));
        rank_a.total_cmp(&rank_b).then(cosine_a.total_cmp(&cosine_b)).then(a.cmp(b))
    });
    order
}

fn grid(direction: Direction, what: &str, rows: impl Iterator<Item = Vec<String>>) -> Grid {
    let (asks, found) = match direction {
        Direction::MelodyToTitle => ("melody of", "the model's first titles"),
        Direction::TitleToMelody => ("title", "the model's first melodies"),
    };
    let header = [asks, "dance type", found, "cosine of the truth", "its rank"];
    Grid {
        caption: format!("{direction}: {what} ranks"),
        words: 3,
        header: header.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

fn row(query: usize, (rankings, scores): (&Rankings, &Scores), names: &Names) -> Vec<String> {
    let (id, ranking) = (&rankings.queries()[query], &rankings.list()[query]);
    let name = names.get(id);
    let named: Vec<String> = (ranking.hits().iter())
        .map(|&hit| {
            let right = if rankings.id(hit) == id { ", right" } else { "" };
            format!("{} ({:.2}{right})", names.title(rankings.id(hit)), hit.score)
        })
        .collect();
    vec![
        name.title,
        name.dance_type.unwrap_or_default(),
        named.join("\n"),
        format!("{:.2}", scores.row(query)[query]),
        ranking.rank().map_or(String::new(), |rank| format!("{rank:.1}")),
    ]
}
