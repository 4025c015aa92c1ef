//! The table of runs with many runs in it: their curves over each other with a hand at the chart, a filter, seeds put
//! together, and the window at rest with all of it open.

use egui::{Context, Event, Rect, pos2};
use serde::Serialize;

use super::course::Course;
use super::hand;
use super::rest::{Rest, Watcher};
use crate::link::Phase;
use crate::record::run_table::RunTable;
use crate::record::run_table::seed_groups::seed_groups;
use crate::window::app::WorkbenchApp;
use crate::window::panel::Picture as Below;
use crate::window::plot::side_curves::MOST;
use crate::window::run_list::Side;
use crate::window::state::Action;
use crate::window::timing::Spread;

/// Frames before a picture counts: its curves come from another thread, its text has to be laid out once.
const FIRST: u64 = 20;
/// How often a filter is typed, and seeds are put together.
const ASKED: u64 = 20;
/// Frames between two askings.
const APART: u64 = 4;
/// What is typed; every run of it is another text, so that nothing is remembered.
const FILTER: &str = "accuracy > 0.8 and recipe.seed != ";
/// The curve that has a point at every step.
const CURVE: &str = "loss/total";

/// What is drawn below the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Picture {
    /// As many runs as can be told apart, a curve each.
    Runs,
    /// The same as differences from the first of them.
    Differences,
    /// Seeds together: a mean in a band of one standard deviation for each learning rate.
    Seeds,
}

const PICTURES: [Picture; 3] = [Picture::Runs, Picture::Differences, Picture::Seeds];

impl Picture {
    fn words(self) -> &'static str {
        match self {
            Self::Runs => "a curve each",
            Self::Differences => "differences from the first",
            Self::Seeds => "seeds together, mean and band",
        }
    }
}

/// CPU times per frame, milliseconds, with one picture below the table.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pictured {
    /// Which.
    pub picture: Picture,
    /// Curves in it.
    pub sides: usize,
    /// Runs they are of.
    pub runs: usize,
    /// Frames measured.
    pub frames: u64,
    /// Half of the frames take less.
    pub median_ms: f32,
    /// One in a hundred takes more.
    pub p99_ms: f32,
}

/// What the table of runs costs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ShelfReport {
    /// Runs in the table.
    pub runs: u64,
    /// Steps of each.
    pub points: u64,
    /// With curves below the table and a hand at them.
    pub pictures: Vec<Pictured>,
    /// The slowest frame of those that answer a filter, milliseconds.
    pub filter_ms: f32,
    /// The slowest frame of those that put seeds together, milliseconds.
    pub group_ms: f32,
    /// With nobody there.
    pub rest: Rest,
}

impl ShelfReport {
    /// In lines.
    pub fn words(&self) -> String {
        let mut lines = vec![format!("{} runs of {} points, CPU time per frame:", self.runs, self.points)];
        lines.extend(self.pictures.iter().map(|seen| {
            let Pictured { picture, sides, runs, frames, median_ms, p99_ms } = seen;
            let picture = picture.words();
            format!(
                "  {sides} curves of {runs} runs, {picture}: {median_ms:.2} ms median, {p99_ms:.2} ms 99th percentile \
                 ({frames} frames)"
            )
        }));
        lines.push(format!("  slowest frame that filters: {:.1} ms", self.filter_ms));
        lines.push(format!("  slowest frame that puts seeds together: {:.1} ms", self.group_ms));
        let ticks = self.rest.ticks.map_or("not told".to_owned(), |ticks| ticks.to_string());
        let Rest { seconds, frames, .. } = self.rest;
        lines.push(format!(
            "at rest for {seconds} s with the table and its curves: {ticks} ticks of CPU, {frames} frames"
        ));
        lines.join("\n")
    }
}

/// Where the course is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Opening,
    Picture(usize),
    Filters,
    Groups,
    Rest,
}

/// Goes through all of it.
pub(super) struct Shelf {
    wanted: u64,
    stage: Stage,
    /// Frames of the stage so far.
    at: u64,
    frames: Vec<f32>,
    /// Frames in which the chart said what is under the pointer.
    read: u64,
    report: ShelfReport,
    watcher: Watcher,
}

