//! The numbers inside a tensor, as the fused kernels see them: contiguous f32 in main memory.

use candle_core::{CpuStorage, DType, Layout, Result, Storage, Tensor, bail};

/// Whether the fused kernels serve this tensor: f32 on the CPU.
pub fn is_fused(tensor: &Tensor) -> bool {
    tensor.device().is_cpu() && tensor.dtype() == DType::F32
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

/// The numbers of a contiguous f32 storage.
///
/// # Errors
/// If it is strided or of another type.
pub fn slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(all), Some((start, end))) => Ok(&all[start..end]),
        _ => bail!("a fused operation needs a contiguous f32 tensor, not {:?} {layout:?}", storage_type(storage)),
    }
}

fn storage_type(storage: &CpuStorage) -> DType {
    use candle_core::backend::BackendStorage;
    storage.dtype()
}
