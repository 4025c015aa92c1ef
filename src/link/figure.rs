//! Figures as both wings write them.

/// A whole number with gaps at which no line is broken: `12 345`.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let gap = |place: usize| place > 0 && (digits.len() - place).is_multiple_of(3);
    let signs = digits.chars().enumerate();
    signs.flat_map(|(place, digit)| gap(place).then_some('\u{a0}').into_iter().chain([digit])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([7, 1234, 123_456_789].map(grouped), ["7", "1\u{a0}234", "123\u{a0}456\u{a0}789"]);
    }
}
