//! The tile instructions.
//!
//! A thread configures its tiles before a product and gives them back after it, so that no state is left over for the
//! next piece of work that the thread happens to get.
//!
//! That they give the bits of their twin is a test, skipped where there are no tiles. It can be run without such a
//! machine in Bochs 3.0 as `sapphire_rapids`, booting Linux with a static build of the tests. That emulator lacks XFD,
//! without which Linux keeps the tiles from programs: it takes `clearcpuid=amx_tile no5lvl` on the kernel's command
//! line, a module that sets bits 17 and 18 of XCR0, and one thread, since nobody saves its tiles.

#![allow(
    unsafe_code,
    reason = "tile instructions have no other form on stable Rust than inline assembly"
)]

use std::arch::asm;
use std::arch::x86_64::__cpuid_count;
use std::marker::PhantomData;
use std::sync::OnceLock;

use super::multiply::{Block, Engine, Target};
use super::{Line, TILE};
use crate::Write;

/// Whether the processor has tiles of bf16 and the system lets this process use them, which it is asked once.
pub(super) fn are_permitted() -> bool {
    static PERMITTED: OnceLock<bool> = OnceLock::new();
    *PERMITTED.get_or_init(|| {
        // Leaf 7: bit 22 is AMX-BF16, bit 24 AMX-TILE.
        let needed = (1 << 22) | (1 << 24);
        __cpuid_count(0, 0).eax >= 7 && __cpuid_count(7, 0).edx & needed == needed && ask()
    })
}

/// Asks the system for the tiles' state, number 18; systems that do not know the request refuse it.
fn ask() -> bool {
    const ARCH_REQ_XCOMP_PERM: libc::c_long = 0x1023;
    const TILE_DATA: libc::c_long = 18;
    // SAFETY: the request takes plain numbers and writes no memory.
    unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, TILE_DATA) == 0 }
}

/// What LDTILECFG reads: eight tiles of 16 rows of 64 bytes.
#[repr(C, align(64))]
struct Configuration {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    bytes: [u16; 16],
    rows: [u8; 16],
}

/// The tiles of this thread, configured for as long as this lives.
pub(super) struct Tiles {
    /// Another thread has tiles of its own.
    of_this_thread: PhantomData<*const ()>,
}

impl Tiles {
    /// # Panics
    /// Where there are no tiles.
    pub(super) fn configure() -> Self {
        assert!(are_permitted(), "a machine with tiles");
        let mut bytes = [0; 16];
        let mut rows = [0; 16];
        bytes[..8].fill(64);
        rows[..8].fill(16);
        let configuration =
            Configuration { palette: 1, start_row: 0, reserved: [0; 14], bytes, rows };
        // SAFETY: the processor has the instruction and the process its permission; it reads 64 bytes, all of them
        // the configuration's, whose shape fits palette 1.
        unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const configuration, options(nostack)) };
        Tiles { of_this_thread: PhantomData }
    }
}

impl Drop for Tiles {
    fn drop(&mut self) {
        // SAFETY: the tiles are this thread's and nothing is kept in them.
        unsafe { asm!("tilerelease", options(nostack, nomem)) };
    }
}

impl Engine for Tiles {
    #[inline(always)]
    fn times(&self, block: &Block<'_>, target: Target<'_>) {
        let &Block { left, stride, tiles, right, depth } = block;
        assert!(depth > 0 && (tiles == 1 || tiles == 2), "a block of tiles");
        assert!(left.len() >= (depth - 1) * stride + tiles * TILE, "lines on the left");
        assert!(right.iter().all(|lines| lines.len() >= depth * TILE), "lines on the right");
        let rows = tiles * TILE;
        assert!(target.out.len() >= (rows - 1) * target.stride + 2 * TILE, "a place for a block");
        let pointers = Pointers {
            left: left.as_ptr(),
            step: stride * size_of::<Line>(),
            right: right.map(<[Line]>::as_ptr),
            depth,
            out: target.out.as_mut_ptr(),
            row: target.stride * size_of::<f32>(),
            add: usize::from(target.write == Write::Add),
        };
        // SAFETY: the tiles are configured, and every line and value that is reached is inside its slice.
        unsafe {
            match tiles {
                1 => pointers.one_by_two(),
                _ => pointers.two_by_two(),
            }
        }
    }
}

/// The operands of a block: steps in bytes.
struct Pointers {
    left: *const Line,
    step: usize,
    right: [*const Line; 2],
    depth: usize,
    out: *mut f32,
    row: usize,
    add: usize,
}

