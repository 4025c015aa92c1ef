//! `retort doctor`: what a person should know of a session before its run.

use super::output::print;
use super::{CommandError, DoctorArguments, INPUT, consent};
use crate::engine::{self, doctor};
use crate::link::{Checkup, Finding, Grade};
use crate::session::{Session, file};

/// Examines a session; the result goes to stdout whatever it says.
///
/// # Errors
/// [`CommandError`] with the check-up as its message if a row is red, or if the session cannot be read.
pub fn examine(arguments: &DoctorArguments) -> Result<String, CommandError> {
    let session = match &arguments.session {
        Some(path) => file::open(path).map_err(CommandError::input)?,
        None => Session::built_in().map_err(CommandError::input)?,
    };
    consent::allow_keys(&arguments.consent)?;
    // A model that is missing without that is a red row, not an error.
    if arguments.consent.fetch {
        consent::ensure_local(&session, &arguments.consent)?;
    }
    let mut going = || true;
    let ask: Option<doctor::answers::Ask> = if arguments.ask { Some(&mut going) } else { None };
    let checkup = doctor::examine_asking(&session, None, &engine::catalog(), ask);
    let text = if arguments.json {
        serde_json::to_string(&checkup.in_words()).map_err(CommandError::run)?
    } else {
        table(&checkup)
    };
    if checkup.worst() < Grade::Red {
        return Ok(text);
    }
    // What was found is the result, not an error's message: only the exit code tells.
    print(&text)?;
    let red = checkup.findings.iter().filter(|finding| finding.grade == Grade::Red).count();
    let rows = if red == 1 { "a row is red" } else { "rows are red" };
    Err(CommandError { message: format!("{rows}: the run would not start, or not mean what was asked"), code: INPUT })
}

fn table(checkup: &Checkup) -> String {
    let rows = checkup.findings.iter().flat_map(row);
    let size = checkup.student.map(|size| {
        format!(
            "student: {} parameters, {} layers of width {}, {:.1} MB to train without activations",
            size.parameters,
            size.layers,
            size.width,
            size.training_bytes() as f64 / 1e6
        )
    });
    rows.chain(size).collect::<Vec<_>>().join("\n")
}

fn row(finding: &Finding) -> Vec<String> {
    let grade = match finding.grade {
        Grade::Green => "green",
        Grade::Amber => "AMBER",
        Grade::Red => "RED",
    };
    let first = format!("{grade:<6} {:<16} {}", finding.subject.label(), finding.says);
    let fix = (!finding.fix.is_empty()).then(|| format!("{:23} → {}", "", finding.fix));
    std::iter::once(first).chain(fix).collect()
}
