//! How the run came about: loss and validation over steps, and how ranks moved.

use retrieval::report::{Axis, Direction, Line, Panel, Section};

use super::{files, has, paragraphs};
use crate::history::{self, Record};
use crate::track::{Choice, Tracks};
use crate::watch::{StepReport, Validation};
use crate::{Error, RunDir};

/// Most points of a line: more than a reader can see.
const POINTS: usize = 200;

/// Loss and validation over steps; nothing where none is recorded.
pub(super) fn curves(run: &RunDir) -> Result<Option<Section>, Error> {
    let records = if has(run, files::METRICS) { history::read::<Record>(run)? } else { Vec::new() };
    let (mut steps, mut looks) = (Vec::new(), Vec::new());
    for record in &records {
        match record {
            Record::Step(step) => steps.push(step),
            Record::Validation(look) => looks.push(look),
        }
    }
    let Some(best) = looks.iter().rev().max_by(|a, b| a.merit().total_cmp(&b.merit())) else {
        return Ok(None);
    };
    let text = match best.learned {
        false => format!(
            "The weights of step {} are the run's: there the mean of both directions' MRR on the validation works was \
             greatest ({:.4}).",
            best.step,
            best.merit()
        ),
        true => format!(
            "The weights of step {}, the last, are the run's. The validation works were learned from too, so that their \
             ranks tell nothing of other works.",
            best.step
        ),
    };
    let kept = Some(best.step as f64);
    let mrr = |name: &str, pick: fn(&Validation) -> f64| Line {
        name: name.to_owned(),
        points: looks.iter().map(|look| (look.step as f64, pick(look))).collect(),
    };
    let loss = Panel {
        title: "Loss of the training batches, in nats".to_owned(),
        axis: Axis::Own,
        lines: vec![loss(&steps)],
        kept,
        chance: None,
    };
    let validation = Panel {
        title: format!("MRR among {} validation works", best.candidates),
        axis: Axis::FromZero,
        lines: vec![
            mrr(&Direction::MelodyToTitle.to_string(), |look| look.melody_to_title),
            mrr(&Direction::TitleToMelody.to_string(), |look| look.title_to_melody),
        ],
        kept,
        chance: Some(best.chance),
    };
    Ok(Some(Section::new(
        "training",
        "Training",
        paragraphs(&[&text]) + &pair(&[loss, validation]),
    )))
}

/// The loss over steps; neighbouring steps are put together where there are many.
fn loss(steps: &[&StepReport]) -> Line {
    let size = steps.len().div_ceil(POINTS).max(1);
    let mean = |chunk: &[&StepReport]| {
        let loss: f64 = chunk.iter().map(|step| f64::from(step.loss)).sum();
        (chunk[chunk.len() - 1].step as f64, loss / chunk.len() as f64)
    };
    let name = if size == 1 { "loss".to_owned() } else { format!("mean of {size} steps") };
    Line { name, points: steps.chunks(size).map(mean).collect() }
}

/// How ranks moved; nothing where no predictions are recorded.
pub(super) fn tracks(run: &RunDir) -> Result<Option<Section>, Error> {
    if !has(run, files::PREDICTIONS) {
        return Ok(None);
    }
    let tracks = Tracks::read(run)?;
    let choice = Choice::default();
    let mut body = paragraphs(&[
        "Ranks of the validation works at every look during the training, on a logarithmic axis with the first rank above. \
         Dotted: the look whose weights were kept; dashed: the mean rank of a random order. A rise of 1 means that the rank \
         halved.",
    ]);
    for way in &tracks.ways {
        body += &format!("<h3>{}</h3>\n", way.direction);
        body += &pair(&tracks.panels(way, &choice));
        let mut grids = tracks.group_grids(way);
        grids.extend(tracks.mover_grids(way, choice.movers));
        body += &grids.iter().map(|grid| grid.to_html()).collect::<String>();
    }
    Ok(Some(Section::new("tracks", "How ranks moved", body)))
}

/// Figures side by side where there is room.
fn pair(panels: &[Panel]) -> String {
    let figures: String = panels.iter().map(Panel::figure).collect();
    format!("<div class=\"pair\">\n{figures}</div>\n")
}
