//! What commands read.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use abc::{Incoming, Tune};
use anyhow::Context;

/// Bytes of a file that are read at a time.
const PIECE: usize = 1 << 16;

/// Reads the tunes of a file, ABC or MIDI, or of standard input for `-`, and hands them on as they come: a tune of ABC when the
/// next one begins.
pub(crate) fn tunes(
    path: &Path,
    mut take: impl FnMut(Vec<Tune>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let name = || path.display().to_string();
    let mut file: Box<dyn Read> = match path == Path::new("-") {
        true => Box::new(std::io::stdin()),
        false => Box::new(File::open(path).with_context(name)?),
    };
    let (mut incoming, mut piece) = (Incoming::default(), vec![0; PIECE]);
    loop {
        match file.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => take(incoming.push(&piece[..count]))?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error).with_context(name),
        }
    }
    take(incoming.finish().with_context(name)?)
}

/// The bytes of a file, or of standard input for `-`.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).context("standard input")?;
        return Ok(bytes);
    }
    std::fs::read(path).with_context(|| path.display().to_string())
}
