//! The grams of a melody: runs of a few notes, hashed, the same in every key.

use tokens::{Duration, Symbol, Tokens};

/// How many intervals follow each other in a run of notes.
const INTERVALS: [usize; 3] = [3, 4, 6];

/// How many notes, with their lengths, follow each other in a run.
const RHYTHMS: std::ops::RangeInclusive<usize> = 2..=4;

/// How many intervals lie between every other quaver of a run: what stays when ornaments change.
const STEPS: usize = 5;

/// Quavers in a whole note.
const QUAVERS: f64 = 8.0;

/// A note as it sounds: its MIDI number and its length.
type Sound = (i32, Duration);

/// The hashes of a tune's grams, ascending, each with how often the tune has it.
///
/// There are three kinds: 3, 4 or 6 intervals from note to note, whatever their octaves; 5 intervals between every other
/// quaver; and 2 to 4 notes with their lengths and how far each lies from the first. Tied notes are one; rests and bar lines are
/// passed over. A hash is the 32-bit FNV-1a (Fowler, Noll, Vo), its bits mixed.
pub fn melody_grams(tune: &Tokens) -> Vec<(u32, u32)> {
    let sounds = sounds(tune);
    let pitches: Vec<i32> = sounds.iter().map(|(pitch, _)| *pitch).collect();
    let steps: Vec<i32> = sounds
        .iter()
        .flat_map(|&(pitch, length)| {
            let quavers = (length.as_f64() * QUAVERS).round().max(1.0);
            std::iter::repeat_n(pitch, quavers as usize)
        })
        .collect();
    let class = |a: i32, b: i32| [(b - a).rem_euclid(12) as u32];
    let mut hashes = Vec::new();
    for length in INTERVALS {
        for run in pitches.windows(length + 1) {
            hashes.push(hash(0, run.windows(2).map(|pair| class(pair[0], pair[1]))));
        }
    }
    for run in steps.windows(2 * STEPS + 1) {
        let pairs = run.windows(3).step_by(2);
        hashes.push(hash(1, pairs.map(|three| class(three[0], three[2]))));
    }
    for length in RHYTHMS {
        for run in sounds.windows(length) {
            let far =
                |&(pitch, length): &Sound| [(pitch - run[0].0) as u32, length.num(), length.den()];
            hashes.push(hash(2, run.iter().map(far)));
        }
    }
    hashes.sort_unstable();
    hashes.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u32)).collect()
}

fn sounds(tune: &Tokens) -> Vec<Sound> {
    let (mut sounds, mut tied): (Vec<Sound>, bool) = (Vec::new(), false);
    for (symbol, length) in tune.pairs() {
        match symbol {
            Symbol::Note(pitch) => {
                let pitch = i32::from(pitch);
                match sounds.last_mut() {
                    Some((last, whole)) if tied && *last == pitch => *whole = *whole + length,
                    _ => sounds.push((pitch, length)),
                }
                tied = false;
            }
            Symbol::Tie => tied = true,
            Symbol::Rest => tied = false,
            _ => {}
        }
    }
    sounds
}

/// The hash of a gram of one kind.
fn hash<const N: usize>(kind: u32, parts: impl Iterator<Item = [u32; N]>) -> u32 {
    let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    let numbers = std::iter::once(kind).chain(parts.flatten());
    let hash = numbers.flat_map(u32::to_le_bytes).fold(0x811c_9dc5, step);
    (hash ^ hash >> 15).wrapping_mul(0x85eb_ca6b)
}

#[cfg(test)]
mod tests {
    use tokens::Facts;

    use super::*;

    fn grams(music: &str) -> Vec<(u32, u32)> {
        let tune = abc::read_tune(&format!("L:1/8\nM:4/4\n{music}"));
        melody_grams(&Tokens::new(&tune, &Facts::default()).unwrap())
    }

    #[test]
    fn a_tune_in_another_key_has_the_same_grams_and_another_rhythm_others() {
        let reel = grams("K:G\nGABc d2ef|gfed cBAG|");
        assert_eq!(reel, grams("K:A\nABcd e2fg|agfe dcBA|"));
        let even = grams("K:G\nGABc dref|gfed cBAG|");
        let kept = reel.iter().filter(|gram| even.contains(gram)).count();
        assert!(kept > 5 && kept < reel.len(), "{kept} of {}", reel.len());
    }

    #[test]
    fn tied_notes_are_one_and_repeated_runs_are_counted() {
        assert_eq!(grams("K:C\nC2E2 G4-|G4 E2C2|"), grams("K:C\nC2E2 G8 E2C2|"));
        // Of the 17 runs of six notes those of C D, of D C and of C D C come twice.
        let counts: Vec<u32> = grams("K:C\nCDCD CE|").iter().map(|(_, count)| *count).collect();
        assert!(counts.contains(&2));
        assert_eq!((counts.len(), counts.iter().sum::<u32>()), (14, 17));
    }

    #[test]
    fn a_tune_of_one_note_has_no_grams() {
        assert!(grams("K:C\nC8|").is_empty());
    }
}
