//! Inner products of many queries with many candidates, in plain safe Rust.
//!
//! Each product adds its D terms one after the other in order of the component, whatever the blocking: a score never
//! depends on its neighbours, so equal vectors tie exactly and every path gives the same bits.

/// Candidates side by side in a panel: two 128-bit registers of f32.
const LANES: usize = 8;
/// Queries that share one pass over a panel.
const ROWS: usize = 4;

/// Candidate vectors packed for the kernel: (panels, D, LANES), the last panel padded with zeros.
pub(crate) struct Panels {
    dim: usize,
    len: usize,
    packed: Vec<f32>,
}

impl Panels {
    /// Packs `vectors`: (C, D).
    pub(crate) fn new(vectors: &[f32], dim: usize) -> Self {
        let len = vectors.len().checked_div(dim).unwrap_or(0);
        let mut packed = vec![0.0; len.div_ceil(LANES) * dim * LANES];
        for (c, vector) in vectors.chunks_exact(dim.max(1)).enumerate() {
            let panel = &mut packed[(c / LANES) * dim * LANES..];
            for (d, &value) in vector.iter().enumerate() {
                panel[d * LANES + c % LANES] = value;
            }
        }
        Self { dim, len, packed }
    }

    /// Products of `queries` (B, D) with all candidates into `out` (B, C).
    pub(crate) fn products(&self, queries: &[f32], out: &mut [f32]) {
        for (p, panel) in self.packed.chunks_exact(self.dim * LANES).enumerate() {
            let first = p * LANES;
            let width = LANES.min(self.len - first);
            let blocks = queries.chunks(ROWS * self.dim).zip(out.chunks_mut(ROWS * self.len));
            for (block, rows) in blocks {
                let sums = match self.rows(block) {
                    Some(four) => products_of_four(four, panel),
                    None => self.products_of_few(block, panel),
                };
                for (row, sum) in rows.chunks_exact_mut(self.len).zip(&sums) {
                    row[first..first + width].copy_from_slice(&sum[..width]);
                }
            }
        }
    }

    /// A full block as one slice a query, all of length D.
    fn rows<'a>(&self, block: &'a [f32]) -> Option<[&'a [f32]; ROWS]> {
        let mut rows = block.chunks_exact(self.dim);
        let four = [rows.next()?, rows.next()?, rows.next()?, rows.next()?];
        Some(four)
    }

    /// The last, incomplete block: (fewer than ROWS, D).
    fn products_of_few(&self, block: &[f32], panel: &[f32]) -> [[f32; LANES]; ROWS] {
        let mut sums = [[0.0; LANES]; ROWS];
        for (query, sum) in block.chunks_exact(self.dim).zip(&mut sums) {
            for (&q, lanes) in query.iter().zip(panel.as_chunks::<LANES>().0) {
                add_scaled(sum, q, lanes);
            }
        }
        sums
    }
}

/// The inner loop: four queries with one panel, the sums staying in registers.
fn products_of_four(queries: [&[f32]; ROWS], panel: &[f32]) -> [[f32; LANES]; ROWS] {
    let mut sums = [[0.0; LANES]; ROWS];
    let [a, b, c, d] = queries;
    let components = a.iter().zip(b).zip(c).zip(d);
    for ((((&a, &b), &c), &d), lanes) in components.zip(panel.as_chunks::<LANES>().0) {
        add_scaled(&mut sums[0], a, lanes);
        add_scaled(&mut sums[1], b, lanes);
        add_scaled(&mut sums[2], c, lanes);
        add_scaled(&mut sums[3], d, lanes);
    }
    sums
}

#[inline(always)]
fn add_scaled(sum: &mut [f32; LANES], by: f32, lanes: &[f32; LANES]) {
    for (s, &lane) in sum.iter_mut().zip(lanes) {
        *s += by * lane;
    }
}

/// The inner product of two vectors, by the same sum in the same order as [`Panels::products`].
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).fold(0.0, |sum, (&a, &b)| sum + a * b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocked_products_equal_plain_ones_bit_for_bit() {
        for (rows, len, dim) in [(1, 1, 1), (3, 7, 5), (4, 8, 3), (11, 29, 13), (13, 17, 128)] {
            let value = |i: usize| ((i * 7919 + 31) % 1009) as f32 / 97.0 - 5.0;
            let queries: Vec<f32> = (0..rows * dim).map(value).collect();
            let vectors: Vec<f32> = (0..len * dim).map(|i| value(i + 500)).collect();
            let mut out = vec![f32::NAN; rows * len];
            Panels::new(&vectors, dim).products(&queries, &mut out);
            for (q, query) in queries.chunks_exact(dim).enumerate() {
                for (c, candidate) in vectors.chunks_exact(dim).enumerate() {
                    assert_eq!(out[q * len + c], dot(query, candidate), "row {q}, column {c}");
                }
            }
        }
    }
}
