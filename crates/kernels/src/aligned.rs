//! Memory that begins at a cache line.

use std::ops::{Deref, DerefMut};

/// Numbers in a cache line.
const LINE: usize = 16;

/// Numbers, the first at the beginning of a cache line, so that no vector and no row of a tile lies across two.
#[derive(Debug, Default)]
pub(crate) struct Aligned {
    memory: Vec<f32>,
    start: usize,
    len: usize,
}

impl Aligned {
    /// Makes room for so many numbers, whose values are left open.
    pub(crate) fn resize(&mut self, len: usize) {
        self.memory.resize(len + LINE, 0.0);
        self.start = self.memory.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
        self.len = len;
    }

    /// The same with zeros in it.
    pub(crate) fn clear(&mut self, len: usize) {
        self.memory.clear();
        self.resize(len);
    }
}

impl Deref for Aligned {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.memory[self.start..][..self.len]
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.memory[self.start..][..self.len]
    }
}

/// The copy begins at a cache line too.
impl Clone for Aligned {
    fn clone(&self) -> Self {
        let mut copy = Aligned::default();
        copy.resize(self.len);
        copy.copy_from_slice(self);
        copy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_and_that_of_a_copy_begin_a_cache_line() {
        let mut numbers = Aligned::default();
        for len in [0, 1, 17, 4096, 5] {
            numbers.clear(len);
            assert_eq!(&numbers[..], vec![0.0; len]);
            numbers.fill(2.0);
            let copy = numbers.clone();
            assert_eq!(&copy[..], vec![2.0; len]);
            for all in [&numbers, &copy] {
                assert_eq!(all.as_ptr().addr() % 64, 0);
            }
        }
    }
}
