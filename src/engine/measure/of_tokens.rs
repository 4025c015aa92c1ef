//! Figures of rows that are places of a text: what is known of each row after one look at its distributions, and the
//! measures over all of them. A measure is one line in [`TokenMeasure::ALL`].

/// What is known of one row.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RowFigures {
    /// What it counts in a mean.
    pub weight: f32,
    /// Bytes of text that its token stands for.
    pub bytes: u16,
    /// −ln of the probability that the model gives to the right token.
    pub surprise: f32,
    /// Whether the right token is the likeliest.
    pub right: bool,
    /// Entropy of the model's distribution, in nats.
    pub entropy: f32,
    /// The same against the teacher's distribution, where there is one.
    pub teacher: Option<AgainstTeacher>,
}

/// What is known of one row beside a teacher's.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AgainstTeacher {
    /// KL(teacher ‖ student) at temperature 1, in nats.
    pub divergence: f32,
    /// Whether both find the same token likeliest.
    pub agrees: bool,
    /// Entropy of the teacher's distribution, in nats: below it no soft cross-entropy can fall.
    pub entropy: f32,
}

/// One figure.
#[derive(Clone, Copy)]
pub struct TokenMeasure {
    /// Its name in curves, tables and files.
    pub id: &'static str,
    /// The figure; NaN where there is none.
    pub of: fn(&[RowFigures]) -> f64,
}

impl TokenMeasure {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self { id: "perplexity", of: |rows| surprise(rows).exp() },
        Self { id: "loss", of: surprise },
        // In bits, and by the bytes that the tokens stand for: comparable between tokenizers (Gao et al. 2020, arXiv
        // 2101.00027, §3.1).
        Self { id: "bits_per_byte", of: bits_per_byte },
        Self { id: "accuracy", of: |rows| mean(rows, |row| Some(f64::from(u8::from(row.right)))) },
        Self { id: "entropy", of: |rows| mean(rows, |row| Some(row.entropy.into())) },
        Self { id: "agreement", of: |rows| mean(rows, |row| Some(f64::from(u8::from(row.teacher?.agrees)))) },
        Self { id: "kl", of: |rows| mean(rows, |row| Some(row.teacher?.divergence.into())) },
        Self { id: "teacher_entropy", of: |rows| mean(rows, |row| Some(row.teacher?.entropy.into())) },
    ];
}

fn surprise(rows: &[RowFigures]) -> f64 {
    mean(rows, |row| Some(row.surprise.into()))
}

fn bits_per_byte(rows: &[RowFigures]) -> f64 {
    let sum = |of: fn(&RowFigures) -> f64| rows.iter().map(|row| f64::from(row.weight) * of(row)).sum::<f64>();
    sum(|row| row.surprise.into()) / std::f64::consts::LN_2 / sum(|row| row.bytes.into())
}

/// The weighted mean; NaN of nothing.
fn mean(rows: &[RowFigures], of: impl Fn(&RowFigures) -> Option<f64>) -> f64 {
    let of_each = rows.iter().filter_map(|row| Some((f64::from(row.weight), of(row)?)));
    let (sum, all) = of_each.fold((0.0, 0.0), |(sum, all), (weight, value)| (sum + weight * value, all + weight));
    sum / all
}

/// All `measures` that are finite numbers.
pub fn figures(measures: &[TokenMeasure], rows: &[RowFigures]) -> crate::link::Measures {
    let all = measures.iter().map(|measure| (measure.id.to_owned(), (measure.of)(rows)));
    all.filter(|(_, value)| value.is_finite()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_agree_with_those_worked_out_by_hand() {
        let row = |weight, bytes, surprise, right| RowFigures {
            weight,
            bytes,
            surprise,
            right,
            entropy: 2.0,
            teacher: Some(AgainstTeacher { divergence: 0.5, agrees: right, entropy: 1.5 }),
        };
        let rows = [row(1.0, 4, 1.0, true), row(3.0, 2, 2.0, false), row(0.0, 9, 50.0, true)];
        let told = figures(TokenMeasure::ALL, &rows);
        let expected = [
            ("loss", 1.75),
            ("perplexity", 1.75f64.exp()),
            ("bits_per_byte", 7.0 / std::f64::consts::LN_2 / 10.0),
            ("accuracy", 0.25),
            ("entropy", 2.0),
            ("agreement", 0.25),
            ("kl", 0.5),
            ("teacher_entropy", 1.5),
        ];
        for (name, value) in expected {
            assert!((told[name] - value).abs() < 1e-6, "{name}: {}", told[name]);
        }
        assert_eq!(told.len(), TokenMeasure::ALL.len());
        let alone: Vec<RowFigures> = rows.iter().map(|row| RowFigures { teacher: None, ..*row }).collect();
        assert!(!figures(TokenMeasure::ALL, &alone).contains_key("kl"));
        assert!(figures(TokenMeasure::ALL, &[]).is_empty());
    }
}
