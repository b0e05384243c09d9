//! How exactly numbers enter the products of a model's layers.

use serde::{Deserialize, Serialize};

/// How exactly numbers enter the products of a model's layers; weights, sums and all else are f32 in either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// As they are.
    #[default]
    F32,
    /// Rounded to bf16, 8 bits of mantissa: several times faster on processors with tiles of such numbers, and
    /// accurate enough to train with.
    Bf16,
}

impl From<Precision> for kernels::Precision {
    fn from(precision: Precision) -> Self {
        match precision {
            Precision::F32 => kernels::Precision::F32,
            Precision::Bf16 => kernels::Precision::Bf16,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configs_call_the_precisions_f32_and_bf16() {
        for (name, precision) in [("f32", Precision::F32), ("bf16", Precision::Bf16)] {
            let written = format!("\"{name}\"");
            assert_eq!(serde_json::to_string(&precision).unwrap(), written);
            assert_eq!(serde_json::from_str::<Precision>(&written).unwrap(), precision);
        }
    }
}
