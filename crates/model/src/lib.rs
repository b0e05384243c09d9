//! Layers with hand-written gradients, towers and losses.
