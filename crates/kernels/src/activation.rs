//! The pointwise non-linear functions, written so that the compiler turns them into vector code.

use std::f32::consts::LOG2_E;

use rayon::prelude::*;

use crate::simd::vectorised;

/// The smallest and largest exponents whose exponential is a normal number.
const EXP_RANGE: (f32, f32) = (-87.0, 88.0);

/// Adding 1.5 * 2^23 leaves a small number's nearest whole number in the low bits of the mantissa.
const ROUNDER: f32 = 12_582_912.0;

/// e to the x, within 2e-7 of its value; x is clamped to -87..=88, and NaN stays NaN.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let x = x.clamp(EXP_RANGE.0, EXP_RANGE.1);
    let shifted = x * LOG2_E + ROUNDER;
    let n = shifted - ROUNDER;
    // ln 2 in two parts (Cody and Waite): n times the first is exact.
    let r = x - n * 0.693_359_4;
    let r = r + n * 2.121_944_4e-4;
    let p = 1.0 / 720.0;
    let p = p * r + 1.0 / 120.0;
    let p = p * r + 1.0 / 24.0;
    let p = p * r + 1.0 / 6.0;
    let p = p * r + 0.5;
    let p = p * r + 1.0;
    let p = p * r + 1.0;
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000));
    p * power
}

/// The logistic function 1 / (1 + e^-x), within 2e-7.
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// The hyperbolic tangent, within 2e-7.
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    let half = sigmoid(x + x);
    half + half - 1.0
}

/// The error function, within 5e-7 of its value (Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26).
#[inline(always)]
fn erf(x: f32) -> f32 {
    let size = x.abs();
    let t = 1.0 / (1.0 + 0.327_591_1 * size);
    let p = 1.061_405_4 * t - 1.453_152_1;
    let p = p * t + 1.421_413_8;
    let p = p * t - 0.284_496_72;
    let p = p * t + 0.254_829_6;
    (1.0 - p * t * exp(-size * size)).copysign(x)
}

/// The function between two linear layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// max(0, x).
    Relu,
    /// x Φ(x), Φ by its tanh approximation (Hendrycks and Gimpel, arXiv 1606.08415).
    #[default]
    Gelu,
    /// x Φ(x), Φ by the error function: what BERT has (Devlin et al., arXiv 1810.04805).
    GeluErf,
    /// The hyperbolic tangent.
    Tanh,
}

/// √(1/2) and √(1/2π): of the standard normal distribution.
const NORMAL: (f32, f32) = (std::f32::consts::FRAC_1_SQRT_2, 0.398_942_3);

/// √(2/π) and the cubic's factor in the approximation of Φ.
const GELU: (f32, f32) = (0.797_884_6, 0.044_715);

/// Values a thread takes at a time.
const CHUNK: usize = 1 << 14;

impl Activation {
    /// Applies the function to every value of `x` into `y`.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn forward(self, x: &[f32], y: &mut [f32]) {
        match self {
            Activation::Relu => {
                map(
                    x,
                    y,
                    #[inline(always)]
                    |x| if x < 0.0 { 0.0 } else { x },
                );
            }
            Activation::Gelu => map(
                x,
                y,
                #[inline(always)]
                |x| 0.5 * x * (1.0 + gelu_tanh(x)),
            ),
            Activation::GeluErf => map(
                x,
                y,
                #[inline(always)]
                |x| 0.5 * x * (1.0 + erf(NORMAL.0 * x)),
            ),
            Activation::Tanh => map(x, y, tanh),
        }
    }

    /// Turns `grad`, the gradient of the output, into that of the input `x`.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn backward(self, x: &[f32], grad: &mut [f32]) {
        match self {
            Activation::Relu => {
                scale(
                    x,
                    grad,
                    #[inline(always)]
                    |x| if x > 0.0 { 1.0 } else { 0.0 },
                );
            }
            Activation::Gelu => scale(x, grad, gelu_slope),
            Activation::GeluErf => scale(
                x,
                grad,
                #[inline(always)]
                |x| 0.5 * (1.0 + erf(NORMAL.0 * x)) + x * NORMAL.1 * exp(-0.5 * x * x),
            ),
            Activation::Tanh => scale(
                x,
                grad,
                #[inline(always)]
                |x| 1.0 - tanh(x) * tanh(x),
            ),
        }
    }
}

#[inline(always)]
fn gelu_tanh(x: f32) -> f32 {
    tanh(GELU.0 * (x + GELU.1 * x * x * x))
}

#[inline(always)]
fn gelu_slope(x: f32) -> f32 {
    let t = gelu_tanh(x);
    let inner = GELU.0 * (1.0 + 3.0 * GELU.1 * x * x);
    0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * inner
}

fn map(x: &[f32], y: &mut [f32], f: impl Fn(f32) -> f32 + Sync) {
    assert_eq!(x.len(), y.len(), "one result a value");
    y.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(|(y, x)| {
        vectorised(
            #[inline(always)]
            || {
                y.iter_mut().zip(x).for_each(
                    #[inline(always)]
                    |(y, &x)| *y = f(x),
                )
            },
        );
    });
}

fn scale(x: &[f32], grad: &mut [f32], slope: impl Fn(f32) -> f32 + Sync) {
    assert_eq!(x.len(), grad.len(), "one gradient a value");
    grad.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(|(grad, x)| {
        vectorised(
            #[inline(always)]
            || {
                grad.iter_mut().zip(x).for_each(
                    #[inline(always)]
                    |(g, &x)| *g *= slope(x),
                )
            },
        );
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_within_three_parts_in_ten_million() {
        for i in -86_000..88_000 {
            let x = i as f32 / 1000.0;
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) / exact - 1.0).abs() < 3e-7, "{x}: {}", exp(x));
        }
    }

    #[test]
    fn sigmoid_and_tanh_are_within_two_parts_in_ten_million_and_saturate() {
        for i in -30_000..30_000 {
            let x = i as f32 / 1000.0;
            let wide = f64::from(x);
            assert!((f64::from(sigmoid(x)) - 1.0 / (1.0 + (-wide).exp())).abs() < 2e-7, "{x}");
            assert!((f64::from(tanh(x)) - wide.tanh()).abs() < 2e-7, "{x}");
        }
        assert_eq!((sigmoid(1e30), tanh(1e30), tanh(-1e30)), (1.0, 1.0, -1.0));
    }

    #[test]
    fn the_error_function_is_odd_and_equals_its_series() {
        for i in 0..3_000 {
            let x = i as f32 / 1000.0;
            let wide = f64::from(x);
            // Maclaurin: the terms alternate and fall from n = 9 on.
            let term = |term: f64, n: f64| -term * wide * wide / n;
            let terms = (1..60).scan(wide, |at, n| {
                let found = *at / f64::from(2 * n - 1);
                *at = term(*at, f64::from(n));
                Some(found)
            });
            let exact = std::f64::consts::FRAC_2_SQRT_PI * terms.sum::<f64>();
            assert!((f64::from(erf(x)) - exact).abs() < 5e-7, "{x}: {} {exact}", erf(x));
            assert_eq!(erf(-x), -erf(x));
        }
        assert_eq!((erf(1e30), erf(-1e30)), (1.0, -1.0));
    }

    #[test]
    fn what_is_not_a_number_stays_so() {
        assert!(erf(f32::NAN).is_nan());
        assert!(exp(f32::NAN).is_nan() && sigmoid(f32::NAN).is_nan() && tanh(f32::NAN).is_nan());
    }
}
