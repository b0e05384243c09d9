//! The model inside the program: what answers where no run is named.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::run::files;
use crate::{Error, RunDir, cache};

/// Its files, as `ganainm train configs/shipped.toml` left them (docs/shipped-model.md).
const FILES: [(&str, &[u8]); 5] = [
    (files::CONFIG, include_bytes!("../model/config.toml")),
    (files::VOCABULARY, include_bytes!("../model/vocab.json")),
    (files::MANIFEST, include_bytes!("../model/run.json")),
    (files::MELODY, include_bytes!("../model/melody.safetensors")),
    (files::TITLE, include_bytes!("../model/title.safetensors")),
];

/// The run that comes with the program. It lies in the user's cache folder, and is put there when it is first asked for
/// or has been damaged since.
///
/// # Errors
/// When there is no place for it that can be written.
pub fn shipped() -> Result<RunDir, Error> {
    // What made a run is no other's; whether the rest is that run's is seen when it is looked at.
    let made = Sha256::new_with_prefix(include_bytes!("../model/run.json"));
    let place =
        cache::folder("model").unwrap_or_else(|| std::env::temp_dir().join("ganainm-model"));
    unpack(place.join(cache::name(made)))
}

fn unpack(place: PathBuf) -> Result<RunDir, Error> {
    if !is_whole(&place) {
        fs::create_dir_all(&place).map_err(|source| Error::io(&place, source))?;
        let run = RunDir::at(place.clone());
        FILES.iter().try_for_each(|(name, bytes)| run.write(name, bytes))?;
    }
    RunDir::open(&place)
}

fn is_whole(place: &Path) -> bool {
    FILES.iter().all(|(name, bytes)| fs::read(place.join(name)).is_ok_and(|found| found == *bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_unpacked_where_it_is_missing_or_damaged_and_can_be_used() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("model");
        unpack(place.clone()).unwrap();
        fs::write(place.join(files::TITLE), b"damaged").unwrap();
        fs::remove_file(place.join(files::VOCABULARY)).unwrap();
        let embedder = unpack(place).unwrap().embedder().unwrap();
        let titles = embedder.embed_titles(&["The Kesh", "The Foggy Dew"]).unwrap();
        assert_eq!(titles.len(), 2 * embedder.output());
    }

    #[test]
    fn the_model_is_small() {
        let size: usize = FILES.iter().map(|(_, bytes)| bytes.len()).sum();
        assert!(size < 15 << 20, "{size} bytes");
    }
}
