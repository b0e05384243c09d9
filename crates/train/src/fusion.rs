//! Several systems fused into one, that is a run of its own.

mod folder;
mod make;
mod moments;
mod recipe;
mod refit;

use model::Shared;
use retrieval::Scores;
use retrieval::baseline::Pairing;
use retrieval::fusion::{
    CORMACK, Spread, Spreads, reciprocal_rank_both_ways, weighted_sum, z_norm,
};

pub use make::fuse;
pub(crate) use make::{NAME, works};
pub(crate) use moments::Cohort;
pub use recipe::{FusionConfig, MemberRecipe, Method, Normalisation, Recipe, Weighting};
pub use refit::fuse_like;

use crate::run::files;
use crate::scorer::{Member, Readings, Vectors};
use crate::sentence::SentenceEncoders;
use crate::{Error, RunDir};

/// Several systems fused into one.
#[derive(Debug)]
pub struct Fusion {
    parts: Vec<Part>,
}

/// A member, how its scores are made comparable, and how much they count.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) member: Member,
    pub(crate) rule: Rule,
    pub(crate) weight: f64,
}

/// How a member's scores are made comparable with those of the others.
#[derive(Debug)]
pub(crate) enum Rule {
    /// Held against all pairs of validation works.
    All(Spread),
    /// Held against the tune's scores with the validation titles and the title's with the validation tunes.
    Both(Box<Cohort>),
    /// One over the rank among the given candidates, both ways.
    Ranks,
}

/// What a fusion makes of pairs.
pub(crate) struct FusedScores {
    pub(crate) fused: Scores,
    /// Each member's own scores, as they are.
    pub(crate) members: Vec<(String, Scores)>,
}

impl Rule {
    /// A member's scores as they go into the sum. Unless ranks are taken, a pair's does not depend on the other pairs.
    pub(crate) fn comparable(&self, scores: &Scores, vectors: &Vectors) -> Result<Scores, Error> {
        Ok(match self {
            Self::All(spread) => z_norm(scores, &Spreads::All(*spread))?,
            Self::Both(cohort) => z_norm(scores, &cohort.spreads(vectors))?,
            Self::Ranks => reciprocal_rank_both_ways(scores, CORMACK)?,
        })
    }
}

impl Fusion {
    /// The fusion that a run holds.
    ///
    /// # Errors
    /// When the run is no fusion, or a file is missing or damaged.
    pub fn open(run: &RunDir) -> Result<Self, Error> {
        let recipe = run.recipe()?;
        let mut encoders = SentenceEncoders::default();
        let part = |member: &MemberRecipe| {
            let folder = RunDir::at(run.member(&member.name));
            let rule = match (recipe.method, recipe.normalisation) {
                (Method::ReciprocalRank, _) => Rule::Ranks,
                (Method::ZNorm, Normalisation::Both) => {
                    let cohort: Cohort = folder.read_json(files::COHORT)?;
                    Rule::Both(Box::new(cohort))
                }
                (Method::ZNorm, Normalisation::All) => {
                    Rule::All(member.spread.ok_or_else(|| {
                        let problem = format!("member `{}` has no `spread`", member.name);
                        Error::damaged(&run.file(files::FUSION), problem)
                    })?)
                }
            };
            let (name, weight) = (member.name.clone(), member.weight);
            let member = folder::open_member(&folder, &member.classifiers, &mut encoders)?;
            if let Rule::Both(cohort) = &rule
                && !cohort.fits(member.dim())
            {
                let problem = "is of vectors of another length than the member's";
                return Err(Error::damaged(&folder.file(files::COHORT), problem));
            }
            Ok(Part { name, member, rule, weight })
        };
        Ok(Self { parts: recipe.members.iter().map(part).collect::<Result<_, Error>>()? })
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = &Member> {
        self.parts.iter().map(|part| &part.member)
    }

    /// The scores of every pair, fused and of each member.
    pub(crate) fn scores(
        &self,
        pairing: &Pairing<'_>,
        tunes: &[Readings],
        titles: &[&str],
    ) -> Result<FusedScores, Error> {
        let (mut comparable, mut members) = (Vec::new(), Vec::new());
        let mut shared = Shared::default();
        for (place, part) in self.parts.iter().enumerate() {
            let vectors =
                part.member.vectors(&Readings::of(tunes, place), titles, Some(&mut shared))?;
            let scores = part.member.scores(pairing, &vectors)?;
            comparable.push(part.rule.comparable(&scores, &vectors)?);
            members.push((part.name.clone(), scores));
        }
        let weights: Vec<f64> = self.parts.iter().map(|part| part.weight).collect();
        Ok(FusedScores { fused: weighted_sum(&comparable, &weights)?, members })
    }
}
