//! How exactly numbers enter products.

use crate::simd::vectorised;
use crate::{View, ViewMut, Write, bf16};

/// How exactly numbers enter products; sums, and all that is not a product, are f32 in either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// As they are: 24 bits of mantissa.
    #[default]
    F32,
    /// Rounded to the nearest number with 8 bits of mantissa, ties to even: a relative error of at most 1/256 each.
    /// Where the processor has tiles of such numbers this is several times faster; elsewhere it gives the same, up
    /// to the order of sums, and is no faster.
    Bf16,
}

/// A matrix product: [`matmul`](crate::matmul) and its variants.
pub type Matmul = fn(View<'_>, View<'_>, ViewMut<'_>, Write);

impl Precision {
    /// The matrix product in this precision.
    pub fn matmul(self) -> Matmul {
        match self {
            Precision::F32 => crate::matmul,
            Precision::Bf16 => crate::matmul_bf16,
        }
    }

    /// Replaces numbers by what of them enters a product.
    pub(crate) fn round_all(self, x: &mut [f32]) {
        if self == Precision::Bf16 {
            vectorised(
                #[inline(always)]
                || x.iter_mut().for_each(|x| *x = bf16::round(*x)),
            );
        }
    }

    /// What of the numbers enters a product: they themselves, or copies in `memory`.
    pub(crate) fn rounded<'a>(self, x: &'a [f32], memory: &'a mut Vec<f32>) -> &'a [f32] {
        if self == Precision::F32 {
            return x;
        }
        memory.clear();
        memory.extend_from_slice(x);
        self.round_all(memory);
        memory
    }
}
