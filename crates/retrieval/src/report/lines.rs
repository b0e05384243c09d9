//! Values over training steps as lines, each with its name at its end: inline SVG, or a picture of several panels.

use super::chart::{nice_step, number, shortened};
use super::page::escape;
use super::style;

const WIDTH: f64 = 540.0;
const HEIGHT: f64 = 290.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 165.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 40.0;
/// Least distance of two names.
const NAME: f64 = 15.0;

/// How values become heights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// Ranks: logarithmic, 1 above all others.
    Rank,
    /// Shares and means: from 0 up.
    FromZero,
    /// Losses and the like: from the least to the greatest.
    Own,
}

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its name, as plain text.
    pub name: String,
    /// Step and value of each point, by step; values that are not finite are left out.
    pub points: Vec<(f64, f64)>,
}

/// Lines over the same steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What it shows, as plain text.
    pub title: String,
    /// How values become heights.
    pub axis: Axis,
    /// The lines; those after the sixth take the colours of the first again.
    pub lines: Vec<Line>,
    /// A step to mark: the one whose weights were kept.
    pub kept: Option<f64>,
    /// The value of a random order.
    pub chance: Option<f64>,
}

impl Panel {
    /// The panel as a figure within a page.
    pub fn figure(&self) -> String {
        format!(
            "<figure>\n<svg role=\"img\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
             aria-label=\"{}\">\n{}</svg>\n</figure>\n",
            escape(&self.spoken()),
            self.marks()
        )
    }

    /// What a reader hears who cannot see it.
    fn spoken(&self) -> String {
        let each = self.lines.iter().filter_map(|line| {
            let ((from, first), (to, last)) = (line.points.first()?, line.points.last()?);
            Some(format!("{}: {first:.4} at step {from}, {last:.4} at step {to}", line.name))
        });
        format!("{}. {}", self.title, each.collect::<Vec<_>>().join("; "))
    }

    fn marks(&self) -> String {
        let frame = Frame::new(self);
        let lines: String =
            self.lines.iter().enumerate().map(|(at, line)| frame.line(at, line)).collect();
        format!(
            "<text class=\"head\" x=\"0\" y=\"15\">{}</text>\n{}{}{lines}{}",
            escape(&self.title),
            frame.mesh(),
            frame.references(self),
            frame.names(&self.lines)
        )
    }
}

/// The panels as an SVG file, two in a row.
pub fn drawing(panels: &[Panel]) -> String {
    let rows = panels.len().div_ceil(2) as f64;
    let (width, height) = (2.0 * WIDTH + 40.0, rows * (HEIGHT + 20.0) + 20.0);
    let spoken: Vec<String> = panels.iter().map(Panel::spoken).collect();
    let parts: String = (panels.iter().enumerate())
        .map(|(at, panel)| {
            let x = 10.0 + (at % 2) as f64 * (WIDTH + 20.0);
            let y = 10.0 + (at / 2) as f64 * (HEIGHT + 20.0);
            format!("<g transform=\"translate({x} {y})\">\n{}</g>\n", panel.marks())
        })
        .collect();
    style::picture((width, height), &spoken, &parts)
}

/// Where steps and values lie in a panel.
struct Frame {
    axis: Axis,
    steps: (f64, f64),
    values: (f64, f64),
}

impl Frame {
    fn new(panel: &Panel) -> Self {
        let points = || panel.lines.iter().flat_map(|line| line.points.iter().copied());
        let steps = range(points().map(|(step, _)| step)).unwrap_or((0.0, 1.0));
        let steps = if steps.0 < steps.1 { steps } else { (steps.0 - 1.0, steps.1 + 1.0) };
        let values = range(points().map(|(_, value)| value).chain(panel.chance));
        let (low, high) = values.unwrap_or((1.0, 10.0));
        let values = match panel.axis {
            Axis::Rank => ((low / 1.25).max(1.0), high.max(1.0) * 1.25),
            Axis::FromZero => (0.0, if high > 0.0 { high * 1.08 } else { 1.0 }),
            Axis::Own => {
                let room = ((high - low) * 0.08).max(high.abs() * 1e-3).max(1e-9);
                (low - room, high + room)
            }
        };
        Self { axis: panel.axis, steps, values }
    }

