//! Works of a corpus made ready for the towers.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use corpus::Work;
use model::Reading;
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use tokens::{Facts, Tokens, Vocabulary, VocabularyOptions};

use crate::config::TrainingConfig;
use crate::random::{Purpose, generator};
use crate::{Error, Experiment, Works};

/// A work with its settings as tokens and its titles as text.
#[derive(Clone, Debug)]
pub struct Example {
    /// Id of the work.
    pub id: String,
    /// Family of the work.
    pub family: u32,
    /// Dance type, where known.
    pub dance_type: Option<String>,
    /// How many players keep it in their tunebooks, where known.
    pub popularity: Option<u32>,
    /// Its settings; never empty.
    pub settings: Vec<Tokens>,
    /// Its name.
    pub title: String,
    /// Its other names.
    pub aliases: Vec<String>,
}

impl Example {
    /// The setting that stands for the work when it is judged: the first.
    pub fn query(&self) -> &Tokens {
        &self.settings[0]
    }

    /// Its name, then its other names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.title).chain(&self.aliases).map(String::as_str)
    }
}

/// The examples of an experiment.
#[derive(Debug)]
pub struct Dataset {
    /// For training: every work with a title and a melody.
    pub train: Vec<Example>,
    /// One setting each of training works that have others, where they are kept from training.
    pub hidden: Vec<Example>,
    /// For choosing: one work a family.
    pub validation: Vec<Example>,
    /// The other works of these families, which are not ranked.
    pub(crate) validation_relatives: Vec<Example>,
    /// For reporting: one work a family.
    pub test: Vec<Example>,
    /// Values of every feature, from the training works alone, or from those that a language model learned from.
    pub vocabulary: Vocabulary,
}

impl Dataset {
    /// Reads the works of each side of the split; the values of features are those of `vocabulary`, if there is one,
    /// else those that the training works have.
    ///
    /// # Errors
    /// When a side has fewer than two works with a title and a melody.
    pub fn new(
        works: &Works,
        experiment: &Experiment,
        vocabulary: Option<Vocabulary>,
    ) -> Result<Self, Error> {
        let reading = experiment.melody.reading();
        let examples = |works: Vec<&Work>| -> Vec<Example> {
            works.into_par_iter().filter_map(|work| example(work, &reading)).collect()
        };
        let side = |ids| one_a_family(examples(works.split.works(&works.corpus, ids)));
        let (validation, validation_relatives) = side(&works.split.validation);
        let (test, _) = side(&works.split.test);
        let mut train = examples(works.train().collect());
        keep_share(&mut train, experiment);
        let hidden = match experiment.training.hide_settings {
            true => hide_settings(&mut train, experiment.seed),
            false => Vec::new(),
        };
        let all = train.iter().flat_map(|example| &example.settings);
        let most = experiment.training.transpose;
        let options = VocabularyOptions { transpositions: -most..=most, ..Default::default() };
        let vocabulary = vocabulary.unwrap_or_else(|| Vocabulary::build(all, &options));
        let data = Self { train, hidden, validation, validation_relatives, test, vocabulary };
        data.check()?;
        Ok(data)
    }

    /// The works that an experiment learns from: those for training, and after them in a refit all works of validation.
    pub(crate) fn learned(&self, training: &TrainingConfig) -> impl Iterator<Item = &Example> {
        let further = training.refit.then_some([&self.validation, &self.validation_relatives]);
        self.train.iter().chain(further.into_iter().flatten().flatten())
    }

    fn check(&self) -> Result<(), Error> {
        let sides =
            [("training", &self.train), ("validation", &self.validation), ("test", &self.test)];
        for (side, examples) in sides {
            if examples.len() < 2 {
                return Err(Error::Data(format!(
                    "{} works with a title and a melody for {side}, and 2 are needed; add more \
                     tunes with `ganainm corpus add`",
                    examples.len()
                )));
            }
        }
        let families: HashSet<u32> = self.train.iter().map(|example| example.family).collect();
        if families.len() < 2 {
            let advice = "all training works are of one family; add tunes that differ more";
            return Err(Error::Data(advice.to_owned()));
        }
        Ok(())
    }
}

/// The work as an example, or none where it has no title or no melody.
fn example(work: &Work, reading: &Reading) -> Option<Example> {
    let (title, aliases) = work.titles.split_first()?;
    let settings: Vec<Tokens> =
        settings(work).filter_map(|tune| reading.prepare(tune).ok()).collect();
    if settings.is_empty() {
        return None;
    }
    Some(Example {
        id: work.id.clone(),
        family: work.family,
        dance_type: work.dance_type.clone(),
        popularity: work.popularity,
        settings,
        title: title.text.clone(),
        aliases: aliases.iter().map(|alias| alias.text.clone()).collect(),
    })
}

