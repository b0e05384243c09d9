//! From a corpus or a trained run to answers.

mod compose;
mod find;
pub mod http;
mod loaded;
mod naming;
mod overlap;
mod rank;

pub use compose::{Commission, ComposeError, Composed, Composer, Sampling, usual_metre};
pub use find::{Filter, FilterError, FindError, Finder, Found, Matched, Query, Reason};
pub use loaded::{Embedded, LoadedRun, Progress, silent};
pub use naming::{
    Answer, BUCKETS, BesideBars, DIMENSIONS, ExactVectors, Heard, IN_PIECES, KNOWN_SIGNS, Kept,
    Match, NameError, Namer, NotePlace, Origin, Passage, PostgresVectors, SIGN_NAMES, SIGNS,
    Search, Server, ShownBar, Suggestion, VectorIndex, WORK_SIGNS, Weighed, Weights, matrix_bytes,
    melody_buckets, melody_vector, source_link,
};
pub use overlap::{GRAM, Overlap, OverlapIndex, Run, Shared};
pub use rank::{Placed, RankError, by_title, by_tune};
