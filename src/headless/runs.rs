//! `retort list runs`: the runs of a workspace, filtered, sorted, and seeds together.

use serde_json::{Value, json};

use super::output::tell;
use super::{CommandError, RunsArguments};
use crate::link::{grouped, human_bytes};
use crate::record::run_table::filter::Filter;
use crate::record::run_table::seed_groups::{SeedGroup, Spread, seed_groups};
use crate::record::run_table::{Cell, RunRow, RunTable, differing};
use crate::session::run_folder::default_workspace;
use crate::session::settings::SEED;

/// Measures that are shown, in this order, where runs have them.
const SHOWN: [&str; 7] = ["accuracy", "macro_f1", "loss", "perplexity", "bits_per_byte", "agreement", "kl"];
/// Settings that differ and are shown; of more it is said how many there are.
const SETTINGS: usize = 8;
/// Characters of a cell.
const WIDEST: usize = 32;

/// Lists the runs of a workspace.
///
/// # Errors
/// [`CommandError`]: a filter or a column that makes no sense, or a workspace that cannot be read.
pub fn list(arguments: &RunsArguments) -> Result<String, CommandError> {
    let workspace = arguments.workspace.clone().unwrap_or_else(default_workspace);
    let table = RunTable::read(&workspace);
    if let Some(trouble) = table.trouble.first().filter(|_| table.unread) {
        return Err(CommandError::input(trouble));
    }
    table.trouble.iter().for_each(|trouble| tell(format!("warning: {trouble}")));
    table.missing.iter().for_each(|folder| {
        tell(format!("warning: a run that is pointed at from here is not there: {}", folder.display()));
    });
    let places = chosen(&table, arguments)?;
    if arguments.json {
        return Ok(as_json(&table, &places, arguments.group).to_string());
    }
    tell_rest(&table);
    let rows: Vec<&RunRow> = places.iter().map(|place| &table.rows[*place]).collect();
    if rows.is_empty() {
        let folder = workspace.display();
        return Ok(match table.rows.len() {
            0 => format!("no runs in {folder}; name the folder they lie in with --workspace"),
            count => format!("none of the {count} runs in {folder} fits"),
        });
    }
    let lines = match arguments.group {
        true => groups(&table.rows, &seed_groups(&table.rows, &places)),
        false => runs(&rows),
    };
    Ok(aligned(&lines))
}

/// Runs that were made together: each, and where seeds are among them their means.
pub fn summary(rows: &[RunRow]) -> String {
    let all: Vec<usize> = (0..rows.len()).collect();
    let of_seeds = seed_groups(rows, &all);
    let each = aligned(&runs(&rows.iter().collect::<Vec<_>>()));
    match of_seeds.iter().any(|group| group.counted.len() > 1) {
        true => format!("{each}\n\n{}", aligned(&groups(rows, &of_seeds))),
        false => each,
    }
}

/// What the table leaves out, beside it.
fn tell_rest(table: &RunTable) {
    let damaged = table.rows.iter().filter(|row| row.damaged_lines > 0);
    damaged.for_each(|row| {
        let (lines, folder) = (row.damaged_lines, row.folder.display());
        tell(format!("warning: {lines} lines of the journal are damaged and left out: {folder}"));
    });
    for row in &table.rows {
        if let Some(words) = row.said_not_finite() {
            tell(format!("warning: {words}: {}", row.folder.display()));
        }
    }
    if table.foreign > 0 {
        tell(format!(
            "{} other files and folders are no runs: {}",
            grouped(table.foreign as u64),
            table.workspace.display()
        ));
    }
}

/// The places of the rows that are asked for, in order.
fn chosen(table: &RunTable, arguments: &RunsArguments) -> Result<Vec<usize>, CommandError> {
    let columns = table.columns();
    let asked = arguments.filter.as_deref().unwrap_or_default();
    let filter = Filter::new(asked, &columns).map_err(|e| CommandError::usage(format!("--where: {e}")))?;
    let shown = |row: &RunRow| (arguments.archived || !row.annotations.archived) && filter.fits(row);
    let mut places: Vec<usize> = (0..table.rows.len()).filter(|place| shown(&table.rows[*place])).collect();
    if let Some(column) = &arguments.sort {
        let column = Filter::column(column, &columns).map_err(|e| CommandError::usage(format!("--sort: {e}")))?;
        places.sort_by(|a, b| crate::record::run_table::order(&table.rows[*b], &table.rows[*a], &column));
    }
    Ok(places)
}

fn measures<'a>(has: impl Fn(&str) -> bool + 'a) -> impl Iterator<Item = &'static str> + 'a {
    SHOWN.into_iter().filter(move |name| has(name))
}

fn runs(rows: &[&RunRow]) -> Vec<Vec<String>> {
    let shown: Vec<&str> = measures(|name| rows.iter().any(|row| row.test.contains_key(name))).collect();
    let settings = settings(rows);
    let fixed = ["folder", "name", "pair", "status", "steps", "when", "seconds", "size"].map(str::to_owned);
    let head = fixed.into_iter().chain(shown.iter().map(|name| (*name).to_owned()));
    let head = head.chain(settings.iter().map(|(path, _)| (*path).to_owned())).collect();
    let line = |(place, row): (usize, &&RunRow)| {
        let own = [
            row.folder_name().to_owned(),
            row.name().to_owned(),
            row.pair.clone(),
            row.status.word().to_owned(),
            grouped(row.steps),
            row.when.trim_end_matches(" UTC").to_owned(),
            row.seconds.map_or("–".to_owned(), |seconds| format!("{seconds:.0}")),
            human_bytes(row.bytes),
        ];
        let figures =
            shown.iter().map(|name| row.test.get(*name).map_or("–".to_owned(), |value| format!("{value:.4}")));
        let of_run = settings.iter().map(|(_, values)| values[place].unwrap_or("–").to_owned());
        own.into_iter().chain(figures).chain(of_run).collect()
    };
    [head].into_iter().chain(rows.iter().enumerate().map(line)).collect()
}

