//! Dropout (Srivastava et al. 2014), inverted: what is kept is scaled up, so that evaluation does nothing.

use rand::Rng;

/// What was kept of the last batch; the memory is kept from one batch to the next.
#[derive(Clone, Debug, Default)]
pub struct Dropout {
    random: Vec<u8>,
    kept: Vec<bool>,
    scale: f32,
}

impl Dropout {
    /// Zeroes each value of `x` with probability `rate`, to the nearest 1/65536, and scales the others by
    /// 1 / (1 - `rate`).
    ///
    /// # Panics
    /// When `rate` is not in 0..1.
    pub fn forward(&mut self, rate: f32, rng: &mut impl Rng, x: &mut [f32]) {
        assert!((0.0..1.0).contains(&rate), "a dropout rate of {rate}");
        let threshold = (rate * 65_536.0).round() as u32;
        self.scale = 1.0 / (1.0 - rate);
        self.random.resize(x.len() * 2, 0);
        rng.fill_bytes(&mut self.random);
        self.kept.clear();
        let draws = self.random.as_chunks().0.iter().map(|&two| u16::from_le_bytes(two));
        self.kept.extend(draws.map(|draw| u32::from(draw) >= threshold));
        self.apply(x);
    }

    /// Turns `grad`, the gradient of the output, into that of the input.
    ///
    /// # Panics
    /// When its length is not that of the forward pass.
    pub fn backward(&self, grad: &mut [f32]) {
        self.apply(grad);
    }

    fn apply(&self, x: &mut [f32]) {
        assert_eq!(x.len(), self.kept.len(), "one decision a value");
        for (x, &kept) in x.iter_mut().zip(&self.kept) {
            *x = if kept { *x * self.scale } else { 0.0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn the_expected_value_stays_and_the_gradient_takes_the_same_path() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let (mut dropout, mut x) = (Dropout::default(), vec![1.0; 100_003]);
        dropout.forward(0.3, &mut rng, &mut x);
        let mean = x.iter().sum::<f32>() / x.len() as f32;
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
        let mut grad = vec![1.0; x.len()];
        dropout.backward(&mut grad);
        assert_eq!(grad, x);
    }

    #[test]
    fn a_rate_of_zero_keeps_everything() {
        let mut x = vec![2.0; 17];
        Dropout::default().forward(0.0, &mut ChaCha8Rng::seed_from_u64(7), &mut x);
        assert_eq!(x, [2.0; 17]);
    }
}
