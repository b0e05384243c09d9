//! Maps drawn: an SVG, a PNG, a page to walk about in, files for TensorBoard's projector.
//!
//! ```
//! use retrieval::picture::{Aspect, Picture, Point, View};
//!
//! let point = |id: &str, title: &str| Point { id: id.to_owned(), title: title.to_owned() };
//! let types = ["reel", "jig", "reel"].map(|name| Some(name.to_owned()));
//! let picture = Picture {
//!     name: "three tunes".to_owned(),
//!     points: vec![point("1", "Drowsy Maggie"), point("2", "The Kesh"), point("3", "The Wise Maid")],
//!     aspects: vec![Aspect::new("dance type", &types)],
//!     views: vec![View {
//!         vectors: "melody".to_owned(),
//!         method: "PCA".to_owned(),
//!         note: String::new(),
//!         places: vec![[0.0, 0.1], [1.0, 0.9], [0.1, 0.0]],
//!         step: None,
//!     }],
//! };
//! assert_eq!(picture.aspects[0].classes, ["reel", "jig"]);
//! assert!(picture.to_svg(0, 0)?.contains("2 reel"));
//! assert!(picture.to_html(&[], "")?.contains("The Kesh"));
//! # Ok::<(), retrieval::Error>(())
//! ```

mod marks;
mod page;
mod png;
mod projector;
mod sheet;
mod svg;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use projector::{Tensors, metadata, projector_config, tensors};

use crate::error::{Result, check_length};
use crate::maps::Place;

/// Points, what is known of them, and the ways in which they are laid out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// What it shows, in words.
    pub name: String,
    /// The points: N.
    pub points: Vec<Point>,
    /// What they can be coloured by.
    pub aspects: Vec<Aspect>,
    /// Where they lie.
    pub views: Vec<View>,
}

/// One tune.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: String,
}

/// One way to divide points into classes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aspect {
    /// What the classes are, as `dance type`.
    pub name: String,
    /// Their names, the commonest first.
    pub classes: Vec<String>,
    /// The class of each point, if it is known: (N,).
    pub of: Vec<Option<u32>>,
}

impl Aspect {
    /// Numbers classes by how common they are, equally common ones by name.
    pub fn new(name: &str, labels: &[Option<String>]) -> Self {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for label in labels.iter().flatten() {
            *counts.entry(label).or_default() += 1;
        }
        let mut classes: Vec<(&str, usize)> = counts.into_iter().collect();
        classes.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        let numbers: BTreeMap<&str, u32> = (0..).zip(&classes).map(|(n, c)| (c.0, n)).collect();
        let number = |label: &Option<String>| numbers.get(label.as_deref()?).copied();
        Self {
            name: name.to_owned(),
            classes: classes.iter().map(|(class, _)| (*class).to_owned()).collect(),
            of: labels.iter().map(number).collect(),
        }
    }

    /// How many points each class has.
    pub(crate) fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        for class in self.of.iter().flatten() {
            counts[*class as usize] += 1;
        }
        counts
    }
}

/// Points on a plane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// Which vectors are laid out, as `melody`.
    pub vectors: String,
    /// How, as `t-SNE`.
    pub method: String,
    /// What to know of it, in words: how much of the order it keeps.
    pub note: String,
    /// The places: (N, 2).
    pub places: Vec<Place>,
    /// The step of a training at which the vectors were such; none for maps of one time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u64>,
}

impl Picture {
    /// Checks that all lists are as long as the points.
    fn check(&self) -> Result<()> {
        for view in &self.views {
            check_length("places of a view", self.points.len(), view.places.len())?;
        }
        let of = |aspect: &Aspect| check_length("classes", self.points.len(), aspect.of.len());
        self.aspects.iter().try_for_each(of)
    }

    /// The places of a view in a square from 0 to `side`: (N, 2). Views of one kind at several steps share the square, so
    /// that what moves from one to the next has moved among its neighbours.
    pub fn framed(&self, view: &View, side: f32) -> Vec<Place> {
        let same = |other: &&View| other.vectors == view.vectors && other.method == view.method;
        let all = self.views.iter().filter(same).flat_map(|other| &other.places);
        Frame::around(all, side).fit(&view.places)
    }
}

/// How places are moved and scaled, alike along both axes, into the middle of a square.
struct Frame {
    side: f32,
    middle: Place,
    scale: f32,
}

impl Frame {
    /// A square from 0 to `side` that holds all of `places`.
    fn around<'a>(places: impl Iterator<Item = &'a Place>, side: f32) -> Self {
        let (mut low, mut high) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
        for place in places {
            for axis in 0..2 {
                low[axis] = low[axis].min(place[axis]);
                high[axis] = high[axis].max(place[axis]);
            }
        }
        let extent = (high[0] - low[0]).max(high[1] - low[1]);
        let scale = if extent > 0.0 { side / extent } else { 0.0 };
        let middle = [0, 1].map(|axis| (low[axis] + high[axis]) / 2.0);
        Self { side, middle, scale }
    }

    /// Where places are in the square.
    fn fit(&self, places: &[Place]) -> Vec<Place> {
        let at = |value: f32, middle: f32| self.side / 2.0 + (value - middle) * self.scale;
        places.iter().map(|p| [at(p[0], self.middle[0]), at(p[1], self.middle[1])]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_fitted_alike_along_both_axes() {
        let fitted = |places: &[Place]| Frame::around(places.iter(), 100.0).fit(places);
        assert_eq!(fitted(&[[-1.0, 3.0], [3.0, 5.0]]), [[0.0, 25.0], [100.0, 75.0]]);
        assert_eq!(fitted(&[[7.0, 7.0]]), [[50.0, 50.0]]);
    }

    #[test]
    fn views_of_one_kind_share_a_square_over_all_steps() {
        let view = |vectors: &str, step, places: [Place; 2]| {
            let (method, note) = ("PCA".to_owned(), String::new());
            View {
                vectors: vectors.into(),
                method,
                note,
                places: places.to_vec(),
                step: Some(step),
            }
        };
        let views = vec![
            view("melody", 5, [[0.0, 0.0], [0.1, 0.1]]),
            view("melody", 7, [[0.0, 0.1], [0.2, 0.2]]),
            view("title", 5, [[3.0, 3.0], [7.0, 7.0]]),
        ];
        let picture = Picture { name: "a".into(), points: Vec::new(), aspects: Vec::new(), views };
        let framed = |view: usize| picture.framed(&picture.views[view], 100.0);
        assert_eq!(framed(0), [[0.0, 0.0], [50.0, 50.0]]);
        assert_eq!(framed(1), [[0.0, 50.0], [100.0, 100.0]]);
        assert_eq!(framed(2), [[0.0, 0.0], [100.0, 100.0]]);
    }

    #[test]
    fn classes_are_numbered_by_how_common_they_are() {
        let labels = ["a", "b", "b", "c"].map(|name| Some(name.to_owned()));
        let mut labels = labels.to_vec();
        labels.push(None);
        let aspect = Aspect::new("type", &labels);
        assert_eq!(aspect.classes, ["b", "a", "c"]);
        assert_eq!(aspect.of, [Some(1), Some(0), Some(0), Some(2), None]);
        assert_eq!(aspect.counts(), [2, 1, 1]);
    }
}
