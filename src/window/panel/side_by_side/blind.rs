//! A comparison in which nobody knows which column is which: names hidden, the order drawn anew for every text, a vote
//! for the best or a tie. What was voted stands in the workspace; how often each was best is told when the names are
//! shown again.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::{SystemTime, UNIX_EPOCH};

use egui::{RichText, Ui};

use super::Scene;
use super::column::Column;
use crate::record::votes::{Tally, Vote, tally};
use crate::session::run_folder::utc;
use crate::window::state::{Action, UiState};

/// Hides the names, or shows them and what was voted.
pub(super) fn switch_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    let help = scene.t("Hides which column is which and draws their order anew for every text; then vote for the best");
    let blind = &mut state.side_by_side.blind;
    if ui.selectable_label(blind.on, scene.t("Blind")).on_hover_text(help).clicked() {
        blind.on = !blind.on;
        blind.draw = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
    }
}

/// The columns, in blind mode in a drawn order and without their names.
pub(super) fn hidden<'a>(scene: &Scene, state: &UiState, columns: Vec<Column<'a>>) -> Vec<Column<'a>> {
    let blind = &state.side_by_side.blind;
    if !blind.on {
        return columns;
    }
    let text = &scene.session.view.probe;
    let drawn = |column: &Column| {
        let mut hasher = DefaultHasher::new();
        (blind.draw, text, column.title.as_str(), column.snapshot.as_ref()).hash(&mut hasher);
        hasher.finish()
    };
    let mut columns = columns;
    columns.sort_by_key(drawn);
    for (place, column) in columns.iter_mut().enumerate() {
        column.sign = Some(format!("{} {}", scene.t("Model"), place + 1));
        column.color = scene.look.palette().accent;
    }
    columns
}

/// In blind mode a vote, else how often each of these columns was best.
pub(super) fn votes_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, columns: &[Column]) {
    if state.side_by_side.blind.on {
        return ballot_ui(ui, scene, state, columns);
    }
    let blind = &state.side_by_side.blind;
    let known: Vec<String> = columns.iter().map(Column::known_by).collect();
    let Tally { shares, ties } = tally(&blind.votes, &known);
    let decided = shares.first().map_or(0, |share| share.decided);
    if decided + ties == 0 {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.weak(format!("{} {} · {ties} {}", decided + ties, scene.t("blind votes"), scene.t("ties")));
        for (column, share) in columns.iter().zip(&shares) {
            let [p, low, high] = [share.share, share.low, share.high].map(|share| format!("{:.0} %", 100.0 * share));
            let words = format!("{}: {} · {p} ({low} {} {high})", column.title, share.wins, scene.t("to"));
            ui.label(RichText::new(words).color(column.color)).on_hover_text(
                scene.t("Votes for it, and their share of those for one of these columns with its interval of 95 %"),
            );
        }
        if blind.damaged > 0 {
            ui.colored_label(
                scene.look.palette().warn,
                format!("{} {}", blind.damaged, scene.t("votes could not be read")),
            );
        }
    });
}

fn ballot_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, columns: &[Column]) {
    let text = scene.session.view.probe.clone();
    let ready =
        !text.trim().is_empty() && columns.iter().all(|column| column.instead.is_none() && !column.scores.is_empty());
    let before = voted(state, columns, &text).cloned();
    ui.horizontal(|ui| {
        ui.add_enabled_ui(ready, |ui| {
            ui.label(scene.t("Which is best?"));
            for (place, column) in columns.iter().enumerate() {
                let chosen = before
                    .as_ref()
                    .is_some_and(|vote| vote.best.and_then(|best| vote.students.get(best)) == Some(&column.known_by()));
                let label = format!("{} {}", scene.t("Vote for"), column.shown());
                if ui.selectable_label(chosen, column.shown()).accessible_name(label).clicked() {
                    cast(state, columns, &text, Some(place));
                }
            }
            let tie = before.as_ref().is_some_and(|vote| vote.best.is_none());
            if ui.selectable_label(tie, scene.t("Tie")).clicked() {
                cast(state, columns, &text, None);
            }
        });
        if !ready {
            ui.weak(scene.t("Vote once all columns have answered."));
        } else if before.is_some() {
            ui.weak(scene.t("Voted; take another text, or vote again: the last vote on a text counts."));
        }
    });
}

/// The last vote on this text between these columns.
fn voted<'a>(state: &'a UiState, columns: &[Column], text: &str) -> Option<&'a Vote> {
    let mut known: Vec<String> = columns.iter().map(Column::known_by).collect();
    known.sort();
    let same = |vote: &&Vote| {
        let mut theirs = vote.students.clone();
        theirs.sort();
        vote.text == text && theirs == known
    };
    state.side_by_side.blind.votes.iter().rev().find(same)
}

fn cast(state: &mut UiState, columns: &[Column], text: &str, best: Option<usize>) {
    let secs = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let vote = Vote {
        when: utc(secs),
        text: text.to_owned(),
        students: columns.iter().map(Column::known_by).collect(),
        names: columns.iter().map(|column| column.title.clone()).collect(),
        best,
    };
    // At once; the file follows.
    state.side_by_side.blind.votes.push(vote.clone());
    state.ask(Action::CastVote(Box::new(vote)));
}
