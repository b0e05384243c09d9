//! Tiles on vectors of 32 bf16 numbers: what a processor with AVX-512 BF16 and no tiles does in their place.
//!
//! The sums of a block stay in registers over its whole depth, eight rows of 32 columns at a time; a line of the left
//! operand gives one pair of numbers at a time to all columns. VDPBF16PS rounds and flushes as TDPBF16PS does, but adds
//! the two products of a pair in an order of its own, so results may differ from the twin's in their last bits.

#![allow(
    unsafe_code,
    reason = "these instructions are safe to call only where the processor has them, which no type says"
)]

use std::arch::x86_64::{
    __cpuid, __m512, __m512bh, __m512i, _mm512_add_ps, _mm512_dpbf16_ps, _mm512_loadu_ps,
    _mm512_loadu_si512, _mm512_set1_epi32, _mm512_setzero_ps, _mm512_storeu_ps,
};

use super::multiply::{Block, Engine, Target};
use super::{Line, TILE};
use crate::Write;

/// Rows whose sums are in registers together: with two vectors of columns, 16 of the 32 registers.
const ROWS: usize = 8;

/// Whether the processor has the instructions.
pub(super) fn are_present() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bf16")
}

/// Whether they are worth taking: AMD's cores do two of them a cycle, twice the work of f32; Intel's took twice as
/// long as in f32 where that was measured.
pub(super) fn are_fast() -> bool {
    let id = __cpuid(0);
    are_present() && [id.ebx, id.edx, id.ecx].map(u32::to_le_bytes).concat() == b"AuthenticAMD"
}

/// That the processor has the instructions.
pub(super) struct Vectors(());

impl Vectors {
    /// # Panics
    /// Where there are none.
    pub(super) fn new() -> Self {
        assert!(are_present(), "a machine with AVX-512 BF16");
        Vectors(())
    }
}

impl Engine for Vectors {
    #[inline(always)]
    fn times(&self, block: &Block<'_>, target: Target<'_>) {
        let &Block { left, stride, tiles, right, depth } = block;
        let rows = tiles * TILE;
        assert!(depth > 0 && left.len() >= (depth - 1) * stride + rows, "lines on the left");
        assert!(right.iter().all(|lines| lines.len() >= depth * TILE), "lines on the right");
        assert!(target.out.len() >= (rows - 1) * target.stride + 2 * TILE, "a place for a block");
        for first in (0..rows).step_by(ROWS) {
            let left = &left[first..];
            let out = &mut target.out[first * target.stride..];
            // SAFETY: whoever has a `Vectors` has a processor with the instructions.
            unsafe {
                eight_rows(
                    &Block { left, ..*block },
                    Target { out, stride: target.stride, write: target.write },
                );
            }
        }
    }
}

/// Eight rows of a block: sums in registers, then to their place.
#[target_feature(enable = "avx512f,avx512bf16")]
fn eight_rows(block: &Block<'_>, target: Target<'_>) {
    let mut sums = [[_mm512_setzero_ps(); 2]; ROWS];
    for k in 0..block.depth {
        let lines = &block.left[k * block.stride..][..ROWS];
        let [near, far] = block.right.map(|lines| &lines[k * TILE..][..TILE]);
        for (pair, (near, far)) in near.iter().zip(far).enumerate() {
            let columns = [numbers(near), numbers(far)];
            for (sums, line) in sums.iter_mut().zip(lines) {
                let both = u32::from(line.0[2 * pair]) | u32::from(line.0[2 * pair + 1]) << 16;
                let left = bits(_mm512_set1_epi32(both.cast_signed()));
                for (sum, columns) in sums.iter_mut().zip(columns) {
                    *sum = _mm512_dpbf16_ps(*sum, left, columns);
                }
            }
        }
    }
    for (row, sums) in sums.iter().enumerate() {
        let out = &mut target.out[row * target.stride..][..2 * TILE];
        for (out, sum) in out.chunks_exact_mut(TILE).zip(sums) {
            put(*sum, out, target.write);
        }
    }
}

/// A line as a vector.
#[target_feature(enable = "avx512f,avx512bf16")]
fn numbers(line: &Line) -> __m512bh {
    // SAFETY: a line is 64 bytes, and the load needs no alignment.
    bits(unsafe { _mm512_loadu_si512(line.0.as_ptr().cast()) })
}

/// The same bits as bf16 numbers.
#[target_feature(enable = "avx512f,avx512bf16")]
fn bits(x: __m512i) -> __m512bh {
    // SAFETY: both are 512 bits without invalid values.
    unsafe { std::mem::transmute(x) }
}

/// Sixteen sums to their place.
#[target_feature(enable = "avx512f,avx512bf16")]
fn put(sum: __m512, out: &mut [f32], write: Write) {
    assert!(out.len() >= TILE, "a place for sixteen sums");
    // SAFETY: the place has sixteen values, and neither the load nor the store needs alignment.
    unsafe {
        let sum = match write {
            Write::Set => sum,
            Write::Add => _mm512_add_ps(_mm512_loadu_ps(out.as_ptr()), sum),
        };
        _mm512_storeu_ps(out.as_mut_ptr(), sum);
    }
}
