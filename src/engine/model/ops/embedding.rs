//! Rows of a table. The gradient is added up in the order of the ids, every stretch of the table by
//! one thread.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::gradients::route_gradient;
use super::values::{are_fused, output, read, slice, tensor};
use super::{composed, rows};

/// Rows of a table.
///
/// # Shapes
/// `table [rows, width]`, `ids` u32 of any shape; result `[ids.., width]`.
///
/// # Errors
/// If an id is not a row of the table.
pub fn embedding(table: &Tensor, ids: &Tensor) -> Result<Tensor> {
    if !are_fused(&[table]) || !ids.device().is_cpu() || ids.elem_count() == 0 {
        return composed::embedding(table, ids);
    }
    table.contiguous()?.apply_op2(&ids.contiguous()?, Embedding)
}

/// Rows of the table that one task of the backward pass owns.
const OWNED: usize = 512;

struct Embedding;

impl CustomOp2 for Embedding {
    fn name(&self) -> &'static str {
        "embedding"
    }

    fn cpu_fwd(&self, t: &CpuStorage, tl: &Layout, ids: &CpuStorage, il: &Layout) -> Result<(CpuStorage, Shape)> {
        let (CpuStorage::U32(all), Some((start, end))) = (ids, il.contiguous_offsets()) else {
            bail!("the ids of an embedding must be of type u32");
        };
        let (table, ids, (count, width)) = (slice(t, tl)?, &all[start..end], tl.shape().dims2()?);
        if let Some(id) = ids.iter().find(|id| **id as usize >= count) {
            bail!("id {id} is not in the embedding table of {count} rows; do tokenizer and model belong together?");
        }
        let rows = rows::written(ids.len() * width, width, |start, memory| {
            let row = ids[start / width] as usize * width;
            memory.write_copy_of_slice(&table[row..row + width])
        });
        let mut dims = il.dims().to_vec();
        dims.push(width);
        Ok(output(rows, dims))
    }

    fn bwd(&self, table: &Tensor, ids: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (count, width) = table.dims2()?;
        let ids: Vec<u32> = ids.flatten_all()?.to_vec1()?;
        let values = read(&grad.contiguous()?, |grad| {
            rows::written(count * width, OWNED * width, |start, memory| {
                let first = start / width;
                let owned = rows::zeroed(memory);
                for (id, grad) in ids.iter().zip(grad.chunks_exact(width)) {
                    let Some(offset) = (*id as usize).checked_sub(first) else { continue };
                    let Some(row) = owned.get_mut(offset * width..(offset + 1) * width) else { continue };
                    row.iter_mut().zip(grad).for_each(|(sum, grad)| *sum += grad);
                }
                owned
            })
        })?;
        Ok((route_gradient(table, Some(tensor(values, (count, width))?)), None))
    }
}