/// The settings of a work that have notes.
pub(crate) fn settings(work: &Work) -> impl Iterator<Item = Tokens> {
    work.settings.iter().filter_map(|setting| {
        let key = setting.key_as_played.as_deref().and_then(|key| key.parse().ok());
        let facts = Facts { dance_type: work.dance_type.as_deref(), key };
        Tokens::new(&setting.tune(), &facts).ok()
    })
}

/// Of each family the work with the most settings, the first id where several have as many, and then all other works:
/// two names of one melody, or two melodies of one name, cannot be told apart and would blur a rank.
fn one_a_family(mut examples: Vec<Example>) -> (Vec<Example>, Vec<Example>) {
    examples.sort_by(|a, b| b.settings.len().cmp(&a.settings.len()).then(a.id.cmp(&b.id)));
    let mut seen = HashSet::new();
    let (mut firsts, others): (Vec<Example>, Vec<Example>) =
        examples.into_iter().partition(|example| seen.insert(example.family));
    firsts.sort_by(|a, b| a.id.cmp(&b.id));
    (firsts, others)
}

/// Keeps the experiment's share of the families, all of them at 1.
fn keep_share(train: &mut Vec<Example>, experiment: &Experiment) {
    let families: BTreeSet<u32> = train.iter().map(|example| example.family).collect();
    let mut order: Vec<u32> = families.into_iter().collect();
    // The order does not depend on the share, so that smaller shares are parts of larger ones.
    order.shuffle(&mut generator(experiment.seed, Purpose::Share, 0));
    order.truncate((f64::from(experiment.training.share) * order.len() as f64).ceil() as usize);
    let kept: HashSet<u32> = order.into_iter().collect();
    train.retain(|example| kept.contains(&example.family));
}

/// Takes one setting out of every work that has several, and hands these back as works of their own.
fn hide_settings(train: &mut [Example], seed: u64) -> Vec<Example> {
    let mut random = generator(seed, Purpose::Hide, 0);
    let several = train.iter_mut().filter(|work| work.settings.len() > 1);
    let hide = |work: &mut Example| {
        let setting = work.settings.remove(random.random_range(0..work.settings.len()));
        Example { settings: vec![setting], ..work.clone() }
    };
    several.map(hide).collect()
}

/// Shares out the training works among batches of nearly equal size, at most `size` works each,
/// no two of one family in a batch: its members would be false negatives of each other. About `same_type` of the works
/// meet others of their own dance type alone.
///
/// A work that finds no batch without its family waits for the next epoch.
pub(crate) fn batches(
    examples: &[Example],
    (size, same_type): (usize, f32),
    generator: &mut ChaCha8Rng,
) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..examples.len()).collect();
    order.shuffle(generator);
    if same_type == 0.0 {
        return deal(examples, &order, size);
    }
    let mut groups: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for place in order {
        let alike = generator.random::<f32>() < same_type;
        let group = examples[place].dance_type.as_deref().filter(|_| alike);
        groups.entry(group).or_default().push(place);
    }
    let mut batches: Vec<_> =
        groups.values().flat_map(|group| deal(examples, group, size)).collect();
    batches.shuffle(generator);
    batches
}

