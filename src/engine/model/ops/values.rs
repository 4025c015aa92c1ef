//! The numbers inside a tensor, as the fused kernels see them: contiguous f32 in main memory.

use std::cell::Cell;

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, DType, Device, Layout, Result, Shape, Storage, Tensor, bail};

thread_local! {
    /// Set while [`without_kernels`] runs on this thread.
    static WITHOUT: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f` with no fused kernel on this thread: as a device computes that has none. Slow, and the way
/// to prove such a device's every step on a machine that lacks it.
pub fn without_kernels<T>(f: impl FnOnce() -> T) -> T {
    struct Back(bool);
    impl Drop for Back {
        fn drop(&mut self) {
            WITHOUT.set(self.0);
        }
    }
    let _back = Back(WITHOUT.replace(true));
    f()
}

/// Whether the fused kernels serve this tensor: f32 on the CPU, and not empty.
pub fn is_fused(tensor: &Tensor) -> bool {
    !WITHOUT.get() && tensor.device().is_cpu() && tensor.dtype() == DType::F32 && tensor.elem_count() > 0
}

/// Whether the fused kernels serve all of these.
pub fn are_fused(tensors: &[&Tensor]) -> bool {
    tensors.iter().all(|tensor| is_fused(tensor))
}

/// Hands the numbers of a contiguous f32 tensor on the CPU to `f`, without a copy.
///
/// # Errors
/// If the tensor is not of that kind.
pub fn read<T>(tensor: &Tensor, f: impl FnOnce(&[f32]) -> T) -> Result<T> {
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => Ok(f(slice(storage, layout)?)),
        _ => bail!("a fused operation needs a tensor in main memory"),
    }
}

/// The numbers of two tensors at once.
///
/// # Errors
/// As [`read`].
pub fn read2<T>(a: &Tensor, b: &Tensor, f: impl FnOnce(&[f32], &[f32]) -> T) -> Result<T> {
    read(a, |a| read(b, |b| f(a, b)))?
}

/// The numbers of three tensors at once.
///
/// # Errors
/// As [`read`].
pub fn read3<T>(a: &Tensor, b: &Tensor, c: &Tensor, f: impl FnOnce(&[f32], &[f32], &[f32]) -> T) -> Result<T> {
    read(a, |a| read2(b, c, |b, c| f(a, b, c)))?
}

/// The numbers of a contiguous f32 storage.
///
/// # Errors
/// If it is strided or of another type.
pub fn slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(all), Some((start, end))) => Ok(&all[start..end]),
        _ => bail!("a fused operation needs contiguous f32 values, not {:?} {layout:?}", storage.dtype()),
    }
}

/// A tensor around new numbers.
///
/// # Errors
/// If the shape does not hold as many.
pub fn tensor(values: Vec<f32>, shape: impl Into<Shape>) -> Result<Tensor> {
    Tensor::from_vec(values, shape.into(), &Device::Cpu)
}

/// Numbers as what a custom operation returns.
pub fn output(values: Vec<f32>, shape: impl Into<Shape>) -> (CpuStorage, Shape) {
    (CpuStorage::F32(values), shape.into())
}

/// The size of the last dimension.
///
/// # Errors
/// If there is none.
pub fn width(layout: &Layout) -> Result<usize> {
    match layout.dims().last() {
        Some(width) => Ok(*width),
        None => bail!("a scalar has no last dimension"),
    }
}
