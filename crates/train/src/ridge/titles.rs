//! The titles' side: hashed words and n-grams by inverse document frequency, and sentence vectors or a kernel of them.

use model::{Lift, LinearLayer, LinearTitles, RidgeFeatures, RidgeWeights, title_features};

use crate::RidgeConfig;
use crate::data::Example;

/// The names of all training works, as features of a mean squared length of 1.
pub(super) struct Titles {
    pub(super) features: RidgeFeatures,
    /// What a feature of each bucket counts: (buckets).
    counts: Vec<f32>,
    /// What a sentence vector, or how near it is to the anchors, is multiplied by.
    sentence: f32,
    /// The sentence vectors of the titles, (N, S), where a kernel compares them, and the kernel's width.
    anchors: Option<(Vec<f32>, f32)>,
}

impl Titles {
    /// `sentences`: the sentence vectors of each work's names, the first of which is its title.
    pub(super) fn new(
        buckets: usize,
        examples: &[Example],
        (ridge, sentences): (&RidgeConfig, &[Vec<f32>]),
    ) -> Self {
        let bags: Vec<Vec<u32>> =
            examples.iter().map(|example| bag(&example.title, buckets)).collect();
        let mut counts = idf(&bags, buckets);
        let width = sentences.iter().zip(examples).map(|(own, e)| own.len() / e.names().count());
        let width = width.max().unwrap_or(0);
        let share = if width > 0 { ridge.sentence_share } else { 0.0 };
        // Of a title the tower takes the sum over the root of the number of features.
        let square = |bag: &Vec<u32>| {
            let mut bag = bag.clone();
            bag.sort_unstable();
            let runs = bag.chunk_by(|a, b| a == b);
            let squares = runs.map(|run| (run.len() as f32 * counts[run[0] as usize]).powi(2));
            squares.sum::<f32>() / bag.len().max(1) as f32
        };
        let mean = bags.iter().map(square).sum::<f32>() / bags.len().max(1) as f32;
        let scale = ((1.0 - share) / mean.max(f32::MIN_POSITIVE)).sqrt();
        counts.iter_mut().for_each(|count| *count *= scale);
        let mut features = RidgeFeatures { columns: buckets, ..RidgeFeatures::default() };
        for bag in bags {
            let root = (bag.len().max(1) as f32).sqrt();
            features.sparse.push(bag.into_iter().map(|id| (id, counts[id as usize] / root)));
        }
        let first = sentences.iter().flat_map(|own| &own[..width.min(own.len())]).copied();
        let mut titles = Self { features, counts, sentence: share, anchors: None };
        if share > 0.0 && ridge.sentence_kernel > 0.0 {
            let vectors: Vec<f32> = first.collect();
            titles.features.compare((&vectors, width), (ridge.sentence_kernel, share));
            titles.anchors = Some((vectors, ridge.sentence_kernel));
        } else {
            titles.sentence = share.sqrt();
            titles.features.dense = first.map(|x| titles.sentence * x).collect();
        }
        titles
    }

    /// What the title tower is to compute: a table, (buckets, K), and a layer that reads its rows beside the sentence
    /// vector or how near it is to those of the training titles.
    pub(super) fn layers(self, (weights, k): (RidgeWeights, usize), lift: Lift) -> LinearTitles {
        let mut table = weights.sparse;
        for (row, count) in table.chunks_exact_mut(k).zip(&self.counts) {
            row.iter_mut().for_each(|weight| *weight *= count);
        }
        let of_sentence = if self.anchors.is_some() { weights.examples } else { weights.dense };
        let width = k + of_sentence.len() / k;
        let mut weight = vec![0.0; k * width];
        for (target, row) in weight.chunks_exact_mut(width).enumerate() {
            row[target] = 1.0;
            for (at, weight) in row[k..].iter_mut().enumerate() {
                *weight = self.sentence * of_sentence[at * k + target];
            }
        }
        let layer = LinearLayer { weight, bias: vec![0.0; k], lift };
        LinearTitles { table, anchors: self.anchors, layer }
    }
}

/// The buckets of a title's features.
fn bag(title: &str, buckets: usize) -> Vec<u32> {
    title_features(title).iter().map(|&hash| (u64::from(hash) % buckets as u64) as u32).collect()
}

/// The logarithm of how few titles have a feature of each bucket (Spärck Jones 1972), 0 at least.
fn idf(bags: &[Vec<u32>], buckets: usize) -> Vec<f32> {
    let mut titles = vec![0_u32; buckets];
    for bag in bags {
        let mut own = bag.clone();
        own.sort_unstable();
        own.dedup();
        own.iter().for_each(|&id| titles[id as usize] += 1);
    }
    let all = bags.len() as f32;
    titles.iter().map(|&with| (all / (1.0 + with as f32)).ln().max(0.0)).collect()
}
