//! How far vectors keep classes of works apart: dance types, modes, metres.

use std::collections::BTreeMap;

use retrieval::clusters::{
    Agreement, Distance, Guesses, Kmeans, Probe, Sample, agreement, by_neighbours, kmeans,
    leave_one_out, majority, silhouette,
};
use retrieval::picture::Aspect;
use retrieval::{Bootstrap, Labelled, Vectors};
use serde::{Deserialize, Serialize};

use crate::Error;

/// Training works that a class must have: of fewer there is nothing to learn.
const LEAST: usize = 10;
/// Neighbours that vote.
const NEIGHBOURS: usize = 10;
/// Penalties of the probe that are tried on the validation works.
const PENALTIES: [f64; 6] = [1.0, 10.0, 1e2, 1e3, 1e4, 1e5];

/// One thing for each side of a split.
#[derive(Clone, Debug, PartialEq)]
pub struct Sides<T> {
    /// For the training works.
    pub train: T,
    /// For the validation works.
    pub validation: T,
    /// For the test works.
    pub test: T,
}

/// Vectors of works by one embedding.
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    /// Its name, as `melody`.
    pub name: String,
    /// D, the length of the vectors.
    pub dim: usize,
    /// The vectors of each side: (N, D).
    pub vectors: Sides<Vec<f32>>,
}

/// What works are called under one aspect.
#[derive(Clone, Debug, PartialEq)]
pub struct Labels {
    /// The aspect, as `dance type`.
    pub name: String,
    /// The class of each work, where known: (N,).
    pub of: Sides<Vec<Option<String>>>,
}

/// What embeddings tell of genre.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Genre {
    /// Aspect by aspect; one with fewer than two classes, or two test works of them, is left out.
    pub aspects: Vec<AspectGenre>,
}

/// What embeddings tell of one aspect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AspectGenre {
    /// The aspect.
    pub aspect: String,
    /// Classes with at least 10 training works, the commonest there first, and how many test works each has.
    pub classes: Vec<(String, usize)>,
    /// Test works without such a class, which take no part.
    pub left_out: usize,
    /// Guessing always the commonest class of the training works.
    pub majority: Guesses,
    /// Guessing the commonest class among the training works with the same cue (the metre).
    pub cue: Option<Cue>,
    /// Embedding by embedding.
    pub spaces: Vec<SpaceGenre>,
}

/// A classifier that knows one thing only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cue {
    /// What it knows.
    pub name: String,
    /// How well it guesses.
    pub guesses: Guesses,
}

/// What one embedding tells of one aspect; everything is measured on the test works.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpaceGenre {
    /// The embedding.
    pub space: String,
    /// Silhouette of the classes by cosine; none where the test works have fewer than two.
    pub silhouette: Option<f64>,
    /// How far as many k-means clusters as classes agree with the classes.
    pub clusters: Agreement,
    /// The vote of the 10 nearest training works.
    pub neighbours: Guesses,
    /// The vote of the 10 nearest other test works: a tower knows its training works by heart, and what it learned of
    /// genre shows among works that it never saw.
    pub among_test: Guesses,
    /// A linear probe, fitted to the training works.
    pub probe: Guesses,
    /// Its penalty, chosen on the validation works.
    pub l2: f64,
}

/// Measures what embeddings of the same works tell of some aspects; `cue` is what the simplest classifier beside them
/// knows. Works are in one order throughout.
///
/// # Errors
/// Lists of different lengths, vectors that are not finite.
pub fn genre(spaces: &[Space], aspects: &[Labels], cue: Option<&Labels>) -> Result<Genre, Error> {
    let mut found = Vec::new();
    for labels in aspects {
        let task = Task::new(labels);
        if task.classes.len() < 2 || task.known.test.is_empty() || task.known.validation.is_empty()
        {
            continue;
        }
        found.push(task.measure(spaces, cue.filter(|cue| cue.name != labels.name))?);
    }
    Ok(Genre { aspects: found })
}

