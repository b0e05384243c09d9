//! The maps of one set of vectors: PCA, t-SNE and UMAP, from scratch or following earlier maps.

use std::collections::HashMap;

use retrieval::Vectors;
use retrieval::clusters::Sample;
use retrieval::maps::{
    Place, Tsne, Umap, align, neighbours_kept, pca_map, trustworthiness, tsne, umap,
};
use retrieval::picture::{Picture, Point, View};
use serde::{Deserialize, Serialize};

use crate::Error;

/// Neighbours by which a map is judged; fewer where there are few points.
const NEIGHBOURS: usize = 15;

const METHODS: [&str; 3] = ["PCA", "t-SNE", "UMAP"];

/// How much of the order among vectors a map keeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// Which vectors.
    pub vectors: String,
    /// Which map.
    pub method: String,
    /// How many neighbours were looked at.
    pub k: usize,
    /// The mean share of each vector's k nearest that are among the k nearest on the map.
    pub neighbours: f64,
    /// Trustworthiness for k neighbours.
    pub trustworthiness: f64,
}

/// Where works were on earlier maps.
pub(super) struct Earlier {
    picture: Picture,
    /// For each of the points now, its place in the earlier list.
    was: Vec<Option<usize>>,
}

impl Earlier {
    pub(super) fn new(picture: Picture, points: &[Point]) -> Self {
        let places: HashMap<&str, usize> =
            picture.points.iter().enumerate().map(|(n, point)| (point.id.as_str(), n)).collect();
        let was = points.iter().map(|point| places.get(point.id.as_str()).copied()).collect();
        Self { picture, was }
    }

    /// Turns, scales and moves a map so that works come nearest to where they were; as it is without two of them.
    fn follow(&self, vectors: &str, method: &str, map: Vec<Place>) -> Vec<Place> {
        let Some(old) = self.places(vectors, method) else { return map };
        let (new, old): (Vec<Place>, Vec<Place>) =
            map.iter().zip(&old).filter_map(|(new, old)| Some((*new, (*old)?))).unzip();
        match align(&new, &old) {
            Ok(motion) => map.into_iter().map(|place| motion.apply(place)).collect(),
            Err(_) => map,
        }
    }

    /// A start for a map: where works were, and for new ones where the straight view puts them.
    fn start(&self, vectors: &str, method: &str, straight: &[Place]) -> Vec<Place> {
        let aligned = self.follow(vectors, method, straight.to_vec());
        let old = self.places(vectors, method).unwrap_or_default();
        let mut start = aligned;
        for (place, old) in start.iter_mut().zip(old) {
            *place = old.unwrap_or(*place);
        }
        start
    }

    fn places(&self, vectors: &str, method: &str) -> Option<Vec<Option<Place>>> {
        let view = |view: &&View| view.vectors == vectors && view.method == method;
        let view = self.picture.views.iter().find(view)?;
        Some(self.was.iter().map(|&was| view.places.get(was?).copied()).collect())
    }
}

/// All maps of one set of vectors, each with what it keeps.
pub(super) fn lay_out(
    (name, vectors): (&str, Vectors<'_>),
    (seed, earlier): (u64, Option<&Earlier>),
    say: &mut dyn FnMut(&str),
) -> Result<Vec<(View, Kept)>, Error> {
    let straight = pca_map(vectors)?;
    let mut found = Vec::new();
    for method in METHODS {
        say(&format!("{method} of {} {name} vectors", vectors.len()));
        let start = || match earlier {
            Some(earlier) => earlier.start(name, method, &straight),
            None => straight.clone(),
        };
        let map = match method {
            "t-SNE" => tsne(vectors, &Tsne { seed, ..Tsne::default() }, &start())?,
            "UMAP" => umap(vectors, &Umap { seed, ..Umap::default() }, &start())?,
            _ => straight.clone(),
        };
        let places = match earlier {
            Some(earlier) => earlier.follow(name, method, map),
            None => map,
        };
        let kept = judge((name, vectors), (method, &places))?;
        let note = format!(
            "keeps {:.1} % of the {} nearest neighbours, trustworthiness {:.3}",
            100.0 * kept.neighbours,
            kept.k,
            kept.trustworthiness
        );
        let (vectors, method) = (name.to_owned(), method.to_owned());
        let view = View { vectors, method, note, places, step: None };
        found.push((view, kept));
    }
    Ok(found)
}

fn judge(
    (name, vectors): (&str, Vectors<'_>),
    (method, places): (&str, &[Place]),
) -> Result<Kept, Error> {
    let k = NEIGHBOURS.min((vectors.len() - 1) / 2).max(1);
    let sample = Sample { most: 2000, ..Sample::default() };
    Ok(Kept {
        vectors: name.to_owned(),
        method: method.to_owned(),
        k,
        neighbours: neighbours_kept(vectors, places, k)?,
        trustworthiness: trustworthiness(vectors, places, k, &sample)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(id: usize) -> Point {
        Point { id: format!("a:{id}"), title: String::new() }
    }

    #[test]
    fn a_map_is_brought_back_to_where_its_works_were() {
        let old: Vec<Place> = (0..5).map(|i| [i as f32, (i * i % 3) as f32]).collect();
        let view = View {
            vectors: "melody".into(),
            method: "PCA".into(),
            note: String::new(),
            places: old.clone(),
            step: None,
        };
        let picture = Picture {
            name: String::new(),
            points: (0..5).map(point).collect(),
            aspects: Vec::new(),
            views: vec![view],
        };
        // The works in the other order, turned by a right angle, and one that was not there.
        let points: Vec<Point> = (0..6).rev().map(point).collect();
        let earlier = Earlier::new(picture, &points);
        let turned = |place: Place| [7.0 - place[1], 3.0 + place[0]];
        let mut map: Vec<Place> = vec![[50.0, 50.0]];
        map.extend(old.iter().rev().map(|&place| turned(place)));
        let back = earlier.follow("melody", "PCA", map.clone());
        for (got, wanted) in back[1..].iter().zip(old.iter().rev()) {
            assert!((0..2).all(|axis| (got[axis] - wanted[axis]).abs() < 1e-4), "{got:?}");
        }
        assert_eq!(earlier.start("melody", "PCA", &map)[1..], back_exactly(&old));
        assert_eq!(earlier.follow("title", "PCA", map.clone()), map);
    }

    fn back_exactly(old: &[Place]) -> Vec<Place> {
        old.iter().rev().copied().collect()
    }
}
