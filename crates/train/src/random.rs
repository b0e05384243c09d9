//! Random numbers as a function of seed, purpose and place, so that resuming needs no saved state.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What random numbers are for; each purpose has streams of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// First values of the weights.
    Weights = 1,
    /// Which works meet in a batch.
    Order = 2,
    /// Which setting and which title stand for a work, and how far it is transposed.
    Choice = 3,
    /// Which units are left out.
    Dropout = 4,
    /// Which families are learned from, where not all are.
    Share = 16,
    /// Which values stand where, when a feature is shuffled.
    Shuffle = 17,
    /// Which settings are kept from training.
    Hide = 18,
}

/// A generator for `purpose` at `place` (an epoch or a step), independent of all others.
pub(crate) fn generator(seed: u64, purpose: Purpose, place: u64) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(((purpose as u64) << 48) | place);
    generator
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;

    #[test]
    fn purposes_and_places_have_streams_of_their_own() {
        let first = |purpose, place| generator(7, purpose, place).next_u64();
        let order = first(Purpose::Order, 3);
        assert_eq!(order, first(Purpose::Order, 3));
        assert_ne!(order, first(Purpose::Order, 4));
        assert_ne!(order, first(Purpose::Dropout, 3));
    }
}