impl Shelf {
    pub(super) fn new(runs: u64, points: u64, wanted: u64) -> Self {
        let report = ShelfReport { runs, points, ..ShelfReport::default() };
        let (frames, watcher) = (Vec::new(), Watcher::default());
        Self { wanted, stage: Stage::Opening, at: 0, frames, read: 0, report, watcher }
    }

    fn go_to(&mut self, stage: Stage) {
        (self.stage, self.at) = (stage, 0);
        self.frames.clear();
    }

    fn is_open(&self, app: &WorkbenchApp) -> bool {
        let listed = app.runs().table.as_ref().is_some_and(|table| table.rows.len() as u64 == self.report.runs);
        listed && app.workspace().status.phase == Phase::Ready
    }

    /// Puts a picture below the table, and waits for its curves.
    fn show(&mut self, app: &mut WorkbenchApp, picture: Picture) -> bool {
        let Some(table) = app.runs().table.clone() else { return false };
        let chosen = sides(&table, picture == Picture::Seeds);
        let view = &mut app.state.runs;
        view.by_seed = picture == Picture::Seeds;
        (view.picture, view.curves.id) = (Below::Curves, Some(CURVE.into()));
        view.curves.baseline = chosen.first().filter(|_| picture == Picture::Differences).cloned();
        view.curves.differences = picture == Picture::Differences;
        view.chosen = chosen;
        app.runs().compared.as_ref().is_some_and(|compared| compared.sides == app.state.runs.chosen)
    }

    fn picture(&mut self, ctx: &Context, app: &mut WorkbenchApp, place: usize, frame: f32) {
        let Some(picture) = PICTURES.get(place).copied() else { return self.go_to(Stage::Filters) };
        if self.at == 0 && !self.show(app, picture) {
            return;
        }
        self.at += 1;
        if self.at <= FIRST {
            return;
        }
        self.frames.push(frame);
        self.read += u64::from(is_read(ctx));
        if self.frames.len() as u64 >= self.wanted {
            let (chosen, spread) = (&app.state.runs.chosen, Spread::of(std::mem::take(&mut self.frames)));
            self.report.pictures.push(Pictured {
                picture,
                sides: chosen.len(),
                runs: chosen.iter().map(Vec::len).sum(),
                frames: self.wanted,
                median_ms: spread.median,
                p99_ms: spread.p99,
            });
            self.go_to(Stage::Picture(place + 1));
        }
    }

    /// Asks another question now and then; the frame behind is the one that answers.
    fn ask(&mut self, app: &mut WorkbenchApp, frame: f32) {
        if self.at == 0 {
            app.state.runs.chosen.clear();
            (app.state.runs.by_seed, app.state.runs.picture) = (false, Below::Told);
        }
        let groups = self.stage == Stage::Groups;
        let slowest = if groups { &mut self.report.group_ms } else { &mut self.report.filter_ms };
        if self.at > APART && self.at % APART == 1 {
            *slowest = slowest.max(frame);
        }
        if self.at >= APART && self.at.is_multiple_of(APART) {
            let number = self.at / APART;
            if number > ASKED {
                app.filter_runs("");
                return self.go_to(if groups { Stage::Rest } else { Stage::Groups });
            }
            match groups {
                true => app.state.runs.by_seed = number % 2 == 1,
                false => app.filter_runs(&format!("{FILTER}{number}")),
            }
        }
        self.at += 1;
    }

    fn rest(&mut self, ctx: &Context, app: &mut WorkbenchApp) -> Option<Result<ShelfReport, String>> {
        if self.at == 0 && self.show(app, Picture::Runs) {
            self.at = 1;
            if let Err(e) = self.watcher.begin(ctx) {
                return Some(Err(e.to_string()));
            }
        }
        self.report.rest = self.watcher.found()?;
        Some(Ok(self.report.clone()))
    }
}

impl Course for Shelf {
    type Report = ShelfReport;

