//! One measure of every system as points with intervals, and a dashed line where chance is: inline SVG.

use super::page::escape;
use super::{Role, style};
use crate::metric::Metric;

const WIDTH: f64 = 720.0;
const LABELS: f64 = 220.0;
const RIGHT: f64 = 90.0;
const ROW: f64 = 26.0;
const TOP: f64 = 28.0;
/// Height of a caption within a file.
const HEAD: f64 = 34.0;

/// One measure of several systems, or of several groups.
pub(super) struct Dots<'a> {
    /// What is measured, for those who hear it.
    pub(super) label: String,
    /// What stands under the figure.
    pub(super) caption: String,
    /// Name, role and value of each.
    pub(super) rows: Vec<(&'a str, Role, Metric)>,
}

/// A figure of points with intervals, one a row.
pub(super) fn chart(dots: &Dots<'_>) -> String {
    let height = dots.height();
    format!(
        "<figure>\n<svg role=\"img\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         aria-label=\"{}\">\n{}</svg>\n<figcaption class=\"note\">{}; dashed: chance</figcaption>\n</figure>\n",
        escape(&format!("{}: {}", dots.label, spoken(dots))),
        dots.marks(),
        escape(&dots.caption)
    )
}

/// Figures one above the other, each under its caption: an SVG file.
pub(super) fn file(panels: &[Dots<'_>]) -> String {
    let (mut parts, mut y) = (String::new(), 0.0);
    for dots in panels {
        parts += &format!(
            "<g transform=\"translate(0 {y})\">\n<text class=\"head\" x=\"12\" y=\"24\">{}</text>\n\
             <g transform=\"translate(0 {HEAD})\">\n{}</g>\n</g>\n",
            escape(&dots.caption),
            dots.marks()
        );
        y += HEAD + dots.height();
    }
    let spoken: Vec<String> =
        panels.iter().map(|dots| format!("{}: {}", dots.label, spoken(dots))).collect();
    style::picture((WIDTH, y), &spoken, &parts)
}

impl Dots<'_> {
    fn height(&self) -> f64 {
        TOP + ROW * self.rows.len() as f64 + 26.0
    }

    /// Points, intervals, axis and the line of chance.
    fn marks(&self) -> String {
        let metrics = || self.rows.iter().map(|(_, _, metric)| metric);
        let most = metrics().map(|m| m.high.max(m.chance)).fold(0.0, f64::max);
        let scale = Scale { most: if most > 0.0 { most * 1.05 } else { 1.0 } };
        let rows = self.rows.iter().enumerate();
        let marks: String =
            rows.map(|(i, (name, role, metric))| mark(i, (name, *role), metric, &scale)).collect();
        let chance = metrics().next().map(|m| m.chance).unwrap_or_default();
        let bottom = self.height() - 24.0;
        marks + &axis(&scale, bottom) + &chance_line(scale.x(chance), chance, bottom)
    }
}

/// Values from 0 to `most` along the width.
struct Scale {
    most: f64,
}

impl Scale {
    fn x(&self, value: f64) -> f64 {
        LABELS + value / self.most * (WIDTH - LABELS - RIGHT)
    }
}

fn mark(row: usize, system: (&str, Role), metric: &Metric, scale: &Scale) -> String {
    let (name, role) = system;
    let y = TOP + ROW * (row as f64 + 0.5);
    let class = match role {
        Role::Model => "model",
        Role::Baseline => "baseline",
    };
    let (low, high, at) = (scale.x(metric.low), scale.x(metric.high), scale.x(metric.value));
    format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
         <line class=\"{class}\" stroke-width=\"2\" x1=\"{low:.1}\" x2=\"{high:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
         <circle class=\"{class}\" cx=\"{at:.1}\" cy=\"{y:.1}\" r=\"4\"/>\
         <text class=\"soft\" x=\"{:.1}\" y=\"{:.1}\">{:.4}</text>\n",
        LABELS - 12.0,
        y + 4.5,
        escape(&shortened(name, 28)),
        high + 8.0,
        y + 4.5,
        metric.value
    )
}

fn axis(scale: &Scale, y: f64) -> String {
    let step = nice_step(scale.most / 4.0);
    let ticks = (0..).map(|i| f64::from(i) * step).take_while(|&value| value <= scale.most);
    let tick = |value: f64| {
        let x = scale.x(value);
        format!(
            "<text class=\"soft\" text-anchor=\"middle\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
            y + 18.0,
            number(value)
        )
    };
    let line = format!(
        "<line class=\"axis\" x1=\"{LABELS}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>",
        scale.x(scale.most)
    );
    ticks.fold(line, |out, value| out + &tick(value)) + "\n"
}

fn chance_line(x: f64, chance: f64, bottom: f64) -> String {
    format!(
        "<line class=\"chance\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{bottom:.1}\"/>\
         <text class=\"soft\" text-anchor=\"middle\" x=\"{x:.1}\" y=\"{:.1}\">chance {chance:.4}</text>\n",
        TOP - 8.0,
        TOP - 13.0
    )
}

/// What a reader hears who cannot see the figure.
fn spoken(dots: &Dots<'_>) -> String {
    let each = dots
        .rows
        .iter()
        .map(|(name, _, m)| format!("{name} {:.4}, from {:.4} to {:.4}", m.value, m.low, m.high));
    let chance = dots.rows.first().map(|(_, _, m)| format!("chance {:.4}", m.chance));
    each.chain(chance).collect::<Vec<_>>().join("; ")
}

/// The least of 1, 2, 5 times a power of ten that is no less than `least`.
pub(super) fn nice_step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    steps.into_iter().find(|&step| step >= least).unwrap_or(10.0 * power)
}

/// A tick's number with as few digits as it needs.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A name cut to what fits beside the marks: `most` characters.
pub(super) fn shortened(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    name.chars().take(most - 1).chain(std::iter::once('…')).collect()
}
