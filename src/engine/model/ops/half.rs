//! Products with a matrix that is kept in half precision. The arithmetic is that of `f32`: numbers
//! are widened, which changes none of them, on their way into the product.

use candle_core::{CpuStorage, D, DType, Result, Storage, Tensor, bail};
use half::slice::HalfFloatSliceExt as _;
use half::{bf16, f16};

use super::arguments::Orientation;
use super::linear::{linear, linear_transposed};
use super::simd::widest;
use super::values::{are_fused, read, tensor};
use super::{composed, rows, skinny_matmul};

/// `x·W + b` with `W` in `f16` or `bf16`.
///
/// Differentiable in `x` and the bias; the matrix gets no gradient.
///
/// # Shapes
/// `x [.., in]`, `weight [out, in]` or `[in, out]`, `bias [out]`; result `[.., out]`.
///
/// # Errors
/// If the shapes do not fit.
pub fn linear_half(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, orientation: Orientation) -> Result<Tensor> {
    let (_, width) = weight.dims2()?;
    let few =
        x.dim(D::Minus1)? == width && (x.elem_count() == width || skinny_matmul::serves(x.elem_count() / width, width));
    let graph = x.track_op() || bias.is_some_and(Tensor::track_op);
    if few && !graph && orientation == Orientation::OutIn && are_fused(&[x]) {
        let product = step(&x.contiguous()?, weight)?;
        return bias.map_or(Ok(product.clone()), |bias| product.broadcast_add(bias));
    }
    let weight = widened(weight)?;
    match orientation {
        Orientation::OutIn => linear(x, &weight, bias),
        Orientation::InOut => linear_transposed(x, &weight, bias),
    }
}

/// Rows of a table in half precision, as `f32`.
///
/// # Shapes
/// `table [rows, width]`, `ids` u32 of any shape; result `[ids.., width]`.
///
/// # Errors
/// If an id is not a row of the table.
pub fn embedding_half(table: &Tensor, ids: &Tensor) -> Result<Tensor> {
    composed::embedding(table, ids)?.to_dtype(DType::F32)
}

/// The matrix as `f32`.
fn widened(weight: &Tensor) -> Result<Tensor> {
    if !weight.device().is_cpu() {
        return weight.detach().to_dtype(DType::F32);
    }
    let width = weight.dim(D::Minus1)?;
    let stripe = width * (rows::TASK / width.max(1)).max(1);
    read_half(weight, |numbers| {
        let values = rows::written(weight.elem_count(), stripe, |start, memory| {
            let values = rows::zeroed(memory);
            numbers.widen(start, values);
            values
        });
        tensor(values, weight.dims())
    })?
}

/// `x·Wᵀ` for a few rows.
fn step(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    let (out, width) = weight.dims2()?;
    let values = read(x, |x| read_half(weight, |numbers| skinny_matmul::product(x, &numbers, width, out)))??;
    tensor(values, rows::with_last(x.dims(), out))
}

/// Numbers in half precision, where they lie.
enum Halves<'a> {
    F16(&'a [f16]),
    Bf16(&'a [bf16]),
}

impl Halves<'_> {
    /// Widens as many numbers as `values` holds, from `start` on.
    fn widen(&self, start: usize, values: &mut [f32]) {
        let end = start + values.len();
        match self {
            Self::F16(numbers) => numbers[start..end].convert_to_f32_slice(values),
            Self::Bf16(numbers) => widest(
                #[inline(always)]
                || {
                    for (value, number) in values.iter_mut().zip(&numbers[start..end]) {
                        *value = f32::from_bits(u32::from(number.to_bits()) << 16);
                    }
                },
            ),
        }
    }
}

impl skinny_matmul::Stretches for Halves<'_> {
    fn stretch<'a>(&'a self, start: usize, len: usize, room: &'a mut Vec<f32>) -> &'a [f32] {
        room.resize(len, 0.0);
        self.widen(start, room);
        room
    }
}

fn read_half<T>(tensor: &Tensor, f: impl FnOnce(Halves) -> T) -> Result<T> {
    let (storage, layout) = tensor.storage_and_layout();
    let Some((start, end)) = layout.contiguous_offsets() else { bail!("a frozen matrix must lie without gaps") };
    match &*storage {
        Storage::Cpu(CpuStorage::F16(all)) => Ok(f(Halves::F16(&all[start..end]))),
        Storage::Cpu(CpuStorage::BF16(all)) => Ok(f(Halves::Bf16(&all[start..end]))),
        _ => bail!("a frozen matrix must be of type f16 or bf16, not {:?}", tensor.dtype()),
    }
}
