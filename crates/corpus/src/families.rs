//! Families: works that are near-duplicates of each other, directly or through others.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::corpus::Work;
use crate::ngrams::similar_pairs;
use crate::reading::intervals;

/// Cosine of interval grams from which two settings are taken for variants of one tune.
pub const FAMILY_COSINE: f32 = 0.45;

/// How works fall into families.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Families {
    /// The family of each work, numbered from 0 in the order in which they first appear.
    pub of_work: Vec<u32>,
    /// Works in each family.
    pub sizes: Vec<usize>,
}

impl Families {
    /// How many works the biggest family has, and its number.
    pub fn biggest(&self) -> Option<(u32, usize)> {
        let sizes = (0..).zip(&self.sizes).map(|(family, size)| (family, *size));
        sizes.max_by_key(|(family, size)| (*size, u32::MAX - family))
    }

    /// Families by number of works in order of `of_work`.
    fn new(roots: impl Iterator<Item = usize>) -> Self {
        let mut families = Self::default();
        let mut numbers: FxHashMap<usize, u32> = FxHashMap::default();
        for root in roots {
            let family = *numbers.entry(root).or_insert(families.sizes.len() as u32);
            if family as usize == families.sizes.len() {
                families.sizes.push(0);
            }
            families.sizes[family as usize] += 1;
            families.of_work.push(family);
        }
        families
    }
}

/// Joins works that have two settings with a cosine of [`FAMILY_COSINE`] or more between their
/// TF-IDF vectors of six-interval grams, or a title in common; and all that are joined through
/// others.
///
/// `tunes` are the settings of each work, as [`crate::Corpus::tunes`] gives them.
pub fn families(works: &[Work], tunes: &[Vec<abc::Tune>]) -> Families {
    let mut joined = Joined::new(works.len());
    let mut owners: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, work) in works.iter().enumerate() {
        for title in &work.titles {
            joined.join(*owners.entry(&title.folded).or_insert(at), at);
        }
    }
    let settings =
        tunes.iter().enumerate().flat_map(|(at, tunes)| tunes.iter().map(move |t| (at, t)));
    let (owners, melodies): (Vec<usize>, Vec<Vec<i8>>) =
        settings.map(|(at, tune)| (at, intervals(tune))).unzip();
    for (i, j) in similar_pairs(&melodies, FAMILY_COSINE) {
        joined.join(owners[i as usize], owners[j as usize]);
    }
    Families::new((0..works.len()).map(|at| joined.root(at)))
}

/// Disjoint sets; the lowest member stands for its set.
struct Joined {
    parents: Vec<usize>,
}

impl Joined {
    fn new(members: usize) -> Self {
        Self { parents: (0..members).collect() }
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.parents[at] != at {
            self.parents[at] = self.parents[self.parents[at]];
            at = self.parents[at];
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.parents[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Setting;
    use crate::titles::{Title, TitleKind};

    fn work(title: &str, abc: &str) -> Work {
        let settings = vec![Setting { abc: abc.to_owned(), ..Setting::default() }];
        let titles = vec![Title::new(title, TitleKind::Name)];
        Work { titles, settings, ..Work::default() }
    }

    fn joined(works: &[Work]) -> Families {
        let tunes: Vec<_> = works.iter().map(|work| vec![work.settings[0].tune()]).collect();
        families(works, &tunes)
    }

    #[test]
    fn variants_and_namesakes_are_one_family_and_others_not() {
        let maggie = "X:1\nL:1/8\nK:Edor\nE2BE dEBE|E2BE AFDF|E2BE dEBE|BABc dAFD|";
        let variant = "X:1\nL:1/8\nK:Ador\nA2eA gAeA|A2eA dBGB|A2eA gAeA|edef gdBG|";
        let other = "X:1\nL:1/8\nK:G\nGABc d2ef|gfed cBAG|FGAB c2Bc|dcBA G2AB|";
        let found = joined(&[
            work("Drowsy Maggie", maggie),
            work("Scale", other),
            work("Sleepy Maggie", variant),
            work("The Scale", "X:1\nK:C\nC|"),
        ]);
        assert_eq!(found.of_work, [0, 1, 0, 1]);
        assert_eq!(found.sizes, [2, 2]);
        assert_eq!(found.biggest(), Some((0, 2)));
    }

    #[test]
    fn works_joined_through_others_are_one_family() {
        let mut joined = Joined::new(5);
        joined.join(4, 2);
        joined.join(1, 0);
        joined.join(2, 1);
        let families = Families::new((0..5).map(|at| joined.root(at)));
        assert_eq!(families.of_work, [0, 0, 0, 1, 0]);
    }
}
