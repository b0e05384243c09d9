//! The learning rate over a run: up in a straight line, then down to a floor.

use serde::{Deserialize, Serialize};

/// How the rate falls after the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decay {
    /// Along half a cosine (Loshchilov and Hutter, arXiv 1608.03983).
    #[default]
    Cosine,
    /// In a straight line.
    Linear,
    /// Not at all.
    Constant,
}

/// The learning rate by step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The greatest rate.
    pub peak: f32,
    /// The rate at the last step and after.
    pub floor: f32,
    /// The step that has the greatest rate.
    pub warmup: u64,
    /// The last step.
    pub steps: u64,
    /// How the rate falls in between.
    pub decay: Decay,
}

impl Schedule {
    /// The rate of a step, the first being 1.
    pub fn rate(&self, step: u64) -> f32 {
        if step < self.warmup {
            return self.peak * step as f32 / self.warmup as f32;
        }
        let span = self.steps.saturating_sub(self.warmup).max(1) as f64;
        let gone = ((step - self.warmup) as f64 / span).min(1.0);
        let left = match self.decay {
            Decay::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * gone).cos()),
            Decay::Linear => 1.0 - gone,
            Decay::Constant => 1.0,
        };
        (f64::from(self.floor) + f64::from(self.peak - self.floor) * left) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_to_its_peak_and_falls_to_its_floor() {
        let check = |decay, rates: [f32; 5]| {
            let schedule = Schedule { peak: 1.0, floor: 0.2, warmup: 4, steps: 12, decay };
            for (step, rate) in [1, 4, 8, 12, 99].into_iter().zip(rates) {
                assert!((schedule.rate(step) - rate).abs() < 1e-6, "{decay:?} at {step}");
            }
        };
        check(Decay::Cosine, [0.25, 1.0, 0.6, 0.2, 0.2]);
        check(Decay::Linear, [0.25, 1.0, 0.6, 0.2, 0.2]);
        check(Decay::Constant, [0.25, 1.0, 1.0, 1.0, 1.0]);
    }

    #[test]
    fn a_run_without_a_warm_up_begins_at_its_peak() {
        let decay = Decay::Cosine;
        let schedule = Schedule { peak: 0.5, floor: 0.0, warmup: 0, steps: 10, decay };
        assert!(schedule.rate(1) > 0.48 && schedule.rate(10) == 0.0);
    }
}
