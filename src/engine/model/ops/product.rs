//! Matrix products straight from and into slices, so that transposed and interleaved operands need
//! no copy.

use std::mem::MaybeUninit;

use candle_core::{Result, bail};
use gemm::Parallelism;

use super::rows;

/// A matrix inside a slice.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// `rows × columns`, row by row, the rows `row_stride` apart.
    ///
    /// # Errors
    /// If the slice ends before the matrix does.
    pub fn new(values: &'a [f32], rows: usize, columns: usize, row_stride: usize) -> Result<Self> {
        covers(values.len(), rows, columns, row_stride)?;
        Ok(Self { values, rows, columns, row_stride, column_stride: 1 })
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The same numbers with rows and columns exchanged.
    pub fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }
}

/// Whether a product is shared out or stays on this thread.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Threads {
    /// All of the current pool.
    All,
    /// This one: the caller already runs on all of them.
    One,
}

/// `a · b` as a new matrix, row by row.
///
/// # Errors
/// If the inner sizes differ.
pub fn product(a: Matrix, b: Matrix) -> Result<Vec<f32>> {
    let len = a.rows * b.columns;
    rows::filled(len, len, |_, memory| write(memory, a, b, Threads::All))
}

/// Writes `a · b` into `out`, row by row without gaps, and hands the numbers back.
///
/// # Errors
/// If the sizes do not fit.
pub fn write<'a>(out: &'a mut [MaybeUninit<f32>], a: Matrix, b: Matrix, threads: Threads) -> Result<&'a mut [f32]> {
    if out.len() != a.rows * b.columns {
        bail!("a product of {} rows and {} columns does not fill {} elements", a.rows, b.columns, out.len());
    }
    multiply(out, b.columns, a, b, false, threads)?;
    // SAFETY: the product has written every element, since its rows lie without gaps.
    Ok(unsafe { out.assume_init_mut() })
}

/// Writes `a · b` into `out`, the rows `stride` apart; what lies between them is kept.
///
/// # Errors
/// If the sizes do not fit.
pub fn write_strided(out: &mut [f32], stride: usize, a: Matrix, b: Matrix, threads: Threads) -> Result<()> {
    multiply(uninit(out), stride, a, b, false, threads)
}

/// As [`write_strided`], but adds `a · b` to what is there.
///
/// # Errors
/// If the sizes do not fit.
pub fn add_strided(out: &mut [f32], stride: usize, a: Matrix, b: Matrix, threads: Threads) -> Result<()> {
    multiply(uninit(out), stride, a, b, true, threads)
}

/// Adds `a · b` to `out`, row by row.
///
/// # Errors
/// If the sizes do not fit.
pub fn add_product(out: &mut [f32], a: Matrix, b: Matrix) -> Result<()> {
    multiply(uninit(out), b.columns, a, b, true, Threads::All)
}

/// Numbers as memory that may be written.
fn uninit(values: &mut [f32]) -> &mut [MaybeUninit<f32>] {
    // SAFETY: the two types have one layout, and this module only ever writes numbers.
    unsafe { &mut *(std::ptr::from_mut(values) as *mut [MaybeUninit<f32>]) }
}

fn multiply(
    out: &mut [MaybeUninit<f32>],
    stride: usize,
    a: Matrix,
    b: Matrix,
    add: bool,
    threads: Threads,
) -> Result<()> {
    if a.columns != b.rows {
        bail!("a product of [{}, {}] and [{}, {}] does not fit", a.rows, a.columns, b.rows, b.columns);
    }
    covers(out.len(), a.rows, b.columns, stride)?;
    let parallelism = if threads == Threads::All { Parallelism::Rayon(0) } else { Parallelism::None };
    // SAFETY: `covers` has checked, here and for the operands, that every index lies in its slice;
    // `out` is borrowed alone; without `add` it is not read.
    unsafe {
        gemm::gemm(
            a.rows,
            b.columns,
            a.columns,
            out.as_mut_ptr().cast::<f32>(),
            1,
            stride as isize,
            add,
            a.values.as_ptr(),
            a.column_stride as isize,
            a.row_stride as isize,
            b.values.as_ptr(),
            b.column_stride as isize,
            b.row_stride as isize,
            1.0,
            1.0,
            false,
            false,
            false,
            parallelism,
        );
    }
    Ok(())
}

fn covers(len: usize, rows: usize, columns: usize, row_stride: usize) -> Result<()> {
    let needed = if rows == 0 || columns == 0 { 0 } else { (rows - 1) * row_stride + columns };
    if len < needed || (rows > 1 && row_stride < columns) {
        bail!("a [{rows}, {columns}] matrix with row stride {row_stride} does not lie in {len} elements");
    }
    Ok(())
}
