//! Drawing one of the values that may come next.

use rand::{Rng, RngExt};

/// How values are drawn from the model's logits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// What the logits are divided by: below 1 the likely becomes likelier, and 0 always takes the
    /// likeliest.
    pub temperature: f32,
    /// Only so many of the likeliest values are drawn from; 0 for all.
    pub top_k: usize,
    /// Only the likeliest values that together have this probability are drawn from (nucleus
    /// sampling, arXiv 1904.09751); 1 for all.
    pub top_p: f32,
}

impl Default for Sampling {
    /// The model's own distribution.
    fn default() -> Self {
        Self { temperature: 1.0, top_k: 0, top_p: 1.0 }
    }
}

impl Sampling {
    /// What is wrong with the numbers, if anything.
    pub(super) fn problem(&self) -> Option<String> {
        let Self { temperature, top_p, .. } = *self;
        if !(temperature.is_finite() && temperature >= 0.0) {
            return Some(format!("a temperature of {temperature} should be 0 or more"));
        }
        let share = top_p > 0.0 && top_p <= 1.0;
        (!share).then(|| format!("a nucleus of {top_p} should be above 0 and at most 1"))
    }

    /// One of the ids that are allowed, as likely as their logits make them; `None` if none is.
    ///
    /// It takes one number of `rng`, whatever happens. A logit that is no number is as unlikely as
    /// can be.
    pub(super) fn draw(
        &self,
        logits: &[f32],
        allows: impl Fn(usize) -> bool,
        rng: &mut impl Rng,
    ) -> Option<usize> {
        let point: f64 = rng.random();
        let logit = |id: usize| if logits[id].is_nan() { f32::MIN } else { logits[id] };
        let mut found: Vec<(usize, f32)> = (0..logits.len())
            .filter(|&id| allows(id))
            .map(|id| (id, logit(id).clamp(f32::MIN, f32::MAX)))
            .collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        if self.top_k > 0 {
            found.truncate(self.top_k);
        }
        let (likeliest, top) = *found.first()?;
        if self.temperature == 0.0 {
            return Some(likeliest);
        }
        let weight =
            |logit: f32| ((f64::from(logit) - f64::from(top)) / f64::from(self.temperature)).exp();
        let weights: Vec<f64> = found.iter().map(|&(_, logit)| weight(logit)).collect();
        let mut end = weights.len();
        let mut total: f64 = weights.iter().sum();
        if self.top_p < 1.0 {
            let enough = total * f64::from(self.top_p);
            total = 0.0;
            end = 0;
            while end < weights.len() && total < enough {
                total += weights[end];
                end += 1;
            }
        }
        let mut left = point * total;
        for (&(id, _), weight) in found[..end].iter().zip(&weights) {
            if left < *weight {
                return Some(id);
            }
            left -= weight;
        }
        Some(found[end.saturating_sub(1)].0)
    }
}

#[cfg(test)]
mod tests {
    use std::f32::consts::LN_2;

    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    /// How often each id is drawn, of 10,000 times.
    fn counts(sampling: Sampling, logits: &[f32], forbidden: usize) -> Vec<usize> {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut counts = vec![0; logits.len()];
        for _ in 0..10_000 {
            counts[sampling.draw(logits, |id| id != forbidden, &mut rng).unwrap()] += 1;
        }
        counts
    }

    /// Logits of probabilities 0.5, 0.25, 0.125 and 0.125.
    const HALVES: [f32; 4] = [0.0, -LN_2, -2.0 * LN_2, -2.0 * LN_2];

    fn check(sampling: Sampling, forbidden: usize, expected: [usize; 4]) {
        for (found, expected) in counts(sampling, &HALVES, forbidden).into_iter().zip(expected) {
            assert!(found.abs_diff(expected) < 200, "{found}, {expected} expected of {sampling:?}");
            assert!(expected > 0 || found == 0, "{sampling:?}");
        }
    }

    #[test]
    fn values_are_drawn_as_likely_as_they_are() {
        let all = Sampling::default();
        check(all, 9, [5000, 2500, 1250, 1250]);
        check(all, 0, [0, 5000, 2500, 2500]);
        check(Sampling { temperature: 0.5, ..all }, 9, [7273, 1818, 455, 455]);
        check(Sampling { temperature: 0.0, ..all }, 9, [10_000, 0, 0, 0]);
        check(Sampling { temperature: 0.0, ..all }, 0, [0, 10_000, 0, 0]);
        check(Sampling { top_k: 2, ..all }, 9, [6667, 3333, 0, 0]);
        check(Sampling { top_k: 2, ..all }, 1, [8000, 0, 2000, 0]);
        check(Sampling { top_p: 0.7, ..all }, 9, [6667, 3333, 0, 0]);
        check(Sampling { top_p: 0.1, ..all }, 9, [10_000, 0, 0, 0]);
        check(Sampling { top_p: 0.8, ..all }, 9, [5714, 2857, 1429, 0]);
    }

    #[test]
    fn strange_logits_still_give_something_that_is_allowed() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let infinite = f32::INFINITY;
        for logits in [[f32::NAN; 3], [infinite; 3], [-infinite; 3], [f32::NAN, -infinite, 1e38]] {
            for sampling in [Sampling::default(), Sampling { top_p: 0.5, ..Default::default() }] {
                let drawn = sampling.draw(&logits, |id| id != 1, &mut rng).unwrap();
                assert_ne!(drawn, 1);
            }
        }
        assert_eq!(Sampling::default().draw(&[0.0; 3], |_| false, &mut rng), None);
    }

    #[test]
    fn numbers_out_of_range_are_named() {
        let bad = |temperature, top_p| Sampling { temperature, top_p, top_k: 0 }.problem();
        assert_eq!(bad(-1.0, 1.0).unwrap(), "a temperature of -1 should be 0 or more");
        assert!(bad(f32::NAN, 1.0).is_some() && bad(1.0, f32::NAN).is_some());
        assert_eq!(bad(1.0, 0.0).unwrap(), "a nucleus of 0 should be above 0 and at most 1");
        assert_eq!(bad(0.0, 1.0), None);
    }
}
