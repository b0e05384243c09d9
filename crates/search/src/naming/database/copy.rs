//! Rows as PostgreSQL's binary COPY takes them.

use std::io::{self, Write};

use postgres::Transaction;

use super::server::Failure;
use crate::naming::vectors::ExactVectors;

/// The signature of the format, no flags, and no extension of the header.
const HEAD: &[u8; 19] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// In place of the number of columns: no more rows.
const END: [u8; 2] = (-1_i16).to_be_bytes();

/// Rows that are sent at a time.
const BATCH: usize = 256;

/// Copies vectors into a table of an id, `bigint`, and a vector.
pub(super) fn copy(
    work: &mut Transaction<'_>,
    table: &str,
    vectors: &ExactVectors,
) -> Result<(), Failure> {
    let mut out = work.copy_in(&format!("COPY {table} FROM STDIN (FORMAT binary)"))?;
    send(&mut out, vectors)?;
    out.finish()?;
    Ok(())
}

fn send(out: &mut impl Write, vectors: &ExactVectors) -> io::Result<()> {
    let (dimensions, ids, rows) = vectors.parts();
    let mut bytes = HEAD.to_vec();
    let width = dimensions.max(1);
    for (ids, rows) in ids.chunks(BATCH).zip(rows.chunks(BATCH * width)) {
        for (id, row) in ids.iter().zip(rows.chunks_exact(width)) {
            put(&mut bytes, *id, row);
        }
        out.write_all(&bytes)?;
        bytes.clear();
    }
    bytes.extend(END);
    out.write_all(&bytes)
}

/// A row of two columns: the length of each in bytes, then its bytes; those of a vector are how many numbers it has, a zero,
/// and the numbers.
fn put(bytes: &mut Vec<u8>, id: u32, row: &[f32]) {
    bytes.extend(2_i16.to_be_bytes());
    bytes.extend(8_i32.to_be_bytes());
    bytes.extend(i64::from(id).to_be_bytes());
    bytes.extend((4 + 4 * row.len() as i32).to_be_bytes());
    bytes.extend((row.len() as u16).to_be_bytes());
    bytes.extend(0_u16.to_be_bytes());
    for number in row {
        bytes.extend(number.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::naming::vectors::VectorIndex;

    #[test]
    fn a_row_is_sent_byte_for_byte_as_the_format_says() {
        let mut vectors = ExactVectors::new(2);
        vectors.add(&[258], &[0.0, -3.0]).unwrap();
        let mut sent = Vec::new();
        send(&mut sent, &vectors).unwrap();
        let row = [
            0, 2, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 12, 0, 2, 0, 0, 0, 0, 0, 0, 0xbf,
            0x80, 0, 0,
        ];
        let expected = [&HEAD[..], &row, &[0xff, 0xff]].concat();
        assert_eq!(sent, expected);
    }
}
