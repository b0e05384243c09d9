//! A classifier as safetensors: bytes in, bytes out.

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use crate::classifier::Classifier;
use crate::error::{Error, Result};
use crate::features::Vocabulary;

/// The arrays of the file: name, type, and the bytes of each number, little-endian.
struct Array {
    name: &'static str,
    dtype: Dtype,
    bytes: Vec<u8>,
    length: usize,
}

impl Array {
    fn whole(name: &'static str, values: &[u32]) -> Self {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self { name, dtype: Dtype::U32, bytes, length: values.len() }
    }

    fn real(name: &'static str, values: &[f64]) -> Self {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self { name, dtype: Dtype::F64, bytes, length: values.len() }
    }
}

impl Classifier {
    /// The classifier as a safetensors file, the same bytes for the same classifier.
    ///
    /// # Errors
    /// When the format refuses it.
    pub fn to_safetensors(&self) -> Result<Vec<u8>> {
        let Vocabulary { ids, columns, rarity, share, .. } = &self.vocabulary;
        let columns: Vec<u32> = columns.iter().map(|&column| column as u32).collect();
        let arrays = [
            Array::whole("feature", ids),
            Array::whole("column", &columns),
            Array::real("rarity", rarity),
            Array::real("share", share),
            Array::whole("seen", &self.seen),
            Array::whole("classes", &[self.classes as u32]),
            Array::real("log_share", &self.log_shares),
            Array::real("weight", &self.weights),
        ];
        let mut views = Vec::with_capacity(arrays.len());
        for array in &arrays {
            let view = TensorView::new(array.dtype, vec![array.length], &array.bytes);
            views.push((array.name, view.map_err(refused)?));
        }
        safetensors::serialize(views, None).map_err(refused)
    }

    /// The classifier in a file of [`Classifier::to_safetensors`], bit for bit.
    ///
    /// # Errors
    /// When the bytes are no such file or its parts do not fit each other.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self> {
        let file = SafeTensors::deserialize(bytes).map_err(refused)?;
        let columns: Vec<usize> =
            whole(&file, "column")?.into_iter().map(|column| column as usize).collect();
        let vocabulary = Vocabulary {
            ids: whole(&file, "feature")?,
            width: columns.iter().max().map_or(0, |most| most + 1),
            columns,
            rarity: real(&file, "rarity")?,
            share: real(&file, "share")?,
        };
        let classes = whole(&file, "classes")?;
        let classifier = Self {
            vocabulary,
            seen: whole(&file, "seen")?,
            classes: classes.first().map_or(0, |&classes| classes as usize),
            weights: real(&file, "weight")?,
            log_shares: real(&file, "log_share")?,
        };
        classifier.check_parts()?;
        Ok(classifier)
    }

    fn check_parts(&self) -> Result<()> {
        let Vocabulary { ids, columns, rarity, share, width } = &self.vocabulary;
        let k = self.seen.len();
        let lengths = [
            ("column", ids.len(), columns.len()),
            ("rarity", ids.len(), rarity.len()),
            ("share", ids.len(), share.len()),
            ("log_share", k, self.log_shares.len()),
            ("weight", (width + 1) * k, self.weights.len()),
        ];
        for (name, expected, got) in lengths {
            if expected != got {
                return Err(damaged(format!("`{name}` has {got} values, expected {expected}")));
            }
        }
        let ascending = |values: &[u32]| values.windows(2).all(|pair| pair[0] < pair[1]);
        if !(ascending(ids) && ascending(&self.seen)) {
            return Err(damaged("`feature` or `seen` is not in order".to_owned()));
        }
        if k == 0 || self.seen[k - 1] as usize >= self.classes {
            return Err(damaged("`seen` names no class, or one beyond `classes`".to_owned()));
        }
        let finite = |values: &[f64]| values.iter().all(|value| value.is_finite());
        if ![rarity, share, &self.log_shares, &self.weights].into_iter().all(|all| finite(all)) {
            return Err(damaged("a value is not a finite number".to_owned()));
        }
        Ok(())
    }
}

fn whole(file: &SafeTensors<'_>, name: &str) -> Result<Vec<u32>> {
    let (chunks, _) = data(file, name, Dtype::U32)?.as_chunks();
    Ok(chunks.iter().map(|&bytes| u32::from_le_bytes(bytes)).collect())
}

fn real(file: &SafeTensors<'_>, name: &str) -> Result<Vec<f64>> {
    let (chunks, _) = data(file, name, Dtype::F64)?.as_chunks();
    Ok(chunks.iter().map(|&bytes| f64::from_le_bytes(bytes)).collect())
}

fn data<'a>(file: &SafeTensors<'a>, name: &str, dtype: Dtype) -> Result<&'a [u8]> {
    let Ok(tensor) = file.tensor(name) else {
        return Err(damaged(format!("`{name}` is missing")));
    };
    if tensor.dtype() != dtype {
        return Err(damaged(format!("`{name}` is {:?}, expected {dtype:?}", tensor.dtype())));
    }
    Ok(tensor.data())
}

fn refused(error: safetensors::SafeTensorError) -> Error {
    damaged(error.to_string())
}

fn damaged(problem: String) -> Error {
    Error::ClassifierFile { problem }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::{Examples, Fit};

    fn fitted() -> Classifier {
        let features = [vec![10, 30], vec![10, 11], vec![20, 30], vec![20, 20], vec![10]];
        let examples = Examples { features: &features, labels: &[0, 0, 2, 2, 0], classes: 5 };
        Classifier::fit(&examples, &Fit::default()).unwrap()
    }

    #[test]
    fn bytes_and_back_is_the_same_classifier() {
        let bytes = fitted().to_safetensors().unwrap();
        assert_eq!(Classifier::from_safetensors(&bytes).unwrap(), fitted());
        assert_eq!(fitted().to_safetensors().unwrap(), bytes);
    }

    #[test]
    fn bytes_whose_parts_do_not_fit_are_refused() {
        let message = |classifier: Classifier| {
            let bytes = classifier.to_safetensors().unwrap();
            Classifier::from_safetensors(&bytes).unwrap_err().to_string()
        };
        let mut short = fitted();
        short.weights.pop();
        assert!(message(short).contains("`weight` has"));
        assert!(message(Classifier { classes: 2, ..fitted() }).contains("`classes`"));
        assert!(message(Classifier { seen: vec![2, 0], ..fitted() }).contains("order"));
        let mut wild = fitted();
        wild.weights[0] = f64::NAN;
        assert!(message(wild).contains("finite"));
        let bytes = fitted().to_safetensors().unwrap();
        assert!(Classifier::from_safetensors(&bytes[..bytes.len() / 2]).is_err());
    }
}
