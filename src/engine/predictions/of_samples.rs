//! The same of a task over tokens: how both models do on every sample of the test part.
//!
//! Columns: `row` (from 1), `text` (whole, as the student reads it), `tokens` (places that are told), `loss` (in nats),
//! `perplexity`; with a teacher `teacher_loss`, `kl` and `agreement` as well.

use std::path::Path;

use csv::Writer;

use super::super::EngineError;
use super::unwritten;
use crate::link::TokenPrediction;
use crate::session::atomic::WholeFile;
use crate::session::run_folder::PREDICTIONS;

/// Writes the table into a run's folder.
///
/// # Errors
/// [`EngineError::Predictions`].
pub fn write(out: &Path, rows: &[TokenPrediction], with_teacher: bool) -> Result<(), EngineError> {
    let path = out.join(PREDICTIONS);
    let mut table = WholeFile::create(&path).map(Writer::from_writer).map_err(|e| unwritten(e, &path))?;
    let own = ["row", "text", "tokens", "loss", "perplexity"];
    let compared = ["teacher_loss", "kl", "agreement"].into_iter().filter(|_| with_teacher);
    table.write_record(own.into_iter().chain(compared)).map_err(|e| unwritten(e, &path))?;
    for (place, row) in rows.iter().enumerate() {
        table.write_record(cells(place, row, with_teacher)).map_err(|e| unwritten(e, &path))?;
    }
    let file = table.into_inner().map_err(|e| unwritten(e.error(), &path))?;
    file.finish().map_err(|e| unwritten(e, &path))
}

fn cells(place: usize, row: &TokenPrediction, with_teacher: bool) -> Vec<String> {
    let own = [
        (place + 1).to_string(),
        row.text.clone(),
        row.tokens.to_string(),
        row.loss.to_string(),
        row.perplexity().to_string(),
    ];
    let figure = |value: Option<f32>| value.map_or_else(String::new, |value| value.to_string());
    let compared = [row.teacher_loss, row.kl, row.agreement].map(figure);
    own.into_iter().chain(compared.into_iter().filter(|_| with_teacher)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_line_for_every_sample_and_no_teachers_columns_without_one() {
        let row = TokenPrediction {
            text: "a, \"b\"\nc".into(),
            tokens: 3,
            loss: 0.5,
            kl: Some(0.25),
            agreement: Some(1.0),
            ..TokenPrediction::default()
        };
        for (with_teacher, columns) in [(true, 8), (false, 5)] {
            let out = tempfile::tempdir().unwrap();
            write(out.path(), std::slice::from_ref(&row), with_teacher).unwrap();
            let mut table =
                csv::ReaderBuilder::new().has_headers(false).from_path(out.path().join(PREDICTIONS)).unwrap();
            let lines: Vec<Vec<String>> =
                table.records().map(|line| line.unwrap().iter().map(str::to_owned).collect()).collect();
            assert_eq!((lines.len(), lines[0].len()), (2, columns));
            assert_eq!(lines[1][1..4], ["a, \"b\"\nc", "3", "0.5"]);
            if with_teacher {
                assert_eq!(lines[1][5..], ["", "0.25", "1"], "what is not known is empty");
            }
        }
    }
}
