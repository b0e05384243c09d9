//! What the numbers say, how they are read, and which of them words of the titles explain.

use corpus::Telling;
use retrieval::report::{
    Direction, DirectionReport, Grid, Report, Role, Section, SystemReport, escape,
};
use retrieval::{Outcomes, Truth};

use super::paragraphs;
use crate::names::{Name, Names};
use crate::{Error, Judged};

/// A paragraph a direction: the model against chance and the best baseline.
pub(super) fn in_short(report: &Report) -> String {
    let texts: Vec<String> = report.directions.iter().filter_map(verdict).collect();
    paragraphs(&texts.iter().map(String::as_str).collect::<Vec<_>>())
}

fn verdict(direction: &DirectionReport) -> Option<String> {
    let model = direction.systems.iter().find(|system| system.role == Role::Model)?;
    let (mrr, median) = (&model.full.overall.mrr, &model.full.overall.median_rank);
    let (asks, found) = match direction.direction {
        Direction::MelodyToTitle => ("melodies", "title"),
        Direction::TitleToMelody => ("titles", "melody"),
    };
    let mut text = format!(
        "For {} {asks}, the right {found} among {} stands at a median rank of {:.1} (chance: {:.1}). Its mean reciprocal \
         rank is {:.4} [{:.4}, {:.4}]; chance is {:.4}.",
        mrr.n,
        direction.candidates,
        median.value,
        median.chance,
        mrr.value,
        mrr.low,
        mrr.high,
        mrr.chance
    );
    if let Some(best) = best_baseline(direction) {
        text +=
            &format!(" The best baseline, {}, has {:.4}", best.name, best.full.overall.mrr.value);
        let pair =
            |c: &&retrieval::report::Comparison| c.system == model.name && c.baseline == best.name;
        text += &direction.comparisons.iter().find(pair).map_or(".".to_owned(), |comparison| {
            let d = &comparison.differences.mrr;
            let clear = match (d.low > 0.0, d.high < 0.0) {
                (true, _) => "the model is better",
                (_, true) => "the model is worse",
                _ => "no clear difference",
            };
            format!(": {clear} ({:+.4} [{:+.4}, {:+.4}]).", d.value, d.low, d.high)
        });
    }
    Some(text)
}

fn best_baseline(direction: &DirectionReport) -> Option<&SystemReport> {
    let baselines = direction.systems.iter().filter(|system| system.role == Role::Baseline);
    baselines.max_by(|a, b| a.full.overall.mrr.value.total_cmp(&b.full.overall.mrr.value))
}

/// How to read the numbers, for those who have not met them.
pub(super) fn reading(judged: &Judged) -> Section {
    let terms = [
        (
            "Rank",
            "Every query (a melody, or a title) puts all candidates of the other kind in order. Its rank is the place \
          at which its own partner stands; 1 is best.",
        ),
        (
            "MRR",
            "The mean reciprocal rank: the mean over queries of 1 / rank. It is 1 when every partner comes first, and \
          what happens at the top of the lists moves it most: from rank 2 to 1 counts as half a query, from 200 to 100 for \
          almost nothing.",
        ),
        (
            "DCG, nDCG",
            "The discounted cumulative gain: the mean of 1 / log2(rank + 1). It falls more slowly with the rank \
          than MRR, so it also sees what happens further down. With one right answer a query, nDCG is the same number.",
        ),
        ("R@k", "The share of queries whose partner is among the first k."),
        (
            "Chance",
            "What a random order of the candidates would give, computed exactly. It depends on the number of \
          candidates alone, so compare numbers only where that is the same: for this there are pools of a fixed size.",
        ),
        (
            "[low, high]",
            "What the choice of tunes leaves open: of 100 intervals made in this way, about as many as the level below says \
             hold the value for all tunes of the kind. It says nothing about other seeds of the training.",
        ),
        (
            "Baselines",
            "What can be had without learning from notes: the dance type, or the header, matched with the words \
          of the titles.",
        ),
    ];
    let list: String = terms
        .iter()
        .map(|(term, text)| format!("<dt>{}</dt><dd>{}</dd>\n", escape(term), escape(text)))
        .collect();
    let note = escape(&judged.report.note());
    Section::new(
        "reading",
        "How to read the numbers",
        format!("<dl>\n{list}</dl>\n<p class=\"note\">{note}</p>\n"),
    )
}

/// The model's measures by what the titles tell in words.
pub(super) fn telling(judged: &Judged, names: &Names) -> Result<Section, Error> {
    let mut body = paragraphs(&[
        "Some titles tell of their music in plain words: Fisher's Hornpipe. A model that knows the words finds their tunes \
         without hearing more than the dance type. What it finds among the titles that tell nothing, it has from the music \
         and from subtler words.",
    ]);
    for (direction, scores) in [
        (Direction::MelodyToTitle, &judged.scores),
        (Direction::TitleToMelody, &judged.scores.transposed()),
    ] {
        let rankings = scores.rank(&Truth::diagonal(scores.queries().len()), 0)?;
        let names: Vec<Name> = rankings.queries().iter().map(|id| names.get(id)).collect();
        let outcomes = rankings.outcomes();
        let row = |telling: Telling| telling_row(telling, (&outcomes, &names), judged);
        let header =
            ["the title names", "n", "MRR", "chance", "R@10", "median", "median by chance"];
        let grid = Grid {
            caption: format!("{direction}: by what the title names"),
            words: 1,
            header: header.map(str::to_owned).to_vec(),
            rows: Telling::ALL.into_iter().filter_map(row).collect(),
        };
        body += &grid.to_html();
    }
    Ok(Section::new("words", "Told by its words", body))
}

fn telling_row(
    telling: Telling,
    (outcomes, names): (&Outcomes, &[Name]),
    judged: &Judged,
) -> Option<Vec<String>> {
    let chosen = outcomes.select(|query| names[query as usize].telling == telling);
    let m = chosen.metrics(&judged.report.bootstrap)?;
    Some(vec![
        telling.name().to_owned(),
        m.mrr.n.to_string(),
        format!("{:.4} [{:.4}, {:.4}]", m.mrr.value, m.mrr.low, m.mrr.high),
        format!("{:.4}", m.mrr.chance),
        format!("{:.4}", m.recall_at_10.value),
        format!("{:.1}", m.median_rank.value),
        format!("{:.1}", m.median_rank.chance),
    ])
}
