//! From a trained run to answers.

mod rank;

pub use rank::{Placed, RankError, by_title, by_tune};
