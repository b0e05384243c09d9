//! UMAP's curve 1 / (1 + a d^(2b)), fitted to the wished closeness of points on the map.

/// Where the wish is looked at: 300 distances from 0 to three times the spread.
const POINTS: usize = 300;

/// a and b of the curve nearest, by least squares, to 1 up to `min_dist` and exp(-(d - min_dist) / spread) beyond.
pub(super) fn fit(spread: f64, min_dist: f64) -> (f64, f64) {
    let wished: Vec<(f64, f64)> = (0..POINTS)
        .map(|i| {
            let d = 3.0 * spread * i as f64 / (POINTS - 1) as f64;
            (d, if d < min_dist { 1.0 } else { (-(d - min_dist) / spread).exp() })
        })
        .collect();
    let (mut at, mut damping) = ((1.0, 1.0), 1e-3);
    let mut error = squares(&wished, at);
    // Levenberg and Marquardt's steps: two numbers and a smooth curve settle in a dozen.
    for _ in 0..100 {
        let next = step(&wished, at, damping);
        let tried = squares(&wished, next);
        if next.0 > 0.0 && next.1 > 0.0 && tried <= error {
            (at, error, damping) = (next, tried, damping / 10.0);
        } else {
            damping *= 10.0;
        }
    }
    at
}

fn squares(wished: &[(f64, f64)], (a, b): (f64, f64)) -> f64 {
    wished.iter().map(|&(d, wish)| (1.0 / (1.0 + a * d.powf(2.0 * b)) - wish).powi(2)).sum()
}

fn step(wished: &[(f64, f64)], (a, b): (f64, f64), damping: f64) -> (f64, f64) {
    let (mut normal, mut right) = ([[0.0; 2]; 2], [0.0; 2]);
    for &(d, wish) in wished.iter().filter(|(d, _)| *d > 0.0) {
        let power = d.powf(2.0 * b);
        let value = 1.0 / (1.0 + a * power);
        let slope = [-value * value * power, -value * value * a * power * 2.0 * d.ln()];
        for i in 0..2 {
            right[i] += slope[i] * (wish - value);
            for j in 0..2 {
                normal[i][j] += slope[i] * slope[j];
            }
        }
    }
    let [[p, q], [_, r]] = normal;
    let (p, r) = (p * (1.0 + damping), r * (1.0 + damping));
    let determinant = p * r - q * q;
    (
        a + (r * right[0] - q * right[1]) / determinant,
        b + (p * right[1] - q * right[0]) / determinant,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_equal_those_of_umap_learn() {
        // umap.umap_.find_ab_params(spread, min_dist) of umap-learn 0.5.12.
        let known = [
            ((1.0, 0.1), (1.5769435, 0.8950609)),
            ((1.0, 0.0), (1.9328084, 0.7904950)),
            ((1.5, 0.5), (0.3593278, 1.1488894)),
        ];
        for ((spread, min_dist), (a, b)) in known {
            let (got_a, got_b) = fit(spread, min_dist);
            assert!((got_a - a).abs() < 1e-4 && (got_b - b).abs() < 1e-4, "{got_a} {got_b}");
        }
    }
}