/// One aspect made ready: classes as numbers, the commonest of the training works first.
struct Task<'a> {
    labels: &'a Labels,
    classes: Vec<String>,
    /// The works of each side that have a class: their places, and their classes.
    known: Sides<Vec<usize>>,
    of: Sides<Vec<u32>>,
}

impl<'a> Task<'a> {
    fn new(labels: &'a Labels) -> Self {
        let aspect = Aspect::new(&labels.name, &labels.of.train);
        let size = |class: usize| aspect.of.iter().filter(|of| **of == Some(class as u32)).count();
        let often = (0..aspect.classes.len()).take_while(|&class| size(class) >= LEAST).count();
        let classes = aspect.classes[..often].to_vec();
        let numbers: BTreeMap<&str, u32> =
            (0..).zip(&classes).map(|(number, class)| (class.as_str(), number)).collect();
        let known = |side: &[Option<String>]| -> (Vec<usize>, Vec<u32>) {
            let number = |label: &Option<String>| numbers.get(label.as_deref()?).copied();
            side.iter().enumerate().filter_map(|(work, l)| Some((work, number(l)?))).unzip()
        };
        let Sides { train, validation, test } = &labels.of;
        let (train, validation, test) = (known(train), known(validation), known(test));
        Self {
            labels,
            classes,
            known: Sides { train: train.0, validation: validation.0, test: test.0 },
            of: Sides { train: train.1, validation: validation.1, test: test.1 },
        }
    }

    fn measure(&self, spaces: &[Space], cue: Option<&Labels>) -> Result<AspectGenre, Error> {
        let size = |class: u32| self.of.test.iter().filter(|&&of| of == class).count();
        let classes = (0..).zip(&self.classes).map(|(n, class)| (class.clone(), size(n)));
        let blind = vec![majority(&self.of.train); self.of.test.len()];
        let cue = cue.map(|cue| {
            let guesses = self.guesses(&self.by_cue(cue))?;
            Ok::<_, Error>(Cue { name: cue.name.clone(), guesses })
        });
        Ok(AspectGenre {
            aspect: self.labels.name.clone(),
            classes: classes.collect(),
            left_out: self.labels.of.test.len() - self.of.test.len(),
            majority: self.guesses(&blind)?,
            cue: cue.transpose()?,
            spaces: spaces.iter().map(|space| self.space(space)).collect::<Result<_, _>>()?,
        })
    }

    fn guesses(&self, guessed: &[u32]) -> Result<Guesses, Error> {
        Ok(Guesses::new(&self.of.test, guessed, &Bootstrap::default())?)
    }

    /// For each test work the commonest class of the training works with its cue; with a new cue, of all.
    fn by_cue(&self, cue: &Labels) -> Vec<u32> {
        let mut with: BTreeMap<&Option<String>, Vec<u32>> = BTreeMap::new();
        for (&work, &class) in self.known.train.iter().zip(&self.of.train) {
            with.entry(&cue.of.train[work]).or_default().push(class);
        }
        let best: BTreeMap<&Option<String>, u32> =
            with.into_iter().map(|(value, classes)| (value, majority(&classes))).collect();
        let all = majority(&self.of.train);
        let guess = |&work: &usize| best.get(&cue.of.test[work]).copied().unwrap_or(all);
        self.known.test.iter().map(guess).collect()
    }

