//! One embedding table a feature, their rows set side by side.

use kernels::{Sequences, Table, TableMut, gather, scatter_add};
use rand::Rng;

use crate::param::parameters;
use crate::{Error, Param};

/// The tables of F features.
#[derive(Clone, Debug)]
pub(crate) struct Embeddings {
    tables: Vec<Param>,
}

parameters!(Embeddings: tables);

impl Embeddings {
    /// Tables of these sizes, (V, D) each.
    pub(crate) fn new(shapes: &[(usize, usize)], rng: &mut impl Rng) -> Self {
        Embeddings { tables: shapes.iter().map(|&shape| Param::table(shape, rng)).collect() }
    }

    /// Sets the tables.
    ///
    /// # Panics
    /// When a shape does not fit.
    pub(crate) fn set(&mut self, values: Vec<Vec<f32>>) {
        assert_eq!(values.len(), self.tables.len(), "one table a feature");
        for (table, values) in self.tables.iter_mut().zip(values) {
            assert_eq!(table.value.len(), values.len(), "the table of a feature");
            table.value = values;
        }
    }

    /// F, the number of features.
    pub(crate) fn features(&self) -> usize {
        self.tables.len()
    }

    /// The sum of the tables' dimensions.
    pub(crate) fn width(&self) -> usize {
        self.tables.iter().map(|table| table.shape[1]).sum()
    }

    /// Whether every id, (N, F), is in its table; `side` is what an error calls the features.
    pub(crate) fn check(&self, ids: &[u32], side: &'static str) -> Result<(), Error> {
        for row in ids.chunks_exact(self.features().max(1)) {
            for (feature, (&id, table)) in row.iter().zip(&self.tables).enumerate() {
                let size = table.shape[0];
                if id as usize >= size {
                    return Err(Error::Vocabulary { side, feature, id, size });
                }
            }
        }
        Ok(())
    }

    /// `out` becomes (N, width) for `ids` (N, F).
    pub(crate) fn forward(&self, ids: &[u32], out: &mut Vec<f32>) {
        out.resize(ids.len() / self.features().max(1) * self.width(), 0.0);
        let tables: Vec<Table<'_>> = self
            .tables
            .iter()
            .map(|table| Table { values: &table.value, dims: table.shape[1] })
            .collect();
        gather(&tables, ids, out);
    }

    /// Adds the gradient of the output, (N, width), to that of the tables.
    pub(crate) fn backward(&mut self, ids: &[u32], grad: &[f32]) {
        let mut tables: Vec<TableMut<'_>> = self
            .tables
            .iter_mut()
            .map(|table| TableMut { values: &mut table.grad, dims: table.shape[1] })
            .collect();
        scatter_add(&mut tables, ids, grad);
    }
}

/// Brings rows that lie tune after tune to where the sequences have them.
pub(crate) fn arrange(sequences: &Sequences, rows: &[u32], features: usize, ids: &mut Vec<u32>) {
    ids.resize(rows.len(), 0);
    let mut rows = rows.chunks_exact(features);
    for b in 0..sequences.lengths().len() {
        for (row, own) in sequences.rows_of(b).zip(&mut rows) {
            ids[row * features..][..features].copy_from_slice(own);
        }
    }
}
