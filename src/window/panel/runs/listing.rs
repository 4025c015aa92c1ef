//! What of the table is listed: which rows, in which order, with which columns. Made anew when the question changes,
//! not in every frame.

use std::sync::Arc;

use super::column_menu::arranged;
use super::overview;
use super::shown_columns::{settings, shown_measures};
use super::view::{Asked, Column, Listed, Listing, Overview, RunsView};
use crate::link::{grouped, human_bytes};
use crate::record::run_table::filter::{Filter, FilterError};
use crate::record::run_table::seed_groups::{SeedGroup, Spread, seed_groups};
use crate::record::run_table::{Cell, RunRow, RunTable, order};
use crate::session::Say as _;
use crate::session::Sentence;
use crate::session::settings::SEED;
use crate::window::panel::Scene;
use crate::window::state::UiState;

/// Makes the list, if the question is a new one.
pub fn list(scene: &Scene, state: &mut UiState, table: &Arc<RunTable>) {
    let view = &state.runs;
    let asked = Asked {
        generation: scene.runs.runs.generation,
        filter: view.filter.clone(),
        by_seed: view.by_seed,
        archived: view.archived,
        sort: view.sort.clone(),
        chinese: scene.t("Runs") != "Runs",
        brushes: view.brushes.clone(),
        columns: view.columns.clone(),
        picture: view.picture.is_of_all().then(|| (view.picture, view.scatter.clone())),
    };
    if view.listed.asked.as_ref() == Some(&asked) {
        return;
    }
    let (filtered, problem) = places(view, table);
    let overview = match asked.picture {
        Some(_) => overview::overview(scene, view, table, &filtered),
        None => Overview::default(),
    };
    let brushed = |place: &usize| table.rows.get(*place).is_some_and(|row| view.brushes.fits(row));
    let places: Vec<usize> = filtered.into_iter().filter(brushed).collect();
    let (columns, rows) = if view.by_seed { by_seed(scene, view, table, &places) } else { each(scene, table, &places) };
    let (offered, columns, rows) = arranged(&view.columns, columns, rows);
    state.runs.listed = Listed { asked: Some(asked), columns, offered, rows, runs: places.len(), overview, problem };
}

/// The runs that fit what is typed, in order; those of no filter where it cannot be read, and why.
fn places(view: &RunsView, table: &RunTable) -> (Vec<usize>, Option<Sentence>) {
    let columns = table.columns();
    let filter = Filter::new(&view.filter, &columns);
    let fits = |row: &RunRow| {
        (view.archived || !row.annotations.archived) && filter.as_ref().map_or(true, |filter| filter.fits(row))
    };
    let mut places: Vec<usize> = (0..table.rows.len()).filter(|place| fits(&table.rows[*place])).collect();
    if let Some((column, ascending)) = view.sort.as_ref().filter(|_| !view.by_seed) {
        places.sort_by(|a, b| {
            let (a, b) = (&table.rows[*a], &table.rows[*b]);
            if *ascending { order(a, b, column) } else { order(b, a, column) }
        });
    }
    (places, filter.err().map(|e: FilterError| e.said()))
}

fn fixed(scene: &Scene, name: &str, title: &'static str, width: f32) -> Column {
    Column { key: name.to_owned(), title: scene.t(title).to_owned(), sorts: Some(name.to_owned()), width }
}

fn of_setting(path: &str) -> Column {
    let width = 7.0 * path.len().clamp(10, 24) as f32;
    Column { key: path.to_owned(), title: path.to_owned(), sorts: Some(path.to_owned()), width }
}

