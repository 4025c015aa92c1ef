//! Numbers as short text, the same in every plot and every exported chart.

/// A value to three significant figures, in powers of ten only where it is very small or large.
pub fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        v if v.is_nan() => "NaN".to_owned(),
        v if v.is_infinite() => if value > 0.0 { "∞" } else { "−∞" }.to_owned(),
        v if (0.001..10_000.0).contains(&v) => rounded(value).to_string(),
        _ => power(value),
    }
}

/// A value with `decimals` digits behind the point.
pub fn fixed(value: f64, decimals: usize) -> String {
    // Minus zero would be read as a number below zero.
    let text = format!("{value:.decimals$}");
    if text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.') {
        text.trim_start_matches('-').to_owned()
    } else {
        text
    }
}

/// A value in about six characters whatever its size, so that a column of them stays still.
pub fn steady(value: f64) -> String {
    match value.abs() {
        v if !v.is_finite() || v == 0.0 => short(value),
        v if (0.001..10.0).contains(&v) => format!("{value:.4}"),
        v if (10.0..1000.0).contains(&v) => format!("{value:.2}"),
        v if (1000.0..100_000.0).contains(&v) => format!("{value:.0}"),
        _ => format!("{value:.2e}"),
    }
}

/// To three significant figures.
pub fn rounded(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}

fn power(value: f64) -> String {
    let text = format!("{value:.2e}");
    let Some((digits, power)) = text.split_once('e') else { return text };
    format!("{}e{power}", digits.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_said_shortly() {
        let said = [0.0, 0.12345, 3.0, 1234.5, 2e-5, 1.5e7, -0.02, f64::NAN, f64::NEG_INFINITY].map(short);
        assert_eq!(said, ["0", "0.123", "3", "1230", "2e-5", "1.5e7", "-0.02", "NaN", "−∞"]);
        assert_eq!([fixed(0.5, 2), fixed(-0.001, 2), fixed(-0.5, 1)], ["0.50", "0.00", "-0.5"]);
    }
}
