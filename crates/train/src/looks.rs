//! The towers' vectors of the validation works at each look, kept for maps over the training.

use std::fs;

use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::run::files;
use crate::{Error, RunDir};

/// What the towers made of the validation works at one look.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LookVectors {
    /// D, the length of the vectors.
    pub(crate) dim: usize,
    /// The vectors of the melodies, (N, D).
    pub(crate) melody: Vec<f32>,
    /// The vectors of the titles, (N, D).
    pub(crate) title: Vec<f32>,
}

impl LookVectors {
    /// Writes `looks/STEP.safetensors` into the run.
    pub(crate) fn write(&self, run: &RunDir, step: u64) -> Result<(), Error> {
        let damaged = |error| damaged(run, step, error);
        let bytes = [&self.melody, &self.title]
            .map(|values| values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>());
        let view = |bytes| {
            let rows = self.melody.len() / self.dim.max(1);
            TensorView::new(Dtype::F32, vec![rows, self.dim], bytes).map_err(damaged)
        };
        let tensors = [("melody", view(&bytes[0])?), ("title", view(&bytes[1])?)];
        run.write(&name(step), &safetensors::serialize(tensors, None).map_err(damaged)?)
    }

    /// Those of a look that [`steps`] names.
    ///
    /// # Errors
    /// When the file is damaged.
    pub(crate) fn read(run: &RunDir, step: u64) -> Result<Self, Error> {
        let (bytes, damaged) = (run.read(&name(step))?, |error| damaged(run, step, error));
        let tensors = SafeTensors::deserialize(&bytes).map_err(damaged)?;
        let (melody, title) =
            (tensors.tensor("melody").map_err(damaged)?, tensors.tensor("title").map_err(damaged)?);
        let values = |view: &TensorView<'_>| -> Vec<f32> {
            view.data().as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
        };
        let ([_, dim], Dtype::F32, Dtype::F32) = (melody.shape(), melody.dtype(), title.dtype())
        else {
            let why = "holds no vectors of 32 bits a value";
            return Err(Error::damaged(&run.file(&name(step)), why));
        };
        Ok(Self { dim: *dim, melody: values(&melody), title: values(&title) })
    }
}

/// The steps at which vectors were kept, ascending; none in a run whose program did not keep them.
///
/// # Errors
/// When the folder cannot be read.
pub(crate) fn steps(run: &RunDir) -> Result<Vec<u64>, Error> {
    let folder = run.file(files::LOOKS);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let failed = |source| Error::io(&folder, source);
    let mut steps = Vec::new();
    for entry in fs::read_dir(&folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let step = name.to_str().and_then(|name| name.strip_suffix(SUFFIX)?.parse::<u64>().ok());
        steps.extend(step);
    }
    steps.sort_unstable();
    Ok(steps)
}

/// How the names of the files end.
const SUFFIX: &str = ".safetensors";

fn name(step: u64) -> String {
    format!("{}/{step:06}{SUFFIX}", files::LOOKS)
}

fn damaged(run: &RunDir, step: u64, error: SafeTensorError) -> Error {
    Error::damaged(&run.file(&name(step)), error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_come_back_by_their_steps() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDir::at(folder.path().to_owned());
        assert_eq!(steps(&run).unwrap(), [] as [u64; 0]);
        let look = |by: f32| LookVectors {
            dim: 2,
            melody: vec![by, 2.0, 3.0, 4.0, 5.0, 6.0],
            title: vec![-by, 0.5, 0.25, 1.0, 1.5, 1.75],
        };
        for step in [1_200_000, 20, 3] {
            look(step as f32).write(&run, step).unwrap();
        }
        assert_eq!(steps(&run).unwrap(), [3, 20, 1_200_000]);
        assert_eq!(LookVectors::read(&run, 20).unwrap(), look(20.0));
        fs::write(run.file("looks/000003.safetensors"), b"cut").unwrap();
        assert!(LookVectors::read(&run, 3).unwrap_err().to_string().contains("000003"));
    }
}
