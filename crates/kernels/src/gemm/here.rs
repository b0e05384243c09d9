//! Products in a precision on the calling thread alone, for work that is already one of several threads.

use super::{Packed, Write, matmul_here, matmul_packed, rounded};
use crate::path::{self, Path};
use crate::precision::Matmul;
use crate::tiles::{self, Lines};
use crate::{Precision, View, ViewMut};

impl Precision {
    /// The matrix product in this precision on the calling thread alone.
    pub(crate) fn matmul_here(self) -> Matmul {
        match self {
            Precision::F32 => matmul_here,
            Precision::Bf16 => matmul_bf16_here,
        }
    }
}

/// [`matmul_bf16`](super::matmul_bf16) on the calling thread alone.
fn matmul_bf16_here(a: View<'_>, b: View<'_>, out: ViewMut<'_>, write: Write) {
    if a.cols > 0 && on_tiles() {
        return tiles::matmul(a, b, (out, write), 1);
    }
    let [mut of_a, mut of_b] = [Vec::new(), Vec::new()];
    matmul_here(rounded(a, &mut of_a), rounded(b, &mut of_b), out, write);
}

/// A right operand packed once for many products.
pub(crate) enum Right {
    /// For tiles, rounded.
    Tiles(Lines),
    /// For vectors, rounded where the precision asks for it.
    Vectors(Packed, Precision),
}

impl Right {
    /// Packs `b` (K, N).
    pub(crate) fn new(b: View<'_>, precision: Precision) -> Self {
        if precision == Precision::Bf16 && on_tiles() {
            let mut lines = Lines::default();
            lines.pack_right(b);
            return Right::Tiles(lines);
        }
        let mut packed = Packed::default();
        packed.pack(b);
        packed.round(precision);
        Right::Vectors(packed, precision)
    }

    /// `out` (M, N) becomes, or gains, `a` (M, K) times the packed matrix; `a` is row-major and may be rounded.
    pub(crate) fn multiply(&self, a: &mut [f32], out: ViewMut<'_>, write: Write) {
        let (rows, cols) = (out.rows, a.len() / out.rows.max(1));
        match self {
            Right::Tiles(lines) => {
                tiles::matmul_packed(View::new(a, rows, cols), lines, out, write);
            }
            Right::Vectors(packed, precision) => {
                precision.round_all(a);
                matmul_packed(View::new(a, rows, cols), packed, out, write);
            }
        }
    }
}

fn on_tiles() -> bool {
    matches!(path::taken(), Path::Amx | Path::Avx512Bf16 | Path::TwinOfAmx)
}
