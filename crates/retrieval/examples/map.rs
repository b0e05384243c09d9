//! Maps of vectors from standard input: `cargo run --release -p retrieval --example map -- pca|tsne|umap DIM < vectors`.
//!
//! Standard input holds little-endian f32, N x DIM; standard output gets as many places, N x 2.
//! reference/map_compare.py lays the maps beside those of openTSNE and umap-learn.

use std::io::{Error, Read, Write};

use retrieval::Vectors;
use retrieval::maps::{Tsne, Umap, pca_map, tsne, umap};

fn main() -> Result<(), Error> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let usage = || Error::other("usage: map pca|tsne|umap DIM < vectors > places");
    let [method, dim] = args.as_slice() else { return Err(usage()) };
    let dim = dim.parse().map_err(|_| usage())?;
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    let values: Vec<f32> =
        bytes.as_chunks::<4>().0.iter().map(|&four| f32::from_le_bytes(four)).collect();
    let vectors = Vectors::new(dim, &values).map_err(Error::other)?;
    let start = pca_map(vectors).map_err(Error::other)?;
    let map = match method.as_str() {
        "pca" => start,
        "tsne" => tsne(vectors, &Tsne::default(), &start).map_err(Error::other)?,
        "umap" => umap(vectors, &Umap::default(), &start).map_err(Error::other)?,
        _ => return Err(usage()),
    };
    let places: Vec<u8> = map.as_flattened().iter().flat_map(|c| c.to_le_bytes()).collect();
    std::io::stdout().write_all(&places)
}
