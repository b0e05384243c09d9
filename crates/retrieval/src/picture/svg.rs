//! One view in one colouring as an SVG that stands alone, light and dark by the reader's setting.

use std::fmt::Write as _;

use super::Picture;
use super::marks::{Mark, ON_DARK, ON_LIGHT, OTHER, mark};
use super::sheet::{HEIGHT, LEGEND, MARGIN, OPACITY, ROW, Sheet, TOP, WIDTH, shape};
use crate::error::Result;
use crate::report::escape;

impl Picture {
    /// View `view` coloured by aspect `aspect`, both from 0, as a whole SVG file.
    ///
    /// # Errors
    /// No such view or aspect, or lists of different lengths.
    pub fn to_svg(&self, view: usize, aspect: usize) -> Result<String> {
        let Sheet { title, note, layers, legend, radius } = self.sheet(view, aspect)?;
        let path = |layer: &super::sheet::Layer| -> String {
            let shape = layer.shape();
            layer.places.iter().map(|&at| Mark { shape, at, radius }.path()).collect()
        };
        let marks: String = layers.iter().map(|layer| group(layer.class, &path(layer))).collect();
        let entries: String = legend
            .iter()
            .enumerate()
            .map(|(row, (class, text))| entry(row, *class, text))
            .collect();
        let (title, note, style) = (escape(&title), escape(&note), style());
        let [x, y] = LEGEND;
        Ok(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             width=\"{WIDTH}\" height=\"{HEIGHT}\" aria-label=\"{title}\">\n<style>{style}</style>\n\
             <rect class=\"paper\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n\
             <text x=\"{MARGIN}\" y=\"26\" class=\"title\">{title}</text>\n\
             <text x=\"{MARGIN}\" y=\"45\" class=\"soft\">{note}</text>\n\
             <g transform=\"translate({MARGIN} {TOP})\">\n{marks}</g>\n\
             <g transform=\"translate({x} {y})\">\n{entries}</g>\n</svg>\n",
        ))
    }
}

fn style() -> String {
    let mut style = format!(
        "text{{font:14px system-ui,sans-serif;fill:#1c1c1a}}.title{{font-weight:600}}.soft{{fill:#5f5f5a}}\
         .paper{{fill:#fcfcfa}}path{{fill-opacity:{OPACITY}}}",
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
    let mark = Mark { shape: shape(class), at: [6.0, y - 5.0], radius: 5.0 };
    group(class, &mark.path()) + &format!("<text x=\"20\" y=\"{y}\">{}</text>\n", escape(text))
}
