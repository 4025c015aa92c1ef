//! Embeddings at a smaller width: the truncated singular value decomposition of the token table.
//!
//! Of all tables of that width it keeps the inner products between tokens best (Eckart & Young 1936).
//! The subspace is found by orthogonal iteration on the table's Gram matrix (Golub & Van Loan, Matrix
//! Computations, 4th ed., §8.2.4), which needs no decomposition of a whole matrix and touches the table
//! twice. Positions and kinds of text are added to tokens, so they go through the same reduction.

use candle_core::{DType, Device, Tensor};

use super::StudentInitError;
use super::init_source::InitSource;
use crate::engine::model::ModelError;
use crate::engine::model::init::Init;
use crate::session::say;

/// Rounds of the iteration: directions at the edge of the subspace, which it does not tell apart well,
/// are those whose choice matters least.
const ROUNDS: usize = 12;

/// From the width of a table to a smaller one.
pub struct Reduction {
    /// Orthonormal columns times `scale`, `[wide, narrow]`.
    basis: Tensor,
    /// Share of the table's squares that is left, in [0, 1].
    pub kept: f64,
}

impl Reduction {
    /// The reduction of `origin`'s token table to `width`.
    ///
    /// # Errors
    /// [`StudentInitError`] if there is no such table.
    pub fn of(origin: &InitSource, width: usize, device: &Device) -> Result<Self, StudentInitError> {
        let table = origin.tensor(origin.architecture.heads.table, device)?;
        let table = table.ok_or_else(|| ModelError::Weights(say!("no table of token embeddings")))?;
        Self::new(&table, width)
    }

    /// The reduction of `table [rows, wide]` to `width` columns.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn new(table: &Tensor, width: usize) -> Result<Self, StudentInitError> {
        let wide = table.dim(1)?;
        let gram = table.t()?.contiguous()?.matmul(&table.contiguous()?)?;
        let mut columns = Init::Normal(1.0).fill("reduction", wide * width, 0);
        for _ in 0..ROUNDS {
            orthonormalise(&mut columns, wide);
            let turned = Tensor::from_slice(&columns, (width, wide), table.device())?.matmul(&gram)?;
            columns = turned.flatten_all()?.to_vec1()?;
        }
        orthonormalise(&mut columns, wide);
        let basis = Tensor::from_vec(columns, (width, wide), table.device())?.t()?.contiguous()?;
        let (all, left) = (squares(table)?, squares(&table.matmul(&basis)?)?);
        // As large as before, number by number: what reads the embeddings was made for that size.
        let scale = if left > 0.0 { (all / wide as f64).sqrt() / (left / width as f64).sqrt() } else { 1.0 };
        Ok(Self { basis: (basis * scale)?, kept: if all > 0.0 { left / all } else { 1.0 } })
    }

    /// `table [rows, wide]` as `[rows, narrow]`.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn apply(&self, table: &Tensor) -> Result<Tensor, StudentInitError> {
        Ok(table.contiguous()?.matmul(&self.basis)?)
    }
}

fn squares(x: &Tensor) -> candle_core::Result<f64> {
    x.to_dtype(DType::F64)?.sqr()?.sum_all()?.to_scalar()
}

/// Makes the rows of `length` numbers orthonormal in their order, twice over against rounding
/// (modified Gram–Schmidt).
fn orthonormalise(rows: &mut [f32], length: usize) {
    for end in (length..=rows.len()).step_by(length) {
        let (before, row) = rows[..end].split_at_mut(end - length);
        for _ in 0..2 {
            for other in before.chunks_exact(length) {
                let along = dot(row, other);
                row.iter_mut().zip(other).for_each(|(x, y)| *x -= (along * f64::from(*y)) as f32);
            }
        }
        let norm = dot(row, row).sqrt();
        if norm > 0.0 {
            row.iter_mut().for_each(|x| *x = (f64::from(*x) / norm) as f32);
        }
    }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_low_rank_keeps_every_inner_product() {
        let random = |name: &str, rows: usize, columns: usize| {
            let values = Init::Normal(1.0).fill(name, rows * columns, 3);
            Tensor::from_vec(values, (rows, columns), &Device::Cpu).unwrap()
        };
        let table = random("left", 40, 6).matmul(&random("right", 6, 24)).unwrap();
        let reduction = Reduction::new(&table, 8).unwrap();
        assert!((reduction.kept - 1.0).abs() < 1e-4, "{}", reduction.kept);
        let small = reduction.apply(&table).unwrap();
        let products = |t: &Tensor| t.matmul(&t.t().unwrap()).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let (before, after) = (products(&table), products(&small));
        // One factor for all: 24 columns' worth of size in 8.
        let factor = before.iter().sum::<f32>() / after.iter().sum::<f32>();
        let largest = before.iter().fold(0f32, |m, x| m.max(x.abs()));
        assert!(before.iter().zip(&after).all(|(b, a)| (b - a * factor).abs() < 1e-3 * largest));
    }

    #[test]
    fn of_any_table_at_least_the_share_of_the_width_is_kept() {
        let values = Init::Normal(1.0).fill("table", 50 * 16, 1);
        let table = Tensor::from_vec(values, (50, 16), &Device::Cpu).unwrap();
        let kept = Reduction::new(&table, 8).unwrap().kept;
        assert!(kept > 0.55 && kept <= 1.0, "{kept}");
    }
}