/// The settings that differ and are shown: that of the seed first, those whose content alone differs last.
fn settings<'a>(rows: &[&'a RunRow]) -> Vec<(&'a str, Vec<Option<&'a str>>)> {
    let mut all: Vec<(&str, Vec<Option<&str>>)> = differing(rows).into_iter().collect();
    all.sort_by_key(|(path, _)| (*path != SEED, path.starts_with("input.")));
    if all.len() > SETTINGS {
        tell(format!("{} more settings differ; --json has all", all.len() - SETTINGS));
        all.truncate(SETTINGS);
    }
    all
}

fn groups(rows: &[RunRow], groups: &[SeedGroup]) -> Vec<Vec<String>> {
    let shown: Vec<&str> = measures(|name| groups.iter().any(|group| group.test.contains_key(name))).collect();
    let firsts: Vec<&RunRow> = groups.iter().filter_map(|group| rows.get(*group.rows.first()?)).collect();
    let settings: Vec<_> = settings(&firsts).into_iter().filter(|(path, _)| *path != SEED).collect();
    let head = ["name", "runs"].into_iter().map(str::to_owned);
    let of_measures = shown.iter().flat_map(|name| [(*name).to_owned(), "best".to_owned(), "worst".to_owned()]);
    let head = head.chain(of_measures).chain(settings.iter().map(|(path, _)| (*path).to_owned())).collect();
    let line = |(place, group): (usize, &SeedGroup)| {
        let left_out = group.rows.len() - group.counted.len();
        let count = match left_out {
            0 => group.counted.len().to_string(),
            _ => format!("{} of {}", group.counted.len(), group.rows.len()),
        };
        let own = [firsts[place].name().to_owned(), count];
        let figures = shown.iter().flat_map(|name| group.test.get(*name).map_or_else(none, spread));
        let of_group = settings.iter().map(|(_, values)| values[place].unwrap_or("–").to_owned());
        own.into_iter().chain(figures).chain(of_group).collect()
    };
    let left_out: usize = groups.iter().map(|group| group.rows.len() - group.counted.len()).sum();
    if left_out > 0 {
        tell(format!("{left_out} runs do not count: not at their end, or there is a newer one of the same seed"));
    }
    [head].into_iter().chain(groups.iter().enumerate().map(line)).collect()
}

fn none() -> [String; 3] {
    ["–"; 3].map(str::to_owned)
}

fn spread(spread: &Spread) -> [String; 3] {
    let mean = match spread.sd {
        Some(sd) => format!("{:.4} ± {sd:.4}", spread.mean),
        None => format!("{:.4}", spread.mean),
    };
    [mean, format!("{:.4}", spread.best.0), format!("{:.4}", spread.worst.0)]
}

/// Lines of cells, each column as wide as its widest.
pub fn aligned(lines: &[Vec<String>]) -> String {
    let cut = |cell: &String| -> String {
        let one_line: String = cell.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        match one_line.chars().count() {
            // Paths differ in their ends.
            long if long > WIDEST && one_line.contains('/') => {
                ['…'].into_iter().chain(one_line.chars().skip(long - WIDEST + 1)).collect()
            }
            long if long > WIDEST => one_line.chars().take(WIDEST - 1).chain(['…']).collect(),
            _ => one_line,
        }
    };
    let cells: Vec<Vec<String>> = lines.iter().map(|line| line.iter().map(cut).collect()).collect();
    let columns = cells.iter().map(Vec::len).max().unwrap_or(0);
    let wide = |column: usize| cells.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| wide(column).unwrap_or(0)).collect();
    let line = |cells: &Vec<String>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    cells.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn as_json(table: &RunTable, places: &[usize], group: bool) -> Value {
    let rows: Vec<&RunRow> = places.iter().map(|place| &table.rows[*place]).collect();
    let differ: Vec<&str> = differing(&rows).into_keys().collect();
    let mut value = json!({
        "workspace": table.workspace, "runs": rows.iter().map(|row| of_run(row)).collect::<Vec<_>>(),
        "differing": differ, "foreign": table.foreign, "missing": table.missing,
    });
    if group {
        let name = |place: &usize| table.rows[*place].folder_name();
        let of_group = |group: &SeedGroup| {
            let spread = |spread: &Spread| {
                json!({
                    "n": spread.n, "mean": spread.mean, "sd": spread.sd,
                    "best": { "value": spread.best.0, "run": name(&spread.best.1) },
                    "worst": { "value": spread.worst.0, "run": name(&spread.worst.1) },
                })
            };
            let test: serde_json::Map<String, Value> =
                group.test.iter().map(|(measure, figures)| (measure.clone(), spread(figures))).collect();
            let names = |places: &[usize]| places.iter().map(name).map(str::to_owned).collect::<Vec<_>>();
            json!({ "runs": names(&group.rows), "counted": names(&group.counted), "test": test })
        };
        value["groups"] = seed_groups(&table.rows, places).iter().map(of_group).collect();
    }
    value
}

fn of_run(row: &RunRow) -> Value {
    let mut value = serde_json::to_value(row).unwrap_or_default();
    value["folder"] = json!(row.folder);
    value["name"] = json!(row.name());
    value["status"] = json!(row.status.word());
    value["annotations"] = json!(row.annotations);
    let best = row.validation.keys().filter_map(|measure| match row.cell(&format!("best.{measure}"), None)? {
        Cell::Number(best) => Some((measure.clone(), json!(best))),
        Cell::Text(_) => None,
    });
    value["best"] = Value::Object(best.collect());
    value
}
