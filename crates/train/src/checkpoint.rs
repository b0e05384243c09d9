//! Everything that training needs to go on, in one file, so that its parts always fit each other.
//!
//! The file holds the length of the weights in bytes (64 bits, little-endian), the weights, and the
//! optimiser with the number of steps, both as safetensors.

use std::fs;
use std::io::ErrorKind;

use model::{AdamW, Parameters};

use crate::run::files;
use crate::{Error, RunDir};

/// Bytes of the length at the front.
const FRONT: usize = 8;

/// Writes the checkpoint of a run, replacing the last one.
pub(crate) fn write(
    run: &RunDir,
    parameters: &impl Parameters,
    optimiser: &AdamW,
) -> Result<(), Error> {
    let weights = model::save_parameters(parameters)?;
    let mut bytes = (weights.len() as u64).to_le_bytes().to_vec();
    bytes.extend(weights);
    bytes.extend(optimiser.to_safetensors()?);
    run.write(files::CHECKPOINT, &bytes)
}

/// Brings parameters to the checkpoint of a run and gives its optimiser; none where there is no
/// checkpoint yet.
pub(crate) fn read(run: &RunDir, parameters: &mut impl Parameters) -> Result<Option<AdamW>, Error> {
    let path = run.file(files::CHECKPOINT);
    if !path.exists() {
        return Ok(None);
    }
    let bytes = run.read(files::CHECKPOINT)?;
    let split = || {
        let (front, rest) = bytes.split_first_chunk::<FRONT>()?;
        rest.split_at_checked(usize::try_from(u64::from_le_bytes(*front)).ok()?)
    };
    let Some((weights, optimiser)) = split() else {
        return Err(Error::damaged(&path, "is cut off; remove it to train from the start"));
    };
    let damaged = |error: model::Error| Error::damaged(&path, error.to_string());
    model::load_parameters(parameters, weights).map_err(damaged)?;
    AdamW::from_safetensors(optimiser, parameters).map(Some).map_err(damaged)
}

/// Removes the checkpoint of a run that is over, if it is still there.
pub(crate) fn remove(run: &RunDir) -> Result<(), Error> {
    let path = run.file(files::CHECKPOINT);
    match fs::remove_file(&path) {
        Err(source) if source.kind() != ErrorKind::NotFound => Err(Error::io(&path, source)),
        _ => Ok(()),
    }
}
