//! Event files that TensorBoard opens: scalars over steps.
//!
//! The format is a sequence of length-prefixed records with masked CRC-32C checks (TFRecord), each
//! an `Event` message of TensorFlow's protocol buffers (`tensorflow/core/util/event.proto`).

use std::io::{self, Write};

/// Writes scalars to one event file.
#[derive(Debug)]
pub(crate) struct EventFile<W> {
    out: W,
}

impl<W: Write> EventFile<W> {
    /// Starts a file with its version record; `wall_time` is in seconds since 1970.
    pub(crate) fn new(out: W, wall_time: f64) -> io::Result<Self> {
        let mut event = Vec::new();
        put_double(&mut event, 1, wall_time);
        put_bytes(&mut event, 3, b"brain.Event:2");
        let mut file = Self { out };
        file.record(&event)?;
        Ok(file)
    }

    /// Adds one value of `tag` at `step`.
    pub(crate) fn scalar(
        &mut self,
        time: f64,
        step: u64,
        (tag, value): (&str, f32),
    ) -> io::Result<()> {
        let mut entry = Vec::new();
        put_bytes(&mut entry, 1, tag.as_bytes());
        put_key(&mut entry, 2, 5);
        entry.extend(value.to_le_bytes());
        let mut summary = Vec::new();
        put_bytes(&mut summary, 1, &entry);
        let mut event = Vec::new();
        put_double(&mut event, 1, time);
        put_key(&mut event, 2, 0);
        put_varint(&mut event, step);
        put_bytes(&mut event, 5, &summary);
        self.record(&event)
    }

    /// Hands all to the system.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn record(&mut self, data: &[u8]) -> io::Result<()> {
        let length = (data.len() as u64).to_le_bytes();
        self.out.write_all(&length)?;
        self.out.write_all(&masked_crc(&length).to_le_bytes())?;
        self.out.write_all(data)?;
        self.out.write_all(&masked_crc(data).to_le_bytes())
    }
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A field's number and wire type: 0 varint, 1 eight bytes, 2 length-prefixed, 5 four bytes.
fn put_key(out: &mut Vec<u8>, field: u64, wire: u64) {
    put_varint(out, (field << 3) | wire);
}

fn put_double(out: &mut Vec<u8>, field: u64, value: f64) {
    put_key(out, field, 1);
    out.extend(value.to_le_bytes());
}

fn put_bytes(out: &mut Vec<u8>, field: u64, value: &[u8]) {
    put_key(out, field, 2);
    put_varint(out, value.len() as u64);
    out.extend(value);
}

/// TFRecord stores checksums rotated and shifted, so that a record holding records still checks.
fn masked_crc(data: &[u8]) -> u32 {
    crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// CRC-32C (Castagnoli), bit by bit: the files are small.
fn crc32c(data: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0x82f6_3b78;
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
    !data.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc_equals_the_published_check_value() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn a_scalar_is_encoded_as_the_protocol_says() {
        let mut file = EventFile::new(Vec::new(), 0.0).unwrap();
        let start = file.out.len();
        file.scalar(1.5, 300, ("loss", 0.25)).unwrap();
        let record = &file.out[start..];
        let length = u64::from_le_bytes(record[..8].try_into().unwrap()) as usize;
        let event = &record[12..12 + length];
        assert_eq!(&event[..9], &[9, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f]);
        assert_eq!(&event[9..12], &[16, 0xac, 2]);
        assert_eq!(&event[12..], b"\x2a\x0d\x0a\x0b\x0a\x04loss\x15\x00\x00\x80\x3e");
        assert_eq!(record.len(), 8 + 4 + length + 4);
    }
}
