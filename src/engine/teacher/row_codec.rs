//! The likeliest outcomes of rows as bytes: about 137 a row at k = 50 of 50 257 outcomes, where numbers as they are
//! take 420.
//!
//! What is kept of a row, little-endian, one row behind the other:
//! - `f16`: the range R, how far the least likely kept outcome lies below the likeliest, at least 2⁻¹⁴, rounded up;
//! - `5 × f16`: the tails, relative to the likeliest; where no outcome is cut there are none;
//! - `k × u8`: the distances d of the kept outcomes from the likeliest, in the order of their numbers, as
//!   254·√(d / R); 255 stands for an outcome that is ruled out. Only the likeliest, and what is exactly as likely, is 0;
//! - the numbers of the kept outcomes, ascending, as an Elias–Fano set (Elias 1974, JACM 21(2), §2; Fano 1971): of
//!   each the low ⌊log₂(outcomes / k)⌋ bits as they are, then the distances of the high parts in unary.
//!
//! **What it costs.** A distance is wrong by at most (√(d·R) + R/1016) / 254 (and one that is all but as likely as the
//! likeliest by R / 254²), so a probability by at most √(R / 8) / 200 of the likeliest's: 0.6 % at R = 12. Tails are
//! wrong by 2⁻¹¹ of their logarithm. A distance of more than 1 024 is ruled out (e⁻¹⁰²⁴ is nothing at any temperature
//! up to 10), so that a mask by large negative numbers does not spread the scale of the rest.
//!
//! Where k is all there are, nothing is lost or rounded further: `outcomes × f32`, relative to the likeliest.
//!
//! *Why a square root (2026-11).* Steps of one size in the logarithm spend most of their codes on outcomes that hardly
//! count; under a root the steps are finest where the probability is. It needs no table and inverts exactly.
//!
//! Decoding is canonical: what was decoded, encoded again, gives the same bytes. The order by probability is restored,
//! of equals the one with the smaller number; a row of no distribution (its likeliest is not finite) comes back as NaN.

use half::f16;

use crate::engine::task::{TopK, top_k::COLDNESSES};

/// The name of the encoding, for the header of a file.
pub const NAME: &str =
    "the k likeliest: f16 range and tails, u8 square roots of distances, Elias–Fano ids; all: f32 distances";

/// The code of an outcome that is ruled out.
const RULED_OUT: u8 = u8::MAX;
/// The code of the range.
const MOST: f32 = 254.0;
/// Distance behind which an outcome is ruled out; a number of 16 bits, so that no range is rounded past it.
const FAR: f32 = 1024.0;
/// Smallest range: below it 16 bits have no constant relative precision.
const LEAST: f32 = 1.0 / 16384.0;
/// Bytes of range and tails.
const FIXED: usize = 2 + 2 * COLDNESSES.len();

/// The bytes of all rows.
pub fn encode(top: &TopK) -> Vec<u8> {
    let mut bytes = Vec::new();
    for row in 0..top.rows() {
        let place = row * top.k()..(row + 1) * top.k();
        let kept: Vec<(u32, f32)> = top.ids[place.clone()].iter().copied().zip(top.log_probs[place].to_vec()).collect();
        match top.k() == top.outcomes() {
            true => put_all(kept, &mut bytes),
            false => put_row(kept, &top.tails[row], top.outcomes(), &mut bytes),
        }
    }
    bytes
}

/// The rows that were encoded; `None` where the bytes are not those of so many rows.
pub fn decode(bytes: &[u8], rows: usize, k: usize, outcomes: usize) -> Option<TopK> {
    let (mut top, mut rest) = (TopK::new(k, outcomes), bytes);
    for _ in 0..rows {
        rest = if top.k() == outcomes { take_all(&mut top, rest)? } else { take_row(&mut top, rest)? };
    }
    rest.is_empty().then_some(top)
}

/// Whole rows, as they are.
pub fn encode_whole(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The values of whole rows; `None` where they are not so many.
pub fn decode_whole(bytes: &[u8], rows: usize, outcomes: usize) -> Option<Vec<f32>> {
    let sound = bytes.len() == rows.checked_mul(outcomes)?.checked_mul(4)?;
    sound.then(|| floats(bytes))
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect()
}

/// The likeliest value of a row; NaN where it is no number, for then nothing of the row is.
fn likeliest(kept: &[(u32, f32)]) -> f32 {
    let top =
        kept.iter().map(|kept| kept.1).fold(f32::NEG_INFINITY, |most, value| if value > most { value } else { most });
    let broken = kept.iter().any(|kept| kept.1.is_nan()) || !top.is_finite();
    if broken { f32::NAN } else { top }
}

fn put_all(mut kept: Vec<(u32, f32)>, bytes: &mut Vec<u8>) {
    let top = likeliest(&kept);
    kept.sort_unstable_by_key(|kept| kept.0);
    bytes.extend(kept.iter().flat_map(|kept| if top.is_nan() { f32::NAN } else { kept.1 - top }.to_le_bytes()));
}

fn take_all<'a>(top: &mut TopK, bytes: &'a [u8]) -> Option<&'a [u8]> {
    let (row, rest) = bytes.split_at_checked(4 * top.outcomes())?;
    let none = [f32::NEG_INFINITY; COLDNESSES.len()];
    put_decoded(top, (0..).zip(floats(row)).collect(), none);
    Some(rest)
}

