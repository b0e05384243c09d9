//! Dropout (Srivastava et al. 2014), inverted: what is kept is scaled up, so that evaluation does nothing.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::simd::vectorised;

/// Values a thread takes at a time.
const CHUNK: usize = 1 << 14;

/// What was kept of the last batch; the memory is kept from one batch to the next.
#[derive(Clone, Debug, Default)]
pub struct Dropout {
    kept: Vec<bool>,
    scale: f32,
}

impl Dropout {
    /// Zeroes each value of `x` with probability `rate`, to the nearest 1/65536, and scales the others by
    /// 1 / (1 - `rate`).
    ///
    /// The generator's bytes are taken two a value, in order; each thread goes to the place in the stream where its own
    /// are.
    ///
    /// # Panics
    /// When `rate` is not in 0..1.
    pub fn forward(&mut self, rate: f32, rng: &mut ChaCha8Rng, x: &mut [f32]) {
        assert!((0.0..1.0).contains(&rate), "a dropout rate of {rate}");
        let threshold = (rate * 65_536.0).round() as u32;
        self.scale = 1.0 / (1.0 - rate);
        self.kept.resize(x.len(), false);
        let (start, from) = (rng.get_word_pos(), &*rng);
        self.kept.par_chunks_mut(CHUNK).enumerate().for_each_init(
            || (from.clone(), vec![0; 2 * CHUNK]),
            |(rng, random), (chunk, kept)| {
                // Two values a word.
                rng.set_word_pos(start + (chunk * CHUNK / 2) as u128);
                let random = &mut random[..2 * kept.len()];
                rng.fill_bytes(random);
                for (kept, &two) in kept.iter_mut().zip(random.as_chunks().0) {
                    *kept = u32::from(u16::from_le_bytes(two)) >= threshold;
                }
            },
        );
        rng.set_word_pos(start + x.len().div_ceil(2) as u128);
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
        let scale = self.scale;
        x.par_chunks_mut(CHUNK).zip(self.kept.par_chunks(CHUNK)).for_each(|(x, kept)| {
            vectorised(
                #[inline(always)]
                || {
                    for (x, &kept) in x.iter_mut().zip(kept) {
                        *x = if kept { *x * scale } else { 0.0 };
                    }
                },
            );
        });
    }
}

#[cfg(test)]
mod tests {
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
    fn threads_take_the_bytes_that_one_would_have_taken() {
        for n in [0, 1, CHUNK, 3 * CHUNK + 7] {
            let mut rng = ChaCha8Rng::seed_from_u64(11);
            rng.next_u32();
            let (mut one, mut bytes) = (rng.clone(), vec![0; 2 * n]);
            one.fill_bytes(&mut bytes);
            let draws = bytes.as_chunks().0.iter().map(|&two| u16::from_le_bytes(two));
            let expected: Vec<bool> = draws.map(|draw| u32::from(draw) >= 13_107).collect();
            let mut dropout = Dropout::default();
            dropout.forward(0.2, &mut rng, &mut vec![1.0; n]);
            assert!(dropout.kept == expected);
            assert_eq!(rng.next_u32(), one.next_u32());
        }
    }

    #[test]
    fn a_rate_of_zero_keeps_everything() {
        let mut x = vec![2.0; 17];
        Dropout::default().forward(0.0, &mut ChaCha8Rng::seed_from_u64(7), &mut x);
        assert_eq!(x, [2.0; 17]);
    }
}
