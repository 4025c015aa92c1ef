//! Curves of several runs as one table, `run,curve,step,value`, a row a point: what spreadsheets, pandas and R take in.
//! Values that are no number are `NaN`, `inf` and `-inf`, as in a run's own `metrics.csv`.

use std::io::{Result, Write};

use super::RunCurves;
use crate::link::SeriesId;

/// Writes the table, run by run, curve by curve.
///
/// # Errors
/// The writer's.
pub(super) fn write(to: &mut dyn Write, runs: &[RunCurves], curves: &[SeriesId]) -> Result<()> {
    let mut table = csv::Writer::from_writer(to);
    table.write_record(["run", "curve", "step", "value"])?;
    for run in runs {
        for id in curves {
            let Some(series) = run.record.series.get(id) else { continue };
            for (step, value) in series.points() {
                table.write_record([&run.name, &*id.0, &step.to_string(), &value.to_string()])?;
            }
        }
    }
    table.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::Fact;
    use crate::record::RunRecord;

    #[test]
    fn every_point_is_a_row_and_names_are_quoted_where_they_need_it() {
        let mut record = RunRecord::default();
        for (step, value) in [(0, 0.1 + 0.2), (1, f64::NAN), (2, f64::NEG_INFINITY)] {
            record.fold(Fact::Scalars { step, values: vec![("loss/total".into(), value)] });
        }
        record.fold(Fact::Scalars { step: 2, values: vec![("measure/accuracy".into(), 0.5)] });
        let runs = [RunCurves::of("a, \"b\"", record.clone()), RunCurves::of("c", record)];
        let mut table = Vec::new();
        write(&mut table, &runs, &["loss/total", "measure/accuracy", "measure/none"].map(SeriesId::from)).unwrap();
        let text = String::from_utf8(table).unwrap();
        let of = |run: &str| {
            format!(
                "{run},loss/total,0,0.30000000000000004\n{run},loss/total,1,NaN\n{run},loss/total,2,-inf\n\
                 {run},measure/accuracy,2,0.5\n"
            )
        };
        assert_eq!(text, format!("run,curve,step,value\n{}{}", of("\"a, \"\"b\"\"\""), of("c")));
    }
}
