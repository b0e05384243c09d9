//! A standard MIDI file as a tune: its melody track is guessed, and its grid is found.

use midly::{MetaMessage, MidiMessage, Smf, Timing, TrackEventKind};

use crate::duration::Duration;
use crate::metre::Metre;
use crate::pitch::Pitch;
use crate::tune::{Bar, Event, Note, Tune};

/// Why a file is no tune.
#[derive(Debug, thiserror::Error)]
pub enum MidiError {
    /// It is no standard MIDI file, or damaged.
    #[error("not a standard MIDI file: {0}")]
    Damaged(String),
    /// Nothing sounds in it but drums, or nothing at all.
    #[error("the MIDI file has no melody")]
    NoMelody,
}

/// The channel of the drums.
const DRUMS: u8 = 9;

/// Notes that are read of a file.
const MOST_NOTES: usize = 100_000;

/// Grid steps to the whole note: the step that is found is taken for a quaver.
const STEPS: u32 = 8;

/// Notes that start within this share of a step sound together.
const TOGETHER: f64 = 0.3;

/// A note in ticks.
#[derive(Clone, Copy, Debug)]
struct Tone {
    start: u64,
    end: u64,
    key: u8,
}

/// What a file holds.
#[derive(Default)]
struct Heard {
    /// The notes of each track and channel.
    voices: std::collections::BTreeMap<(usize, u8), Vec<Tone>>,
    title: Option<String>,
    metre: Option<Metre>,
}

/// Reads a standard MIDI file as a tune in one voice, without a key.
///
/// The melody is the track and channel with the most notes after those that lie an octave lower have been marked down;
/// of notes that start together the highest counts. The step that most distances between notes are multiples of becomes
/// the quaver, so that neither the file's tempo nor uneven playing matters.
///
/// ```
/// # fn main() -> Result<(), abc::MidiError> {
/// let written = abc::read_tune("M:6/8\nL:1/8\nK:D\nd2d fdA|");
/// let read = abc::read_midi(&abc::midi(&written))?;
/// let midi: Vec<u8> = read.melody().iter().map(|tone| tone.pitch.midi()).collect();
/// assert_eq!(midi, [74, 74, 78, 74, 69]);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`MidiError::Damaged`] or [`MidiError::NoMelody`].
pub fn read_midi(bytes: &[u8]) -> Result<Tune, MidiError> {
    let file = Smf::parse(bytes).map_err(|error| MidiError::Damaged(error.to_string()))?;
    let quarter = match file.header.timing {
        Timing::Metrical(ticks) => u64::from(ticks.as_int()).max(1),
        Timing::Timecode(rate, ticks) => (u64::from(rate.as_int()) * u64::from(ticks) / 2).max(1),
    };
    let heard = Heard::new(&file);
    let melody = heard.voices.values().max_by(|a, b| weight(a).total_cmp(&weight(b)));
    let mut tones = melody.cloned().ok_or(MidiError::NoMelody)?;
    tones.sort_by_key(|tone| (tone.start, u8::MAX - tone.key));
    let step = grid(&tones, quarter as f64 / 2.0);
    let tones = skyline(&tones, step);
    let mut tune = Tune { bars: bars(&tones, step, heard.metre), ..Tune::default() };
    tune.line = 1;
    tune.header.unit = Duration::new(1, STEPS);
    tune.header.metre = heard.metre;
    tune.header.titles = heard.title.into_iter().collect();
    Ok(tune)
}

impl Heard {
    fn new(file: &Smf<'_>) -> Self {
        let mut heard = Self::default();
        let mut notes = 0;
        for (at, track) in file.tracks.iter().enumerate() {
            let mut now = 0;
            for event in track {
                now += u64::from(event.delta.as_int());
                match event.kind {
                    TrackEventKind::Meta(meta) => heard.meta(meta),
                    TrackEventKind::Midi { channel, message } if channel.as_int() != DRUMS => {
                        notes += 1;
                        if notes < 2 * MOST_NOTES {
                            heard.message((at, channel.as_int()), now, message);
                        }
                    }
                    _ => {}
                }
            }
        }
        heard
    }

    fn meta(&mut self, meta: MetaMessage<'_>) {
        match meta {
            MetaMessage::TrackName(name) if self.title.is_none() => {
                let name = crate::encoding::decode(name).trim().to_owned();
                self.title = Some(name).filter(|name| !name.is_empty());
            }
            MetaMessage::TimeSignature(beats, power, _, _) if self.metre.is_none() => {
                self.metre = format!("{beats}/{}", 1_u32 << power.min(6)).parse().ok();
            }
            _ => {}
        }
    }

    fn message(&mut self, voice: (usize, u8), now: u64, message: MidiMessage) {
        match message {
            MidiMessage::NoteOn { key, vel } if vel.as_int() > 0 => {
                let tone = Tone { start: now, end: u64::MAX, key: key.as_int() };
                self.voices.entry(voice).or_default().push(tone);
            }
            MidiMessage::NoteOn { key, .. } | MidiMessage::NoteOff { key, .. } => {
                let tones = self.voices.get_mut(&voice).into_iter().flatten().rev().take(64);
                let mut open = tones.filter(|t| t.end == u64::MAX && t.key == key.as_int());
                if let Some(tone) = open.next() {
                    tone.end = now;
                }
            }
            _ => {}
        }
    }
}

