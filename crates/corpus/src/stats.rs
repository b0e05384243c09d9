//! What a corpus holds, in numbers.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::corpus::{Corpus, Setting};
use crate::store::Finding;
use crate::titles::TitleKind;

/// Counts over a corpus.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Settings.
    pub settings: usize,
    /// Works.
    pub works: usize,
    /// Works without any title.
    pub works_without_title: usize,
    /// Titles of both kinds, one count for every work that has it.
    pub titles: usize,
    /// Those that are aliases.
    pub aliases: usize,
    /// Families.
    pub families: usize,
    /// Works in the biggest family.
    pub biggest_family: usize,
    /// Works by source.
    pub sources: Vec<Count>,
    /// Works by dance type.
    pub dance_types: Vec<Count>,
    /// Settings by metre.
    pub metres: Vec<Count>,
    /// Settings by the key in which they are played.
    pub keys: Vec<Count>,
    /// Complaints by kind.
    pub complaints: Vec<Count>,
}

/// How often something is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    /// What; `-` for what is not stated.
    pub name: String,
    /// How often.
    pub count: usize,
}

impl Corpus {
    /// Counts everything; the complaints are those in `findings`, as
    /// [`crate::Store::findings`] gives them. Lists are sorted by count, then by name.
    pub fn stats(&self, findings: &[Finding]) -> Stats {
        let titles = self.works.iter().flat_map(|work| &work.titles);
        let mut families: BTreeMap<u32, usize> = BTreeMap::new();
        for work in &self.works {
            *families.entry(work.family).or_default() += 1;
        }
        Stats {
            settings: self.setting_count(),
            works: self.works.len(),
            works_without_title: self.works.iter().filter(|w| w.titles.is_empty()).count(),
            titles: titles.clone().count(),
            aliases: titles.filter(|title| title.kind == TitleKind::Alias).count(),
            families: families.len(),
            biggest_family: families.values().copied().max().unwrap_or(0),
            sources: tally(self.works.iter().map(|work| Some(work.source()))),
            dance_types: tally(self.works.iter().map(|work| work.dance_type.as_deref())),
            metres: tally(self.settings().map(|setting| setting.metre.as_deref())),
            keys: tally(self.settings().map(|setting| setting.key_as_played.as_deref())),
            complaints: tally(findings.iter().map(|finding| Some(finding.kind.as_str()))),
        }
    }

    fn settings(&self) -> impl Iterator<Item = &Setting> {
        self.works.iter().flat_map(|work| &work.settings)
    }
}

fn tally<'a>(names: impl Iterator<Item = Option<&'a str>>) -> Vec<Count> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in names {
        *counts.entry(name.unwrap_or("-")).or_default() += 1;
    }
    let mut counts: Vec<Count> =
        counts.into_iter().map(|(name, count)| Count { name: name.to_owned(), count }).collect();
    counts.sort_by_key(|count| std::cmp::Reverse(count.count));
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_sorted_by_size_and_then_by_name() {
        let counts =
            tally([Some("reel"), None, Some("jig"), Some("reel"), Some("air")].into_iter());
        let short: Vec<_> = counts.iter().map(|c| (c.name.as_str(), c.count)).collect();
        assert_eq!(short, [("reel", 2), ("-", 1), ("air", 1), ("jig", 1)]);
    }
}
