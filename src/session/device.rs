//! Where a session computes.

use serde::{Deserialize, Serialize};

/// What holds the tensors and works on them. Part of bit-exact replay: two devices add up in
/// different orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// An NVIDIA graphics card, counted from 0.
    Cuda(usize),
    /// An Apple graphics processor, counted from 0.
    Metal(usize),
}

impl Device {
    /// Whether it is the default, which a session file leaves out.
    pub fn is_cpu(&self) -> bool {
        *self == Self::Cpu
    }

    /// What a person calls it.
    pub fn label(self) -> String {
        match self {
            Self::Cpu => "CPU".to_owned(),
            Self::Cuda(number) => format!("CUDA {number}"),
            Self::Metal(number) => format!("Metal {number}"),
        }
    }
}