fn each(scene: &Scene, table: &RunTable, places: &[usize]) -> (Vec<Column>, Vec<Listing>) {
    let rows: Vec<&RunRow> = places.iter().map(|place| &table.rows[*place]).collect();
    let measures = shown_measures(|name| rows.iter().any(|row| row.test.contains_key(name)));
    let settings = settings(&rows);
    let validated = shown_measures(|name| rows.iter().any(|row| row.validation.contains_key(name)));
    let first = [
        fixed(scene, "name", "name", 190.0),
        fixed(scene, "status", "state", 84.0),
        fixed(scene, "pair", "pair", 190.0),
        fixed(scene, "task", "task", 84.0),
        fixed(scene, "tags", "tags", 100.0),
    ];
    let of_best = |(id, title): &(&'static str, &'static str)| Column {
        title: format!("{} {}", scene.t("best"), scene.t(title)),
        ..fixed(scene, &format!("best.{id}"), title, 92.0)
    };
    let of_measure = |(id, title): &(&'static str, &'static str)| fixed(scene, &format!("test.{id}"), title, 74.0);
    let last = [
        fixed(scene, "steps", "steps", 56.0),
        fixed(scene, "when", "when", 116.0),
        fixed(scene, "seconds", "time", 60.0),
        fixed(scene, "size", "size", 64.0),
    ];
    let columns = first.into_iter().chain(measures.iter().map(of_measure)).chain(validated.iter().map(of_best));
    let columns = columns.chain(settings.iter().map(|(path, _)| of_setting(path))).chain(last).collect();
    let listing = |(place, row): (usize, &&RunRow)| {
        let first = [
            row.name().to_owned(),
            scene.t(row.status.word()).to_owned(),
            row.pair.clone(),
            row.task.clone(),
            row.annotations.tags.join(" "),
        ];
        let figures = measures.iter().map(|(id, _)| row.test.get(*id).map_or("–".to_owned(), |v| format!("{v:.4}")));
        let best = validated.iter().map(|(id, _)| match row.cell(&format!("best.{id}"), None) {
            Some(Cell::Number(value)) => format!("{value:.4}"),
            _ => "–".to_owned(),
        });
        let figures = figures.chain(best);
        let of_run = settings.iter().map(|(_, values)| values[place].unwrap_or("–").to_owned());
        let last = [
            grouped(row.steps),
            row.when.get(..16).unwrap_or(&row.when).to_owned(),
            row.seconds.map_or("–".to_owned(), time),
            human_bytes(row.bytes),
        ];
        Listing {
            side: vec![row.folder.clone()],
            cells: first.into_iter().chain(figures).chain(of_run).chain(last).collect(),
            status: Some(row.status.clone()),
            star: row.annotations.star,
            left_out: row.said_not_finite(),
        }
    };
    (columns, rows.iter().enumerate().map(listing).collect())
}

fn by_seed(scene: &Scene, view: &RunsView, table: &RunTable, places: &[usize]) -> (Vec<Column>, Vec<Listing>) {
    let mut groups = seed_groups(&table.rows, places);
    if let Some((column, ascending)) = &view.sort {
        let mean = |group: &SeedGroup| {
            let measure = column.strip_prefix("test.").unwrap_or(column);
            group.test.get(measure).map_or(f64::NEG_INFINITY, |spread| spread.mean)
        };
        groups.sort_by(|a, b| if *ascending { mean(a).total_cmp(&mean(b)) } else { mean(b).total_cmp(&mean(a)) });
    }
    let firsts: Vec<&RunRow> = groups.iter().filter_map(|group| table.rows.get(*group.rows.first()?)).collect();
    let measures = shown_measures(|name| groups.iter().any(|group| group.test.contains_key(name)));
    let settings: Vec<_> = settings(&firsts).into_iter().filter(|(path, _)| *path != SEED).collect();
    let plain = |key: &str, title: &'static str, width: f32| Column {
        key: key.to_owned(),
        title: scene.t(title).to_owned(),
        sorts: None,
        width,
    };
    let of_measure = |(id, title): &(&'static str, &'static str)| {
        let key = format!("test.{id}");
        [fixed(scene, &key, title, 124.0), plain(&key, "best", 60.0), plain(&key, "worst", 60.0)]
    };
    // The first measure, what sets the groups apart, and then the other measures.
    let (first, others) = measures.split_at(measures.len().min(1));
    let columns = [plain("name", "name", 190.0), plain("seeds", "seeds", 64.0)]
        .into_iter()
        .chain(first.iter().flat_map(of_measure));
    let columns = columns.chain(settings.iter().map(|(path, _)| Column { sorts: None, ..of_setting(path) }));
    let columns = columns.chain(others.iter().flat_map(of_measure)).collect();
    let listing = |(place, group): (usize, &SeedGroup)| {
        let count = match (group.counted.len(), group.rows.len()) {
            (counted, all) if counted == all => counted.to_string(),
            (counted, all) => format!("{counted} {} {all}", scene.t("of")),
        };
        let figures = |(id, _): &(&str, &str)| group.test.get(*id).map_or(["–"; 3].map(str::to_owned), spread);
        let of_group = settings.iter().map(|(_, values)| values[place].unwrap_or("–").to_owned());
        let own = [firsts[place].name().to_owned(), count].into_iter().chain(first.iter().flat_map(figures));
        Listing {
            side: group.rows.iter().map(|row| table.rows[*row].folder.clone()).collect(),
            cells: own.chain(of_group).chain(others.iter().flat_map(figures)).collect(),
            status: None,
            star: false,
            left_out: None,
        }
    };
    (columns, groups.iter().enumerate().map(listing).collect())
}

fn spread(spread: &Spread) -> [String; 3] {
    let mean = match spread.sd {
        Some(sd) => format!("{:.4} ± {sd:.4}", spread.mean),
        None => format!("{:.4}", spread.mean),
    };
    [mean, format!("{:.4}", spread.best.0), format!("{:.4}", spread.worst.0)]
}

fn time(seconds: f64) -> String {
    match seconds as u64 {
        seconds @ 0..100 => format!("{seconds} s"),
        seconds @ 100..6000 => format!("{} min", seconds / 60),
        seconds => format!("{} h {:02}", seconds / 3600, seconds / 60 % 60),
    }
}
