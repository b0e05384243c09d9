//! From a trained run to answers.

mod compose;
mod naming;
mod overlap;
mod rank;

pub use compose::{Commission, ComposeError, Composed, Composer, Sampling, usual_metre};
pub use naming::{
    Answer, ExactVectors, Match, NameError, Namer, NotePlace, Passage, Suggestion, VectorIndex,
    source_link,
};
pub use overlap::{GRAM, Overlap, OverlapIndex, Run, Shared};
pub use rank::{Placed, RankError, by_title, by_tune};