    fn drive(
        &mut self,
        ctx: &Context,
        app: &mut WorkbenchApp,
        frame: Option<f32>,
    ) -> Option<Result<ShelfReport, String>> {
        if app.workspace().status.phase == Phase::Failed {
            return Some(Err("the pair could not be opened".to_owned()));
        }
        if self.stage != Stage::Rest || self.at == 0 {
            ctx.request_repaint();
        }
        let frame = frame.unwrap_or_default();
        match self.stage {
            Stage::Opening if self.is_open(app) => {
                app.ask(Action::ShowRuns(true));
                self.go_to(Stage::Picture(0));
            }
            Stage::Opening => {}
            Stage::Picture(place) => self.picture(ctx, app, place, frame),
            Stage::Filters | Stage::Groups if self.read == 0 => {
                return Some(Err("the pointer met no chart; is the window 1400 points wide?".to_owned()));
            }
            Stage::Filters | Stage::Groups => self.ask(app, frame),
            Stage::Rest => return self.rest(ctx, app),
        }
        None
    }

    fn events(&mut self, ctx: &Context) -> Vec<Event> {
        match self.stage {
            Stage::Picture(_) if self.at > 0 => hand::events(self.at, chart(ctx)),
            Stage::Filters if self.at == 0 => vec![Event::PointerGone],
            _ => Vec::new(),
        }
    }

    fn drawn(&mut self) {
        self.watcher.drawn();
    }
}

/// Where the chart is, nearly: below the table, right of what is asked.
fn chart(ctx: &Context) -> Rect {
    let (low, high) = (ctx.content_rect().min, ctx.content_rect().max);
    let at = |x: f32, y: f32| pos2(low.x + x * (high.x - low.x), low.y + y * (high.y - low.y));
    Rect::from_two_pos(at(0.4, 0.74), at(0.95, 0.9))
}

/// Whether something beside the pointer says what lies under it.
fn is_read(ctx: &Context) -> bool {
    ctx.memory(|memory| memory.areas().visible_layer_ids().iter().any(|layer| layer.order == egui::Order::Tooltip))
}

/// As many sides as can be told apart: runs, or the seeds of a learning rate each.
fn sides(table: &RunTable, by_seed: bool) -> Vec<Side> {
    let all: Vec<usize> = (0..table.rows.len()).collect();
    let folders = |places: &[usize]| places.iter().filter_map(|at| Some(table.rows.get(*at)?.folder.clone())).collect();
    let sides: Vec<Side> = match by_seed {
        true => seed_groups(&table.rows, &all).iter().map(|group| folders(&group.rows)).collect(),
        false => all.iter().map(|at| folders(&[*at])).collect(),
    };
    sides.into_iter().take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::run_table::RunRow;

    #[test]
    fn sides_are_runs_or_all_seeds_of_a_learning_rate_and_no_more_than_can_be_told_apart() {
        let row = |number: usize| {
            let settings =
                [("rate".to_owned(), (number / 10).to_string()), ("recipe.seed".to_owned(), number.to_string())];
            RunRow { folder: format!("{number}").into(), settings: settings.into(), ..RunRow::default() }
        };
        let table = RunTable { rows: (0..50).map(row).collect(), ..RunTable::default() };
        assert!(sides(&table, false).len() == MOST && sides(&table, false).iter().all(|side| side.len() == 1));
        assert_eq!(sides(&table, true).iter().map(Vec::len).collect::<Vec<_>>(), [10; 5]);
    }

    #[test]
    fn what_was_measured_is_said_with_all_its_figures() {
        let pictured =
            Pictured { picture: Picture::Seeds, sides: 5, runs: 50, frames: 300, median_ms: 3.25, p99_ms: 6.5 };
        let report = ShelfReport {
            runs: 50,
            points: 10_000,
            pictures: vec![pictured],
            filter_ms: 4.0,
            group_ms: 5.0,
            rest: Rest { seconds: 10, ticks: Some(0), frames: 1 },
        };
        let words = report.words();
        for part in
            ["50 runs of 10000 points", "5 curves of 50 runs", "3.25 ms median, 6.50 ms", "0 ticks of CPU, 1 frames"]
        {
            assert!(words.contains(part), "{part}: {words}");
        }
        let json = serde_json::to_value(&report).unwrap();
        assert!(json["pictures"][0]["picture"] == "seeds" && json["rest"]["ticks"] == 0, "{json}");
    }
}
