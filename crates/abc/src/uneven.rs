//! Broken rhythm between notes of unequal length, whose meaning the standard leaves open (ABC 2.1,
//! section 4.4): of several readings the bar tells which was meant.

use crate::duration::Duration;
use crate::rhythm::scale;
use crate::tune::Event;

/// Broken rhythm between two notes of unequal written length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Uneven {
    /// The two events in their bar.
    pub(crate) first: usize,
    pub(crate) second: usize,
    /// The first's written length over the second's.
    pub(crate) ratio: Duration,
    /// What the marks multiply equal notes with.
    pub(crate) pair: (Duration, Duration),
}

/// What the marks between unequal notes may mean.
#[derive(Clone, Copy, Debug)]
enum Reading {
    /// `A2>B` is `A3B`: the long note is dotted, the short one is as short as it is written.
    Dot,
    /// `A>B3` is `AB3`: the marks say what the lengths say already.
    AsWritten,
    /// `A>B2` is `A3/2B`: one is dotted and the other halved all the same.
    Literal,
    /// `A>B2` is `A3/2B/2`: the notes were meant to be equal.
    Equal,
}

const READINGS: [Reading; 4] = [Reading::Dot, Reading::AsWritten, Reading::Literal, Reading::Equal];

impl Uneven {
    /// Whether one note is already written as short as the marks would make it.
    fn is_written_out(self) -> bool {
        let (first, second) = self.pair;
        if first > second { self.ratio * second == Duration::WHOLE } else { self.ratio == first }
    }

    fn factors(self, reading: Reading) -> (Duration, Duration) {
        let (first, second) = self.pair;
        match reading {
            Reading::Dot if self.is_written_out() && first > second => (first, Duration::WHOLE),
            Reading::Dot if self.is_written_out() => (Duration::WHOLE, second),
            Reading::Dot | Reading::AsWritten => (Duration::WHOLE, Duration::WHOLE),
            Reading::Literal => self.pair,
            Reading::Equal if self.ratio < Duration::WHOLE => (first, second * self.ratio),
            Reading::Equal => (first.ratio(self.ratio), second),
        }
    }
}

/// Takes the first reading with which the bar is as long as `full`; where there is none, the first
/// of all. False when nothing confirms the reading: neither the bar nor the lengths.
pub(crate) fn settle(uneven: &[Uneven], events: &mut [Event], full: Option<Duration>) -> bool {
    let fills = |&reading: &Reading| Some(length(events, uneven, reading)) == full;
    let found = READINGS.into_iter().find(fills);
    for pair in uneven {
        let factors = pair.factors(found.unwrap_or(Reading::Dot));
        scale(events.get_mut(pair.first), factors.0);
        scale(events.get_mut(pair.second), factors.1);
    }
    found.is_some() || uneven.iter().all(|pair| pair.is_written_out())
}

/// The length of the bar in this reading.
fn length(events: &[Event], uneven: &[Uneven], reading: Reading) -> Duration {
    let mut lengths: Vec<Duration> = events.iter().map(Event::duration).collect();
    for pair in uneven {
        let factors = pair.factors(reading);
        for (place, factor) in [(pair.first, factors.0), (pair.second, factors.1)] {
            if let Some(length) = lengths.get_mut(place) {
                *length = *length * factor;
            }
        }
    }
    lengths.into_iter().sum()
}
