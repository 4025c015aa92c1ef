//! A column: which model it is of, and its answers as they are drawn, wherever they come from.

use egui::Color32;

use super::Scene;
use crate::link::{
    PinnedFrame, ProbeFrame, SideFrame, SnapshotAnswer, SnapshotState, StudentIdentity, TokenView, ToldRow, TopAnswer,
    grouped, human_bytes,
};
use crate::record::run_table::RunRow;
use crate::session::StudentSnapshot;

/// Outcomes and their log-probabilities.
type Scores = Vec<(String, f32)>;

/// One model's column.
pub(super) struct Column<'a> {
    /// Which column it is, wherever it stands.
    pub(super) slot: u64,
    /// Which student; `None` of the teacher and of the student as it is.
    pub(super) snapshot: Option<StudentSnapshot>,
    /// Whether it is the student as it is, which a run moves.
    pub(super) moves: bool,
    /// What it is called.
    pub(super) title: String,
    /// What it is called while its name is hidden.
    pub(super) sign: Option<String>,
    /// Step, weights and hash, as far as they are known.
    pub(super) detail: String,
    /// The hash of its weights.
    pub(super) hash: Option<String>,
    /// Its colour.
    pub(super) color: Color32,
    /// Outcome and log-probability; empty where there is no answer.
    pub(super) scores: Scores,
    /// How many outcomes all others are that stand behind as one, and their log-probability together.
    pub(super) others: Option<(usize, f32)>,
    /// Its view of the text, and what changes with every new one.
    pub(super) view: Option<(&'a SideFrame, u64)>,
    /// Its answers to the pinned texts.
    pub(super) pinned: Vec<TopAnswer>,
    /// Why there is no answer, and whether that is a fault.
    pub(super) instead: Option<(String, bool)>,
}

/// Teacher, student as it is, and those beside, left to right. Of a text that is told token by token the outcomes are
/// those of the place `at`.
pub(super) fn columns<'a>(scene: &Scene<'a>, at: Option<usize>) -> Vec<Column<'a>> {
    let mut all: Vec<Column> = teacher(scene, at).into_iter().chain([student(scene, at)]).collect();
    let places = 0..scene.session.view.columns.len();
    all.extend(places.map(|place| beside(scene, place, at)));
    all
}

fn teacher<'a>(scene: &Scene<'a>, at: Option<usize>) -> Option<Column<'a>> {
    let title = scene.session.teacher()?.source.title();
    let palette = scene.look.palette();
    let frame = scene.probe;
    let side = frame.and_then(|frame| frame.teacher.as_ref());
    let row = frame.and_then(|frame| told(frame, at));
    let names = |frame: &ProbeFrame| row.map_or(frame.classes.clone(), |row| row.outcomes.clone());
    let scores = match row {
        Some(row) => row.teacher_scores.clone(),
        None => side.map(|side| side.scores.clone()),
    };
    let (scores, others) = frame.zip(scores).map_or((Vec::new(), None), |(frame, scores)| {
        split(&names(frame), &scores, row.map_or(0, |row| row.whole.others))
    });
    let quiet = scores.is_empty().then(|| (scene.t("It gives no answer here").to_owned(), false));
    Some(Column {
        slot: 10,
        view: side.zip(frame.map(|frame| frame.frame)),
        snapshot: None,
        moves: false,
        sign: None,
        title: format!("{} · {title}", scene.t("Teacher")),
        detail: if is_late(scene) { scene.t("answering…").to_owned() } else { String::new() },
        hash: None,
        color: palette.teacher,
        scores,
        others,
        pinned: pinned(scene).map(|frame| frame.teacher.clone()).unwrap_or_default(),
        instead: quiet,
    })
}

fn student<'a>(scene: &Scene<'a>, at: Option<usize>) -> Column<'a> {
    let frame = scene.probe;
    let row = frame.and_then(|frame| told(frame, at));
    let (scores, others) = frame.map_or((Vec::new(), None), |frame| match row {
        Some(row) => split(&row.outcomes, &row.student_scores, row.whole.others),
        None => split(&frame.classes, &frame.student.scores, 0),
    });
    let identity = frame.and_then(|frame| frame.identity.as_ref());
    let step = frame.map(|frame| format!("{} {}", scene.t("step"), grouped(frame.step)));
    let quiet = scores.is_empty().then(|| (scene.t("It has not answered yet").to_owned(), false));
    Column {
        slot: 11,
        view: frame.map(|frame| (&frame.student, frame.frame)),
        snapshot: None,
        moves: true,
        sign: None,
        title: scene.t("Student now").to_owned(),
        detail: match identity {
            _ if is_late(scene) => scene.t("answering…").to_owned(),
            Some(identity) => detail(scene, identity),
            None => step.unwrap_or_default(),
        },
        hash: identity.map(|identity| identity.hash.clone()),
        color: scene.look.palette().student,
        scores,
        others,
        pinned: pinned(scene).map(|frame| frame.student.clone()).unwrap_or_default(),
        instead: quiet,
    }
}

