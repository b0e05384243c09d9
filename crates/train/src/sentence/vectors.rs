//! Titles' vectors, kept from one run to the next in a file of their own.
//!
//! The file holds a line that names the format, the length of a vector (32 bits) and the number of vectors (64 bits), the
//! first 16 bytes of each title's SHA-256, the vectors in f32, and the SHA-256 of all that; numbers are little-endian.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::LoadedEncoder;
use crate::cache;

const FORMAT: &[u8] = b"ganainm sentence vectors 1\n";

/// Bytes of a title's hash that are kept.
const KEY: usize = 16;

type Known = HashMap<[u8; KEY], Vec<f32>>;

/// The vectors of titles: looked up where the encoder has met the title before, else made and kept.
///
/// The same encoder gives the same vector for a title, bit for bit, whatever else it is asked, so it makes no difference
/// which titles were known. A file that is damaged or cannot be written costs time and nothing else.
#[derive(Debug)]
pub struct SentenceVectors<'e> {
    encoder: &'e LoadedEncoder,
    file: Option<PathBuf>,
    known: Known,
}

impl<'e> SentenceVectors<'e> {
    /// The user's folder for such files: `ganainm/sentence` in the platform's cache folder (`~/.cache` on Linux); none
    /// where the platform names none.
    pub fn default_folder() -> Option<PathBuf> {
        cache::folder("sentence")
    }

    /// The encoder's vectors, with those kept in `folder` if one is given.
    pub fn new(encoder: &'e LoadedEncoder, folder: Option<&Path>) -> Self {
        let file = folder.map(|folder| folder.join(format!("{}.vectors", encoder.key())));
        let bytes = file.as_ref().and_then(|file| std::fs::read(file).ok());
        let known = bytes.and_then(|bytes| parse(&bytes, encoder.encoder.output()));
        SentenceVectors { encoder, file, known: known.unwrap_or_default() }
    }

    /// Unit vectors of titles, (N, output).
    pub fn of(&mut self, titles: &[&str]) -> Vec<f32> {
        let width = self.encoder.encoder.output();
        let keys: Vec<[u8; KEY]> = titles.iter().map(|title| key(title)).collect();
        let mut new: Vec<usize> =
            (0..titles.len()).filter(|&title| !self.known.contains_key(&keys[title])).collect();
        new.sort_by_key(|&title| keys[title]);
        new.dedup_by_key(|title| keys[*title]);
        if !new.is_empty() {
            let texts: Vec<&str> = new.iter().map(|&title| titles[title]).collect();
            let made = self.encoder.encoder.embed(&texts);
            for (&title, vector) in new.iter().zip(made.chunks_exact(width)) {
                self.known.insert(keys[title], vector.to_vec());
            }
            self.keep();
        }
        keys.iter().flat_map(|key| self.known[key].iter().copied()).collect()
    }

    /// Writes the file anew. A failure is passed over: what could not be kept is made again.
    fn keep(&self) {
        if let Some(file) = &self.file {
            cache::keep(file, &format(&self.known, self.encoder.encoder.output()));
        }
    }
}

fn key(title: &str) -> [u8; KEY] {
    let hash = Sha256::digest(title.as_bytes());
    std::array::from_fn(|i| hash[i])
}

fn format(known: &Known, width: usize) -> Vec<u8> {
    let mut entries: Vec<_> = known.iter().collect();
    entries.sort_by_key(|(key, _)| **key);
    let mut bytes = FORMAT.to_vec();
    bytes.extend((width as u32).to_le_bytes());
    bytes.extend((entries.len() as u64).to_le_bytes());
    bytes.extend(entries.iter().flat_map(|(key, _)| key.iter()));
    bytes
        .extend(entries.iter().flat_map(|(_, vector)| vector.iter()).flat_map(|x| x.to_le_bytes()));
    cache::sealed(bytes)
}

/// The vectors of a file; none where it is damaged, or of vectors of another length.
fn parse(bytes: &[u8], width: usize) -> Option<Known> {
    let (found, body) = cache::unsealed(bytes)?.strip_prefix(FORMAT)?.split_first_chunk()?;
    let (count, body) = body.split_first_chunk()?;
    let count = usize::try_from(u64::from_le_bytes(*count)).ok()?;
    let (keys, values) = body.split_at_checked(count.checked_mul(KEY)?)?;
    let fits = u32::from_le_bytes(*found) as usize == width
        && Some(values.len()) == count.checked_mul(4 * width);
    let (keys, (values, _)) = (keys.as_chunks().0, values.as_chunks());
    let values: Vec<f32> = values.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
    let vectors = values.chunks_exact(width).map(<[f32]>::to_vec);
    fits.then(|| keys.iter().copied().zip(vectors).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_comes_back_as_it_was_written_and_a_damaged_one_not_at_all() {
        let vector = |seed: u8| (0..5).map(|i| f32::from(seed) / 7.0 - i as f32).collect();
        let known: Known = ["The Kesh", "", "Port na bPúcaí"]
            .iter()
            .zip(3..)
            .map(|(title, seed)| (key(title), vector(seed)))
            .collect();
        let bytes = format(&known, 5);
        assert_eq!(parse(&bytes, 5), Some(known));
        assert_eq!(parse(&bytes, 7), None);
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 16;
            assert_eq!(parse(&damaged, 5), None, "byte {at}");
            assert_eq!(parse(&bytes[..at], 5), None, "cut at {at}");
        }
    }
}
