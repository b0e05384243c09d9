//! Student's t: how far a mean of few numbers may lie from the true one.

use std::f64::consts::{FRAC_2_PI, FRAC_PI_2};

/// The t that a share `level` of Student's distribution with `freedom` degrees of freedom, 1 or more, lies within on both
/// sides of 0: 12.71 for 0.95 and one degree.
pub(crate) fn two_sided(level: f64, freedom: usize) -> f64 {
    // The share rises with the angle, whose tangent is t / sqrt(freedom): halving finds it to the last bits.
    let (mut low, mut high) = (0.0, FRAC_PI_2);
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if within(middle, freedom) < level { low = middle } else { high = middle }
    }
    (freedom as f64).sqrt() * low.tan()
}

/// The share of the distribution within t = sqrt(freedom) tan(angle) on both sides of 0 (Abramowitz and Stegun 26.7.3
/// and 26.7.4).
fn within(angle: f64, freedom: usize) -> f64 {
    let (sin, cos) = angle.sin_cos();
    let odd = freedom % 2 == 1;
    let mut term = if odd { cos } else { 1.0 };
    let mut sum = 0.0;
    for next in (if odd { 3 } else { 2 }..=freedom).step_by(2) {
        sum += term;
        term *= cos * cos * (next - 1) as f64 / next as f64;
    }
    if odd { FRAC_2_PI * (angle + sin * sum) } else { sin * sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_quantiles_are_those_of_the_tables() {
        let table = [12.706_204_736, 4.302_652_730, 3.182_446_305, 2.776_445_105, 2.570_581_836];
        for (freedom, expected) in (1..).zip(table) {
            assert!((two_sided(0.95, freedom) - expected).abs() < 1e-8, "{freedom}");
        }
    }
}
