//! A fusion made again, of its runs as they are when they have learned from the validation works too.

use std::path::Path;
use std::time::Instant;

use super::folder::{NEEDED, carry, carry_path, complete};
use super::make::check_same;
use crate::run::files;
use crate::{Error, RunDir};

/// Fuses runs as `like` fuses its own: with its weights, and with what it holds scores against. Nothing could be chosen on
/// validation works that the runs learned from.
///
/// The runs are those of the fusion's towers, in their order, trained again with `training.refit`; its classifiers stay as
/// they are. The new run goes to `path`, whole or not at all.
///
/// # Errors
/// When `path` is taken, `like` is no fusion or one of other runs, a run is not finished or lacks a file, or a file cannot be
/// written.
pub fn fuse_like(like: &RunDir, runs: &[RunDir], path: &Path) -> Result<RunDir, Error> {
    let began = Instant::now();
    RunDir::check_free(path)?;
    let recipe = like.recipe()?.again(like);
    let towers = recipe.towers().count();
    if towers != runs.len() {
        let advice = format!("fuses {towers} runs, and {} are named", runs.len());
        return Err(Error::damaged(like.path(), advice));
    }
    check_same(like, runs)?;
    for (name, run) in recipe.towers().zip(runs) {
        check_again(&RunDir::at(like.member(name)), run)?;
    }
    RunDir::create(path, |new| {
        let mut runs = runs.iter();
        for member in &recipe.members {
            let (from, to) = (like.member(&member.name), new.member(&member.name));
            if !member.classifiers.is_empty() {
                carry_path(&from, &to)?;
            } else if let Some(run) = runs.next() {
                std::fs::create_dir_all(&to).map_err(|error| Error::io(&to, error))?;
                carry(run, &RunDir::at(to.clone()), &NEEDED)?;
                carry(&RunDir::at(from), &RunDir::at(to), &[files::COHORT])?;
            }
        }
        complete(new, like, (&recipe, began))
    })
}

/// That a run is a fusion's member trained to the end again, on the validation works too.
fn check_again(member: &RunDir, run: &RunDir) -> Result<(), Error> {
    if run.experiment()? != member.experiment()?.refitted() {
        let advice = format!(
            "is not {} trained again: its config must differ by `training.refit = true` alone",
            member.path().display()
        );
        return Err(Error::damaged(run.path(), advice));
    }
    match run.manifest()?.finished {
        true => Ok(()),
        false => Err(Error::damaged(run.path(), "is not finished; go on with --resume first")),
    }
}
