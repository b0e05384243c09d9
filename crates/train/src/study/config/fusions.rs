//! The fusions of a study: which arms they are of, and that these go together.

use serde::{Deserialize, Serialize};

use super::{StudyConfig, repeated};
use crate::{Error, Experiment, FusionConfig};

/// Arms whose runs are fused into runs of their own, as `ganainm fuse` does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FusedArms {
    /// Its name, as an arm's.
    pub name: String,
    /// The arms whose runs are members.
    pub members: Vec<String>,
    /// Whether the members' runs of all seeds make one fusion, and not those of each seed one of their own.
    #[serde(default)]
    pub all_seeds: bool,
    /// How they are fused.
    #[serde(default)]
    pub how: FusionConfig,
    /// Another fusion, whose weights these runs get: its arms, in their order, with `training.refit`.
    #[serde(default)]
    pub like: Option<String>,
}

impl StudyConfig {
    pub(super) fn check_members(&self, fusion: &FusedArms) -> Result<(), Error> {
        let wrong =
            |why: String| Error::value("fusion.members", &format!("{why} (`{}`)", fusion.name));
        if let Some(twice) = repeated(&fusion.members, |&member| member) {
            return Err(wrong(format!("holds `{twice}` twice")));
        }
        let mut runs = 0;
        for member in &fusion.members {
            let Some(arm) = self.arms.iter().find(|arm| arm.name == *member) else {
                return Err(wrong(format!("holds `{member}`, which is no arm")));
            };
            let seeds = self.seeds_of(arm);
            runs += if fusion.all_seeds { seeds.len() } else { 1 };
            if !fusion.all_seeds && seeds.len() > 1 && *seeds != *self.seeds {
                return Err(wrong(format!(
                    "holds `{member}`, which has other seeds than the study: set all_seeds, or give it one seed or no \
                     seeds of its own"
                )));
            }
        }
        let alone = fusion.like.is_none() && !fusion.how.classifiers;
        if runs < 1 + usize::from(alone) {
            return Err(wrong("make no two runs to fuse".to_owned()));
        }
        Ok(())
    }

    /// That fusions that take another one's weights are of its arms, trained again.
    pub(in crate::study) fn check_refits(&self, experiments: &[Experiment]) -> Result<(), Error> {
        let arm = |name: &String| self.arms.iter().position(|arm| arm.name == *name);
        for fusion in &self.fusions {
            let members = || fusion.members.iter().filter_map(arm);
            let wrong = |key: &str, why: &str| {
                Err(Error::value(key, &format!("{why} (`{}`)", fusion.name)))
            };
            let Some(like) = &fusion.like else {
                if members().any(|arm| experiments[arm].training.refit) {
                    let why = "holds an arm with training.refit, whose runs learn from the works that weights are chosen on: \
                               name another fusion's weights in `like`";
                    return wrong("fusion.members", why);
                }
                continue;
            };
            let other =
                self.fusions.iter().find(|other| other.name == *like && other.like.is_none());
            let Some(other) = other else {
                return wrong("fusion.like", "is no fusion that chooses its weights");
            };
            if fusion.how != FusionConfig::default() || fusion.all_seeds != other.all_seeds {
                let why = "goes with `how` left out, and with all_seeds as there";
                return wrong("fusion.like", why);
            }
            let again = |(arm, other): (usize, usize)| {
                let seeds = |arm: usize| self.seeds_of(&self.arms[arm]);
                seeds(arm) == seeds(other)
                    && experiments[arm] == experiments[other].clone().refitted()
            };
            let others = other.members.iter().filter_map(arm);
            if other.members.len() != fusion.members.len() || !members().zip(others).all(again) {
                let why = "needs the arms of the other fusion, in their order and with their seeds, that differ by \
                           `training.refit = true` alone";
                return wrong("fusion.members", why);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::Side;
    use crate::study::config::tests::{STUDY, study};

    #[test]
    fn a_fusion_gets_the_weights_of_another_for_its_arms_trained_again() {
        let text = STUDY.to_owned()
            + r#"
[[arm]]
name = "small-refit"
set = { training.refit = true }
[[arm]]
name = "large-refit"
set = { "melody.hidden" = 11, training.epochs = 3, training.refit = true }
corpus_share = 0.25
[[fusion]]
name = "both"
members = ["small", "large"]
[[fusion]]
name = "refit"
members = ["small-refit", "large-refit"]
like = "both"
"#;
        let learning = study(&text).unwrap();
        let refused = learning.check_side(Side::Validation).unwrap_err().to_string();
        assert!(refused.contains("`small-refit`") && refused.contains("test works"), "{refused}");
        learning.check_side(Side::Test).unwrap();
        let fusions = learning.fusions(Path::new("runs"));
        let like: Vec<Option<&Path>> = fusions.iter().map(|made| made.like.as_deref()).collect();
        let both = |seed| Some(Path::new(["", "runs/both-1", "runs/both-2"][seed]));
        assert_eq!(like, [None, None, both(1), both(2)]);
        let message =
            |from: &str, to: &str| study(&text.replace(from, to)).unwrap_err().to_string();
        assert!(message("like = \"both\"", "").contains("`like`"));
        assert!(message("like = \"both\"", "like = \"refit\"").contains("fusion.like"));
        let how = "like = \"both\"\nhow = { weights = \"equal\" }";
        assert!(message("like = \"both\"", how).contains("`how`"));
        let members =
            message("\"small-refit\", \"large-refit\"", "\"large-refit\", \"small-refit\"");
        assert!(members.contains("in their order"), "{members}");
    }
}
