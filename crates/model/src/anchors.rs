//! How near a vector is to each of some others: what a linear layer needs for kernel regression with a Gaussian kernel.

use kernels::{View, ViewMut, Write, matmul};
use serde::{Deserialize, Serialize};

use crate::Param;
use crate::param::parameters;

/// The shape of a set of anchors.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnchorsConfig {
    /// A, how many anchors there are.
    pub count: usize,
    /// The cosine distance at which a vector's nearness to an anchor has fallen to 1/e, above 0.
    pub width: f32,
}

/// The Gaussian kernel of unit vectors: their nearness, 1 for the same vector and falling with their cosine distance.
pub(crate) fn nearness(cosine: f32, width: f32) -> f32 {
    ((cosine - 1.0) / width).exp()
}

/// Unit vectors that others are compared with; they are not learned.
#[derive(Clone, Debug)]
pub(crate) struct Anchors {
    /// (A, S)
    vectors: Param,
    width: f32,
}

parameters!(Anchors: vectors);

impl Anchors {
    /// Anchors of `dims` values that are still to be set.
    pub(crate) fn new(config: AnchorsConfig, dims: usize) -> Self {
        let mut vectors = Param::constant(&[config.count, dims], 0.0);
        vectors.rate = 0.0;
        Anchors { vectors, width: config.width }
    }

    /// # Panics
    /// When `vectors` are not (A, S).
    pub(crate) fn set(&mut self, vectors: Vec<f32>) {
        assert_eq!(vectors.len(), self.vectors.value.len(), "the vectors of anchors");
        self.vectors.value = vectors;
    }

    /// The nearness of unit vectors, `x` (N, S), to each anchor: (N, A).
    pub(crate) fn forward(&self, x: &[f32], out: &mut Vec<f32>) {
        let [anchors, dims] = self.vectors.shape[..] else { return };
        let rows = x.len() / dims;
        out.resize(rows * anchors, 0.0);
        let (x, own) = (View::new(x, rows, dims), View::new(&self.vectors.value, anchors, dims));
        matmul(x, own.t(), ViewMut::new(out, rows, anchors), Write::Set);
        out.iter_mut().for_each(|cosine| *cosine = nearness(*cosine, self.width));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_is_nearest_to_itself() {
        let mut anchors = Anchors::new(AnchorsConfig { count: 3, width: 0.5 }, 2);
        anchors.set(vec![1.0, 0.0, 0.6, 0.8, -1.0, 0.0]);
        let mut near = Vec::new();
        anchors.forward(&[1.0, 0.0, 0.6, 0.8], &mut near);
        let expected = [1.0, (-0.8_f32).exp(), (-4.0_f32).exp(), (-0.8_f32).exp(), 1.0];
        near.iter().zip(expected).for_each(|(a, b)| assert!((a - b).abs() < 1e-6, "{a} {b}"));
    }
}
