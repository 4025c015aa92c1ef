//! `retort list knobs` and its like: what a session may name, from the registries that the engine reads too.

use serde_json::{Value, json};

use super::session_reference::{PAGE, choices, rows as fields};
use super::{ListArguments, Offered};
use crate::engine;
use crate::engine::task::way::{WAYS, Way};
use crate::session::Knob;
use crate::session::knob::Entry;

/// Lists what there is of a kind: lines for a person, or one JSON array. What a session is made of is a page.
pub fn list(offered: &Offered) -> String {
    let (ListArguments { json }, rows) = rows(offered);
    match (offered, json) {
        (_, true) => Value::from(rows).to_string(),
        (Offered::Session(_), false) => PAGE.trim_end().to_owned(),
        (_, false) => table(&rows),
    }
}

fn rows(offered: &Offered) -> (&ListArguments, Vec<Value>) {
    let catalog = engine::catalog();
    let entries = |entries: &[Entry]| entries.iter().map(entry).collect();
    match offered {
        Offered::Knobs(asked) => (asked, catalog.knobs.iter().map(knob).collect()),
        Offered::Losses(asked) => (asked, engine::loss::LOSSES.iter().map(|known| loss(*known)).collect()),
        Offered::Measures(asked) => (asked, engine::measure::OF_CLASSES.iter().map(measure).collect()),
        Offered::Session(asked) => (asked, fields()),
        Offered::Optimizers(asked) => (asked, choices("recipe.optimizer")),
        Offered::Schedules(asked) => (asked, choices("recipe.schedule")),
        Offered::Keeps(asked) => (asked, choices("recipe.keep")),
        Offered::Inits(asked) => (asked, choices("student.init")),
        Offered::LayerMaps(asked) => (asked, choices("student.init.map")),
        Offered::Sources(asked) => (asked, choices("student.source")),
        Offered::DataSources(asked) => (asked, choices("data.source")),
        Offered::Formats(asked) => (asked, choices("data.source.format")),
        Offered::Tasks(asked) => (asked, WAYS.iter().map(way).collect()),
        Offered::Architectures(asked) => (asked, entries(&catalog.architectures)),
        Offered::Corpora(asked) => (asked, entries(&catalog.corpora)),
        Offered::BuiltIn(asked) => (asked, entries(&catalog.models)),
        Offered::Devices(asked) => {
            (asked, catalog.devices.iter().map(|device| named(&format!("{device:?}"))).collect())
        }
    }
}

fn knob(knob: &Knob) -> Value {
    json!({
        "id": knob.id, "default": knob.default, "min": knob.min, "max": knob.max, "live": knob.live,
        "help": knob.help,
    })
}

fn loss(loss: &dyn engine::loss::Divergence) -> Value {
    let (entry, needs) = (loss.entry(), loss.needs());
    let knobs: Vec<&str> = [loss.weight()].into_iter().chain(loss.all_knobs()).map(|knob| knob.id).collect();
    let needs = [(needs.teacher, "a teacher"), (needs.truth, "the right outcome")];
    let needs: Vec<&str> = needs.into_iter().filter(|(needed, _)| *needed).map(|(_, what)| what).collect();
    json!({ "id": entry.id, "needs": needs, "knobs": knobs, "help": entry.help })
}

fn measure(measure: &engine::measure::Measure) -> Value {
    let needs = if measure.needs_teacher { vec!["a teacher"] } else { Vec::new() };
    json!({ "id": measure.id, "needs": needs })
}

fn entry(entry: &Entry) -> Value {
    json!({ "id": entry.id, "label": entry.label, "help": entry.help })
}

fn way(way: &Way) -> Value {
    let architectures: Vec<&str> = way.architectures().collect();
    json!({ "id": way.id, "head": format!("{:?}", way.head), "architectures": architectures, "help": way.help })
}

fn named(id: &str) -> Value {
    json!({ "id": id })
}

/// The rows under the names of their fields, the help last and as long as it is.
fn table(rows: &[Value]) -> String {
    const COLUMNS: [&str; 11] =
        ["id", "written", "label", "default", "min", "max", "live", "head", "architectures", "needs", "knobs"];
    let there = COLUMNS.into_iter().filter(|name| rows.iter().any(|row| tells(row, name)));
    let columns: Vec<(&str, usize)> = there.map(|name| (name, width(rows, name))).collect();
    let line = |cell: &dyn Fn(&str) -> String| {
        let cells = columns.iter().map(|(name, width)| format!("{:<width$}", cell(name)));
        cells.chain([cell("help")]).collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let head = line(&|name| if name == "help" { String::new() } else { name.to_owned() });
    let body = rows.iter().map(|row| line(&|name| shown(row.get(name))));
    [head].into_iter().chain(body).collect::<Vec<_>>().join("\n")
}

/// Whether a cell says more than a table without it.
fn tells(row: &Value, name: &str) -> bool {
    match (name, row.get(name)) {
        (_, None) | ("default", Some(Value::Bool(false))) => false,
        ("written", Some(written)) => row.get("id") != Some(written),
        _ => true,
    }
}

fn width(rows: &[Value], name: &str) -> usize {
    let widest = rows.iter().map(|row| shown(row.get(name)).chars().count()).max();
    widest.unwrap_or(0).max(name.len())
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(yes)) => if *yes { "yes" } else { "no" }.to_owned(),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        Some(other) => other.to_string(),
    }
}
