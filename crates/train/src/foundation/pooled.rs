//! What a frozen language model makes of tunes, kept from one run to the next.

use std::path::{Path, PathBuf};

use model::{MelodyTower, Reading, pool_melodies};
use sha2::{Digest, Sha256};
use tokens::{Tokens, Vocabulary};

use crate::data::Example;
use crate::{Error, cache};

/// What a tower's frozen language model makes of every setting of some works, (settings, width) each; nothing where that
/// does not stay the same.
///
/// `weights` are the language model's. What was read once is kept in the user's cache folder, under a name made of all
/// that it depends on; a file that is damaged or cannot be written costs time and nothing else.
///
/// # Errors
/// When the tower does not fit the reading.
pub(super) fn of_settings(
    (tower, weights): (&MelodyTower, &[u8]),
    (reading, vocabulary): (&Reading, &Vocabulary),
    examples: &[Example],
) -> Result<Option<Vec<Vec<f32>>>, Error> {
    let tunes: Vec<&Tokens> = examples.iter().flat_map(|example| &example.settings).collect();
    let file = file(weights, (reading, vocabulary), (tower, &tunes))?;
    let known = file.as_deref().and_then(|file| read(file, tunes.len()));
    let all = match known {
        Some(all) => all,
        None => {
            let Some(all) = pool_melodies(tower, (reading, vocabulary), &tunes)? else {
                return Ok(None);
            };
            if let Some(file) = &file {
                keep(file, &all);
            }
            all
        }
    };
    let width = all.len() / tunes.len().max(1);
    let mut rest = &all[..];
    let take = |example: &Example| {
        let (own, others) = rest.split_at(example.settings.len() * width);
        rest = others;
        own.to_vec()
    };
    Ok(Some(examples.iter().map(take).collect()))
}

/// Where what depends on all this is kept; nowhere where the platform names no cache folder.
fn file(
    weights: &[u8],
    (reading, vocabulary): (&Reading, &Vocabulary),
    (tower, tunes): (&MelodyTower, &[&Tokens]),
) -> Result<Option<PathBuf>, Error> {
    let Some(folder) = cache::folder("pooled") else { return Ok(None) };
    let mut hasher = Sha256::new();
    hasher.update(weights);
    // The header and the grams are no part of what the language model reads.
    let Reading { notes, withheld, key, max_rows, header: _, grams: _ } = reading;
    let pooling = tower.config().pooling;
    hasher.update(format!("{notes:?} {withheld:?} {key:?} {max_rows} {pooling:?}"));
    hasher.update(vocabulary.to_json()?);
    tunes.iter().for_each(|tune| hasher.update(tune.fingerprint().to_le_bytes()));
    Ok(Some(folder.join(cache::name(hasher))))
}

fn read(file: &Path, tunes: usize) -> Option<Vec<f32>> {
    let bytes = std::fs::read(file).ok()?;
    let values = cache::unsealed(&bytes)?;
    let is_whole = values.len() % (4 * tunes.max(1)) == 0;
    let (values, _) = values.as_chunks();
    is_whole.then(|| values.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect())
}

fn keep(file: &Path, values: &[f32]) {
    cache::keep(file, &cache::sealed(values.iter().flat_map(|x| x.to_le_bytes()).collect()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_file_comes_back_as_it_was_and_a_damaged_one_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pooled");
        let values = [1.5, -2.0, 0.25, 7.0, 3.5, 0.0];
        keep(&file, &values);
        assert_eq!(read(&file, 3).unwrap(), values);
        assert_eq!(read(&file, 5), None, "six values are not those of five tunes");
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[5] ^= 1;
        std::fs::write(&file, &bytes).unwrap();
        assert_eq!(read(&file, 3), None);
    }
}
