//! Plain loops compiled once for every vector width, and the one used that the processor has.

use pulp::{Simd, WithSimd};

use crate::path::dispatch;

/// Runs a loop once, with the widest vectors of the path that is taken.
///
/// The closure has to be `#[inline(always)]`, and so has every function in it, or they are compiled for the narrowest
/// vectors. That is also why it is none that can be called only once: the compiler puts a function of its own around
/// another one that is passed for such a closure. No operation is fused or reordered by this, so that the values are
/// the same for every width.
#[inline(always)]
pub(crate) fn vectorised<R>(work: impl FnMut() -> R) -> R {
    dispatch(Loop(work))
}

struct Loop<F>(F);

impl<R, F: FnMut() -> R> WithSimd for Loop<F> {
    type Output = R;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) -> R {
        (self.0)()
    }
}

/// Independent partial sums, enough of them to fill two of the widest vectors.
const LANES: usize = 32;

/// The inner product of two slices of one length, in an order that depends on that length alone.
#[inline(always)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0; LANES];
    let (left, right) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let tail: f32 = left.remainder().iter().zip(right.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in left.zip(right) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * y[lane];
        }
    }
    sums.iter().sum::<f32>() + tail
}

/// Adds `factor` times `x` to `y`.
#[inline(always)]
pub(crate) fn add_scaled(y: &mut [f32], factor: f32, x: &[f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += factor * x;
    }
}

/// The sum of a slice, in an order that depends on its length alone.
#[inline(always)]
pub(crate) fn sum(x: &[f32]) -> f32 {
    let mut sums = [0.0; LANES];
    let chunks = x.chunks_exact(LANES);
    let tail: f32 = chunks.remainder().iter().sum();
    for chunk in chunks {
        for (sum, x) in sums.iter_mut().zip(chunk) {
            *sum += x;
        }
    }
    sums.iter().sum::<f32>() + tail
}
