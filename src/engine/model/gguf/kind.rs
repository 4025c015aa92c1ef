//! The ways ggml keeps numbers, and which of them candle multiplies with.

use candle_core::quantized::GgmlDType;

use crate::session::{Say, Sentence, say};

/// One way of keeping numbers, in blocks with a scale of their own.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    id: u32,
    /// What people call it.
    pub name: &'static str,
    /// What candle calls it.
    pub dtype: GgmlDType,
    /// Where in a block its half-precision scales stand, in bytes.
    scales: &'static [usize],
}

const KINDS: &[Kind] = &[
    Kind { id: 0, name: "F32", dtype: GgmlDType::F32, scales: &[] },
    Kind { id: 1, name: "F16", dtype: GgmlDType::F16, scales: &[] },
    Kind { id: 2, name: "Q4_0", dtype: GgmlDType::Q4_0, scales: &[0] },
    Kind { id: 3, name: "Q4_1", dtype: GgmlDType::Q4_1, scales: &[0, 2] },
    Kind { id: 6, name: "Q5_0", dtype: GgmlDType::Q5_0, scales: &[0] },
    Kind { id: 7, name: "Q5_1", dtype: GgmlDType::Q5_1, scales: &[0, 2] },
    Kind { id: 8, name: "Q8_0", dtype: GgmlDType::Q8_0, scales: &[0] },
    Kind { id: 10, name: "Q2_K", dtype: GgmlDType::Q2K, scales: &[80, 82] },
    Kind { id: 11, name: "Q3_K", dtype: GgmlDType::Q3K, scales: &[108] },
    Kind { id: 12, name: "Q4_K", dtype: GgmlDType::Q4K, scales: &[0, 2] },
    Kind { id: 13, name: "Q5_K", dtype: GgmlDType::Q5K, scales: &[0, 2] },
    Kind { id: 14, name: "Q6_K", dtype: GgmlDType::Q6K, scales: &[208] },
    Kind { id: 30, name: "BF16", dtype: GgmlDType::BF16, scales: &[] },
];

/// What ggml has besides, so that it can be refused by name.
const OTHERS: &[(u32, &str)] = &[
    (9, "Q8_1"),
    (15, "Q8_K"),
    (16, "IQ2_XXS"),
    (17, "IQ2_XS"),
    (18, "IQ3_XXS"),
    (19, "IQ1_S"),
    (20, "IQ4_NL"),
    (21, "IQ3_S"),
    (22, "IQ2_S"),
    (23, "IQ4_XS"),
    (24, "I8"),
    (25, "I16"),
    (26, "I32"),
    (27, "I64"),
    (28, "F64"),
    (29, "IQ1_M"),
    (34, "TQ1_0"),
    (35, "TQ2_0"),
    (39, "MXFP4"),
    (40, "NVFP4"),
    (41, "Q1_0"),
];

/// What names of files call mixtures of kinds that are not read here: the first letters of a word.
const UNREAD: [&str; 7] = ["IQ1_", "IQ2_", "IQ3_", "IQ4_", "TQ1_", "TQ2_", "MXFP4"];

/// The word in a file's name that says that it cannot be read here, e.g. `IQ4_XS`: known before
/// gigabytes are fetched. What the file really holds, only its header says.
pub fn unread(name: &str) -> Option<&str> {
    let words = name.rsplit('/').next()?.split(['-', '.']);
    words.into_iter().find(|word| UNREAD.iter().any(|start| word.to_ascii_uppercase().starts_with(start)))
}

impl Kind {
    /// The kind with this number in the file.
    ///
    /// # Errors
    /// What is said of a kind that is not read here.
    pub fn of(id: u32) -> Result<Self, Sentence> {
        let other =
            || OTHERS.iter().find(|(known, _)| *known == id).map_or_else(|| say!("kind {id}", id), |o| o.1.said());
        KINDS.iter().find(|kind| kind.id == id).copied().ok_or_else(|| {
            let known = KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ");
            say!("{other}, which is not read here; fetch a version in one of {known}", other = other(), known)
        })
    }

    /// Whether several numbers share a scale.
    pub fn is_quantised(self) -> bool {
        !self.scales.is_empty()
    }

    /// Whether candle multiplies rows of so many numbers as they are. Of three kinds it takes blocks
    /// two by two and panics on a last single one, where it checks at all.
    pub fn multiplies(self, row: usize) -> bool {
        let pairs = matches!(self.dtype, GgmlDType::Q4_1 | GgmlDType::Q5_0 | GgmlDType::Q5_1);
        self.is_quantised() && !(pairs && (row / self.block()) % 2 == 1)
    }

    /// Numbers in one block.
    pub fn block(self) -> usize {
        self.dtype.block_size()
    }

    /// Bytes that `numbers` take; `None` if they fill no whole blocks.
    pub fn bytes(self, numbers: usize) -> Option<usize> {
        let whole = numbers.is_multiple_of(self.block());
        whole.then(|| (numbers / self.block()).checked_mul(self.dtype.type_size())).flatten()
    }

    /// Whether every scale in these blocks is a number; then all they stand for are.
    pub fn is_finite(self, blocks: &[u8]) -> bool {
        // An exponent of only ones means infinite or none.
        let finite = |block: &[u8], at: usize| block.get(at + 1).is_some_and(|high| high & 0x7c != 0x7c);
        blocks.chunks_exact(self.dtype.type_size()).all(|block| self.scales.iter().all(|at| finite(block, *at)))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::quantized::QTensor;
    use candle_core::{Device, Tensor};

    use super::*;

    #[test]
    fn a_name_tells_of_kinds_that_are_not_read() {
        assert_eq!(unread("IQ4_XS/Some-8B.i1-IQ4_XS-00001-of-00002.gguf"), Some("IQ4_XS"));
        for read in ["Some-8B-Q4_K_M.gguf", "IQ3_M/Some-Q8_0.gguf", "some-iq-model.F16.gguf"] {
            assert_eq!(unread(read), None, "{read}");
        }
    }

    /// A block's scales are where the table says: a NaN there, and only there, is seen.
    #[test]
    fn a_scale_that_is_no_number_is_found() {
        let values: Vec<f32> = (0..256).map(|i| (i as f32 * 0.7).sin()).collect();
        let row = Tensor::from_vec(values, (1, 256), &Device::Cpu).unwrap();
        for kind in KINDS.iter().filter(|kind| kind.is_quantised()) {
            let mut bytes = QTensor::quantize(&row, kind.dtype).unwrap().data().unwrap().to_vec();
            assert_eq!(bytes.len(), kind.bytes(256).unwrap(), "{}", kind.name);
            assert!(kind.is_finite(&bytes), "{}", kind.name);
            for at in kind.scales {
                let kept = [bytes[*at], bytes[at + 1]];
                bytes[*at..at + 2].copy_from_slice(&[0x01, 0x7e]);
                assert!(!kind.is_finite(&bytes), "{}", kind.name);
                let storage =
                    candle_core::quantized::QStorage::from_data((&bytes[..]).into(), &Device::Cpu, kind.dtype);
                let read = QTensor::new(storage.unwrap(), (1, 256)).unwrap().dequantize(&Device::Cpu).unwrap();
                let read: Vec<f32> = read.flatten_all().unwrap().to_vec1().unwrap();
                assert!(read.iter().any(|value| !value.is_finite()), "{}: byte {at} is a scale", kind.name);
                bytes[*at..at + 2].copy_from_slice(&kept);
            }
        }
    }
}
