//! What is kept in the user's cache folder: made once, made again where it is lost or damaged.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use sha2::{Digest, Sha256};

/// Bytes of the checksum at a sealed file's end.
const SUM: usize = 32;

/// The folder `ganainm/NAME` in the platform's cache folder (`~/.cache` on Linux); none where the platform names none.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let platform = etcetera::choose_base_strategy().ok()?;
    Some(platform.cache_dir().join("ganainm").join(name))
}

/// A hash as a name: in hexadecimal.
pub(crate) fn name(hasher: Sha256) -> String {
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a file whole; whether that succeeded. A failure is no more than lost time.
pub(crate) fn keep(path: &Path, bytes: &[u8]) -> bool {
    corpus::atomic_write(path, |out| {
        let failed = |source| corpus::Error::Io { path: path.to_owned(), source };
        out.write_all(bytes).map_err(failed)
    })
    .is_ok()
}

/// The bytes with their checksum behind them.
pub(crate) fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = Sha256::digest(&bytes);
    bytes.extend_from_slice(&sum);
    bytes
}

/// The bytes that [`sealed`] was given; none where they are damaged or cut off.
pub(crate) fn unsealed(bytes: &[u8]) -> Option<&[u8]> {
    let (body, sum) = bytes.split_at_checked(bytes.len().checked_sub(SUM)?)?;
    (Sha256::digest(body)[..] == *sum).then_some(body)
}