impl Pointers {
    /// 32 rows: sums in tiles 0 to 3, the left operand in 4 and 5, the right one in 6 and 7.
    ///
    /// # Safety
    /// Tiles are configured; the lines and values of a block of 32 rows and `depth` tiles, at least one, are there.
    #[inline(always)]
    unsafe fn two_by_two(self) {
        // SAFETY: the caller's.
        unsafe {
            asm!(
                "test {add}, {add}",
                "jz 2f",
                "tileloadd tmm0, [{out} + {row}*1]",
                "tileloadd tmm1, [{out} + {row}*1 + 64]",
                "tileloadd tmm2, [{low} + {row}*1]",
                "tileloadd tmm3, [{low} + {row}*1 + 64]",
                "jmp 3f",
                "2:",
                "tilezero tmm0",
                "tilezero tmm1",
                "tilezero tmm2",
                "tilezero tmm3",
                "3:",
                "tileloadd tmm6, [{b0} + {line}*1]",
                "tileloadd tmm4, [{a} + {line}*1]",
                "tileloadd tmm7, [{b1} + {line}*1]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                "tileloadd tmm5, [{a} + {line}*1 + 1024]",
                "tdpbf16ps tmm1, tmm4, tmm7",
                "add {b0}, 1024",
                "add {a}, {step}",
                "tdpbf16ps tmm2, tmm5, tmm6",
                "add {b1}, 1024",
                "tdpbf16ps tmm3, tmm5, tmm7",
                "dec {n}",
                "jnz 3b",
                "tilestored [{out} + {row}*1], tmm0",
                "tilestored [{out} + {row}*1 + 64], tmm1",
                "tilestored [{low} + {row}*1], tmm2",
                "tilestored [{low} + {row}*1 + 64], tmm3",
                add = in(reg) self.add,
                out = in(reg) self.out,
                low = in(reg) self.out.wrapping_byte_add(TILE * self.row),
                row = in(reg) self.row,
                a = inout(reg) self.left => _,
                step = in(reg) self.step,
                b0 = inout(reg) self.right[0] => _,
                b1 = inout(reg) self.right[1] => _,
                line = in(reg) size_of::<Line>(),
                n = inout(reg) self.depth => _,
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack),
            );
        }
    }

    /// 16 rows: sums in tiles 0 and 1.
    ///
    /// # Safety
    /// Tiles are configured; the lines and values of a block of 16 rows and `depth` tiles, at least one, are there.
    #[inline(always)]
    unsafe fn one_by_two(self) {
        // SAFETY: the caller's.
        unsafe {
            asm!(
                "test {add}, {add}",
                "jz 2f",
                "tileloadd tmm0, [{out} + {row}*1]",
                "tileloadd tmm1, [{out} + {row}*1 + 64]",
                "jmp 3f",
                "2:",
                "tilezero tmm0",
                "tilezero tmm1",
                "3:",
                "tileloadd tmm6, [{b0} + {line}*1]",
                "tileloadd tmm4, [{a} + {line}*1]",
                "tileloadd tmm7, [{b1} + {line}*1]",
                "tdpbf16ps tmm0, tmm4, tmm6",
                "add {b0}, 1024",
                "add {a}, {step}",
                "add {b1}, 1024",
                "tdpbf16ps tmm1, tmm4, tmm7",
                "dec {n}",
                "jnz 3b",
                "tilestored [{out} + {row}*1], tmm0",
                "tilestored [{out} + {row}*1 + 64], tmm1",
                add = in(reg) self.add,
                out = in(reg) self.out,
                row = in(reg) self.row,
                a = inout(reg) self.left => _,
                step = in(reg) self.step,
                b0 = inout(reg) self.right[0] => _,
                b1 = inout(reg) self.right[1] => _,
                line = in(reg) size_of::<Line>(),
                n = inout(reg) self.depth => _,
                out("tmm0") _, out("tmm1") _, out("tmm4") _, out("tmm6") _, out("tmm7") _,
                options(nostack),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::twin::Twin;
    use super::*;

    /// Numbers of every size, infinities and what is not a number where `wild`.
    fn line(seed: u32, wild: bool) -> Line {
        let mut state = seed.wrapping_mul(2_654_435_761) | 1;
        Line(std::array::from_fn(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let bits = (state >> 16) as u16;
            // The exponent of a tame number is between -8 and 7.
            if wild { bits } else { bits & 0x87ff | 0x3c00 }
        }))
    }

    #[test]
    fn the_instructions_and_their_twin_give_the_same_bits() {
        if !are_permitted() {
            return eprintln!("skipped: this machine has no tiles");
        }
        for (case, wild) in (0..48).map(|case| (case, case % 3 == 2)) {
            let (depth, tiles) = (1 + case as usize % 5, 1 + case as usize % 2);
            let stride = 37 + 16 * tiles;
            let lines = |n: usize, salt: u32| -> Vec<Line> {
                (0..n).map(|i| line(case * 1000 + salt + i as u32, wild)).collect()
            };
            let (left, right) =
                (lines(depth * stride, 0), [lines(depth * TILE, 400), lines(depth * TILE, 700)]);
            let right = [&right[0][..], &right[1][..]];
            let block = Block { left: &left, stride, tiles, right, depth };
            let write = [Write::Set, Write::Add][case as usize / 2 % 2];
            let mut outs =
                [(); 2].map(|()| (0..35 * 33).map(|i| i as f32 / 7.0).collect::<Vec<_>>());
            let [fast, slow] = &mut outs;
            Tiles::configure().times(&block, Target { out: fast, stride: 35, write });
            Twin.times(&block, Target { out: slow, stride: 35, write });
            for (x, y) in fast.iter().zip(&*slow) {
                let same = x.to_bits() == y.to_bits() || x.is_nan() && y.is_nan();
                assert!(same, "case {case}: {x:e} {y:e}");
            }
        }
    }
}