fn beside<'a>(scene: &Scene<'a>, place: usize, at: Option<usize>) -> Column<'a> {
    let snapshot = scene.session.view.columns.get(place).cloned();
    let mut column = Column {
        slot: 12 + place as u64,
        view: None,
        moves: false,
        sign: None,
        title: snapshot.as_ref().map(|which| title(scene, which)).unwrap_or_default(),
        detail: String::new(),
        hash: None,
        // The first two colours of the curves are much like those of teacher and student.
        color: scene.look.palette().curve(place + 2),
        scores: Vec::new(),
        others: None,
        pinned: Vec::new(),
        instead: None,
        snapshot,
    };
    let frame = scene.side_by_side.beside.iter().find(|frame| Some(&frame.snapshot) == column.snapshot.as_ref());
    match frame.map(|frame| &frame.state) {
        None | Some(SnapshotState::Opening) => column.instead = Some((scene.t("is being read…").to_owned(), false)),
        Some(SnapshotState::Refused(why)) => column.instead = Some((scene.says(why), true)),
        Some(SnapshotState::Open(answer)) => {
            column.view = answer.side.as_ref().zip(frame.map(|frame| frame.revision));
            column.take(scene, answer, at);
        }
    }
    if frame.is_some_and(|frame| frame.revision != scene.side_by_side.revision) {
        // What stands there is of the text before, and of the texts that were pinned before.
        scene.t("answering…").clone_into(&mut column.detail);
        column.pinned.clear();
    }
    column
}

impl Column<'_> {
    fn take(&mut self, scene: &Scene, answer: &SnapshotAnswer, at: Option<usize>) {
        self.detail = detail(scene, &answer.identity);
        self.hash = Some(answer.identity.hash.clone());
        self.pinned.clone_from(&answer.pinned);
        let tokens = answer.tokens.as_ref();
        if at.is_some_and(|at| tokens.is_some_and(|tokens| is_cut_otherwise(scene, tokens, at))) {
            self.instead = Some((scene.t("It cuts the text into other tokens").to_owned(), false));
            return;
        }
        let row = tokens.and_then(|tokens| tokens.row(at.or_else(|| tokens.last())?));
        (self.scores, self.others) = match (row, &answer.side, tokens) {
            (Some(row), ..) => split(&row.outcomes, &row.student_scores, row.whole.others),
            (None, Some(side), None) => split(&answer.classes, &side.scores, 0),
            _ => (Vec::new(), None),
        };
        self.instead = match &answer.problem {
            Some(why) => Some((scene.says(why), true)),
            None => self.scores.is_empty().then(|| (scene.t("It tells nothing at this place").to_owned(), false)),
        };
    }

    /// The name that is shown.
    pub(super) fn shown(&self) -> &str {
        self.sign.as_deref().unwrap_or(&self.title)
    }

    /// By what it is known again: the hash of its weights, else its name and step.
    pub(super) fn known_by(&self) -> String {
        self.hash.clone().unwrap_or_else(|| format!("{} {}", self.title, self.detail).trim().to_owned())
    }

    /// Its likeliest outcome and that one's probability.
    pub(super) fn best(&self) -> Option<(&str, f32)> {
        let best = self.scores.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some((best.0.as_str(), best.1.exp())).filter(|(_, p)| p.is_finite())
    }

    /// The probability of an outcome; `None` where it is not told.
    pub(super) fn probability(&self, name: &str) -> Option<f32> {
        self.scores.iter().find(|(other, _)| other == name).map(|(_, score)| score.exp())
    }
}

fn pinned<'a>(scene: &'a Scene) -> Option<&'a PinnedFrame> {
    scene.side_by_side.pinned_now(&scene.session.probes)
}

/// Whether teacher and student have not answered the text that stands there now.
fn is_late(scene: &Scene) -> bool {
    scene.probe.is_some_and(|frame| frame.text.trim() != scene.session.view.probe.trim())
}

/// Whether another token stands at a place than the student on show reads there.
fn is_cut_otherwise(scene: &Scene, tokens: &TokenView, at: usize) -> bool {
    let text = |view: &TokenView| view.tokens.get(at).map(|token| token.text.clone());
    scene.probe.and_then(|frame| frame.tokens.as_ref()).is_some_and(|ours| text(ours) != text(tokens))
}

fn told(frame: &ProbeFrame, at: Option<usize>) -> Option<&ToldRow> {
    let tokens = frame.tokens.as_ref()?;
    tokens.row(at.or_else(|| tokens.last())?)
}

/// Outcomes with their scores, and all others apart.
fn split(names: &[String], scores: &[f32], others: usize) -> (Scores, Option<(usize, f32)>) {
    let mut all: Vec<(String, f32)> = names.iter().cloned().zip(scores.iter().copied()).collect();
    let rest = if others > 0 { all.pop().map(|(_, score)| (others, score)) } else { None };
    (all, rest)
}

fn detail(scene: &Scene, identity: &StudentIdentity) -> String {
    let (step, size) = (grouped(identity.step), human_bytes(identity.bytes));
    format!("{} {step} · {size} · {}", scene.t("step"), identity.hash)
}

/// What a student is called.
pub(super) fn title(scene: &Scene, which: &StudentSnapshot) -> String {
    match which {
        StudentSnapshot::BeforeTraining => scene.t("Before training").to_owned(),
        StudentSnapshot::Checkpoint(step) => format!("{} {}", scene.t("Checkpoint of step"), grouped(*step)),
        StudentSnapshot::Run(folder) => {
            let row =
                scene.runs.runs.table.as_ref().and_then(|table| table.rows.iter().find(|row| row.folder == *folder));
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            row.map_or(name, run_title)
        }
    }
}

/// A run by its name, its folder and the seed that tells it from its siblings.
pub(super) fn run_title(row: &RunRow) -> String {
    match row.name() == row.folder_name() {
        true => row.folder_name().to_owned(),
        false => format!("{} ({})", row.name(), row.folder_name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_others_together_are_no_outcome() {
        let names = ["a", "b", "rest"].map(str::to_owned);
        let (scores, others) = split(&names, &[-1.0, -2.0, -0.5], 90);
        assert_eq!((scores.len(), others), (2, Some((90, -0.5))));
        assert_eq!(split(&names, &[-1.0, -2.0, -0.5], 0).0.len(), 3);
    }
}