/// How likely a voice is the melody: its notes, fewer by half for each octave below the treble.
fn weight(tones: &[Tone]) -> f64 {
    let mean = tones.iter().map(|tone| f64::from(tone.key)).sum::<f64>() / tones.len() as f64;
    tones.len() as f64 * ((mean - 67.0).min(0.0) / 12.0).exp2()
}

/// Ticks of the step that distances between notes are most nearly multiples of, around the usual distance.
fn grid(tones: &[Tone], quaver: f64) -> f64 {
    let starts: Vec<u64> = tones.iter().map(|tone| tone.start).collect();
    let gaps = starts.windows(2).map(|pair| (pair[1] - pair[0]) as f64);
    let mut gaps: Vec<f64> = gaps.filter(|gap| *gap > quaver / 6.0).collect();
    if gaps.is_empty() {
        return quaver;
    }
    gaps.sort_by(f64::total_cmp);
    let usual = gaps[gaps.len() / 2];
    let error = |step: f64| -> f64 {
        let off = gaps.iter().map(|gap| (gap / step - (gap / step).round().max(1.0)).abs());
        off.sum::<f64>() / gaps.len() as f64
    };
    // The usual distance itself first: of equally good steps it is the plainest.
    let tried =
        (0..=80).map(|at| usual * (1.0 + 0.005 * f64::from(if at % 2 == 0 { at } else { -at })));
    let best = tried.min_by(|a, b| error(*a).total_cmp(&error(*b))).unwrap_or(usual);
    best.max(1.0)
}

/// The highest of notes that start together, each in whole steps from the first note.
fn skyline(tones: &[Tone], step: f64) -> Vec<Tone> {
    let mut top: Vec<Tone> = Vec::new();
    for &tone in tones {
        match top.last_mut() {
            Some(last) if ((tone.start - last.start) as f64) < TOGETHER * step => {
                if tone.key > last.key {
                    *last = Tone { start: last.start, ..tone };
                }
            }
            _ => top.push(tone),
        }
    }
    top
}

/// Notes on the grid, in bars of their metre; each lasts until the next one.
fn bars(tones: &[Tone], step: f64, metre: Option<Metre>) -> Vec<Bar> {
    let length = metre.map_or(Duration::WHOLE, |metre| metre.bar());
    let per_bar = (length.as_f64() * f64::from(STEPS)).round().max(1.0) as u32;
    let (mut bars, mut bar, mut filled) = (Vec::new(), Bar::default(), 0_u32);
    let ends = tones.iter().skip(1).map(|tone| tone.start).chain([0]);
    for (tone, next) in tones.iter().zip(ends) {
        let end = if next > 0 { next } else { tone.end.min(tone.start + (4.0 * step) as u64) };
        // In half steps, so that faster notes keep their lengths; a long silence is no longer than two bars.
        let halves =
            ((end - tone.start) as f64 / step * 2.0).round().clamp(1.0, 4.0 * f64::from(per_bar));
        bar.events.push(Event::Note(note(tone.key, Duration::new(halves as u32, 2 * STEPS))));
        filled += halves as u32;
        if filled >= 2 * per_bar {
            bars.push(std::mem::take(&mut bar));
            filled %= 2 * per_bar;
        }
    }
    if !bar.events.is_empty() {
        bars.push(bar);
    }
    bars
}

fn note(key: u8, duration: Duration) -> Note {
    let pitch = Pitch::from_midi(key);
    let (chord, grace) = Default::default();
    Note { pitch, duration, tied: false, chord, grace, tuplet: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KESH: &str = "M:6/8\nL:1/8\nR:jig\nK:G\nGAG GAB|ABA ABd|edd gdd|edB dBA|";

    fn heard(tune: &Tune) -> Vec<(u8, Duration)> {
        tune.melody().iter().map(|tone| (tone.pitch.midi(), tone.duration)).collect()
    }

    #[test]
    fn a_written_file_is_read_again() {
        let tune = crate::read_tune(KESH);
        let read = read_midi(&crate::midi(&tune)).unwrap();
        assert_eq!(heard(&read), heard(&tune));
        assert_eq!(read.bars.len(), 4);
    }

    #[test]
    fn a_tempo_off_the_grid_is_found() {
        let tune = crate::read_tune(KESH);
        let tones: Vec<Tone> = tune
            .melody()
            .iter()
            .map(|tone| {
                let at = |d: Duration| (d.as_f64() * 8.0 * 217.0) as u64;
                Tone { start: at(tone.onset), end: at(tone.onset + tone.duration), key: 60 }
            })
            .collect();
        let step = grid(&tones, 240.0);
        assert!((step - 217.0).abs() < 3.0, "{step}");
    }

    #[test]
    fn what_is_no_tune_is_an_error() {
        assert!(matches!(read_midi(b"MThd and no more"), Err(MidiError::Damaged(_))));
        assert!(matches!(read_midi(&crate::midi(&Tune::default())), Err(MidiError::NoMelody)));
    }
}
