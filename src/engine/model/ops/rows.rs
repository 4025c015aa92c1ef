//! Work on the rows of a last dimension, on all threads, with the same result on any number of
//! them: tasks have a fixed size, and partial sums are added in the order of the rows.

use std::convert::Infallible;
use std::mem::MaybeUninit;
use std::ops::Range;

use rayon::prelude::*;

use super::simd::widest;

/// Elements of one task: small enough for the second-level cache, large enough to pay for a task.
pub const TASK: usize = 1 << 14;

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
    let work = |index: usize, memory: &mut [MaybeUninit<f32>]| {
        let expected = memory.len();
        write(index * size, memory).map(|done| check(done, expected))
    };
    let memory = &mut out.spare_capacity_mut()[..len];
    // A single task is not worth waking a thread.
    if (1..=size).contains(&len) {
        work(0, memory)?;
    } else {
        memory.par_chunks_mut(size.max(1)).enumerate().try_for_each(|(index, memory)| work(index, memory))?;
    }
    // SAFETY: the tasks cover 0..len, and each returned its whole memory as written.
    unsafe { out.set_len(len) };
    Ok(out)
}

/// Several results at once, `count` tasks writing `sizes` elements of each; `write` gets the task's
/// number.
///
/// # Errors
/// The first one of `write`.
pub fn together<const N: usize, E, F>(count: usize, sizes: [usize; N], write: F) -> Result<[Vec<f32>; N], E>
where
    E: Send,
    F: for<'a> Fn(usize, [&'a mut [MaybeUninit<f32>]; N]) -> Result<[&'a mut [f32]; N], E> + Sync,
{
    let mut outs = sizes.map(|size| Vec::with_capacity(count * size));
    let mut left = outs.each_mut().map(|out| out.spare_capacity_mut());
    let mut cut = || std::array::from_fn(|part| left[part].split_off_mut(..sizes[part]).unwrap_or_default());
    let tasks: Vec<[&mut [MaybeUninit<f32>]; N]> = (0..count).map(|_| cut()).collect();
    tasks.into_par_iter().enumerate().try_for_each(|(index, memory)| {
        let done = write(index, memory)?;
        done.iter().zip(sizes).for_each(|(done, size)| check(done, size));
        Ok(())
    })?;
    for (out, size) in outs.iter_mut().zip(sizes) {
        // SAFETY: every task returned its whole memory, `size` elements, as written.
        unsafe { out.set_len(count * size) };
    }
    Ok(outs)
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
        widest(
            #[inline(always)]
            || change(start, rows),
        );
        rows
    })
}

/// Works on rows where they lie; `change` gets the index of the first element and a stretch of rows.
pub fn change(values: &mut [f32], width: usize, change: impl Fn(usize, &mut [f32]) + Sync) {
    let size = task(width);
    if values.len() <= size {
        change(0, values);
    } else {
        values.par_chunks_mut(size).enumerate().for_each(|(index, values)| change(index * size, values));
    }
}

/// A copy of `source` on which `change` has worked together with `others`, equally many.
pub fn changed_with(source: &[f32], others: &mut [f32], change: impl Fn(&mut [f32], &mut [f32]) + Sync) -> Vec<f32> {
    let mut out = Vec::with_capacity(source.len());
    let memory = out.spare_capacity_mut()[..source.len()].par_chunks_mut(TASK).zip(source.par_chunks(TASK));
    memory.zip_eq(others.par_chunks_mut(TASK)).for_each(|((memory, source), others)| {
        change(memory.write_copy_of_slice(source), others);
    });
    // SAFETY: every chunk of the memory was written from its chunk of the source.
    unsafe { out.set_len(source.len()) };
    out
}

/// A copy of rows that were changed first, where they lie, and then once more in the copy; `first`
/// gets the index of the first element besides.
pub fn derived(
    values: &mut [f32],
    width: usize,
    first: impl Fn(usize, &mut [f32]) + Sync,
    then: impl Fn(&mut [f32]) + Sync,
) -> Vec<f32> {
    let (len, size) = (values.len(), task(width));
    let mut out = Vec::with_capacity(len);
    let memory = out.spare_capacity_mut()[..len].par_chunks_mut(size);
    memory.zip_eq(values.par_chunks_mut(size)).enumerate().for_each(|(index, (memory, values))| {
        first(index * size, values);
        then(memory.write_copy_of_slice(values));
    });
    // SAFETY: every chunk of the memory was written from its chunk of the values.
    unsafe { out.set_len(len) };
    out
}

/// Adds one row to every row.
pub fn add_row(values: &mut [f32], row: &[f32]) {
    for values in values.chunks_exact_mut(row.len()) {
        for (value, row) in values.iter_mut().zip(row) {
            *value += row;
        }
    }
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
            widest(
                #[inline(always)]
                || add(part * SUMMED..rows.min((part + 1) * SUMMED), &mut sums),
            );
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
    summed(
        values.len() / width.max(1),
        width,
        #[inline(always)]
        |rows, sums| {
            for row in values[rows.start * width..rows.end * width].chunks_exact(width) {
                for (sum, value) in sums.iter_mut().zip(row) {
                    *sum += value;
                }
            }
        },
    )
}
