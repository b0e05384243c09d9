//! A tune as naming hears it: its pitches one by one, and its pitch at every step of a grid.

use abc::{Event, Tune};

use super::answer::NotePlace;

/// Steps of a grid that are kept of one tune; what comes after is not compared.
pub(crate) const LONGEST: usize = 1536;

/// Mean length of a note in steps of the grid: of a reel in quavers with some crotchets.
const USUAL: f64 = 1.25;

/// A tune is also read on the next grid when its notes are so far, in octaves of duration, from the usual length.
const DOUBTFUL: f64 = 0.3;

/// A tune in written order, repeats not played, ties joined, chords by their melody note.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Melody {
    /// MIDI numbers of the notes.
    pub(crate) pitches: Vec<u8>,
    /// The sounding pitch at each step of the grid, see [`step`]; a rest prolongs the note before it.
    pub(crate) steps: Vec<i16>,
    /// The note that sounds at each step.
    pub(crate) places: Vec<NotePlace>,
    /// What the tune says it is (`R:`), one of those that [`corpus::dance_type`] gives.
    pub(crate) dance_type: Option<&'static str>,
}

/// A step's number: four times the MIDI number, and one more where the note starts.
fn step(pitch: u8, starts: bool) -> i16 {
    4 * i16::from(pitch) + i16::from(starts)
}

/// The MIDI number of a step.
pub(crate) fn pitch(step: i16) -> i16 {
    step >> 2
}

/// A note in its bar.
struct Tone {
    pitch: u8,
    /// From the start of its bar, in whole notes.
    onset: f64,
    place: NotePlace,
}

/// The notes of a bar that start there; a note that is tied over from the bar before is not among them.
struct BarTones {
    tones: Vec<Tone>,
    /// In whole notes.
    length: f64,
}

/// Each reading of a tune: on the grid that fits it best, and on the next one where that is in doubt.
pub(crate) fn readings(tune: &Tune) -> Vec<Melody> {
    let bars = bar_tones(tune);
    let Some(octaves) = mean_octaves(&bars) else {
        return Vec::new();
    };
    let best = octaves.round();
    let mut grids = vec![best];
    if (octaves - best).abs() > DOUBTFUL {
        grids.push(best + (octaves - best).signum());
    }
    let dance_type = tune.header.rhythm.as_deref().and_then(corpus::dance_type);
    let read = |grid: f64| Melody { dance_type, ..on_grid(&bars, grid.exp2() / 8.0) };
    grids.into_iter().map(read).collect()
}

/// The best reading of a whole tune.
pub(crate) fn reading(tune: &Tune) -> Option<Melody> {
    readings(tune).into_iter().next()
}

fn bar_tones(tune: &Tune) -> Vec<BarTones> {
    let mut tied: Option<u8> = None;
    let bars = tune.bars.iter().enumerate().map(|(bar, written)| {
        let (mut tones, mut now, mut note) = (Vec::new(), 0.0, 0);
        for event in &written.events {
            if let Event::Note(here) = event {
                let pitch = here.pitch.midi();
                if tied != Some(pitch) {
                    let place = NotePlace { bar, note };
                    tones.push(Tone { pitch, onset: now, place });
                }
                tied = here.tied.then_some(pitch);
                note += 1;
            }
            now += event.duration().as_f64();
        }
        BarTones { tones, length: now }
    });
    bars.collect()
}

/// How many octaves the mean note is longer than usual on a grid of quavers.
fn mean_octaves(bars: &[BarTones]) -> Option<f64> {
    let notes = bars.iter().map(|bar| bar.tones.len()).sum::<usize>();
    let time = bars.iter().map(|bar| bar.length).sum::<f64>();
    (notes > 0 && time > 0.0).then(|| (time / notes as f64 * 8.0 / USUAL).log2().clamp(-8.0, 8.0))
}

/// The tune on a grid of steps of `unit` whole notes that starts anew with every bar, so that a bar of a wrong length
/// leaves the others in their places.
fn on_grid(bars: &[BarTones], unit: f64) -> Melody {
    let mut melody = Melody::default();
    let mut sounding: Option<(u8, NotePlace)> = None;
    for bar in bars {
        melody.pitches.extend(bar.tones.iter().map(|tone| tone.pitch));
        let steps = (bar.length / unit).round().min(LONGEST as f64) as usize;
        let mut tones = bar.tones.iter().peekable();
        for at in 0..steps {
            let end = (at as f64 + 0.5) * unit;
            let mut starts = false;
            // Of several notes in one step the first counts; the others are ornaments.
            while let Some(tone) = tones.next_if(|tone| tone.onset < end) {
                if !starts {
                    sounding = Some((tone.pitch, tone.place));
                }
                starts = true;
            }
            if let Some((pitch, place)) = sounding.filter(|_| melody.steps.len() < LONGEST) {
                melody.steps.push(step(pitch, starts));
                melody.places.push(place);
            }
        }
        if let Some(tone) = bar.tones.last() {
            sounding = Some((tone.pitch, tone.place));
        }
    }
    melody
}
