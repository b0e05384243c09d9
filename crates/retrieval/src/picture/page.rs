//! All views on one page to walk about in: nothing loaded from elsewhere.

use serde::Serialize;

use super::marks::{MARKS, ON_DARK, ON_LIGHT, OTHER};
use super::{Aspect, Picture, View};
use crate::error::Result;
use crate::report::{Grid, escape};

/// The page with places for name, tables and data.
const PAGE: &str = include_str!("map.html");

/// Places are whole numbers up to this: finer than any screen, and short to write.
const SIDE: f32 = 10_000.0;

#[derive(Serialize)]
struct Data<'a> {
    name: &'a str,
    titles: Vec<&'a str>,
    ids: Vec<&'a str>,
    aspects: Vec<AspectData<'a>>,
    views: Vec<ViewData<'a>>,
    side: f32,
    light: [&'a str; 7],
    dark: [&'a str; 7],
    other: [&'a str; 2],
}

#[derive(Serialize)]
struct AspectData<'a> {
    name: &'a str,
    /// The classes that have a mark of their own.
    classes: &'a [String],
    /// -1 for other or unknown.
    of: Vec<i32>,
}

#[derive(Serialize)]
struct ViewData<'a> {
    vectors: &'a str,
    method: &'a str,
    note: &'a str,
    x: Vec<u16>,
    y: Vec<u16>,
    step: Option<u64>,
}

impl Picture {
    /// The picture as one self-contained page, with tables below the map and remarks on them.
    ///
    /// # Errors
    /// Lists of different lengths.
    pub fn to_html(&self, tables: &[Grid], remarks: &str) -> Result<String> {
        self.check()?;
        let data = Data {
            name: &self.name,
            titles: self.points.iter().map(|point| point.title.as_str()).collect(),
            ids: self.points.iter().map(|point| point.id.as_str()).collect(),
            aspects: self.aspects.iter().map(aspect).collect(),
            views: self.views.iter().map(|view| self.view(view)).collect(),
            side: SIDE,
            light: ON_LIGHT,
            dark: ON_DARK,
            other: OTHER,
        };
        let tables: String = tables.iter().map(Grid::to_html).collect();
        let page = PAGE.replace("{{name}}", &escape(&self.name)).replace("{{tables}}", &tables);
        let page = page.replace("{{remarks}}", &escape(remarks));
        Ok(page.replace("{{data}}", &script_safe(&data)))
    }

    /// A view for the page.
    fn view<'a>(&'a self, view: &'a View) -> ViewData<'a> {
        let places = self.framed(view, SIDE);
        let axis = |axis: usize| places.iter().map(|place| place[axis].round() as u16).collect();
        ViewData {
            vectors: &view.vectors,
            method: &view.method,
            note: &view.note,
            x: axis(0),
            y: axis(1),
            step: view.step,
        }
    }
}

fn aspect(aspect: &Aspect) -> AspectData<'_> {
    let shown = |class: &Option<u32>| match class {
        Some(class) if (*class as usize) < MARKS => *class as i32,
        _ => -1,
    };
    AspectData {
        name: &aspect.name,
        classes: &aspect.classes[..aspect.classes.len().min(MARKS)],
        of: aspect.of.iter().map(shown).collect(),
    }
}

/// The data as JSON that cannot end the script element around it. Numbers and strings always have a JSON form.
fn script_safe(data: &Data<'_>) -> String {
    serde_json::to_string(data).unwrap_or_default().replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use crate::picture::{Aspect, Picture, Point, View};

    #[test]
    fn a_title_cannot_end_the_script() {
        let picture = Picture {
            name: "a < b".into(),
            points: vec![Point { id: "1".into(), title: "</script><b>".into() }],
            aspects: vec![Aspect::new("type", &[None])],
            views: vec![View {
                vectors: "melody".into(),
                method: "PCA".into(),
                note: String::new(),
                places: vec![[0.0, 0.0]],
                step: None,
            }],
        };
        let page = picture.to_html(&[], "so").unwrap();
        assert!(page.contains("\\u003c/script>\\u003cb>") && page.contains("a &lt; b"));
        assert!(!page.contains("{{"));
        assert!(picture.to_svg(0, 1).is_err() && picture.to_svg(1, 0).is_err());
    }
}
