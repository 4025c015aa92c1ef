//! Products of a few rows of states with a matrix that lies `[out, in]`, as most checkpoints have it.
//!
//! *Why (2026-11).* The kernel library first packs such a matrix in another order, number by number;
//! for the forty tokens of a prompt that took ten times the product's own time. Here both operands are
//! read as they lie, a tile of rows by rows at a time, and a matrix in half precision is widened on the
//! way. Every result is summed in one order, whatever the tile, the processor or the other rows.

use super::rows;
use super::simd::{has_avx512, widest};

/// Rows of states up to which this pays. On one thread the two ways meet at about 200 rows of 1024
/// numbers (measured with vectors of sixteen); shared out, the library packs once for every piece.
const MOST: usize = 256;
/// Size of a row below which the sums' ends outweigh their middles.
const LEAST: usize = 192;
/// Partial sums of one result, side by side.
const LANES: usize = 16;
/// Rows of the matrix in one task.
const STRIPE: usize = 32;

/// Whether the product of so many rows of this width is worth doing here.
pub fn serves(rows: usize, width: usize) -> bool {
    (2..=MOST).contains(&rows) && width >= LEAST
}

/// A matrix whose numbers can be had stretch by stretch.
pub trait Stretches: Sync {
    /// `len` numbers from `start` on, as `f32`; `room` holds them if they have to be made.
    fn stretch<'a>(&'a self, start: usize, len: usize, room: &'a mut Vec<f32>) -> &'a [f32];
}

impl Stretches for &[f32] {
    fn stretch<'a>(&'a self, start: usize, len: usize, _: &'a mut Vec<f32>) -> &'a [f32] {
        &self[start..start + len]
    }
}

/// `x · weightᵀ`: `x [rows, width]`, `weight [out, width]`, result `[rows, out]`.
pub fn product(x: &[f32], weight: &impl Stretches, width: usize, out: usize) -> Vec<f32> {
    let count = x.len() / width;
    // A task writes all rows' results for its own columns; they are put side by side afterwards.
    let columns = rows::written(out * count, STRIPE * count, |start, memory| {
        let (first, results) = (start / count, rows::zeroed(memory));
        let mut room = Vec::new();
        let weight = weight.stretch(first * width, results.len() / count * width, &mut room);
        widest(
            #[inline(always)]
            || match has_avx512() {
                true => stripe::<4, 4>(x, weight, width, results),
                false => stripe::<2, 2>(x, weight, width, results),
            },
        );
        results
    });
    turned(&columns, out, count)
}

/// All results of a stretch of the matrix, `[outs, rows]`.
#[inline(always)]
fn stripe<const R: usize, const O: usize>(x: &[f32], weight: &[f32], width: usize, results: &mut [f32]) {
    let (count, outs) = (x.len() / width, weight.len() / width);
    let whole = outs / O * O;
    for out in (0..whole).step_by(O) {
        strip::<R, O>(x, &weight[out * width..], width, &mut results[out * count..(out + O) * count]);
    }
    for out in whole..outs {
        strip::<R, 1>(x, &weight[out * width..], width, &mut results[out * count..(out + 1) * count]);
    }
}

/// All rows' results for `O` rows of the matrix.
#[inline(always)]
fn strip<const R: usize, const O: usize>(x: &[f32], weight: &[f32], width: usize, results: &mut [f32]) {
    let count = x.len() / width;
    let whole = count / R * R;
    for row in (0..whole).step_by(R) {
        keep(row, count, tile::<R, O>(&x[row * width..], weight, width), results);
    }
    for row in whole..count {
        keep(row, count, tile::<1, O>(&x[row * width..], weight, width), results);
    }
}

#[inline(always)]
fn keep<const R: usize, const O: usize>(first: usize, count: usize, tile: [[f32; O]; R], results: &mut [f32]) {
    for (row, sums) in tile.iter().enumerate() {
        for (out, sum) in sums.iter().enumerate() {
            results[out * count + first + row] = *sum;
        }
    }
}

