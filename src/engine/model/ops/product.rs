//! Matrix products straight from and into slices, so that transposed and interleaved operands need
//! no copy.

use std::mem::MaybeUninit;

use candle_core::{Result, bail};
use gemm::Parallelism;
use rayon::prelude::*;

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

    /// The slice it lies in.
    pub fn values(&self) -> &'a [f32] {
        self.values
    }

    /// At most `count` rows from row `first` on; `None` behind the last one.
    fn rows_from(self, first: usize, count: usize) -> Option<Self> {
        let rows = self.rows.checked_sub(first).filter(|left| *left > 0)?.min(count);
        Some(Self { values: &self.values[first * self.row_stride..], rows, ..self })
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

/// Rows of which the kernel makes one strip; pieces of a shared product are whole strips.
const STRIP: usize = 6;
/// Pieces for each thread: one that is held up leaves the rest to the others.
const PIECES: usize = 2;
/// Multiplications below which sharing costs more than it gains.
const SHARED: usize = 1 << 18;

/// *Why rows are shared out here (2026-11).* The kernel library's own parallel product reached 1.4
/// times one thread's pace on two cores for the sizes of a student's layer, pieces of rows 1.9 times.
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
    let workers = if threads == Threads::All { rayon::current_num_threads() } else { 1 };
    let rows = a.rows.div_ceil(workers * PIECES).next_multiple_of(STRIP);
    let work = a.rows.saturating_mul(a.columns).saturating_mul(b.columns);
    if workers == 1 || rows >= a.rows || work < SHARED {
        let parallelism = if workers > 1 && work >= SHARED { Parallelism::Rayon(0) } else { Parallelism::None };
        kernel(out, stride, a, b, add, parallelism);
        return Ok(());
    }
    out.par_chunks_mut(rows * stride).enumerate().for_each(|(piece, out)| {
        if let Some(a) = a.rows_from(piece * rows, rows) {
            kernel(out, stride, a, b, add, Parallelism::None);
        }
    });
    Ok(())
}

/// The product itself; the caller has checked that everything fits.
fn kernel(out: &mut [MaybeUninit<f32>], stride: usize, a: Matrix, b: Matrix, add: bool, parallelism: Parallelism) {
    // SAFETY: `covers` has checked, in `multiply` and for the operands, that every index lies in its
    // slice; `out` is borrowed alone; without `add` it is not read.
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
}

fn covers(len: usize, rows: usize, columns: usize, row_stride: usize) -> Result<()> {
    let needed = if rows == 0 || columns == 0 { 0 } else { (rows - 1) * row_stride + columns };
    if len < needed || (rows > 1 && row_stride < columns) {
        bail!("a [{rows}, {columns}] matrix with row stride {row_stride} does not lie in {len} elements");
    }
    Ok(())
}
