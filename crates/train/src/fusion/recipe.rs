//! What a fusion is made of: `fusion.toml`.

use retrieval::fusion::{Objective, Spread};
use serde::{Deserialize, Serialize};
use tokens::Feature;

use crate::config::read_toml;
use crate::run::files;
use crate::{Error, EvaluationConfig, RunDir, RunKind};

/// How a fusion is to be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FusionConfig {
    /// How scores are made comparable.
    pub method: Method,
    /// What standard scores are held against.
    pub normalisation: Normalisation,
    /// Where the weights come from.
    #[serde(rename = "weights")]
    pub weighting: Weighting,
    /// What they are chosen by.
    pub objective: Objective,
    /// Whether the classifiers from titles to the header are members too.
    pub classifiers: bool,
}

/// How the scores of the members are made comparable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// How many standard deviations a score lies above the mean of validation works.
    #[default]
    ZNorm,
    /// Reciprocal rank fusion (Cormack et al., 2009), k = 60, the ranks of both directions.
    ReciprocalRank,
}

/// What standard scores are held against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Normalisation {
    /// The scores of all pairs of validation works: nothing but the scale of a member changes.
    #[default]
    All,
    /// A tune's scores with all validation titles and a title's with all validation tunes, half and half.
    Both,
}

/// Where the weights come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weighting {
    /// From the validation works, by coordinate ascent; runs of one config but for the seed count alike.
    #[default]
    Chosen,
    /// All members count the same.
    Equal,
}

/// What a fusion is made of: the content of `fusion.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// How scores are made comparable.
    pub method: Method,
    /// What standard scores are held against; reciprocal ranks need nothing of the kind.
    pub normalisation: Normalisation,
    /// Where the weights come from.
    pub weighting: Weighting,
    /// What they are chosen by.
    pub objective: Objective,
    /// The fusion whose weights these are, if its runs have learned from the validation works too: what is said here of
    /// validation is that fusion's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub like: Option<String>,
    /// The objective on the validation works.
    pub validation: f64,
    /// Seeds the resamples of a report; the first run's.
    pub seed: u64,
    /// How the fusion is judged; as the first run is.
    pub evaluation: EvaluationConfig,
    /// The members.
    pub members: Vec<MemberRecipe>,
}

/// A member of a fusion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberRecipe {
    /// Its name in reports; its folder has dashes for blanks.
    pub name: String,
    /// How much it counts, 0 to 1; 1 for all members together.
    pub weight: f64,
    /// The objective on the validation works, made comparable and alone.
    pub validation: f64,
    /// Features of the header that classifiers tell from titles; none for towers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classifiers: Vec<Feature>,
    /// How its scores of all pairs of validation works are spread, where they are held against that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<Spread>,
}

impl Recipe {
    fn from_toml(text: &str) -> Result<Self, Error> {
        let recipe: Self = toml::from_str(text).map_err(|e| Error::Config(e.to_string()))?;
        let sound = |member: &MemberRecipe| {
            member.weight.is_finite() && !member.name.contains(['/', '\\']) && member.name != ".."
        };
        match recipe.members.iter().find(|member| !sound(member)) {
            Some(member) => {
                let problem = format!("holds `{}`, whose name or weight is none", member.name);
                Err(Error::value("members", &problem))
            }
            None => Ok(recipe),
        }
    }

    /// How the fusion was made.
    pub(crate) fn config(&self) -> FusionConfig {
        FusionConfig {
            method: self.method,
            normalisation: self.normalisation,
            weighting: self.weighting,
            objective: self.objective,
            classifiers: self.members.iter().any(|member| !member.classifiers.is_empty()),
        }
    }

    /// The same recipe for runs that have learned from the validation works too.
    pub(super) fn again(self, like: &RunDir) -> Self {
        Self { like: Some(like.name().into_owned()), ..self }
    }

    /// Whether it is that of another fusion, for runs that have learned from the validation works too.
    pub(crate) fn is_like(&self, like: &RunDir) -> Result<bool, Error> {
        Ok(*self == like.recipe()?.again(like))
    }

    /// The names of the towers that it fuses.
    pub(crate) fn towers(&self) -> impl Iterator<Item = &str> {
        let towers = self.members.iter().filter(|member| member.classifiers.is_empty());
        towers.map(|member| member.name.as_str())
    }

    pub(crate) fn to_toml(&self) -> Result<String, Error> {
        toml::to_string_pretty(self).map_err(|error| Error::Config(error.to_string()))
    }
}

impl RunDir {
    /// What a fusion is made of.
    ///
    /// # Errors
    /// When the run is no fusion, or the file is missing or damaged.
    pub fn recipe(&self) -> Result<Recipe, Error> {
        self.expect(RunKind::Fusion)?;
        read_toml(&self.file(files::FUSION), Recipe::from_toml)
    }

    /// The folder of a fusion's member.
    pub(crate) fn member(&self, name: &str) -> std::path::PathBuf {
        self.file(files::MEMBERS).join(name.replace(' ', "-"))
    }
}
