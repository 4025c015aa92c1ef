//! Logarithms and what is near 0 in them, in a form that the compiler turns into vector instructions.

use crate::engine::model::ops::exp;

/// √½, where the significand of a number is parted.
const PARTED: u32 = 0x3f35_04f3;

/// A number and its difference from 1, each with all its digits.
#[derive(Clone, Copy)]
pub(super) struct Ratio {
    /// At least 0.
    pub whole: f32,
    /// `whole − 1`.
    pub over: f32,
}

/// The number `x` as `2^power·(1 + rest)`, and `P(rest)` of `ln(1 + f) = f − f²/2 + f³·P(f)`.
#[derive(Clone, Copy)]
struct Parted {
    power: f32,
    rest: f32,
    p: f32,
}

impl Ratio {
    /// One that is known by its difference from 1.
    #[inline(always)]
    pub fn over(over: f32) -> Self {
        Self { whole: 1.0 + over, over }
    }

    #[inline(always)]
    fn is_near_1(self) -> bool {
        self.over.abs() < 0.29
    }

    /// Its polynomial is that of Moshier's Cephes, `logf`.
    #[inline(always)]
    fn parted(self) -> Parted {
        let bits = self.whole.to_bits();
        let power = (bits.wrapping_sub(PARTED) as i32) >> 23;
        let significand = f32::from_bits(bits.wrapping_sub((power as u32) << 23));
        let near = self.is_near_1();
        let (power, f) = if near { (0.0, self.over) } else { (power as f32, significand - 1.0) };
        let p = 7.037_683_6e-2f32.mul_add(f, -0.115_146_1);
        let p = p.mul_add(f, 0.116_769_99);
        let p = p.mul_add(f, -0.124_201_41);
        let p = p.mul_add(f, 0.142_493_23);
        let p = p.mul_add(f, -0.166_680_58);
        let p = p.mul_add(f, 0.200_007_14);
        let p = p.mul_add(f, -0.249_999_94);
        Parted { power, rest: f, p: p.mul_add(f, 0.333_333_3) }
    }

    /// Its natural logarithm; that of 0 is finite, below −87.
    #[inline(always)]
    pub fn ln(self) -> f32 {
        let Parted { power, rest: f, p } = self.parted();
        let ln = f + f * f * (f * p - 0.5);
        ln + power * std::f32::consts::LN_2
    }

    /// `x·ln x − x + 1`: never negative, and 0 at 1 with all its digits around it.
    #[inline(always)]
    pub fn excess(self) -> f32 {
        let Parted { rest: f, p, .. } = self.parted();
        let near = f * f * (0.5 + f * (p * (1.0 + f) - 0.5));
        let far = self.whole * self.ln() - self.over;
        if self.is_near_1() { near } else { far }
    }
}

/// `eˣ − 1`, with all its digits around 0.
#[inline(always)]
pub(super) fn growth(x: f32) -> f32 {
    let p = (1.0 / 5040.0f32).mul_add(x, 1.0 / 720.0);
    let p = p.mul_add(x, 1.0 / 120.0);
    let p = p.mul_add(x, 1.0 / 24.0);
    let p = p.mul_add(x, 1.0 / 6.0);
    let near = x * p.mul_add(x, 0.5).mul_add(x, 1.0);
    if x.abs() < 0.35 { near } else { exp(x) - 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_excesses_and_growths_are_right_to_single_precision() {
        for step in 1..400_000 {
            let over = (f64::from(step) * 1e-4).exp() * 1e-9 - if step % 2 == 0 { 0.0 } else { 2e-9 };
            for over in [over as f32, -over.min(0.999_999) as f32] {
                let x = f64::from(over);
                let close = |ours: f32, theirs: f64| (f64::from(ours) - theirs).abs() <= 3e-7 * theirs.abs() + 1e-37;
                let ratio = Ratio::over(over);
                let far = |theirs: f64, whole: f64| if x.abs() < 0.29 { theirs } else { whole };
                let whole = f64::from(ratio.whole);
                assert!(close(ratio.ln(), far(x.ln_1p(), whole.ln())), "ln {over}");
                let series: f64 = (2..40).map(|n| (-x).powi(n) / f64::from(n * (n - 1))).sum();
                let excess = far(series, whole * whole.ln() - x);
                assert!((f64::from(ratio.excess()) / excess - 1.0).abs() < 3e-6, "excess {over}");
                if x < 80.0 {
                    assert!((f64::from(growth(over)) - x.exp_m1()).abs() <= 4e-7 * x.exp_m1().abs(), "growth {over}");
                }
            }
        }
        assert_eq!([growth(0.0), growth(f32::NEG_INFINITY), Ratio::over(0.0).excess()], [0.0, -1.0, 0.0]);
        assert_eq!(Ratio { whole: 0.0, over: -1.0 }.excess(), 1.0);
    }
}
