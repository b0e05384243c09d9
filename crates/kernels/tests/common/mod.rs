//! Fixtures that `reference/model_fixtures.py` wrote, and how close to them a result has to be.

use std::path::Path;

use safetensors::SafeTensors;

/// The arrays of one fixture.
pub(crate) struct Fixture {
    name: String,
    bytes: Vec<u8>,
}

impl Fixture {
    /// Reads `tests/fixtures/NAME.safetensors`.
    pub(crate) fn open(name: &str) -> Self {
        let file = format!("tests/fixtures/{name}.safetensors");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Fixture { name: name.to_owned(), bytes }
    }

    fn words(&self, key: &str) -> Vec<[u8; 4]> {
        let tensors = SafeTensors::deserialize(&self.bytes);
        let tensors = tensors.unwrap_or_else(|e| panic!("{}: {e}", self.name));
        let tensor = tensors.tensor(key).unwrap_or_else(|e| panic!("{}: {e}", self.name));
        tensor.data().as_chunks().0.to_vec()
    }

    /// An array of numbers.
    pub(crate) fn floats(&self, key: &str) -> Vec<f32> {
        self.words(key).into_iter().map(f32::from_le_bytes).collect()
    }

    /// An array of counts or ids.
    pub(crate) fn ints(&self, key: &str) -> Vec<u32> {
        self.words(key).into_iter().map(u32::from_le_bytes).collect()
    }

    /// An array of lengths.
    pub(crate) fn sizes(&self, key: &str) -> Vec<usize> {
        self.ints(key).into_iter().map(|n| n as usize).collect()
    }

    /// A result of the forward pass: every value within 2e-6 of PyTorch's.
    pub(crate) fn check_output(&self, key: &str, found: &[f32]) {
        let expected = self.floats(key);
        assert_eq!(found.len(), expected.len(), "{}: {key}", self.name);
        for (at, (x, y)) in found.iter().zip(&expected).enumerate() {
            assert!((x - y).abs() < 2e-6 * y.abs().max(1.0), "{}: {key}[{at}]: {x} {y}", self.name);
        }
    }

    /// A gradient: within 1e-5 of PyTorch's, relative, as vectors.
    #[allow(dead_code, reason = "every test file takes what it needs")]
    pub(crate) fn check_gradient(&self, key: &str, found: &[f32]) {
        let off = self.distance(&format!("grad.{key}"), found);
        assert!(off < 1e-5, "{}: the gradient of {key} is {off} off", self.name);
    }

    /// Any result: no farther from PyTorch's in double precision than PyTorch's autocast is.
    #[allow(dead_code, reason = "every test file takes what it needs")]
    pub(crate) fn check_against_autocast(&self, key: &str, found: &[f32]) {
        let (off, theirs) = (self.distance(key, found), self.floats(&format!("autocast.{key}"))[0]);
        assert!(off <= f64::from(theirs), "{}: {key} is {off} off, autocast {theirs}", self.name);
    }

    /// How far a result is from PyTorch's, relative, as vectors.
    fn distance(&self, key: &str, found: &[f32]) -> f64 {
        let expected = self.floats(key);
        assert_eq!(found.len(), expected.len(), "{}: {key}", self.name);
        let norm = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>().sqrt();
        let pairs = found.iter().zip(&expected);
        let off = norm(&mut pairs.map(|(&x, &y)| f64::from(x) - f64::from(y)));
        let size = norm(&mut expected.iter().map(|&y| f64::from(y)));
        assert!(size > 0.0, "{}: {key} is nothing but zeros", self.name);
        off / size
    }
}
