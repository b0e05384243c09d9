//! One view in one colouring as an SVG that stands alone, light and dark by the reader's setting.

use std::fmt::Write as _;

use super::marks::{MARKS, ON_DARK, ON_LIGHT, OTHER, Shape, mark};
use super::{Frame, Picture};
use crate::error::{Error, Result};
use crate::report::escape;

const SIDE: f32 = 720.0;
const MARGIN: f32 = 16.0;
const TOP: f32 = 56.0;
const LEGEND: f32 = 200.0;
const ROW: f32 = 22.0;

impl Picture {
    /// View `view` coloured by aspect `aspect`, both from 0, as a whole SVG file.
    ///
    /// # Errors
    /// No such view or aspect, or lists of different lengths.
    pub fn to_svg(&self, view: usize, aspect: usize) -> Result<String> {
        self.check()?;
        let missing = |what, got: usize| Error::Setting {
            what,
            expected: "one of those that there are",
            got: got.to_string(),
        };
        let seen = self.views.get(view).ok_or_else(|| missing("view", view))?;
        let by = self.aspects.get(aspect).ok_or_else(|| missing("aspect", aspect))?;
        let places = Frame::around(seen.places.iter(), SIDE).fit(&seen.places);
        let counts = by.counts();
        let shown = by.classes.len().min(MARKS);
        let unmarked = self.points.len() - counts[..shown].iter().sum::<usize>();
        // Common classes lie below rare ones, and what has no class below all.
        let mut marks =
            group(None, &shapes(&places, |n| by.of[n].is_none_or(|c| c as usize >= MARKS), None));
        let mut legend = String::new();
        for (class, count) in counts.iter().enumerate().take(shown) {
            let own = |n: usize| by.of[n] == Some(class as u32);
            marks += &group(Some(class), &shapes(&places, own, mark(class)));
            legend += &entry(class, Some(class), &format!("{count} {}", by.classes[class]));
        }
        if unmarked > 0 {
            legend += &entry(shown, None, &format!("{unmarked} other or unknown"));
        }
        let title =
            format!("{}: {} vectors, {}, by {}", self.name, seen.vectors, seen.method, by.name);
        let (width, height) = (SIDE + 3.0 * MARGIN + LEGEND, SIDE + TOP + MARGIN);
        let (title, note, style) = (escape(&title), escape(&seen.note), style());
        Ok(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" aria-label=\"{title}\">\n<style>{style}</style>\n\
             <rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n\
             <text x=\"{MARGIN}\" y=\"26\" class=\"title\">{title}</text>\n\
             <text x=\"{MARGIN}\" y=\"45\" class=\"soft\">{note}</text>\n\
             <g transform=\"translate({MARGIN} {TOP})\">\n{marks}</g>\n\
             <g transform=\"translate({} {})\">\n{legend}</g>\n</svg>\n",
            SIDE + 2.0 * MARGIN,
            TOP + ROW
        ))
    }
}

fn style() -> String {
    let mut style = String::from(
        "text{font:14px system-ui,sans-serif;fill:#1c1c1a}.title{font-weight:600}.soft{fill:#5f5f5a}\
         .paper{fill:#fcfcfa}path{fill-opacity:.75}",
    );
    let colours = |style: &mut String, colours: &[&str], other: &str| {
        for (n, colour) in colours.iter().enumerate() {
            // Writing to a string cannot fail.
            let _ = write!(style, ".c{n}{{fill:{colour}}}");
        }
        let _ = write!(style, ".other{{fill:{other}}}");
    };
    colours(&mut style, &ON_LIGHT, OTHER[0]);
    style += "@media(prefers-color-scheme:dark){text{fill:#ececea}.soft{fill:#a8a8a2}.paper{fill:#191a1c}";
    colours(&mut style, &ON_DARK, OTHER[1]);
    style + "}"
}

/// The marks of all points of a kind as path commands.
fn shapes(
    places: &[[f32; 2]],
    own: impl Fn(usize) -> bool,
    mark: Option<(usize, Shape)>,
) -> String {
    let shape = mark.map_or(Shape::Circle, |(_, shape)| shape);
    // Few points may be larger.
    let radius = if places.len() > 5000 { 1.6 } else { 2.6 };
    // The second axis points up.
    let path = |n: usize| shape.path([places[n][0], SIDE - places[n][1]], radius);
    (0..places.len()).filter(|&n| own(n)).map(path).collect()
}

fn class_name(class: Option<usize>) -> String {
    let colour = class.and_then(mark).map(|(colour, _)| colour);
    colour.map_or("other".to_owned(), |colour| format!("c{colour}"))
}

fn group(class: Option<usize>, path: &str) -> String {
    if path.is_empty() {
        return String::new();
    }
    format!("<path class=\"{}\" d=\"{path}\"/>\n", class_name(class))
}

fn entry(row: usize, class: Option<usize>, text: &str) -> String {
    let y = row as f32 * ROW;
    let shape = class.and_then(mark).map_or(Shape::Circle, |(_, shape)| shape);
    let path = shape.path([6.0, y - 5.0], 5.0);
    group(class, &path) + &format!("<text x=\"20\" y=\"{y}\">{}</text>\n", escape(text))
}
