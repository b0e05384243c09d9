//! Fusions of a study's runs: made when all of these are trained, and judged beside them.

use std::path::{Path, PathBuf};

use super::config::FusedArms;
use super::workers::side_by_side;
use super::{News, Study, StudyPlace, StudyWatch};
use crate::{Error, FusionConfig, RunDir};

/// One fusion of a study's runs.
#[derive(Clone, Debug, PartialEq)]
pub struct StudyFusion {
    /// `FUSION-SEED`, or `FUSION-all` of all seeds together.
    pub name: String,
    /// Which one of the config's fusions, by its place.
    pub fusion: usize,
    /// The folders of the runs that are fused.
    pub members: Vec<PathBuf>,
    /// Where the fusion goes.
    pub path: PathBuf,
}

impl Study {
    /// All fusions of a study whose runs are in `folder`.
    pub fn fusions(&self, folder: &Path) -> Vec<StudyFusion> {
        let named = self.config.fusions.iter().enumerate();
        named.flat_map(|(place, fused)| self.fusions_of(place, fused, folder)).collect()
    }

    fn fusions_of(&self, fusion: usize, fused: &FusedArms, folder: &Path) -> Vec<StudyFusion> {
        let seeds: Vec<(&str, &[u64])> = fused
            .members
            .iter()
            .filter_map(|member| self.config.arms.iter().find(|arm| arm.name == *member))
            .map(|arm| (arm.name.as_str(), self.config.seeds_of(arm)))
            .collect();
        let run = |arm: &str, seed: u64| folder.join(format!("{arm}-{seed}"));
        let made = |suffix: String, members| {
            let name = format!("{}-{suffix}", fused.name);
            StudyFusion { path: folder.join(&name), name, fusion, members }
        };
        if fused.all_seeds {
            let all = |&(arm, seeds): &(&str, &[u64])| -> Vec<PathBuf> {
                seeds.iter().map(|&seed| run(arm, seed)).collect()
            };
            return vec![made("all".to_owned(), seeds.iter().flat_map(all).collect())];
        }
        // An arm with a single seed of its own gives that run to the fusion of every seed.
        let most = seeds.iter().map(|(_, seeds)| *seeds).max_by_key(|seeds| seeds.len());
        let of = |&seed: &u64| {
            let member = |&(arm, seeds): &(&str, &[u64])| match seeds {
                [only] => run(arm, *only),
                _ => run(arm, seed),
            };
            made(seed.to_string(), seeds.iter().map(member).collect())
        };
        most.unwrap_or_default().iter().map(of).collect()
    }

    fn how(&self, fusion: &StudyFusion) -> &FusionConfig {
        &self.config.fusions[fusion.fusion].how
    }

    /// The fusions that are not there yet.
    ///
    /// # Errors
    /// When one is there that was made otherwise, or of other runs than those that the folder holds.
    pub(super) fn fusions_to_make(&self, folder: &Path) -> Result<Vec<StudyFusion>, Error> {
        let mut open = Vec::new();
        for fusion in self.fusions(folder) {
            if !fusion.is_made(self.how(&fusion))? {
                open.push(fusion);
            }
        }
        Ok(open)
    }

    /// Makes fusions; how many there are when it is done, or asked to stop.
    pub(super) fn fuse(
        &self,
        open: &[StudyFusion],
        place: &StudyPlace<'_>,
        watch: &dyn StudyWatch,
    ) -> Result<usize, Error> {
        let made = side_by_side(place.jobs, open, |fusion| {
            if watch.should_stop() {
                return Ok(0);
            }
            let runs = fusion.members.iter().map(|path| RunDir::open(path));
            let runs = runs.collect::<Result<Vec<RunDir>, Error>>()?;
            crate::fuse(&runs, self.how(fusion), &fusion.path)?;
            watch.tell(&fusion.name, News::Fused);
            Ok(1)
        })?;
        made.into_iter().sum()
    }
}

impl StudyFusion {
    /// Whether it is there.
    ///
    /// # Errors
    /// When it is, and not what the study wants.
    fn is_made(&self, how: &FusionConfig) -> Result<bool, Error> {
        if RunDir::check_free(&self.path).is_ok() {
            return Ok(false);
        }
        let made = RunDir::open(&self.path)?;
        let recipe = made.recipe()?;
        let manifest = |run: RunDir| run.manifest().ok();
        let same = |(name, path): (&str, &PathBuf)| {
            let there = RunDir::open(path).ok().and_then(manifest);
            there.is_some() && there == manifest(RunDir::at(made.member(name)))
        };
        let as_many = recipe.towers().count() == self.members.len();
        if as_many && recipe.config() == *how && recipe.towers().zip(&self.members).all(same) {
            return Ok(true);
        }
        let advice = "was made otherwise than the study says, or of other runs than those that are here; move it away, and \
                      the study makes it anew";
        Err(Error::damaged(&self.path, advice))
    }
}
