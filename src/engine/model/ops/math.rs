//! Elementary functions and sums in a form that the compiler turns into vector instructions: no
//! branches, no library calls. `mul_add` rounds once on every processor, so all of them agree.

/// Partial sums kept side by side; fixed, so that every processor adds in the same order.
const LANES: usize = 16;

/// 1.5 · 2²³: adding it rounds a small f32 to an integer and leaves that in the low bits.
const ROUND: f32 = 12_582_912.0;

/// `eˣ` with a relative error below 2e-7; 0 below −87.3, at most `e^88.3`.
///
/// The argument is split as `n·ln 2 + r`; `eʳ` is a least-maximum polynomial fitted for this file.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let bounded = x.clamp(-87.3, 88.3);
    let shifted = bounded.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    // ln 2 in two parts, the first with few enough bits that n times it is exact.
    let r = n.mul_add(2.121_944_4e-4, n.mul_add(-0.693_359_4, bounded));
    let p = 1.381_459_6e-3f32.mul_add(r, 8.368_719e-3);
    let p = p.mul_add(r, 4.166_839e-2);
    let p = p.mul_add(r, 0.166_665_2);
    let p = p.mul_add(r, 0.499_999_93);
    let p = (p * r).mul_add(r, r) + 1.0;
    let power = f32::from_bits(shifted.to_bits().wrapping_shl(23).wrapping_add(127 << 23));
    if x < -87.3 { 0.0 } else { p * power }
}

/// Logistic function; 0 below −88.3, where the exponential has come to its end and a quotient would stop
/// short of 0.
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    let share = 1.0 / (1.0 + exp(-x));
    if x < -88.3 { 0.0 } else { share }
}

/// Distribution function and density of the standard normal distribution at `x`, to 3e-7.
///
/// The tail is the density's exponential times a polynomial in `1 / (1 + 0.234·|x|)` (the form of
/// Abramowitz and Stegun 7.1.26), with coefficients fitted for this file.
#[inline(always)]
pub fn normal(x: f32) -> (f32, f32) {
    let bell = exp(-0.5 * x * x);
    let t = 1.0 / x.abs().mul_add(0.234, 1.0);
    let p = (-6.640_404e-2f32).mul_add(t, 0.222_661_3);
    let p = p.mul_add(t, -0.164_449_51);
    let p = p.mul_add(t, 0.195_176_08);
    let p = p.mul_add(t, 2.801_765_8e-2);
    let p = p.mul_add(t, 9.965_497e-2);
    let p = p.mul_add(t, 9.191_428e-2);
    let p = p.mul_add(t, 9.342_922e-2);
    let tail = p * t * bell;
    let below = if x < 0.0 { tail } else { 1.0 - tail };
    (below, bell * 0.398_942_3)
}

/// Σ f(aᵢ, bᵢ) in lanes.
#[inline(always)]
pub fn sum2(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut sums = [0f32; LANES];
    let (a_rows, a_rest) = a.as_chunks::<LANES>();
    let (b_rows, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a_rows.iter().zip(b_rows) {
        for lane in 0..LANES {
            sums[lane] += f(a[lane], b[lane]);
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| f(*a, *b)).sum();
    sums.iter().sum::<f32>() + rest
}

/// Σ f(aᵢ) in lanes.
#[inline(always)]
pub fn sum(a: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    sum2(a, a, |value, _| f(value))
}

/// The largest element; −∞ for none. NaN is passed over.
#[inline(always)]
pub fn max(values: &[f32]) -> f32 {
    let mut best = [f32::NEG_INFINITY; LANES];
    let (rows, rest) = values.as_chunks::<LANES>();
    for row in rows {
        for lane in 0..LANES {
            best[lane] = if row[lane] > best[lane] { row[lane] } else { best[lane] };
        }
    }
    best.iter().chain(rest).fold(f32::NEG_INFINITY, |best, value| best.max(*value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_right_to_single_precision_and_ends_in_zero() {
        for step in 0..2_000_000 {
            let x = -87.0 + step as f32 * 8.7e-5;
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) / exact - 1.0).abs() < 2e-7, "{x}");
        }
        assert_eq!(exp(-1e30), 0.0);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(1e9).is_finite());
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn the_normal_distribution_agrees_with_its_integral() {
        let (mut below, width) = (0.5f64, 1e-4f64);
        for step in 0..60_000 {
            let x = step as f64 * width;
            let (value, density) = normal(x as f32);
            assert!((f64::from(value) - below).abs() < 5e-7, "{x}");
            assert!((f64::from(normal(-x as f32).0) - (1.0 - below)).abs() < 5e-7, "-{x}");
            let bell = |x: f64| (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
            assert!((f64::from(density) - bell(x)).abs() < 1e-7, "{x}");
            below += width / 6.0 * (bell(x) + 4.0 * bell(x + width / 2.0) + bell(x + width));
        }
    }

    #[test]
    fn sums_and_maxima_reach_past_the_last_full_lane() {
        let values: Vec<f32> = (0..37).map(|value| value as f32).collect();
        assert_eq!(sum(&values, |value| value), 666.0);
        assert_eq!(sum2(&values, &values, |a, b| a - b), 0.0);
        assert_eq!(max(&values), 36.0);
        assert_eq!(max(&[]), f32::NEG_INFINITY);
    }
}
