//! Fusions of a study's runs: made when all of these are trained, and judged beside them.

use std::path::{Path, PathBuf};

use super::config::FusedArms;
use super::workers::side_by_side;
use super::{News, Study, StudyPlace, StudyRun, StudyWatch};
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
    /// The fusion whose weights it gets, if it chooses none.
    pub like: Option<PathBuf>,
}

impl Study {
    /// All fusions of a study whose runs are in `folder`.
    pub fn fusions(&self, folder: &Path) -> Vec<StudyFusion> {
        let runs = self.runs(folder);
        let named = self.config.fusions.iter().enumerate();
        named.flat_map(|(place, fused)| self.fusions_of(place, fused, (folder, &runs))).collect()
    }

    fn fusions_of(
        &self,
        fusion: usize,
        fused: &FusedArms,
        (folder, runs): (&Path, &[StudyRun]),
    ) -> Vec<StudyFusion> {
        let of_arm = |arm: &String| -> Vec<&StudyRun> {
            runs.iter().filter(|run| self.config.arms[run.arm].name == *arm).collect()
        };
        let arms: Vec<Vec<&StudyRun>> = fused.members.iter().map(of_arm).collect();
        let made = |suffix: &str, members: &[&StudyRun]| {
            let name = format!("{}-{suffix}", fused.name);
            let members = members.iter().map(|run| run.path.clone()).collect();
            let like = fused.like.as_ref().map(|like| folder.join(format!("{like}-{suffix}")));
            StudyFusion { path: folder.join(&name), name, fusion, members, like }
        };
        if fused.all_seeds {
            return vec![made("all", &arms.concat())];
        }
        // An arm with a single run gives it to the fusion of every seed.
        let most = arms.iter().max_by_key(|runs| runs.len());
        let of_seed = |run: &&StudyRun| {
            let seed = run.experiment.seed;
            let is_member =
                |runs: &[&StudyRun], run: &StudyRun| runs.len() == 1 || run.experiment.seed == seed;
            let members = arms
                .iter()
                .flat_map(|runs| runs.iter().copied().filter(|run| is_member(runs, run)));
            made(&seed.to_string(), &members.collect::<Vec<_>>())
        };
        most.into_iter().flatten().map(of_seed).collect()
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
        let make = |fusion: &&StudyFusion| {
            if watch.should_stop() {
                return Ok(0);
            }
            let runs = fusion.members.iter().map(|path| RunDir::open(path));
            let runs = runs.collect::<Result<Vec<RunDir>, Error>>()?;
            match &fusion.like {
                Some(like) => crate::fuse_like(&RunDir::open(like)?, &runs, &fusion.path)?,
                None => crate::fuse(&runs, self.how(fusion), &fusion.path)?,
            };
            watch.tell(&fusion.name, News::Fused);
            Ok(1)
        };
        // First those whose weights the others get.
        let (first, then): (Vec<_>, Vec<_>) = open.iter().partition(|fusion| fusion.like.is_none());
        let mut made = side_by_side(place.jobs, &first, make)?;
        made.extend(side_by_side(place.jobs, &then, make)?);
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
        let as_told = match &self.like {
            Some(like) => {
                RunDir::open(like).and_then(|like| recipe.is_like(&like)).unwrap_or(false)
            }
            None => recipe.like.is_none() && recipe.config() == *how,
        };
        if as_many && as_told && recipe.towers().zip(&self.members).all(same) {
            return Ok(true);
        }
        let advice = "was made otherwise than the study says, or of other runs than those that are here; move it away, and \
                      the study makes it anew";
        Err(Error::damaged(&self.path, advice))
    }
}