/// `R` rows by `O` rows: every sum in [`LANES`] parts that stay in registers.
#[inline(always)]
fn tile<const R: usize, const O: usize>(x: &[f32], weight: &[f32], width: usize) -> [[f32; O]; R] {
    let mut sums = [[[0f32; LANES]; O]; R];
    let x: [&[f32]; R] = std::array::from_fn(|row| &x[row * width..(row + 1) * width]);
    let weight: [&[f32]; O] = std::array::from_fn(|row| &weight[row * width..(row + 1) * width]);
    let (x, weight) = (x.map(|row| row.as_chunks::<LANES>()), weight.map(|row| row.as_chunks::<LANES>()));
    for place in 0..width / LANES {
        // SAFETY: every row has `width / LANES` chunks.
        let x: [[f32; LANES]; R] = std::array::from_fn(|row| unsafe { *x[row].0.get_unchecked(place) });
        // SAFETY: as above. With the checks in place the compiler gives up on vectors.
        let weight: [[f32; LANES]; O] = std::array::from_fn(|row| unsafe { *weight[row].0.get_unchecked(place) });
        for row in 0..R {
            for out in 0..O {
                for lane in 0..LANES {
                    sums[row][out][lane] = x[row][lane].mul_add(weight[out][lane], sums[row][out][lane]);
                }
            }
        }
    }
    std::array::from_fn(|row| std::array::from_fn(|out| folded(sums[row][out]) + rest(x[row].1, weight[out].1)))
}

/// The lanes' sum, halves onto halves.
#[inline(always)]
fn folded(lanes: [f32; LANES]) -> f32 {
    let eight: [f32; 8] = std::array::from_fn(|lane| lanes[lane] + lanes[lane + 8]);
    let four: [f32; 4] = std::array::from_fn(|lane| eight[lane] + eight[lane + 4]);
    (four[0] + four[2]) + (four[1] + four[3])
}

#[inline(always)]
fn rest(x: &[f32], weight: &[f32]) -> f32 {
    x.iter().zip(weight).fold(0.0, |sum, (x, weight)| x.mul_add(*weight, sum))
}

/// `[out, count]` as `[count, out]`.
fn turned(columns: &[f32], out: usize, count: usize) -> Vec<f32> {
    rows::written(columns.len(), out, |start, memory| {
        let (row, results) = (start / out, rows::zeroed(memory));
        for (result, column) in results.iter_mut().zip(columns.chunks_exact(count)) {
            *result = column[row];
        }
        results
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize, step: usize) -> Vec<f32> {
        (0..count).map(|index| (index * step % 1013) as f32 / 506.0 - 1.0).collect()
    }

    #[test]
    fn the_product_is_right_for_every_remainder() {
        for (count, width, out) in [(2, 192, 1), (3, 200, 33), (5, 209, 66), (7, 256, 4), (9, 193, 37)] {
            let (x, weight) = (numbers(count * width, 7919), numbers(out * width, 104_729));
            let ours = product(&x, &weight.as_slice(), width, out);
            for row in 0..count {
                for column in 0..out {
                    let (a, b) = (&x[row * width..], &weight[column * width..]);
                    let exact: f64 = (0..width).map(|k| f64::from(a[k]) * f64::from(b[k])).sum();
                    let found = f64::from(ours[row * out + column]);
                    assert!((found - exact).abs() < 1e-4, "{count}×{width}×{out}, {row} {column}: {found} {exact}");
                }
            }
        }
    }

    #[test]
    fn a_row_gives_the_same_bits_in_any_company_and_tile() {
        let (width, out) = (230, 41);
        let (x, weight) = (numbers(9 * width, 7919), numbers(out * width, 104_729));
        let all = product(&x, &weight.as_slice(), width, out);
        for row in 0..9 {
            let alone = product(&x[row * width..(row + 1) * width], &weight.as_slice(), width, out);
            assert_eq!(alone, all[row * out..(row + 1) * out], "row {row}");
        }
        let (mut wide, mut narrow) = (vec![0.0; 9 * out], vec![0.0; 9 * out]);
        stripe::<4, 4>(&x, &weight, width, &mut wide);
        stripe::<2, 2>(&x, &weight, width, &mut narrow);
        assert_eq!(wide, narrow);
    }
}
