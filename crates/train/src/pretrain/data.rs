//! Tunes made ready for the language model.

use corpus::Work;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use tokens::{KeyStatistics, Tokens, Vocabulary, VocabularyOptions};

use super::config::{KeyChoice, Pretraining};
use crate::data::settings;
use crate::{Error, Works};

/// Batches whose tunes are sorted by length together: more make the lengths in a batch more alike, and fewer the
/// batches of an epoch more mixed.
const BUCKET: usize = 32;

/// The settings of the works of each side of a split; works without a title count as well.
#[derive(Debug)]
pub(super) struct Melodies {
    pub(super) train: Vec<Tokens>,
    pub(super) validation: Vec<Tokens>,
    pub(super) test: Vec<Tokens>,
    /// On which tonics the training tunes of each mode are played.
    pub(super) keys: KeyStatistics,
    /// Values of every feature, from the training tunes alone.
    pub(super) vocabulary: Vocabulary,
}

impl Melodies {
    /// Reads the works of each side of the split.
    ///
    /// # Errors
    /// When a side has no tune with notes.
    pub(super) fn new(works: &Works, config: &Pretraining) -> Result<Self, Error> {
        let choice = config.melody.key;
        let tunes = |works: Vec<&Work>| -> Vec<Tokens> {
            let tunes = works.into_par_iter().flat_map_iter(settings);
            tunes
                .filter_map(|tune| Some(prepare(&tune, choice)?.truncated(config.melody.max_rows)))
                .collect()
        };
        let side = |ids| tunes(works.split.works(&works.corpus, ids));
        let train = tunes(works.train().collect());
        // Keys are drawn from all twelve tonics at most; a tune moves by less than an octave and a half.
        let most = if choice == KeyChoice::Drawn { 11 } else { 0 };
        let options = VocabularyOptions { transpositions: -most..=most, ..Default::default() };
        let melodies = Self {
            keys: KeyStatistics::of(&train),
            vocabulary: Vocabulary::build(&train, &options),
            validation: side(&works.split.validation),
            test: side(&works.split.test),
            train,
        };
        melodies.check()?;
        Ok(melodies)
    }

    fn check(&self) -> Result<(), Error> {
        let sides =
            [("training", &self.train), ("validation", &self.validation), ("test", &self.test)];
        match sides.iter().find(|(_, tunes)| tunes.is_empty()) {
            None => Ok(()),
            Some((side, _)) => Err(Error::Data(format!(
                "has no tune with notes for {side}; add more tunes with `ganainm corpus add`"
            ))),
        }
    }
}

/// A tune in the key in which it is judged, where it can be moved there.
fn prepare(tune: &Tokens, choice: KeyChoice) -> Option<Tokens> {
    match choice {
        KeyChoice::Drawn | KeyChoice::AsPlayed => tune.as_played().ok(),
        KeyChoice::CommonTonic => tune.to_common_tonic().ok(),
    }
}

/// A tune in the key in which it is learned this time.
pub(super) fn moved(
    tune: &Tokens,
    (choice, keys): (KeyChoice, &KeyStatistics),
    random: &mut ChaCha8Rng,
) -> Tokens {
    let Some(mode) = (choice == KeyChoice::Drawn).then(|| tune.key().mode) else {
        return tune.clone();
    };
    tune.to_root(keys.sample(random, mode)).unwrap_or_else(|_| tune.clone())
}

/// Shares out tunes among batches of at most `rows` rows, tunes of about one length together.
pub(super) fn batches(tunes: &[Tokens], rows: usize, random: &mut ChaCha8Rng) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..tunes.len()).collect();
    order.shuffle(random);
    let mut batches = Vec::new();
    for bucket in cut(&order, tunes, rows * BUCKET) {
        let mut bucket = bucket.to_vec();
        bucket.sort_by_key(|&tune| tunes[tune].len());
        batches.extend(cut(&bucket, tunes, rows).into_iter().map(<[usize]>::to_vec));
    }
    batches.shuffle(random);
    batches
}

/// Cuts a list of tunes where more than `rows` rows would come together; one tune at least in each piece.
pub(super) fn cut<'o>(order: &'o [usize], tunes: &[Tokens], rows: usize) -> Vec<&'o [usize]> {
    let mut pieces = Vec::new();
    let (mut start, mut sum) = (0, 0);
    for (at, &tune) in order.iter().enumerate() {
        sum += tunes[tune].len();
        if sum > rows && at > start {
            pieces.push(&order[start..at]);
            (start, sum) = (at, tunes[tune].len());
        }
    }
    if start < order.len() {
        pieces.push(&order[start..]);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use tokens::Facts;

    use super::*;
    use crate::random::{Purpose, generator};

    fn tune(bars: usize) -> Tokens {
        let text = format!("X:1\nK:G\n{}\n", "GABc|".repeat(bars));
        Tokens::new(&abc::read_tune(&text), &Facts::default()).unwrap()
    }

    #[test]
    fn every_tune_is_in_one_batch_and_none_is_too_full() {
        let tunes: Vec<Tokens> = (0..97).map(|n| tune(1 + n * 29 % 13)).collect();
        let batches = batches(&tunes, 150, &mut generator(5, Purpose::Order, 1));
        let mut seen: Vec<usize> = batches.concat();
        seen.sort_unstable();
        assert_eq!(seen, (0..97).collect::<Vec<_>>());
        for batch in batches {
            assert!(batch.iter().map(|&tune| tunes[tune].len()).sum::<usize>() <= 150);
        }
    }

    #[test]
    fn a_tune_longer_than_a_batch_has_one_of_its_own() {
        let tunes = [tune(40), tune(1), tune(2)];
        let lengths = |batches: Vec<&[usize]>| batches.iter().map(|b| b.len()).collect::<Vec<_>>();
        assert_eq!(lengths(cut(&[0, 1, 2], &tunes, 30)), [1, 2]);
        assert_eq!(lengths(cut(&[], &tunes, 30)), [0; 0]);
    }
}
