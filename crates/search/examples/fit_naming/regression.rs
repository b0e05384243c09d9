//! Regressions with few weights: signs are scaled to unit spread and the likelihood is climbed with Adam.

/// A query: the signs of its candidates, and which one is right.
pub(crate) struct Choice<const N: usize> {
    pub(crate) right: usize,
    pub(crate) signs: Vec<[f32; N]>,
}

/// Something that is so or not.
pub(crate) struct Example<const N: usize> {
    pub(crate) signs: [f32; N],
    pub(crate) known: bool,
}

const STEPS: i32 = 600;
const RATE: f64 = 0.03;
/// Of the squared weights of scaled signs.
const DECAY: f64 = 1e-3;

/// The weights under which a softmax over the candidates finds the right ones likeliest.
pub(crate) fn softmax<const N: usize>(choices: &[Choice<N>]) -> [f32; N] {
    let all = || choices.iter().flat_map(|choice| &choice.signs);
    let spread = spreads(all());
    let gradient = |weights: &[f64; N]| {
        let mut gradient = [0.0; N];
        for choice in choices {
            let sums: Vec<f64> = choice.signs.iter().map(|signs| dot(signs, weights)).collect();
            let most = sums.iter().copied().fold(f64::MIN, f64::max);
            let total: f64 = sums.iter().map(|sum| (sum - most).exp()).sum();
            for (at, (signs, sum)) in choice.signs.iter().zip(&sums).enumerate() {
                let error = (sum - most).exp() / total - f64::from(u8::from(at == choice.right));
                add(&mut gradient, signs, error / choices.len() as f64);
            }
        }
        gradient
    };
    climb(spread, gradient).map(|weight| weight as f32)
}

/// Weights and bias of a logistic.
pub(crate) fn logistic<const N: usize>(examples: &[Example<N>]) -> ([f32; N], f32) {
    let spread = spreads(examples.iter().map(|example| &example.signs));
    let mut bias = 0.0;
    let gradient = |weights: &[f64; N]| {
        let mut gradient = [0.0; N];
        let mut shift = 0.0;
        for example in examples {
            let sum = dot(&example.signs, weights) + bias;
            let error = 1.0 / (1.0 + (-sum).exp()) - f64::from(u8::from(example.known));
            add(&mut gradient, &example.signs, error / examples.len() as f64);
            shift += error / examples.len() as f64;
        }
        bias -= 2.0 * shift;
        gradient
    };
    let weights = climb(spread, gradient);
    (weights.map(|weight| weight as f32), bias as f32)
}

/// Adam on weights of signs that are scaled by their spread.
fn climb<const N: usize>(
    spread: [f64; N],
    mut gradient: impl FnMut(&[f64; N]) -> [f64; N],
) -> [f64; N] {
    let mut scaled = [0.0_f64; N];
    let (mut mean, mut square) = ([0.0_f64; N], [0.0_f64; N]);
    let unscaled = |scaled: &[f64; N]| std::array::from_fn(|at| scaled[at] / spread[at]);
    for step in 1..=STEPS {
        let slopes = gradient(&unscaled(&scaled));
        for at in 0..N {
            let slope = slopes[at] / spread[at] + 2.0 * DECAY * scaled[at];
            mean[at] = 0.9 * mean[at] + 0.1 * slope;
            square[at] = 0.999 * square[at] + 0.001 * slope * slope;
            let (m, s) =
                (mean[at] / (1.0 - 0.9_f64.powi(step)), square[at] / (1.0 - 0.999_f64.powi(step)));
            scaled[at] -= RATE * m / (s.sqrt() + 1e-9);
        }
    }
    unscaled(&scaled)
}

fn spreads<'s, const N: usize>(signs: impl Iterator<Item = &'s [f32; N]>) -> [f64; N] {
    let (mut count, mut sum, mut squares) = (0.0, [0.0; N], [0.0; N]);
    for signs in signs {
        count += 1.0;
        for at in 0..N {
            sum[at] += f64::from(signs[at]);
            squares[at] += f64::from(signs[at]).powi(2);
        }
    }
    std::array::from_fn(|at| {
        let variance: f64 = squares[at] / count - (sum[at] / count).powi(2);
        variance.max(0.0).sqrt().max(1e-3)
    })
}

fn dot<const N: usize>(signs: &[f32; N], weights: &[f64; N]) -> f64 {
    signs.iter().zip(weights).map(|(sign, weight)| f64::from(*sign) * weight).sum()
}

fn add<const N: usize>(to: &mut [f64; N], signs: &[f32; N], factor: f64) {
    to.iter_mut().zip(signs).for_each(|(to, sign)| *to += factor * f64::from(*sign));
}