/// Deals works, in this order, to as few batches as hold them, no two of one family in a batch.
fn deal(examples: &[Example], order: &[usize], size: usize) -> Vec<Vec<usize>> {
    let count = order.len().div_ceil(size).max(1);
    let room = order.len().div_ceil(count);
    let mut batches = vec![Vec::with_capacity(room); count];
    let mut families = vec![HashSet::new(); count];
    let mut first = 0;
    for &place in order {
        let family = examples[place].family;
        let free =
            |batch: &usize| batches[*batch].len() < room && !families[*batch].contains(&family);
        if let Some(batch) = (first..count).find(free) {
            families[batch].insert(family);
            batches[batch].push(place);
            while first < count && batches[first].len() == room {
                first += 1;
            }
        }
    }
    batches.retain(|batch| batch.len() > 1);
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example_of(id: &str, family: u32, settings: usize) -> Example {
        let tune = abc::read("X:1\nK:G\nGAG GAB|\n").tunes.remove(0);
        let tokens = Tokens::new(&tune, &Facts::default()).unwrap();
        Example {
            id: id.to_owned(),
            family,
            dance_type: None,
            popularity: None,
            settings: vec![tokens; settings],
            title: "The Kesh".to_owned(),
            aliases: Vec::new(),
        }
    }

    #[test]
    fn no_two_works_of_a_family_meet_in_a_batch() {
        let examples: Vec<Example> =
            (0..97).map(|n| example_of(&format!("a:{n}"), n / 3, 1)).collect();
        let mut seen = HashSet::new();
        for batch in batches(&examples, (11, 0.0), &mut generator(5, Purpose::Order, 1)) {
            assert!(batch.len() <= 11);
            let families: HashSet<u32> = batch.iter().map(|&work| examples[work].family).collect();
            assert_eq!(families.len(), batch.len());
            assert!(batch.iter().all(|work| seen.insert(*work)), "a work came twice");
        }
        assert!(seen.len() > 90);
    }

    #[test]
    fn works_can_be_made_to_meet_their_own_dance_type_alone() {
        let types = ["jig", "reel", "polka"];
        let examples: Vec<Example> = (0..97)
            .map(|n| Example {
                dance_type: Some(types[n as usize % 3].to_owned()),
                ..example_of(&format!("a:{n}"), n, 1)
            })
            .collect();
        let batches = batches(&examples, (11, 1.0), &mut generator(5, Purpose::Order, 1));
        assert_eq!(batches.iter().map(Vec::len).sum::<usize>(), 97);
        for batch in batches {
            let types: HashSet<_> = batch.iter().map(|&work| &examples[work].dance_type).collect();
            assert_eq!(types.len(), 1);
        }
    }

    #[test]
    fn shares_are_whole_families_each_within_the_larger_ones() {
        let kept = |share: f32, seed: u64| -> BTreeSet<String> {
            let mut experiment = Experiment { seed, ..Experiment::default() };
            experiment.training.share = share;
            let mut examples: Vec<Example> =
                (0..97).map(|n| example_of(&format!("a:{n}"), n / 3, 1)).collect();
            keep_share(&mut examples, &experiment);
            examples.into_iter().map(|example| example.id).collect()
        };
        let (quarter, half) = (kept(0.25, 5), kept(0.5, 5));
        // A quarter of 33 families, nine of them, the last family having one work alone.
        assert!((25..=27).contains(&quarter.len()));
        assert!(quarter.is_subset(&half) && half.is_subset(&kept(1.0, 5)));
        assert_eq!(kept(1.0, 5).len(), 97);
        assert_ne!(quarter, kept(0.25, 7));
    }

    #[test]
    fn one_setting_is_hidden_of_each_work_that_has_several() {
        let mut train: Vec<Example> =
            (0..9).map(|n| example_of(&format!("a:{n}"), n, 1 + n as usize % 3)).collect();
        let hidden = hide_settings(&mut train, 5);
        assert_eq!(hidden.len(), 6);
        assert!(hidden.iter().all(|work| work.settings.len() == 1));
        let left: Vec<usize> = train.iter().map(|work| work.settings.len()).collect();
        assert_eq!(left, [1, 1, 2, 1, 1, 2, 1, 1, 2]);
    }

    #[test]
    fn a_family_is_judged_by_its_work_with_the_most_settings() {
        let examples = vec![
            example_of("a:1", 7, 1),
            example_of("a:2", 7, 3),
            example_of("a:3", 8, 2),
            example_of("a:4", 8, 2),
        ];
        let ids = |examples: Vec<Example>| -> Vec<String> {
            examples.into_iter().map(|example| example.id).collect()
        };
        let (firsts, others) = one_a_family(examples);
        assert_eq!(ids(firsts), ["a:2", "a:3"]);
        assert_eq!(ids(others), ["a:4", "a:1"]);
    }

    #[test]
    fn a_refit_learns_from_all_works_of_validation_too() {
        let works = |from: u32, count: u32| -> Vec<Example> {
            (from..from + count).map(|n| example_of(&format!("a:{n}"), n / 2, 1)).collect()
        };
        let (validation, validation_relatives) = one_a_family(works(40, 6));
        let data = Dataset {
            train: works(0, 4),
            hidden: Vec::new(),
            validation,
            validation_relatives,
            test: works(60, 2),
            vocabulary: Vocabulary::build(std::iter::empty(), &VocabularyOptions::default()),
        };
        let learned = |refit| -> Vec<u32> {
            let training = TrainingConfig { refit, ..TrainingConfig::default() };
            data.learned(&training).map(|work| work.family).collect()
        };
        assert_eq!(learned(false), [0, 0, 1, 1]);
        assert_eq!(learned(true), [0, 0, 1, 1, 20, 21, 22, 20, 21, 22]);
    }
}
