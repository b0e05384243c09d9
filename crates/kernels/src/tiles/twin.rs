//! What the tile instructions do, in plain Rust.

use super::multiply::{Block, Engine, Target};
use super::{Line, TILE};
use crate::Write;
use crate::simd::vectorised;

/// Tiles as arrays.
pub(super) struct Twin;

impl Engine for Twin {
    fn times(&self, block: &Block<'_>, target: Target<'_>) {
        // Processors that fuse multiplication and addition do so within.
        vectorised(
            #[inline(always)]
            || {
                for row in 0..TILE * block.tiles {
                    for (side, right) in block.right.iter().enumerate() {
                        let out = &mut target.out[row * target.stride + side * TILE..][..TILE];
                        if target.write == Write::Set {
                            out.fill(0.0);
                        }
                        for k in 0..block.depth {
                            let left = &block.left[k * block.stride + row];
                            accumulate(out, left, &right[k * TILE..][..TILE]);
                        }
                    }
                }
            },
        );
    }
}

/// One row of TDPBF16PS: the even and the odd members of the pairs are summed apart, then together.
#[inline(always)]
fn accumulate(out: &mut [f32], left: &Line, right: &[Line]) {
    for (j, out) in out.iter_mut().enumerate() {
        let mut sums = [0.0; 2];
        for (p, right) in right.iter().enumerate() {
            for (half, sum) in sums.iter_mut().enumerate() {
                let [x, y] = [left.0[2 * p + half], right.0[2 * j + half]];
                *sum = flushed(wide(x).mul_add(wide(y), *sum));
            }
        }
        *out = flushed(flushed(*out) + flushed(sums[0] + sums[1]));
    }
}

#[inline(always)]
fn wide(bits: u16) -> f32 {
    flushed(crate::bf16::number(bits))
}

/// Zero in the place of numbers too small to be normal.
#[inline(always)]
fn flushed(x: f32) -> f32 {
    if x.is_subnormal() { 0.0_f32.copysign(x) } else { x }
}
