//! Parameters as safetensors: bytes in, bytes out.

use std::collections::{HashMap, HashSet};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Error, Parameters};

/// The key of what else a file holds. There is no other: several would have no fixed order.
const NOTE: &str = "config";

/// The values of all parameters as a safetensors file, the same bytes for the same values.
///
/// # Errors
/// When the format refuses them.
pub fn save_parameters(parameters: &impl Parameters) -> Result<Vec<u8>, Error> {
    serialise(arrays(parameters), None)
}

/// Sets the values of all parameters to those of a safetensors file.
///
/// # Errors
/// When the file is damaged, lacks a parameter, or has one too many or of another shape; nothing is changed then.
pub fn load_parameters(parameters: &mut impl Parameters, bytes: &[u8]) -> Result<(), Error> {
    let archive = Archive::open(bytes)?;
    let mut values = Vec::new();
    let mut names = HashSet::new();
    let mut result = Ok(());
    parameters.visit(&mut |name, param| match archive.get(name, &param.shape) {
        Ok(value) => {
            values.push(value);
            names.insert(name.to_owned());
        }
        Err(error) if result.is_ok() => result = Err(error),
        Err(_) => (),
    });
    result?;
    archive.holds_only(&names)?;
    let mut values = values.into_iter();
    parameters.visit_mut(&mut |_, param| param.value = values.next().unwrap_or_default());
    Ok(())
}

/// The same as [`save_parameters`], with a config in the file's metadata.
pub(crate) fn save_with(
    parameters: &impl Parameters,
    config: &impl Serialize,
) -> Result<Vec<u8>, Error> {
    let config = serde_json::to_string(config).map_err(|e| Error::Weights(e.to_string()))?;
    serialise(arrays(parameters), Some(config))
}

/// The config in a file's metadata.
pub(crate) fn config<C: DeserializeOwned>(bytes: &[u8]) -> Result<C, Error> {
    let text = Archive::open(bytes)?
        .note
        .ok_or_else(|| Error::Weights("the file's metadata has no config".to_owned()))?;
    serde_json::from_str(&text).map_err(|e| Error::Weights(format!("the file's config: {e}")))
}

/// Randomness for weights that are about to be replaced.
pub(crate) fn placeholder() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(0)
}

/// A named array to write.
pub(crate) struct Array {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) bytes: Vec<u8>,
}

impl Array {
    pub(crate) fn new(name: String, shape: &[usize], values: &[f32]) -> Self {
        let bytes = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        Array { name, shape: shape.to_vec(), bytes }
    }
}

fn arrays(parameters: &impl Parameters) -> Vec<Array> {
    let mut arrays = Vec::new();
    parameters.visit(&mut |name, param| {
        arrays.push(Array::new(name.to_owned(), &param.shape, &param.value));
    });
    arrays
}

pub(crate) fn serialise(arrays: Vec<Array>, note: Option<String>) -> Result<Vec<u8>, Error> {
    let mut views = Vec::with_capacity(arrays.len());
    for array in &arrays {
        let view = TensorView::new(Dtype::F32, array.shape.clone(), &array.bytes)?;
        views.push((array.name.as_str(), view));
    }
    let note = note.map(|note| HashMap::from([(NOTE.to_owned(), note)]));
    Ok(safetensors::serialize(views, note)?)
}

/// A file of named arrays.
pub(crate) struct Archive<'a> {
    tensors: SafeTensors<'a>,
    /// What else the file holds.
    pub(crate) note: Option<String>,
}

impl<'a> Archive<'a> {
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, Error> {
        let (_, metadata) = SafeTensors::read_metadata(bytes)?;
        let note = metadata.metadata().as_ref().and_then(|notes| notes.get(NOTE).cloned());
        Ok(Archive { tensors: SafeTensors::deserialize(bytes)?, note })
    }

    /// Whether there is such an array.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.tensors.tensor(name).is_ok()
    }

    /// An array that has to be there and of this shape.
    pub(crate) fn get(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Error> {
        let Ok(tensor) = self.tensors.tensor(name) else {
            return Err(Error::Weights(format!("`{name}` is missing")));
        };
        if tensor.dtype() != Dtype::F32 {
            let found = tensor.dtype();
            return Err(Error::Weights(format!("`{name}` is {found:?}, expected F32")));
        }
        if tensor.shape() != shape {
            let found = tensor.shape();
            let message = format!("`{name}` has shape {found:?}, expected {shape:?}");
            return Err(Error::Weights(message));
        }
        let (values, _) = tensor.data().as_chunks();
        Ok(values.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect())
    }

    /// That there is no array but these.
    pub(crate) fn holds_only(&self, names: &HashSet<String>) -> Result<(), Error> {
        let mut others: Vec<&str> = self.tensors.names();
        others.retain(|&name| !names.contains(name));
        others.sort_unstable();
        match others.first() {
            None => Ok(()),
            Some(name) => Err(Error::Weights(format!("`{name}` is no parameter of this model"))),
        }
    }
}
