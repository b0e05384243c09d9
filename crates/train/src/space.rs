//! The joint space of a run over a whole corpus: a vector for every work's melody, to be met by vectors of words.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use corpus::{Corpus, Work};
use model::Embedder;
use rayon::prelude::*;
use retrieval::{Embeddings, Hit};
use sha2::{Digest, Sha256};

use crate::data::settings;
use crate::run::files;
use crate::{Error, RunDir, Scorer, cache};

const FORMAT: &[u8] = b"ganainm melody vectors 1\n";

/// Works that are read and embedded at a time; how they are parted never changes a vector beyond rounding.
const PART: usize = 128;

/// A run's towers with the melody vectors of a corpus.
#[derive(Debug)]
pub struct JointSpace {
    embedder: Arc<Embedder>,
    /// The first setting with a melody of every work that has one; ids are those of the works.
    melodies: Embeddings,
    /// Place of each among the corpus' works, (N,).
    works: Vec<usize>,
}

/// Where the melody vectors of a space are kept, and who hears of it while they are made.
#[derive(Clone, Copy)]
pub struct Keeping<'a> {
    /// The folder; without one they are made each time.
    pub folder: Option<&'a Path>,
    /// Is told how many works are done, and of how many; silent where the vectors are there already.
    pub progress: &'a (dyn Fn(usize, usize) + Sync),
}

impl JointSpace {
    /// The user's folder for melody vectors: `ganainm/melodies` in the platform's cache folder (`~/.cache` on Linux); none
    /// where the platform names none.
    pub fn default_folder() -> Option<PathBuf> {
        cache::folder("melodies")
    }

    /// The space of a run's towers, which its scorer has loaded, over the works of `corpus`. Vectors are taken from the folder when
    /// they are there; otherwise they are made now and kept there, whole or not at all.
    ///
    /// # Errors
    /// When the run is no pair of towers, a file is missing or damaged, or no work has a melody.
    pub fn open(
        (run, scorer): (&RunDir, &Scorer),
        corpus: &Corpus,
        keeping: Keeping<'_>,
    ) -> Result<Self, Error> {
        let embedder = scorer.towers().map_or_else(|| run.embedder().map(Arc::new), Ok)?;
        let width = embedder.output();
        let file = match keeping.folder {
            Some(folder) => Some(folder.join(format!("{}.vectors", key(run, corpus)?))),
            None => None,
        };
        let bytes = file.as_ref().and_then(|file| std::fs::read(file).ok());
        let (works, vectors) = match bytes.and_then(|bytes| parse(&bytes, width)) {
            Some(kept) => kept,
            None => {
                let made = embed(&embedder, corpus, keeping.progress)?;
                if let Some(file) = &file {
                    cache::keep(file, &format(&made, width));
                }
                made
            }
        };
        let ids: Option<Vec<String>> =
            works.iter().map(|&work| Some(corpus.works.get(work)?.id.clone())).collect();
        let ids = ids.filter(|ids| !ids.is_empty());
        let ids = ids.ok_or_else(|| Error::Data("no work has a melody".to_owned()))?;
        Ok(Self { embedder, melodies: Embeddings::new(ids, width, vectors)?, works })
    }

    /// The works whose melodies are nearest to these words as a title, at most `most`: their places in the corpus and the
    /// cosines, best first, with the index that evaluation uses.
    ///
    /// # Errors
    /// When the title tower fails.
    pub fn nearest(&self, words: &str, most: usize) -> Result<Vec<(usize, f32)>, Error> {
        let query = self.embedder.embed_titles(&[words])?;
        let hits = self.melodies.nearest(&query, most)?;
        let placed = |hit: &Hit| (self.works[hit.candidate as usize], hit.score);
        Ok(hits.iter().map(placed).collect())
    }
}

/// What the vectors depend on, as a name.
fn key(run: &RunDir, corpus: &Corpus) -> Result<String, Error> {
    let mut hasher = Sha256::new_with_prefix(FORMAT);
    hasher.update(corpus.hash.as_bytes());
    for name in [files::CONFIG, files::VOCABULARY, files::MELODY] {
        hasher.update(Sha256::digest(run.read(name)?));
    }
    Ok(cache::name(hasher))
}

/// Places and vectors, (N,) and (N, D), of all works with a melody.
fn embed(
    embedder: &Embedder,
    corpus: &Corpus,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<(Vec<usize>, Vec<f32>), Error> {
    let (done, all) = (AtomicUsize::new(0), corpus.works.len());
    progress(0, all);
    let part = |(part, works): (usize, &[Work])| {
        let read = |(at, work)| {
            let prepared = settings(work).find_map(|tune| embedder.reading.prepare(tune).ok())?;
            Some((part * PART + at, prepared))
        };
        let (places, tunes): (Vec<usize>, Vec<_>) =
            works.iter().enumerate().filter_map(read).unzip();
        let vectors = embedder.embed_melodies(&tunes.iter().collect::<Vec<_>>())?;
        progress(done.fetch_add(works.len(), Ordering::Relaxed) + works.len(), all);
        Ok((places, vectors))
    };
    let parts: Vec<_> =
        corpus.works.par_chunks(PART).enumerate().map(part).collect::<Result<_, Error>>()?;
    let (places, vectors): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    Ok((places.concat(), vectors.concat()))
}

/// The places in 32 bits after their number, then the vectors in f32, all little-endian and sealed.
fn format((works, vectors): &(Vec<usize>, Vec<f32>), width: usize) -> Vec<u8> {
    let mut bytes = FORMAT.to_vec();
    bytes.extend((width as u32).to_le_bytes());
    bytes.extend((works.len() as u32).to_le_bytes());
    bytes.extend(works.iter().flat_map(|&work| (work as u32).to_le_bytes()));
    bytes.extend(vectors.iter().flat_map(|x| x.to_le_bytes()));
    cache::sealed(bytes)
}

/// Places and vectors of a file; none where it is damaged, or of vectors of another length.
fn parse(bytes: &[u8], width: usize) -> Option<(Vec<usize>, Vec<f32>)> {
    let body = cache::unsealed(bytes)?.strip_prefix(FORMAT)?;
    let (words, _) = body.as_chunks::<4>();
    let (head, rest) = words.split_at_checked(2)?;
    let number = |bytes: &[u8; 4]| u32::from_le_bytes(*bytes) as usize;
    let (works, vectors) = rest.split_at_checked(number(&head[1]))?;
    let fits = number(&head[0]) == width && Some(vectors.len()) == works.len().checked_mul(width);
    fits.then(|| {
        let vectors = vectors.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        (works.iter().map(number).collect(), vectors)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_vectors_come_back_and_damaged_ones_not_at_all() {
        let made = (vec![0, 2, 7], (0..15).map(|i| i as f32 / 7.0).collect());
        let bytes = format(&made, 5);
        assert_eq!(parse(&bytes, 5), Some(made));
        assert_eq!(parse(&bytes, 3), None);
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 16;
            assert_eq!(parse(&damaged, 5), None, "byte {at}");
            assert_eq!(parse(&bytes[..at], 5), None, "cut at {at}");
        }
    }
}
