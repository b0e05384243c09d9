//! The vector of a melody: hashed grams, projected.

use super::melody::Melody;

pub(crate) struct Projection {
    rows: Vec<f32>,
    dims: usize,
}

impl Projection {
    pub(crate) fn shipped() -> Self {
        Self { rows: Vec::new(), dims: 0 }
    }
    pub(crate) fn dimensions(&self) -> usize {
        self.dims
    }
    pub(crate) fn vector(&self, melody: &Melody) -> Option<Vec<f32>> {
        let _ = melody;
        let _ = &self.rows;
        None
    }
}