fn put_row(mut kept: Vec<(u32, f32)>, tails: &[f32; 5], outcomes: usize, bytes: &mut Vec<u8>) {
    let top = likeliest(&kept);
    kept.sort_unstable_by_key(|kept| kept.0);
    let near = kept.iter().map(|kept| top - kept.1).filter(|distance| *distance <= FAR);
    let range = if top.is_nan() { f16::NAN } else { rounded_up(near.fold(LEAST, f32::max)) };
    bytes.extend(range.to_le_bytes());
    for (tail, coldness) in tails.iter().zip(COLDNESSES) {
        bytes.extend(f16::from_f32(if top.is_nan() { f32::NAN } else { tail - coldness * top }).to_le_bytes());
    }
    bytes.extend(kept.iter().map(|kept| code(top - kept.1, range.to_f32())));
    put_ids(kept.iter().map(|kept| kept.0), low_bits(kept.len(), outcomes), bytes);
}

/// The smallest number of 16 bits that is not below `value`.
fn rounded_up(value: f32) -> f16 {
    let near = f16::from_f32(value);
    if near.to_f32() < value { f16::from_bits(near.to_bits() + 1) } else { near }
}

fn code(distance: f32, range: f32) -> u8 {
    match distance {
        _ if distance.is_nan() || distance > FAR => RULED_OUT,
        0.0 => 0,
        _ => (MOST * (distance / range).sqrt()).round().clamp(1.0, MOST) as u8,
    }
}

fn distance(code: u8, range: f32) -> f32 {
    let root = f32::from(code) / MOST;
    if code == RULED_OUT { f32::INFINITY } else { range * (root * root) }
}

fn take_row<'a>(top: &mut TopK, bytes: &'a [u8]) -> Option<&'a [u8]> {
    let (fixed, rest) = bytes.split_at_checked(FIXED)?;
    let (codes, rest) = rest.split_at_checked(top.k())?;
    let mut halves = fixed.chunks_exact(2).map(|two| f16::from_le_bytes([two[0], two[1]]).to_f32());
    let range = halves.next()?;
    let mut tails = [0.0; COLDNESSES.len()];
    tails.iter_mut().zip(halves).for_each(|(tail, half)| *tail = half);
    let (ids, rest) = take_ids(rest, top.k(), top.outcomes())?;
    let value = |code: &u8| if range.is_nan() { f32::NAN } else { 0.0 - distance(*code, range) };
    put_decoded(top, ids.into_iter().zip(codes.iter().map(value)).collect(), tails);
    Some(rest)
}

/// A row behind the others, the likeliest outcome first.
fn put_decoded(top: &mut TopK, mut kept: Vec<(u32, f32)>, tails: [f32; 5]) {
    kept.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    top.ids.extend(kept.iter().map(|kept| kept.0));
    top.log_probs.extend(kept.iter().map(|kept| kept.1));
    top.tails.push(tails);
}

/// How many low bits of each number are written as they are.
fn low_bits(k: usize, outcomes: usize) -> u32 {
    (outcomes / k.max(1)).max(1).ilog2()
}

fn put_ids(ids: impl Iterator<Item = u32>, low: u32, bytes: &mut Vec<u8>) {
    let (mut bits, mut highs, mut before) = (Bits::default(), Bits::default(), 0);
    for id in ids {
        bits.put(id, low);
        let high = id >> low;
        (before..high).for_each(|_| highs.put(0, 1));
        highs.put(1, 1);
        before = high;
    }
    highs.all().for_each(|bit| bits.put(bit, 1));
    bytes.append(&mut bits.bytes);
}

/// `k` ascending numbers below `outcomes`, and the bytes behind them.
fn take_ids(bytes: &[u8], k: usize, outcomes: usize) -> Option<(Vec<u32>, &[u8])> {
    let low = low_bits(k, outcomes);
    let bit = |place: usize| Some(u32::from(bytes.get(place / 8)? >> (place % 8) & 1));
    let (mut place, mut high, mut ids) = (k * low as usize, 0u32, Vec::with_capacity(k));
    for number in 0..k {
        while bit(place)? == 0 {
            (place, high) = (place + 1, high + 1);
        }
        place += 1;
        let mut id = high << low;
        for of in 0..low {
            id |= bit(number * low as usize + of as usize)? << of;
        }
        let sound = (id as usize) < outcomes && ids.last().is_none_or(|before| *before < id);
        sound.then(|| ids.push(id))?;
    }
    Some((ids, bytes.get(place.div_ceil(8)..)?))
}

/// Bits one behind the other, the lowest of a byte first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    length: usize,
}

