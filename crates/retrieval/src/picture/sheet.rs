//! One view in one colouring, ready to be drawn: what lies over what, and what the legend says.

use super::marks::{MARKS, Shape, mark};
use super::{Frame, Picture};
use crate::error::{Error, Result};
use crate::maps::Place;

/// Side of the square in which the points lie.
pub(super) const SIDE: f32 = 720.0;
/// Between the square, the legend and the edges.
pub(super) const MARGIN: f32 = 16.0;
/// Height of the head with title and note.
pub(super) const TOP: f32 = 56.0;
/// Distance of two lines of the legend.
pub(super) const ROW: f32 = 22.0;
/// The whole sheet.
pub(super) const WIDTH: f32 = SIDE + 3.0 * MARGIN + 200.0;
pub(super) const HEIGHT: f32 = SIDE + TOP + MARGIN;
/// Where the legend's first line stands.
pub(super) const LEGEND: Place = [SIDE + 2.0 * MARGIN, TOP + ROW];
/// How opaque marks are, so that many are seen to be many.
pub(super) const OPACITY: f32 = 0.75;

/// What is drawn of a view.
pub(super) struct Sheet {
    /// What it shows.
    pub(super) title: String,
    /// What to know of it.
    pub(super) note: String,
    /// The marks from the lowest to the uppermost.
    pub(super) layers: Vec<Layer>,
    /// The classes that are there and what is said of each, none for what is of no class of its own.
    pub(super) legend: Vec<(Option<usize>, String)>,
    /// Radius of a mark.
    pub(super) radius: f32,
}

/// The points of a class, or of none of its own, within the square, the second axis pointing down.
pub(super) struct Layer {
    pub(super) class: Option<usize>,
    pub(super) places: Vec<Place>,
}

impl Layer {
    pub(super) fn shape(&self) -> Shape {
        shape(self.class)
    }
}

/// The shape of a class's marks.
pub(super) fn shape(class: Option<usize>) -> Shape {
    class.and_then(mark).map_or(Shape::Circle, |(_, shape)| shape)
}

impl Picture {
    /// View `view` coloured by aspect `aspect`, both from 0.
    pub(super) fn sheet(&self, view: usize, aspect: usize) -> Result<Sheet> {
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
        let layer = |class: Option<usize>, own: &dyn Fn(Option<u32>) -> bool| Layer {
            class,
            places: (0..places.len())
                .filter(|&n| own(by.of[n]))
                .map(|n| [places[n][0], SIDE - places[n][1]])
                .collect(),
        };
        // Common classes lie below rare ones, and what has no class below all.
        let mut layers = vec![layer(None, &|of| of.is_none_or(|class| class as usize >= MARKS))];
        layers.extend((0..shown).map(|class| layer(Some(class), &|of| of == Some(class as u32))));
        let entry =
            |class: usize| (Some(class), format!("{} {}", counts[class], by.classes[class]));
        let mut legend: Vec<_> = (0..shown).map(entry).collect();
        let unmarked = layers[0].places.len();
        if unmarked > 0 {
            legend.push((None, format!("{unmarked} other or unknown")));
        }
        Ok(Sheet {
            title: format!(
                "{}: {} vectors, {}, by {}",
                self.name, seen.vectors, seen.method, by.name
            ),
            note: seen.note.clone(),
            layers,
            legend,
            // Few points may be larger.
            radius: if places.len() > 5000 { 1.6 } else { 2.6 },
        })
    }
}
