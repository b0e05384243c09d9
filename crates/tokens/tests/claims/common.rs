//! What the tests share.

use tokens::{Facts, Feature, Tokens};

/// The tokens of a tune in ABC.
pub(crate) fn tokens(abc: &str) -> Tokens {
    Tokens::new(&abc::read_tune(abc), &Facts::default()).unwrap()
}

/// What `feature` says of each row, `.` where it says nothing.
pub(crate) fn column(tokens: &Tokens, feature: Feature) -> String {
    let value = |row| match tokens.value(row, feature).to_string() {
        text if text.is_empty() => ".".to_owned(),
        text => text,
    };
    (0..tokens.len()).map(value).collect::<Vec<_>>().join(" ")
}

/// Pitch, onset and duration of every tone as played.
pub(crate) fn sounds(tune: &abc::Tune) -> Vec<(u8, abc::Duration, abc::Duration)> {
    let melody = tune.melody();
    melody.iter().map(|tone| (tone.pitch.midi(), tone.onset, tone.duration)).collect()
}
