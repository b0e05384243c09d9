//! Standard MIDI files: a tune as it is played.

use midly::num::{u4, u7, u15, u24, u28};
use midly::{Format, Header, MetaMessage, MidiMessage, Smf, Timing, TrackEvent, TrackEventKind};

use crate::duration::Duration;
use crate::key::{Key, Mode};
use crate::metre::Metre;
use crate::tune::{Event, Tune};

/// Ticks of a quarter note: they hold triplets and quintuplets down to 32nds exactly.
const QUARTER: u16 = 480;

/// How loud notes are, of 127.
const VELOCITY: u8 = 96;

/// Quarter notes a minute by dance type, at a session's pace; the first name that an `R:` field has
/// in it counts, so that a slip jig is no jig.
const TEMPI: &[(&str, u32)] = &[
    ("slip jig", 174),
    ("jig", 174),
    ("slide", 198),
    ("reel", 200),
    ("hornpipe", 160),
    ("barndance", 168),
    ("strathspey", 128),
    ("polka", 124),
    ("mazurka", 150),
    ("waltz", 144),
    ("march", 168),
    ("three-two", 180),
    ("air", 80),
];

/// Quarter notes a minute of a tune whose dance type has no tempo of its own.
const TEMPO: u32 = 140;

/// The tune as a standard MIDI file of one track: repeats are played, tied notes are one, and of
/// chords the melody sounds. Keys, metres, the title and a tempo by the dance type are in it.
///
/// ```
/// let tune = abc::read_tune("X:1\nT:Tripping Upstairs\nR:jig\nM:6/8\nL:1/8\nK:D\n|:A|d2d fdA:|");
/// let midi = abc::midi(&tune);
/// assert!(midi.starts_with(b"MThd"));
/// assert!(midi.windows(17).any(|bytes| bytes == b"Tripping Upstairs"));
/// ```
pub fn midi(tune: &Tune) -> Vec<u8> {
    let mut track = Track::default();
    if let Some(title) = tune.header.titles.first() {
        track.meta(Duration::ZERO, MetaMessage::TrackName(title.as_bytes()));
    }
    track.meta(Duration::ZERO, MetaMessage::Tempo(u24::from(60_000_000 / tempo(tune))));
    changes(tune, &mut track);
    for tone in tune.melody() {
        let key = u7::from(tone.pitch.midi());
        track.message(tone.onset, MidiMessage::NoteOn { key, vel: u7::from(VELOCITY) });
        let end = tone.onset + tone.duration;
        track.message(end, MidiMessage::NoteOff { key, vel: u7::from(0) });
    }
    let timing = Timing::Metrical(u15::from(QUARTER));
    let header = Header { format: Format::SingleTrack, timing };
    let mut bytes = Vec::new();
    // A vector takes all that is written.
    let _ = Smf { header, tracks: vec![track.finish()] }.write(&mut bytes);
    bytes
}

fn tempo(tune: &Tune) -> u32 {
    let rhythm = tune.header.rhythm.as_deref().unwrap_or_default().to_lowercase();
    TEMPI.iter().find(|(name, _)| rhythm.contains(name)).map_or(TEMPO, |(_, tempo)| *tempo)
}

/// Key and metre at the start, and wherever others come into force on the way.
fn changes<'a>(tune: &'a Tune, track: &mut Track<'a>) {
    let (metres, keys) = (tune.metres(), keys(tune));
    let mut now = Duration::ZERO;
    let (mut metre, mut key) = (None, None);
    for bar in tune.unfold() {
        if metre.replace(metres[bar]) != Some(metres[bar]) {
            track.metre(now, metres[bar]);
        }
        if key.replace(keys[bar]) != Some(keys[bar]) {
            track.key(now, keys[bar]);
        }
        for event in &tune.bars[bar].events {
            if let Event::Key(changed) = event
                && key.replace(*changed) != Some(*changed)
            {
                track.key(now, *changed);
            }
            now = now + event.duration();
        }
    }
}

/// For every bar as written, the key that is in force where it starts.
fn keys(tune: &Tune) -> Vec<Key> {
    let mut now = tune.header.key;
    let mut keys = Vec::with_capacity(tune.bars.len());
    for bar in &tune.bars {
        keys.push(now);
        for event in &bar.events {
            if let Event::Key(key) = event {
                now = *key;
            }
        }
    }
    keys
}

/// Events by tick, not yet in order.
#[derive(Default)]
struct Track<'a> {
    events: Vec<(u32, TrackEventKind<'a>)>,
}

impl<'a> Track<'a> {
    fn meta(&mut self, at: Duration, message: MetaMessage<'a>) {
        self.events.push((ticks(at), TrackEventKind::Meta(message)));
    }

    fn message(&mut self, at: Duration, message: MidiMessage) {
        self.events.push((ticks(at), TrackEventKind::Midi { channel: u4::from(0), message }));
    }

