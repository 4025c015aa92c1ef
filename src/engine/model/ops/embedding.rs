//! Rows of a table. The gradient is that of the rows that were read, added up in the order of the ids.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

use super::gradients::route_rows;
use super::row_gradient::RowGradient;
use super::values::{are_fused, output, slice};
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
        let ids: Vec<u32> = ids.flatten_all()?.to_vec1()?;
        let rows = RowGradient::of(table.dims2()?, &ids, &grad.contiguous()?)?;
        Ok((route_rows(table, rows)?, None))
    }
}