    fn x(&self, step: f64) -> f64 {
        let (first, last) = self.steps;
        LEFT + (step - first) / (last - first) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        let (low, high) = self.values;
        let up = match self.axis {
            Axis::Rank => 1.0 - (value.max(1.0) / low).ln() / (high / low).ln(),
            Axis::FromZero | Axis::Own => (value - low) / (high - low),
        };
        HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)
    }

    /// Horizontal lines with their values, and the steps below.
    fn mesh(&self) -> String {
        let right = WIDTH - RIGHT;
        let values = self.ticks().into_iter().map(|value| {
            let y = self.y(value);
            format!(
                "<line class=\"mesh\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text class=\"soft\" text-anchor=\"end\" x=\"{:.1}\" y=\"{:.1}\">{}</text>\n",
                LEFT - 7.0,
                y + 4.5,
                number(value)
            )
        });
        let (bottom, (first, last)) = (HEIGHT - BOTTOM, self.steps);
        let each = nice_step((last - first) / 7.0).max(1.0);
        let from = (first / each).ceil() * each;
        // A number at the very left would lie on the word `step`.
        let clear = |step: &f64| *step <= last && self.x(*step) > LEFT + 14.0;
        let steps = (0..9).map(|i| from + f64::from(i) * each).filter(clear);
        let steps = steps.map(|step| {
            let (x, y) = (self.x(step), bottom + 17.0);
            format!("<text class=\"soft\" text-anchor=\"middle\" x=\"{x:.1}\" y=\"{y:.1}\">{step:.0}</text>")
        });
        let foot = format!(
            "<line class=\"axis\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{bottom}\" y2=\"{bottom}\"/>\
             <text class=\"soft\" text-anchor=\"end\" x=\"{:.1}\" y=\"{:.1}\">step</text>\n",
            LEFT - 7.0,
            bottom + 17.0
        );
        values.chain(steps).collect::<String>() + &foot
    }

    /// Values worth a line, few enough to read.
    fn ticks(&self) -> Vec<f64> {
        let (low, high) = self.values;
        let within = |value: &f64| *value >= low && *value <= high;
        if self.axis == Axis::Rank {
            let of = |parts: &[f64]| -> Vec<f64> {
                let tens = (0..7).map(|power| 10f64.powi(power));
                tens.flat_map(|ten| parts.iter().map(move |part| part * ten))
                    .filter(within)
                    .collect()
            };
            let all =
                [&[1.0][..], &[1.0, 2.0, 5.0], &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0]].map(of);
            let [some, more, most] = all;
            return [some, more].into_iter().find(|ticks| ticks.len() >= 4).unwrap_or(most);
        }
        let step = nice_step((high - low) / 5.0);
        let first = (low / step).ceil();
        (0..8).map(|i| (first + f64::from(i)) * step).filter(within).collect()
    }

    /// The kept step and the value of chance.
    fn references(&self, panel: &Panel) -> String {
        let mut out = String::new();
        if let Some(step) = panel.kept {
            let (x, bottom) = (self.x(step), HEIGHT - BOTTOM);
            out += &format!(
                "<line class=\"kept\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>\
                 <text class=\"soft\" text-anchor=\"middle\" x=\"{x:.1}\" y=\"{:.1}\">kept</text>\n",
                TOP - 4.0
            );
        }
        if let Some(chance) = panel.chance {
            let (y, right) = (self.y(chance), WIDTH - RIGHT);
            out += &format!(
                "<line class=\"chance\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\n"
            );
        }
        out
    }

    fn line(&self, at: usize, line: &Line) -> String {
        let (colour, finite) =
            (colour(at), || line.points.iter().filter(|(_, value)| value.is_finite()));
        let points: Vec<String> = finite()
            .map(|&(step, value)| format!("{:.1},{:.1}", self.x(step), self.y(value)))
            .collect();
        let end = finite().next_back().map(|&(step, value)| {
            format!(
                "<circle class=\"s{colour}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\"/>",
                self.x(step),
                self.y(value)
            )
        });
        let name = escape(&line.name);
        format!(
            "<polyline class=\"s{colour}\" points=\"{}\"><title>{name}</title></polyline>{}\n",
            points.join(" "),
            end.unwrap_or_default()
        )
    }

    /// The names at the ends of the lines, moved apart where they would lie on each other.
    fn names(&self, lines: &[Line]) -> String {
        let end =
            |line: &Line| line.points.iter().rev().find(|(_, value)| value.is_finite()).copied();
        let mut places: Vec<(usize, f64, f64)> = (lines.iter().enumerate())
            .filter_map(|(at, line)| {
                end(line).map(|(step, value)| (at, self.x(step), self.y(value)))
            })
            .collect();
        places.sort_by(|a, b| a.2.total_cmp(&b.2));
        spread(&mut places);
        let name = |&(at, x, y): &(usize, f64, f64)| {
            let text = escape(&shortened(&lines[at].name, 23));
            format!(
                "<text class=\"s{}\" x=\"{:.1}\" y=\"{:.1}\">{text}</text>\n",
                colour(at),
                x + 8.0,
                y + 4.5
            )
        };
        places.iter().map(name).collect()
    }
}

/// Moves heights, in ascending order, at least a name's height apart: downwards first, then up from the foot.
fn spread(places: &mut [(usize, f64, f64)]) {
    let mut least = f64::NEG_INFINITY;
    for place in places.iter_mut() {
        place.2 = place.2.max(least);
        least = place.2 + NAME;
    }
    let mut most = HEIGHT - BOTTOM;
    for place in places.iter_mut().rev() {
        place.2 = place.2.min(most);
        most = place.2 - NAME;
    }
}

/// The least and the greatest of the finite values.
fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).fold(None, |range, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((f64::min(low, value), f64::max(high, value)))
    })
}

fn colour(at: usize) -> usize {
    at % style::COLOURS + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_at_the_ends_of_lines_never_lie_on_each_other() {
        for heights in
            [[100.0, 101.0, 102.0, 103.0], [240.0, 247.0, 249.0, 250.0], [40.0, 90.0, 91.0, 200.0]]
        {
            let mut places: Vec<(usize, f64, f64)> =
                heights.iter().enumerate().map(|(at, &y)| (at, 0.0, y)).collect();
            spread(&mut places);
            assert!(places.windows(2).all(|two| two[1].2 - two[0].2 >= NAME - 1e-9), "{places:?}");
            assert!(places.iter().all(|place| place.2 <= HEIGHT - BOTTOM), "{places:?}");
        }
    }

    #[test]
    fn a_rank_axis_is_logarithmic_with_the_first_rank_above() {
        let points = vec![(1.0, 1.0), (2.0, 10.0), (3.0, 100.0)];
        let line = Line { name: "a".to_owned(), points };
        let panel = Panel {
            title: String::new(),
            axis: Axis::Rank,
            lines: vec![line],
            kept: None,
            chance: None,
        };
        let frame = Frame::new(&panel);
        let [one, ten, hundred] = [1.0, 10.0, 100.0].map(|rank| frame.y(rank));
        assert!(one < ten && ((hundred - ten) - (ten - one)).abs() < 1e-9, "{one} {ten} {hundred}");
    }
}
