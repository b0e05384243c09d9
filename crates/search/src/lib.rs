//! From a trained run to answers.

mod compose;
mod overlap;
mod rank;

pub use compose::{Commission, ComposeError, Composed, Composer, Sampling, usual_metre};
pub use overlap::{GRAM, Overlap, OverlapIndex, Run, Shared};
pub use rank::{Placed, RankError, by_title, by_tune};