impl Bits {
    /// The lowest `count` bits of `value`.
    fn put(&mut self, value: u32, count: u32) {
        for of in 0..count {
            if self.length.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((value >> of & 1) as u8) << (self.length % 8);
            }
            self.length += 1;
        }
    }

    fn all(&self) -> impl Iterator<Item = u32> {
        (0..self.length).map(|place| u32::from(self.bytes[place / 8] >> (place % 8) & 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that are drawn anew at every call, in [0, 1).
    fn draws(seed: u64) -> impl FnMut() -> f32 {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1u64 << 24) as f32
        }
    }

    /// A row like a language model's: a few likely outcomes, a long tail.
    fn row(outcomes: usize, seed: u64) -> Vec<f32> {
        let mut draw = draws(seed);
        let shift = 20.0 * draw() - 10.0;
        (0..outcomes).map(|_| shift - 3.0 * (-(draw() + 1e-7).ln()).ln().abs() - 2.0 * draw()).collect()
    }

    fn twice(top: &TopK) -> TopK {
        let bytes = encode(top);
        let once = decode(&bytes, top.rows(), top.k(), top.outcomes()).unwrap();
        assert_eq!(encode(&once), bytes, "k {} of {}", top.k(), top.outcomes());
        for cut in [0, bytes.len() / 2, bytes.len().saturating_sub(1)] {
            assert!(bytes.is_empty() || decode(&bytes[..cut], top.rows(), top.k(), top.outcomes()).is_none());
        }
        once
    }

    #[test]
    fn what_is_decoded_is_encoded_alike_and_close() {
        for (number, (outcomes, k)) in
            [(7, 1), (7, 3), (7, 6), (7, 7), (64, 16), (64, 63), (300, 299), (1000, 50), (1000, 400), (5000, 4096)]
                .into_iter()
                .cycle()
                .take(200)
                .enumerate()
        {
            let mut values: Vec<f32> = [row(outcomes, number as u64), row(outcomes, 7 + number as u64)].concat();
            if number % 3 == 0 {
                // Ties, but for the sign of 0, and outcomes that are ruled out in one way or the other.
                values.iter_mut().for_each(|value| *value = value.round() + 0.0);
                values.iter_mut().step_by(5).for_each(|value| *value = f32::NEG_INFINITY);
                values.iter_mut().skip(1).step_by(11).for_each(|value| *value = -1e9);
            }
            let exact = TopK::of(&values, k, outcomes);
            let kept = twice(&exact);
            for number in 0..2 {
                let (a, b) = (exact.row(number).unwrap(), kept.row(number).unwrap());
                let top = a.log_probs[0];
                assert!(b.log_probs[0] == 0.0 && b.log_probs.is_sorted_by(|x, y| x >= y) && a.ids[0] == b.ids[0]);
                let of = |id: &u32| b.log_probs[b.ids.iter().position(|other| other == id).unwrap()];
                let near = a.log_probs.iter().map(|value| top - value).filter(|distance| *distance <= FAR);
                let range = near.fold(LEAST, f32::max) * 1.001;
                for (id, value) in a.ids.iter().zip(a.log_probs) {
                    let (distance, ours) = (top - value, -of(id));
                    if distance > FAR {
                        assert!(ours == f32::INFINITY || k == outcomes && ours == distance);
                        continue;
                    }
                    let allowed = ((distance * range).sqrt() + range / 1016.0) / 254.0 + range / 254.0 / 254.0;
                    assert!((distance - ours).abs() <= allowed, "{distance} became {ours}, range {range}");
                    let off = ((-distance).exp() - (-ours).exp()).abs();
                    assert!(off <= (range / 8.0).sqrt() / 200.0 + 1e-6, "{off} at {distance}, range {range}");
                }
                for coldness in COLDNESSES {
                    let (a, b) = (a.tail(coldness) - coldness * top, b.tail(coldness));
                    assert!(a == b || (a - b).abs() <= a.abs() / 2048.0 + 1e-6 || a < -60000.0, "{a} became {b}");
                }
            }
        }
    }

    #[test]
    fn of_all_outcomes_every_one_is_kept_as_it_is() {
        let values = row(40, 3);
        let top = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let kept = twice(&TopK::of(&values, 40, 40));
        let kept = kept.row(0).unwrap();
        assert!(kept.ids.iter().zip(kept.log_probs).all(|(id, value)| *value == values[*id as usize] - top));
        assert_eq!(kept.tail(1.0), f32::NEG_INFINITY);
    }

    #[test]
    fn a_row_that_is_no_distribution_stays_none_and_no_rows_are_no_bytes() {
        for broken in [f32::NAN, f32::INFINITY] {
            let kept = twice(&TopK::of(&[0.0, broken, -1.0, -2.0], 2, 4));
            assert!(kept.log_probs.iter().all(|value| value.is_nan()) && kept.tails[0][1].is_nan());
        }
        assert!(twice(&TopK::of(&[f32::NEG_INFINITY; 4], 2, 4)).log_probs[0].is_nan());
        assert_eq!(twice(&TopK::new(50, 50257)), TopK::new(50, 50257));
    }
}
