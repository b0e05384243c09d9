//! Numeric kernels in f32.