    fn space(&self, space: &Space) -> Result<SpaceGenre, Error> {
        let rows = |values: &[f32], works: &[usize]| -> Vec<f32> {
            works
                .iter()
                .flat_map(|&w| &values[w * space.dim..(w + 1) * space.dim])
                .copied()
                .collect()
        };
        let Sides { train, validation, test } = &space.vectors;
        let values = [
            rows(train, &self.known.train),
            rows(validation, &self.known.validation),
            rows(test, &self.known.test),
        ];
        let labels = [&self.of.train, &self.of.validation, &self.of.test];
        let side =
            |n: usize| Labelled::new(Vectors::new(space.dim, &values[n])?, labels[n].as_slice());
        let (train, validation, test) = (side(0)?, side(1)?, side(2)?);
        let votes = NEIGHBOURS.min(self.of.train.len());
        let fewer = NEIGHBOURS.min(self.of.test.len() - 1);
        let (probe, l2) = Probe::choose((&train, &validation), self.classes.len(), &PENALTIES)?;
        let clusters = self.classes.len().min(self.of.test.len());
        let found = kmeans(test.vectors(), &Kmeans::new(clusters))?;
        Ok(SpaceGenre {
            space: space.name.clone(),
            silhouette: silhouette(&test, Distance::Cosine, &Sample::default()).ok(),
            clusters: agreement(&self.of.test, &found.labels)?,
            neighbours: self.guesses(&by_neighbours(&train, test.vectors(), votes)?)?,
            among_test: self.guesses(&leave_one_out(&test, fewer)?)?,
            probe: self.guesses(&probe.predict(test.vectors())?)?,
            l2,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Works of two types in two metres, the vectors telling the type exactly.
    fn works(n: usize) -> (Vec<f32>, Vec<Option<String>>, Vec<Option<String>>) {
        let reel = |i: usize| i.is_multiple_of(3);
        let name = |yes, no: &str, other: &str| Some(if yes { no } else { other }.to_owned());
        (
            (0..n)
                .flat_map(|i| [f32::from(u8::from(reel(i))), (i % 7) as f32 * 0.1, 1.0])
                .collect(),
            (0..n).map(|i| if i == 5 { None } else { name(reel(i), "reel", "jig") }).collect(),
            // Every fifth work's metre misleads.
            (0..n).map(|i| name(reel(i) != i.is_multiple_of(5), "4/4", "6/8")).collect(),
        )
    }

    fn found() -> Genre {
        let (train, validation, test) = (works(101), works(31), works(53));
        let space = Space {
            name: "melody".into(),
            dim: 3,
            vectors: Sides { train: train.0, validation: validation.0, test: test.0 },
        };
        let labels = |name: &str, train, validation, test| Labels {
            name: name.into(),
            of: Sides { train, validation, test },
        };
        let metre = labels("metre", train.2, validation.2, test.2);
        let same = vec![Some("one".to_owned()); 101];
        let aspects = [
            labels("dance type", train.1, validation.1, test.1),
            labels("nothing", same.clone(), same.clone(), same),
            metre.clone(),
        ];
        genre(&[space], &aspects, Some(&metre)).unwrap()
    }

    #[test]
    fn vectors_that_tell_the_type_are_read_without_error() {
        let genre = found();
        let dance = &genre.aspects[0];
        let space = &dance.spaces[0];
        assert_eq!((space.probe.accuracy.value, space.neighbours.accuracy.value), (1.0, 1.0));
        assert!((space.clusters.ari - 1.0).abs() < 1e-9);
        assert_eq!(dance.classes, [("jig".to_owned(), 34), ("reel".to_owned(), 18)]);
        assert_eq!((dance.left_out, dance.majority.n), (1, 52));
    }

    #[test]
    fn the_cue_alone_is_as_good_as_the_cue_is() {
        let genre = found();
        let cue = genre.aspects[0].cue.as_ref().unwrap();
        // Every fifth of 53 misleads, but for the one without a type.
        assert!((cue.guesses.accuracy.value - (1.0 - 10.0 / 52.0)).abs() < 1e-9);
    }

    #[test]
    fn an_aspect_with_one_class_is_left_out_and_a_cue_is_not_asked_about_itself() {
        let genre = found();
        let names: Vec<&str> = genre.aspects.iter().map(|a| a.aspect.as_str()).collect();
        assert_eq!(names, ["dance type", "metre"]);
        assert!(genre.aspects[1].cue.is_none());
    }
}
