//! The listed runs as pictures of all of them need them: made with the list, not in every frame.

use std::collections::BTreeSet;

use super::shown_columns::{measure_name, settings, shown_measures};
use super::view::{Overview, RunsView};
use crate::record::compare::pareto_front::{Better, pareto_front};
use crate::record::run_table::{Cell, RunRow, RunTable};
use crate::window::panel::Scene;
use crate::window::plot::brushing::PlottedAxis;

/// Most runs of a picture: more are a smear, and cost more than a frame has.
const RUNS: usize = 2000;
/// Most axes that have room beside each other.
const AXES: usize = 14;

/// The runs at `places`.
pub(super) fn overview(scene: &Scene, view: &RunsView, table: &RunTable, places: &[usize]) -> Overview {
    let all: Vec<&RunRow> = places.iter().filter_map(|place| table.rows.get(*place)).collect();
    let (rows, left_out) = (all.get(..RUNS).unwrap_or(&all), all.len().saturating_sub(RUNS));
    let mut axes = axes(scene, rows);
    let axes_left_out = axes.len().saturating_sub(AXES);
    // The measures stand last, and are what one looks for.
    axes.drain(..axes_left_out);
    let columns = columns(rows);
    let scatter = scatter(scene, view, rows, &columns);
    Overview {
        folders: rows.iter().map(|row| row.folder.clone()).collect(),
        names: rows.iter().map(|row| format!("{} ({})", row.name(), row.folder_name())).collect(),
        brushed: rows.iter().map(|row| view.brushes.fits(row)).collect(),
        front: scatter.as_ref().and_then(|scatter| front(rows, scatter)),
        left_out,
        axes,
        axes_left_out,
        columns,
        scatter,
    }
}

fn cells(rows: &[&RunRow], column: &str) -> Vec<Option<Cell>> {
    rows.iter().map(|row| row.cell(column, None)).collect()
}

/// The settings that differ, what was read aside, and the measures on the test part.
fn axes(scene: &Scene, rows: &[&RunRow]) -> Vec<PlottedAxis> {
    let axis = |column: &str, title: String| PlottedAxis::of(column, title, &cells(rows, column));
    let differ = settings(rows).into_iter().filter(|(path, _)| !path.starts_with("input."));
    let of_settings = differ.filter_map(|(path, _)| axis(path, last_parts(path)));
    let measures = shown_measures(|name| rows.iter().any(|row| row.test.contains_key(name)));
    let of_measures =
        measures.into_iter().filter_map(|(id, name)| axis(&format!("test.{id}"), scene.t(name).to_owned()));
    of_settings.chain(of_measures).collect()
}

/// The last two parts of a path: they tell which setting it is, and have room above an axis.
fn last_parts(path: &str) -> String {
    let parts: Vec<&str> = path.rsplitn(3, '.').take(2).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join(".")
}

/// Columns in which runs have numbers: measures first, costs, settings that differ.
fn columns(rows: &[&RunRow]) -> Vec<String> {
    let is_measure = |column: &String| ["test.", "validation.", "best."].iter().any(|part| column.starts_with(part));
    let measures: BTreeSet<String> = rows.iter().flat_map(|row| row.columns()).filter(is_measure).collect();
    let costs = ["seconds", "steps", "size"].map(str::to_owned);
    let settings = settings(rows).into_iter().map(|(path, _)| path.to_owned());
    let known = |column: &String| measure_name(column.rsplit('.').next().unwrap_or_default()).is_none();
    let mut measures: Vec<String> = measures.into_iter().collect();
    // The test part's first, and of them the ones that the table shows.
    measures.sort_by_key(|column| (!column.starts_with("test."), known(column)));
    let is_number = |column: &String| cells(rows, column).iter().flatten().all(|cell| matches!(cell, Cell::Number(_)));
    let there = |column: &String| rows.iter().any(|row| row.cell(column, None).is_some());
    measures.into_iter().chain(costs).chain(settings).filter(|column| there(column) && is_number(column)).collect()
}

/// The two columns that are chosen; the first cost and the first measure where none are.
fn scatter(scene: &Scene, view: &RunsView, rows: &[&RunRow], columns: &[String]) -> Option<[PlottedAxis; 2]> {
    let first = columns.first()?;
    let cost = columns.iter().find(|column| *column == "seconds" || *column == "steps").unwrap_or(first);
    let chosen = |wanted: &Option<String>, or: &String| {
        let column = wanted.clone().filter(|wanted| columns.contains(wanted)).unwrap_or_else(|| or.clone());
        PlottedAxis::of(&column, title(scene, &column), &cells(rows, &column))
    };
    Some([chosen(&view.scatter[0], cost)?, chosen(&view.scatter[1], first)?])
}

/// What a column of a scatter is called.
pub(super) fn title(scene: &Scene, column: &str) -> String {
    let known = |measure: &str| {
        measure_name(measure).map_or_else(|| measure.replace('_', " "), |name| scene.t(name).to_owned())
    };
    match column.split_once('.') {
        Some(("test", measure)) => known(measure),
        Some(("validation", measure)) => format!("{} · {}", known(measure), scene.t("validation, last")),
        Some(("best", measure)) => format!("{} · {}", known(measure), scene.t("validation, best")),
        None if column == "seconds" => scene.t("seconds").to_owned(),
        None if column == "steps" => scene.t("steps").to_owned(),
        None if column == "size" => scene.t("bytes on disk").to_owned(),
        _ => column.to_owned(),
    }
}

fn front(rows: &[&RunRow], axes: &[PlottedAxis; 2]) -> Option<Vec<usize>> {
    let [x, y] = axes.each_ref().map(|axis| axis.axis.column.as_str());
    let better = (Better::of_column(x)?, Better::of_column(y)?);
    let number = |row: &RunRow, column: &str| match row.cell(column, None) {
        Some(Cell::Number(number)) => number,
        _ => f64::NAN,
    };
    let points: Vec<(f64, f64)> = rows.iter().map(|row| (number(row, x), number(row, y))).collect();
    Some(pareto_front(&points, better))
}
