//! Matrix products on tiles: blocks of 16 rows of 64 bytes, each row 16 pairs of bf16 numbers, which one instruction
//! multiplies (Intel's AMX).
//!
//! Both operands are kept in [`Lines`], a line being a row of a tile. A left operand (M, K) has a line for each of its
//! rows in every block of 32 columns; a right operand (K, N) has one for each pair of its rows in every block of 16
//! columns. Sixteen lines that follow each other are a tile, whichever is the first.
//!
//! The instructions themselves stand in `instructions`, what they do in plain Rust in `twin`, and in `vectors` what
//! processors without tiles that have vectors of bf16 do in their place; all else is written once for all, so that tests can
//! run it on any machine. The first two give the same bits: the twin rounds and flushes as the
//! instructions are defined to (Intel's manual, volume 2, TDPBF16PS).

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod instructions;
mod lines;
mod matmul;
mod multiply;
mod transpose;
mod twin;
#[cfg(target_arch = "x86_64")]
mod vectors;

pub(crate) use lines::{Line, Lines, padded};
pub(crate) use matmul::{matmul, matmul_packed};
pub(crate) use multiply::{Operands, Piece, multiply};

/// Columns of a left operand in one block.
pub(crate) const DEPTH: usize = 32;

/// Lines of a tile; also the columns of a right operand in one block.
pub(crate) const TILE: usize = 16;

/// Whether this machine has tiles of bf16 and lets this process use them.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(crate) fn are_present() -> bool {
    instructions::are_permitted()
}

/// Tiles have to be asked for, which is written for one system only.
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(crate) fn are_present() -> bool {
    false
}

/// Whether this machine has vectors of bf16 that can stand for tiles.
#[cfg(target_arch = "x86_64")]
pub(crate) fn vectors_are_present() -> bool {
    vectors::are_present()
}

/// Whether those are worth taking.
#[cfg(target_arch = "x86_64")]
pub(crate) fn vectors_are_fast() -> bool {
    vectors::are_fast()
}

/// Other processors have none.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn vectors_are_present() -> bool {
    false
}

/// Other processors have none.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn vectors_are_fast() -> bool {
    false
}
