//! Tiles turned over: pair `i` of line `j` changes places with pair `j` of line `i`.

use super::{Line, TILE};

/// Transposes a tile, each pair one element.
#[inline(always)]
pub(super) fn transpose(tile: &mut [Line; TILE]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512f") {
        return vectors::transpose(tile);
    }
    plain(tile);
}

fn plain(tile: &mut [Line; TILE]) {
    for i in 0..TILE {
        for j in 0..i {
            for half in 0..2 {
                let kept = tile[i].0[2 * j + half];
                tile[i].0[2 * j + half] = tile[j].0[2 * i + half];
                tile[j].0[2 * i + half] = kept;
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "vector instructions, for which plain loops are ten times slower")]
mod vectors {
    use std::arch::x86_64::*;

    use super::{Line, TILE};

    /// # Panics
    /// Where the processor has no AVX-512.
    #[inline(always)]
    pub(super) fn transpose(tile: &mut [Line; TILE]) {
        assert!(is_x86_feature_detected!("avx512f"));
        // SAFETY: the processor has the feature.
        unsafe { with_avx512(tile) }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn with_avx512(tile: &mut [Line; TILE]) {
        let mut rows = [_mm512_setzero_si512(); TILE];
        for (row, line) in rows.iter_mut().zip(&*tile) {
            // SAFETY: a line is 64 bytes at a multiple of 64.
            *row = unsafe { _mm512_load_si512(line.0.as_ptr().cast()) };
        }
        // Blocks of 4 rows and 4 columns, four beside each other, are transposed first, and then their places.
        let mut blocks = [_mm512_setzero_si512(); TILE];
        for (to, from) in blocks.chunks_exact_mut(4).zip(rows.chunks_exact(4)) {
            let low =
                [_mm512_unpacklo_epi32(from[0], from[1]), _mm512_unpacklo_epi32(from[2], from[3])];
            let high =
                [_mm512_unpackhi_epi32(from[0], from[1]), _mm512_unpackhi_epi32(from[2], from[3])];
            to[0] = _mm512_unpacklo_epi64(low[0], low[1]);
            to[1] = _mm512_unpackhi_epi64(low[0], low[1]);
            to[2] = _mm512_unpacklo_epi64(high[0], high[1]);
            to[3] = _mm512_unpackhi_epi64(high[0], high[1]);
        }
        for i in 0..4 {
            let [a, b, c, d] = [0, 4, 8, 12].map(|first| blocks[first + i]);
            let (even, odd) =
                (_mm512_shuffle_i32x4::<0x88>(a, b), _mm512_shuffle_i32x4::<0xdd>(a, b));
            let (even2, odd2) =
                (_mm512_shuffle_i32x4::<0x88>(c, d), _mm512_shuffle_i32x4::<0xdd>(c, d));
            rows[i] = _mm512_shuffle_i32x4::<0x88>(even, even2);
            rows[4 + i] = _mm512_shuffle_i32x4::<0x88>(odd, odd2);
            rows[8 + i] = _mm512_shuffle_i32x4::<0xdd>(even, even2);
            rows[12 + i] = _mm512_shuffle_i32x4::<0xdd>(odd, odd2);
        }
        for (line, row) in tile.iter_mut().zip(rows) {
            // SAFETY: a line is 64 bytes at a multiple of 64.
            unsafe { _mm512_store_si512(line.0.as_mut_ptr().cast(), row) };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::array::from_fn;

    use super::*;

    #[test]
    fn every_pair_changes_places_in_vectors_as_in_plain_loops() {
        let tile: [Line; TILE] = from_fn(|i| Line(from_fn(|j| (100 * i + j) as u16)));
        let (mut fast, mut slow) = (tile, tile);
        transpose(&mut fast);
        plain(&mut slow);
        assert_eq!(fast, slow);
        assert_eq!((fast[3].0[10], fast[3].0[11]), (tile[5].0[6], tile[5].0[7]));
    }
}