    /// A metre, where MIDI has it: its denominator is a power of two there.
    fn metre(&mut self, at: Duration, metre: Option<Metre>) {
        let Some(metre) = metre.filter(|metre| metre.denominator.is_power_of_two()) else { return };
        let Ok(numerator) = u8::try_from(metre.numerator) else { return };
        let power = metre.denominator.trailing_zeros() as u8;
        // A quarter note has 24 clocks and eight 32nds.
        let clocks = u8::try_from(ticks(metre.beat()) * 24 / u32::from(QUARTER)).unwrap_or(24);
        self.meta(at, MetaMessage::TimeSignature(numerator, power, clocks, 8));
    }

    /// A key by its signature; MIDI knows major and minor only.
    fn key(&mut self, at: Duration, key: Key) {
        let sharps: i8 = key.signature.iter().sum();
        let minor = key.mode == Mode::Aeolian;
        self.meta(at, MetaMessage::KeySignature(sharps.clamp(-7, 7), minor));
    }

    /// All events in order; at one time notes end before others start.
    fn finish(mut self) -> Vec<TrackEvent<'a>> {
        self.events.sort_by_key(|(tick, kind)| {
            let order = match kind {
                TrackEventKind::Midi { message: MidiMessage::NoteOff { .. }, .. } => 0,
                TrackEventKind::Meta(_) => 1,
                _ => 2,
            };
            (*tick, order)
        });
        let mut before = 0;
        let mut timed = |(tick, kind): (u32, TrackEventKind<'a>)| {
            let delta = u28::from_int_lossy(tick - std::mem::replace(&mut before, tick));
            TrackEvent { delta, kind }
        };
        let mut track: Vec<TrackEvent<'a>> = self.events.drain(..).map(&mut timed).collect();
        track.push(TrackEvent {
            delta: u28::from(0),
            kind: TrackEventKind::Meta(MetaMessage::EndOfTrack),
        });
        track
    }
}

/// A time in whole notes as the nearest tick.
fn ticks(time: Duration) -> u32 {
    let scaled = u64::from(time.num()) * 4 * u64::from(QUARTER);
    let den = u64::from(time.den());
    u32::try_from((2 * scaled + den) / (2 * den)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What happens in the file, by tick: `60+` and `60-` for notes, `3/4`, `K2`.
    fn check(abc: &str, expected: &str) {
        let bytes = midi(&crate::read_tune(abc));
        let smf = Smf::parse(&bytes).unwrap();
        let (mut now, mut found) = (0, Vec::new());
        for event in &smf.tracks[0] {
            now += event.delta.as_int();
            found.push(match event.kind {
                TrackEventKind::Midi { message: MidiMessage::NoteOn { key, .. }, .. } => {
                    format!("{now}:{key}+")
                }
                TrackEventKind::Midi { message: MidiMessage::NoteOff { key, .. }, .. } => {
                    format!("{now}:{key}-")
                }
                TrackEventKind::Meta(MetaMessage::TimeSignature(n, d, clocks, _)) => {
                    format!("{now}:{n}/{}*{clocks}", 1 << d)
                }
                TrackEventKind::Meta(MetaMessage::KeySignature(sharps, minor)) => {
                    format!("{now}:K{sharps}{}", if minor { "m" } else { "" })
                }
                TrackEventKind::Meta(MetaMessage::Tempo(tempo)) => format!("{now}:T{tempo}"),
                _ => continue,
            });
        }
        assert_eq!(found.join(" "), expected, "{abc}");
    }

    #[test]
    fn repeats_are_played_and_ties_joined() {
        check(
            "M:2/4\nL:1/4\nK:C\n|:C-|1CD:|2C2|",
            "0:T428571 0:2/4*24 0:K0 0:60+ 960:60- 960:62+ 1440:62- 1440:60+ 2880:60-",
        );
    }

    #[test]
    fn a_note_ends_before_the_same_one_starts_again() {
        check(
            "R:Slip Jig\nM:9/8\nL:1/8\nK:Amin\n(3AAAA",
            "0:T344827 0:9/8*36 0:K0m 0:69+ 160:69- 160:69+ 320:69- 320:69+ 480:69- 480:69+ \
             720:69-",
        );
    }

    #[test]
    fn keys_and_metres_come_back_when_a_repeat_goes_back() {
        check(
            "M:2/4\nL:1/4\nK:D\n|:d2|[M:3/4][K:G]d3:|",
            "0:T428571 0:2/4*24 0:K2 0:74+ 960:74- 960:3/4*24 960:K1 960:74+ 2400:74- 2400:2/4*24 \
             2400:K2 2400:74+ 3360:74- 3360:3/4*24 3360:K1 3360:74+ 4800:74-",
        );
    }

    #[test]
    fn a_tune_without_notes_is_a_file_without_notes() {
        check("K:C\n", "0:T428571");
    }
}
