//! What can be wrong with a tune's form, and where.

use std::fmt;

use abc::{Duration, Metre};

/// One thing that is wrong with a tune's form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Number of the bar as written, from 1; pickups are counted.
    pub bar: usize,
    /// Number of the part, from 1.
    pub part: usize,
    /// What is wrong.
    pub kind: FaultKind,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// There is no metre, so that bars have no length.
    NoMetre,
    /// The bar, with the one that it completes where it is a pickup, has another length than its
    /// metre asks for.
    BarLength {
        /// In whole notes.
        is: Duration,
        /// Its metre.
        metre: Metre,
    },
    /// A `|:` before this bar has no `:|`.
    OpenRepeat,
    /// A first ending without a repeat sign at its end, or without a second ending.
    FirstEnding,
    /// A later ending without the one before it.
    LaterEnding,
    /// The part has neither a multiple of eight bars nor four that are played twice.
    PartLength {
        /// Bars in its first pass.
        bars: usize,
        /// How often it is played.
        passes: usize,
    },
    /// There is but one part.
    OnePart,
    /// The tune does not end, or not with its last row.
    Unfinished,
    /// The tonic is on no main beat of the last bar, and the last note is not of the tonic's chord.
    NotHome,
}

impl Fault {
    /// A fault of the bar with this index; its part is filled in once the parts are known.
    pub(super) fn at(index: usize, kind: FaultKind) -> Self {
        Self { bar: index + 1, part: 1, kind }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "part {}, bar {}: {}", self.part, self.bar, self.kind)
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMetre => f.write_str("has no metre"),
            Self::BarLength { is, metre } => write!(f, "lasts {is}, {metre} is expected"),
            Self::OpenRepeat => f.write_str("starts a repeat that never ends"),
            Self::FirstEnding => {
                f.write_str("starts a first ending that no repeat sign and second ending follow")
            }
            Self::LaterEnding => f.write_str("starts an ending without the one before it"),
            Self::PartLength { bars, passes } => {
                let s = if *bars == 1 { "" } else { "s" };
                let times = match passes {
                    1 => "once",
                    2 => "twice",
                    _ => "several times",
                };
                write!(f, "starts a part of {bars} bar{s} that is played {times}; ")?;
                f.write_str("a multiple of 8 is expected, or 4 played twice")
            }
            Self::OnePart => f.write_str("the tune ends after one part, two are expected"),
            Self::Unfinished => f.write_str("the tune breaks off"),
            Self::NotHome => f.write_str(
                "ends away from home: the tonic on a main beat is expected, or at the end a tone \
                 of its chord",
            ),
        }
    }
}
