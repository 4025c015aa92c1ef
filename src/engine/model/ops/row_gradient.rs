//! The gradient of a table of which some rows were read: their sums alone, for as long as nobody asks for the whole.
//!
//! *Why (2026-11).* A table that is also the head's matrix gets a whole gradient from the head and a few hundred rows
//! from the embedding. As a second whole gradient those rows cost the memory of the table three times over, to be made,
//! filled with zeros and added; added where the first one lies they cost nothing to speak of.

use candle_core::{CpuStorage, InplaceOp1, Layout, Result, Tensor, bail};
use rayon::prelude::*;

use super::rows;
use super::values::{read, tensor};

/// Rows that one task of [`RowGradient::dense`] owns.
const OWNED: usize = 512;

/// The sums of the gradients of some rows.
pub struct RowGradient {
    /// Rows of the table, ascending, each once.
    ids: Vec<u32>,
    /// Their sums `[ids, width]`.
    sums: Vec<f32>,
    count: usize,
    width: usize,
}

impl RowGradient {
    /// Of a table `[count, width]`, whose rows `ids` got the gradients `grad [.., width]`: those of a row are added in
    /// the order of `ids`.
    ///
    /// # Errors
    /// If `grad` is not contiguous f32 in main memory.
    pub fn of((count, width): (usize, usize), ids: &[u32], grad: &Tensor) -> Result<Self> {
        let mut order: Vec<usize> = (0..ids.len()).collect();
        order.sort_by_key(|place| ids[*place]);
        let same: Vec<&[usize]> = order.chunk_by(|a, b| ids[*a] == ids[*b]).collect();
        let sums = read(grad, |grad| {
            rows::written(same.len() * width, width, |start, memory| {
                let sum = rows::zeroed(memory);
                for place in same[start / width] {
                    sum.iter_mut().zip(&grad[place * width..]).for_each(|(sum, grad)| *sum += grad);
                }
                sum
            })
        })?;
        Ok(Self { ids: same.iter().map(|places| ids[places[0]]).collect(), sums, count, width })
    }

    /// The whole gradient `[count, width]`: 0 wherever no row was read.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn dense(&self) -> Result<Tensor> {
        let values = rows::written(self.count * self.width, OWNED * self.width, |start, memory| {
            let first = start / self.width;
            let owned = rows::zeroed(memory);
            self.add_to_stretch(first, owned);
            owned
        });
        tensor(values, (self.count, self.width))
    }

    /// Adds the rows where another gradient of the same table lies, which must be nobody else's.
    ///
    /// # Errors
    /// If it has another size.
    pub fn add_to(&self, there: &Tensor) -> Result<()> {
        if there.dims() != [self.count, self.width] {
            bail!("rows of a table of {} × {} cannot be added to {:?}", self.count, self.width, there.dims());
        }
        there.inplace_op1(&Added(self))
    }

    /// Adds what falls into a stretch of whole rows from row `first` on.
    fn add_to_stretch(&self, first: usize, stretch: &mut [f32]) {
        let place = |row: usize| self.ids.partition_point(|id| (*id as usize) < row);
        let range = place(first)..place(first + stretch.len() / self.width);
        for (id, sum) in self.ids[range.clone()].iter().zip(self.sums[range.start * self.width..].chunks(self.width)) {
            let row = &mut stretch[(*id as usize - first) * self.width..][..self.width];
            row.iter_mut().zip(sum).for_each(|(there, sum)| *there += sum);
        }
    }
}

struct Added<'a>(&'a RowGradient);

impl InplaceOp1 for Added<'_> {
    fn name(&self) -> &'static str {
        "add-rows"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let (CpuStorage::F32(all), Some((start, end))) = (storage, layout.contiguous_offsets()) else {
            bail!("rows can be added to a contiguous f32 gradient only");
        };
        let (rows, width) = (&mut all[start..end], self.0.width);
        let stretches = rows.par_chunks_mut(OWNED * width).enumerate();
        stretches.for_each(|(number, stretch)| self.0.add_to_stretch(number * OWNED, stretch));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;
    use crate::engine::model::ops;

    const COUNT: usize = 3 * OWNED / 2;

    fn tied(table: &Var, ids: &[u32], with_head: bool) -> Vec<f32> {
        let read = ops::embedding(table, &Tensor::new(ids, &Device::Cpu).unwrap()).unwrap();
        let of_rows = (&read * &read).unwrap().sum_all().unwrap();
        let head = ops::linear(&read.detach(), table, None).unwrap().sqr().unwrap().sum_all().unwrap();
        let loss = if with_head { (of_rows + head).unwrap() } else { of_rows };
        let gradients = ops::backward(&loss).unwrap();
        gradients.get(table).unwrap().flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn rows_of_a_tied_table_are_added_to_the_gradient_of_its_head_and_stand_alone_without_one() {
        let last = COUNT as u32 - 1;
        let table = Tensor::arange(0f32, (COUNT * 3) as f32, &Device::Cpu).unwrap().affine(1e-3, -1.0).unwrap();
        let table = Var::from_tensor(&table.reshape((COUNT, 3)).unwrap()).unwrap();
        for ids in [vec![0], vec![5, 5, 5], vec![last, 0, last], vec![last, 511, 512, 513, 511, 1], vec![3, 2, 1, 0]] {
            for with_head in [false, true] {
                let ours = tied(&table, &ids, with_head);
                let theirs = ops::values::without_kernels(|| tied(&table, &ids, with_head));
                assert!(ours.iter().any(|slope| slope.abs() > 1e-3));
                for (place, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
                    let near = (ours - theirs).abs() <= 1e-5 * theirs.abs().max(1.0);
                    assert!(near, "{ids:?}, head {with_head}, {place}: {ours} is not {theirs}");
                }
            }
        }
    }

    #[test]
    fn rows_of_another_table_are_refused() {
        let grad = Tensor::ones((1, 3), candle_core::DType::F32, &Device::Cpu).unwrap();
        let there = Tensor::zeros((4, 2), candle_core::DType::F32, &Device::Cpu).unwrap();
        let refused = RowGradient::of((4, 3), &[1], &grad).unwrap().add_to(&there).unwrap_err().to_string();
        assert!(refused.contains("4 × 3"), "{refused}");
    }
}
