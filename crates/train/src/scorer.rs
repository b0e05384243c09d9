//! What scores tunes against titles: the towers of one run, or several systems fused.

mod member;

use std::sync::Arc;

use model::Embedder;
use retrieval::Scores;
use retrieval::baseline::Pairing;
use tokens::Tokens;

pub use member::Member;
pub(crate) use member::{Header, Vectors};

use crate::fusion::Fusion;
use crate::{Error, RunDir, RunKind};

/// What scores tunes against titles.
#[derive(Debug)]
pub enum Scorer {
    /// One run's towers; a score is the cosine of two vectors.
    Towers(Member),
    /// Several systems; a score is the weighted sum of theirs, made comparable.
    Fusion(Fusion),
}

/// A tune as each member of a scorer reads it, in the order of the members.
#[derive(Clone, Debug)]
pub struct Readings(Vec<Tokens>);

impl Scorer {
    /// The scorer of a run.
    ///
    /// # Errors
    /// When the run trained no towers, or a file is missing or damaged.
    pub fn open(run: &RunDir) -> Result<Self, Error> {
        match run.manifest()?.kind {
            RunKind::Fusion => Ok(Self::Fusion(Fusion::open(run)?)),
            RunKind::Towers | RunKind::Language => {
                Ok(Self::Towers(Member::Towers(Arc::new(run.embedder()?))))
            }
        }
    }

    /// The towers of the run, if it is one run's; they are loaded once, whoever uses them.
    pub fn towers(&self) -> Option<Arc<Embedder>> {
        match self {
            Self::Towers(Member::Towers(towers)) => Some(Arc::clone(towers)),
            Self::Towers(Member::Header(_)) | Self::Fusion(_) => None,
        }
    }

    /// A tune as the members read it; none where one of them cannot.
    pub fn read(&self, tune: &Tokens) -> Option<Readings> {
        match self {
            Self::Towers(member) => Some(Readings(vec![member.read(tune)?])),
            Self::Fusion(fusion) => read(fusion.members(), tune),
        }
    }

    /// The score of every pair: one row a tune, one column a title; `pairing` has their ids.
    ///
    /// # Errors
    /// Ids that are repeated or not one a tune and title; a member that fails.
    pub fn scores(
        &self,
        pairing: &Pairing<'_>,
        tunes: &[Readings],
        titles: &[&str],
    ) -> Result<Scores, Error> {
        match self {
            Self::Towers(member) => {
                let vectors = member.vectors(&Readings::of(tunes, 0), titles, None)?;
                Ok(member.scores(pairing, &vectors)?)
            }
            Self::Fusion(fusion) => Ok(fusion.scores(pairing, tunes, titles)?.fused),
        }
    }
}

/// A tune as these members read it; none where one of them cannot.
pub(crate) fn read<'m>(
    members: impl Iterator<Item = &'m Member>,
    tune: &Tokens,
) -> Option<Readings> {
    members.map(|member| member.read(tune)).collect::<Option<Vec<Tokens>>>().map(Readings)
}

impl Readings {
    /// Each of the tunes as one member reads it.
    pub(crate) fn of(tunes: &[Self], member: usize) -> Vec<&Tokens> {
        tunes.iter().map(|readings| &readings.0[member]).collect()
    }
}
