//! Figures as both wings write them.

/// A whole number with gaps at which no line is broken: `12 345`.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let gap = |place: usize| place > 0 && (digits.len() - place).is_multiple_of(3);
    let signs = digits.chars().enumerate();
    signs.flat_map(|(place, digit)| gap(place).then_some('\u{a0}').into_iter().chain([digit])).collect()
}

/// A number of bytes as a person reads it, with a gap at which no line is broken: `90.0 MB`.
pub fn human_bytes(value: u64) -> String {
    let scaled = |unit: f64| value as f64 / unit;
    match value {
        0..1_000 => format!("{value}\u{a0}B"),
        1_000..100_000 => format!("{:.1}\u{a0}kB", scaled(1e3)),
        100_000..999_950_000 => format!("{:.1}\u{a0}MB", scaled(1e6)),
        _ => format!("{:.2}\u{a0}GB", scaled(1e9)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_in_the_unit_that_shows_them() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (51_234, "51.2 kB"),
            (100_000, "0.1 MB"),
            (90_000_000, "90.0 MB"),
            (999_949_999, "999.9 MB"),
            (999_950_000, "1.00 GB"),
            (1_460_000_000, "1.46 GB"),
        ];
        for (value, text) in cases {
            assert_eq!(human_bytes(value).replace('\u{a0}', " "), text);
        }
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([7, 1234, 123_456_789].map(grouped), ["7", "1\u{a0}234", "123\u{a0}456\u{a0}789"]);
    }
}
