//! Work on the rows of a last dimension, on all threads, with the same result on any number of
//! them: tasks have a fixed size, and partial sums are added in the order of the rows.

use std::convert::Infallible;
use std::mem::MaybeUninit;
use std::ops::Range;

use rayon::prelude::*;

use super::simd::widest;

/// Elements of one task: small enough for the second-level cache, large enough to pay for a task.
const TASK: usize = 1 << 14;

/// Rows behind one partial sum.
const SUMMED: usize = 64;

/// `dims` with its last entry replaced.
pub fn with_last(dims: &[usize], last: usize) -> Vec<usize> {
    let mut dims = dims.to_vec();
    if let Some(end) = dims.last_mut() {
        *end = last;
    }
    dims
}

/// Elements in a task of whole rows.
fn task(width: usize) -> usize {
    width.max(1) * (TASK / width.max(1)).max(1)
}

/// `len` new elements in tasks of `size`; `write` gets a task's first index and its memory, and
/// returns the memory written.
///
/// # Errors
/// The first one of `write`.
pub fn filled<E, F>(len: usize, size: usize, write: F) -> Result<Vec<f32>, E>
where
    E: Send,
    F: for<'a> Fn(usize, &'a mut [MaybeUninit<f32>]) -> Result<&'a mut [f32], E> + Sync,
{
    let mut out = Vec::with_capacity(len);
    let tasks = out.spare_capacity_mut()[..len].par_chunks_mut(size.max(1)).enumerate();
    tasks.try_for_each(|(index, memory)| {
        let expected = memory.len();
        widest(|| write(index * size, memory).map(|done| check(done, expected)))
    })?;
    // SAFETY: the tasks cover 0..len, and each returned its whole memory as written.
    unsafe { out.set_len(len) };
    Ok(out)
}

/// Two results at once, `count` tasks writing `sizes` elements of each; `write` gets the task's
/// number.
///
/// # Errors
/// The first one of `write`.
pub fn filled2<E, F>(count: usize, sizes: [usize; 2], write: F) -> Result<(Vec<f32>, Vec<f32>), E>
where
    E: Send,
    F: for<'a> Fn(usize, [&'a mut [MaybeUninit<f32>]; 2]) -> Result<[&'a mut [f32]; 2], E> + Sync,
{
    let lens = sizes.map(|size| count * size);
    let (mut a, mut b) = (Vec::with_capacity(lens[0]), Vec::with_capacity(lens[1]));
    let a_tasks = a.spare_capacity_mut()[..lens[0]].par_chunks_mut(sizes[0].max(1));
    let b_tasks = b.spare_capacity_mut()[..lens[1]].par_chunks_mut(sizes[1].max(1));
    assert_eq!(a_tasks.len(), b_tasks.len(), "both results need every task");
    a_tasks.zip(b_tasks).enumerate().try_for_each(|(index, (a, b))| {
        let done = widest(|| write(index, [a, b]))?;
        done.iter().zip(sizes).for_each(|(done, size)| check(done, size));
        Ok(())
    })?;
    // SAFETY: the tasks cover both results, and each returned its whole memory as written.
    unsafe {
        a.set_len(lens[0]);
        b.set_len(lens[1]);
    }
    Ok((a, b))
}

/// Memory with every number 0.
pub fn zeroed(memory: &mut [MaybeUninit<f32>]) -> &mut [f32] {
    memory.fill(MaybeUninit::new(0.0));
    // SAFETY: all of it was just written.
    unsafe { memory.assume_init_mut() }
}

/// A kernel that leaves memory unwritten is a bug that must not be read.
fn check(done: &[f32], expected: usize) {
    assert_eq!(done.len(), expected, "a task must write all of its memory");
}

/// [`filled`] by a kernel that cannot fail.
pub fn written<F>(len: usize, size: usize, write: F) -> Vec<f32>
where
    F: for<'a> Fn(usize, &'a mut [MaybeUninit<f32>]) -> &'a mut [f32] + Sync,
{
    match filled::<Infallible, _>(len, size, |start, memory| Ok(write(start, memory))) {
        Ok(out) => out,
        Err(never) => match never {},
    }
}

/// A copy of `source` in which `change` has worked on whole rows: it gets the index of the first
/// element and a stretch of rows.
pub fn changed(source: &[f32], width: usize, change: impl Fn(usize, &mut [f32]) + Sync) -> Vec<f32> {
    written(source.len(), task(width), |start, memory| {
        let end = start + memory.len();
        let rows = memory.write_copy_of_slice(&source[start..end]);
        change(start, rows);
        rows
    })
}

/// `rows` copies of one row.
pub fn repeated(row: &[f32], rows: usize) -> Vec<f32> {
    written(row.len() * rows, task(row.len()), |_, memory| {
        for part in memory.chunks_mut(row.len().max(1)) {
            part.write_copy_of_slice(row);
        }
        // SAFETY: the loop above wrote every part.
        unsafe { memory.assume_init_mut() }
    })
}

/// Sums over rows: `add` adds a range of rows to `width` sums that start at 0.
pub fn summed(rows: usize, width: usize, add: impl Fn(Range<usize>, &mut [f32]) + Sync) -> Vec<f32> {
    let parts: Vec<Vec<f32>> = (0..rows.div_ceil(SUMMED))
        .into_par_iter()
        .map(|part| {
            let mut sums = vec![0.0; width];
            widest(|| add(part * SUMMED..rows.min((part + 1) * SUMMED), &mut sums));
            sums
        })
        .collect();
    let mut total = vec![0.0; width];
    for part in parts {
        total.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
    }
    total
}

/// The sum of every column of `values [rows, width]`.
pub fn column_sums(values: &[f32], width: usize) -> Vec<f32> {
    summed(values.len() / width.max(1), width, |rows, sums| {
        for row in values[rows.start * width..rows.end * width].chunks_exact(width) {
            sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        }
    })
}
