//! ABC 2.1 text to tunes and back.

mod duration;
mod tune;

pub use duration::Duration;
pub use tune::{
    Bar, BarLine, BarStyle, Complaint, ComplaintKind, Event, Header, Key, Metre, Mode, Note, Pitch,
    Rest, Tonic, Tune, Tuplet,
};

/// A tunebook as read: its tunes in order and complaints that belong to no tune.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Book {
    /// Tunes in the order of the file.
    pub tunes: Vec<Tune>,
    /// Complaints about text outside any tune.
    pub complaints: Vec<Complaint>,
}
