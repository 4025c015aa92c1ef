//! The window's app: it owns the session, the record and the link, and hands them around.
//!
//! What a person asks for is carried out in `act.rs`; nothing is carried out here.

use std::path::PathBuf;
use std::sync::mpsc::TryRecvError;
use std::time::{Duration, Instant};

use egui::{Context, Ui};

use super::belonging::Belonging;
use super::dialog::{DialogReply, Errands, Loaded};
use super::kept::KeptSessions;
use super::kept_pictures::{KeptPictures, PicturesOfWorkspaces};
use super::panel::{self, RunsScene, Scene, SideBySideScene};
use super::preferences::{Language, Preferences, ThemeChoice};
use super::run_list::RunList;
use super::shelf_choices::ShelfChoices;
use super::state::{Action, UiState};
use super::steering::{Steering, Turn};
use super::storage::Storage;
use super::strings;
use super::theme::{self, Look};
use super::timing::{Stopwatch, Timing};
use super::trash::MoveToTrash;
use super::undo::{Gesture, Undo};
use crate::link::{
    Answer, Command, Event, Fact, Notice, OfRun, Opened, Order, Phase, ProbeRequest, Reply, SnapshotRequest, Status,
    WatchEnd,
};
use crate::record::{Remark, RunRecord, Workspace};
use crate::session::{Catalog, Say, Sentence, Session, View, file};

/// Draining stops after this long, so that a burst of news cannot hold up drawing.
const DRAIN_TIME: Duration = Duration::from_millis(4);

/// The workbench in a window.
pub struct WorkbenchApp {
    pub(super) session: Session,
    pub(super) path: Option<PathBuf>,
    pub(super) undo: Undo,
    pub(super) workspace: Workspace,
    pub(super) steering: Steering,
    pub(super) link: WatchEnd,
    pub(super) catalog: Catalog,
    pub(super) state: UiState,
    pub(super) storage: Storage,
    pub(super) errands: Errands,
    /// Sessions in no file that others took the place of.
    pub(super) kept: KeptSessions,
    /// The runs of the workspace.
    pub(super) runs: RunList,
    /// What was chosen for their table.
    pub(super) choices: ShelfChoices,
    /// What was drawn into their pictures, for every workspace.
    pub(super) pictures: PicturesOfWorkspaces,
    /// What of that could not be kept and is tried no more until it changes.
    pub(super) unkept: Option<KeptPictures>,
    /// Where they lie this time, as the command line says.
    pub(super) opened_workspace: Option<PathBuf>,
    /// How a run goes to the trash.
    pub(super) trash: MoveToTrash,
    pub(super) due: Pending,
    pub(super) gesture: Gesture,
    pub(super) saved: Session,
    /// Sessions put on the workbench so far: a file that is written late may be of an earlier one.
    pub(super) taken_up: u64,
    pub(super) seen: Session,
    pub(super) sampled: bool,
    /// The folder made for a run that was asked for and has not begun, and the session's run before.
    pub(super) claimed: Option<(PathBuf, Option<PathBuf>)>,
    /// Whether the person has said that the window may close.
    pub(super) closes: bool,
    pub(super) may_close: bool,
    pub(super) titled: Option<String>,
    presses: u64,
    /// What had the keyboard last.
    place: Option<egui::Id>,
    pub(super) asked: ProbeRequest,
    /// What the students beside were asked last.
    pub(super) asked_beside: SnapshotRequest,
    theme: Option<ThemeChoice>,
    pub(super) preferences: Preferences,
    /// Language of the visible text: the chosen one, or the system's.
    pub(super) language: Language,
    /// Whether the window was held against the screen.
    pub(super) fitted: bool,
    timing: Timing,
    /// Time in `tick` since the last frame.
    ticking: Duration,
}

/// What waits until the hand has come to rest, in egui's seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pending {
    /// Telling the engine to open pair and data anew.
    pub open: Option<f64>,
    /// Autosaving.
    pub autosave: Option<f64>,
    /// Telling the engine to count anew what a run will pay its server for.
    pub count: Option<f64>,
    /// Writing down how large the window is.
    pub preferences: Option<f64>,
    /// Halving the learning rate, once the run has been put back.
    pub cool_down: bool,
    /// Looking at the run's folder again, if it cannot be gone on with.
    pub looked_at: bool,
}

impl WorkbenchApp {
    /// A window on `session`, which was read from `path`, keeping its own things in `storage`.
    pub fn new(
        ctx: &Context,
        link: WatchEnd,
        catalog: Catalog,
        session: Session,
        path: Option<PathBuf>,
        storage: Storage,
    ) -> Self {
        let wake = ctx.clone();
        link.wake.set(move |soon| wake.request_repaint_after(soon));
        let workspace = Workspace::default();
        let (preferences, damage) = storage.preferences();
        let (choices, choices_damage) = ShelfChoices::read(storage.root());
        let (pictures, pictures_damage) = PicturesOfWorkspaces::read(storage.root());
        let mut app = Self {
            steering: Steering::new(workspace.shown_run(), &session, workspace.shown(), &catalog),
            saved: session.clone(),
            taken_up: 0,
            seen: session.clone(),
            session,
            path,
            undo: Undo::default(),
            workspace,
            link,
            catalog,
            state: UiState { recent: storage.recent(), ..UiState::default() },
            kept: KeptSessions::left_in(storage.left_behind().to_vec()),
            storage,
            errands: Errands::new(ctx.clone()),
            runs: RunList::default(),
            choices,
            pictures,
            unkept: None,
            opened_workspace: None,
            trash: super::trash::by_the_system,
            due: Pending::default(),
            gesture: Gesture::default(),
            sampled: false,
            claimed: None,
            closes: false,
            may_close: false,
            titled: None,
            presses: 0,
            place: None,
            asked: ProbeRequest::default(),
            asked_beside: SnapshotRequest::default(),
            theme: None,
            preferences,
            language: preferences.language.unwrap_or_else(Language::of_the_system),
            fitted: false,
            timing: Timing::default(),
            ticking: Duration::ZERO,
        };
        app.state.kept_shown = true;
        app.arrange(ctx);
        app.apply_theme(ctx);
        if let Some(damage) = damage {
            let text = app.t("the choices for the window cannot be read; it opens as at the first start");
            app.notice(false, format!("{text}: {damage}"));
        }
        app.state.runs.columns = app.choices.columns.clone();
        if let Some(damage) = choices_damage {
            let text = app.t("the choices for the table of runs cannot be read; it is shown as at the first start");
            app.notice(false, format!("{text}: {damage}"));
        }
        if let Some(damage) = pictures_damage {
            let text =
                app.t("lines, brushes and baselines cannot be read; the pictures of runs are drawn without them");
            app.notice(false, format!("{text}: {damage}"));
        }
        app.restore_pictures();
        app.greet();
        app.read_runs();
        app
    }

    /// The session as it stands.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// What happened so far in the run that is shown.
    pub fn record(&self) -> &RunRecord {
        self.workspace.shown()
    }

    /// What is known beside it.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// What is known of the runs of the workspace.
    pub fn runs(&self) -> &RunList {
        &self.runs
    }

    /// Filters the table of runs as if that had been typed.
    pub fn filter_runs(&mut self, filter: &str) {
        filter.clone_into(&mut self.state.runs.filter);
    }

    /// How long frames take.
    pub fn timing(&self) -> &Timing {
        &self.timing
    }

    /// Asks for `action` as a panel would.
    pub fn ask(&mut self, action: Action) {
        self.state.ask(action);
    }

    /// Says why the session that was asked for is not there.
    pub fn say_unopened(&mut self, reason: &Sentence) {
        let text = self.t("another session is shown instead");
        self.notice(true, Sentence::joined([reason.clone(), text.said()], "; "));
    }

    /// Opens what the session was started with, and its run where it has one.
    fn greet(&mut self) {
        if self.session.run.is_some() {
            let (path, saved) = (self.path.clone(), Some(self.saved.clone()));
            self.errands.replay(Loaded { path, saved, ..Loaded::new(self.session.clone()) });
        } else {
            self.open_pair();
        }
    }

    /// Takes in news; draws nothing. Runs while the window is hidden too, or memory would grow.
    pub fn tick(&mut self, ctx: &Context) {
        let watch = Stopwatch::start();
        self.drain(ctx);
        while let Some(word) = self.errands.hear() {
            self.apply_reply(word);
        }
        self.state.reading = self.errands.reading();
        self.take_whole_text();
        self.mind_runs(ctx);
        self.keep_appointments(ctx);
        self.ticking += watch.elapsed();
    }

    /// Draws everything, then acts on what was asked for.
    pub fn draw(&mut self, ui: &mut Ui) {
        let watch = Stopwatch::start();
        self.apply_style(ui.ctx());
        self.apply_theme(ui.ctx());
        self.keys(ui.ctx());
        self.title(ui.ctx());
        let look = self.look(ui.ctx());
        let cells = &self.link.cells;
        let (probe, prompt, weights) = (cells.probe.load(), cells.prompt.load(), cells.weights.load());
        let (shelf, repository, key) = (cells.shelf.load(), cells.repository.load(), cells.key.load());
        let (folder, run) = (cells.folder.load(), self.workspace.shown_run());
        let (beside, pinned) = (cells.beside.load(), cells.pinned.load());
        let (preview, connection, disk) = (cells.preview.load(), cells.connection.load(), cells.kept.load());
        let scene = Scene {
            look,
            preferences: &self.preferences,
            session: &self.session,
            record: self.workspace.shown(),
            workspace: &self.workspace,
            catalog: &self.catalog,
            requested: self.steering.requested(),
            live: self.steering.is_live(),
            unsaved: self.is_unsaved(),
            kept: self.kept.all(),
            path: self.path.as_deref(),
            can_undo: self.undo.next().is_some(),
            can_redo: self.undo.next_redo().is_some(),
            timing: &self.timing,
            probe: OfRun::held(&probe, run),
            prompt: OfRun::held(&prompt, run),
            weights: OfRun::held(&weights, run),
            shelf: shelf.as_ref().as_ref(),
            repository: repository.as_ref().as_ref(),
            key: key.as_ref().as_ref(),
            disk: disk.as_ref().as_ref(),
            folder: OfRun::held(&folder, run),
            preview: preview.as_ref().as_ref(),
            connection: connection.as_ref().as_ref(),
            runs: RunsScene { runs: &self.runs, chosen_workspace: self.has_chosen_folder() },
            side_by_side: SideBySideScene {
                revision: self.asked_beside.revision,
                beside: &beside,
                pinned: OfRun::held(&pinned, run),
            },
            belonging: self.belonging(),
        };
        panel::workbench_ui(ui, &scene, &mut self.state);
        let now = ui.input(|input| input.time);
        for action in std::mem::take(&mut self.state.actions) {
            self.act(action, now);
            ui.ctx().request_repaint();
        }
        self.settle(ui.ctx());
        self.keep_arrangement(ui.ctx());
        self.keep_pictures(ui.ctx());
        self.mind_closing(ui.ctx());
        self.look_where_the_person_looks();
        self.look_beside();
        self.look_into_table();
        self.guess_roles();
        self.timing.add(std::mem::take(&mut self.ticking) + watch.elapsed());
    }

    /// The look of this frame.
    fn look(&self, ctx: &Context) -> Look {
        Look { language: self.language, dark: ctx.theme() == egui::Theme::Dark }
    }

    /// Puts the theme on when it was changed.
    fn apply_theme(&mut self, ctx: &Context) {
        let choice = self.preferences.theme;
        match self.theme.replace(choice) {
            None => theme::install(ctx, choice),
            Some(before) if before != choice => theme::follow(ctx, choice),
            Some(_) => {}
        }
    }

    /// Esc gives the keyboard to nobody; the next Tab goes on from where it was, not from the top.
    fn keep_place(&mut self, ctx: &Context) {
        let focused = ctx.memory(|memory| memory.focused());
        if focused.is_some() {
            self.place = focused;
        } else if ctx.input(|input| input.key_pressed(egui::Key::Tab))
            && let Some(place) = self.place.take()
        {
            ctx.memory_mut(|memory| memory.request_focus(place));
        }
    }

    /// What the hand is doing in this frame.
    fn apply_style(&mut self, ctx: &Context) {
        self.keep_place(ctx);
        let (pressed, held) = ctx.input(|input| {
            let pointer = &input.pointer;
            (pointer.primary_pressed(), pointer.primary_down() || pointer.primary_released())
        });
        self.presses += u64::from(pressed);
        let field = if ctx.text_edit_focused() { ctx.memory(|memory| memory.focused()) } else { None };
        self.gesture = Gesture { press: held.then_some(self.presses), field };
    }

    fn keys(&mut self, ctx: &Context) {
        for action in panel::keys(ctx, self.workspace.status.phase, self.path.is_some()) {
            self.state.ask(action);
        }
        if ctx.input(|input| input.key_pressed(egui::Key::F12)) {
            self.state.timing = !self.state.timing;
        }
    }

    fn drain(&mut self, ctx: &Context) {
        let begun = Instant::now();
        loop {
            match self.link.events.try_recv() {
                Ok(event) => self.fold(event),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => return self.engine_is_gone(),
            }
            if begun.elapsed() > DRAIN_TIME {
                ctx.request_repaint();
                return;
            }
        }
    }

    fn fold(&mut self, event: Event) {
        if let Some(opened) = event.opened() {
            self.put_sample_under_lens(opened);
            self.show_questions(opened);
        }
        match &event {
            // From the first step on there is something in its folder.
            Event::Fact(_, Fact::Scalars { .. }) => self.claimed = None,
            Event::Fact(_, Fact::Started { session, step, .. }) => {
                self.due.looked_at = false;
                self.state.held = None;
                if *step > 0 {
                    self.take_plan(session);
                }
            }
            Event::Fact(_, Fact::Failed(_)) | Event::Reply(Reply::Failed(_) | Reply::Answered(Answer::No)) => {
                self.drop_claim();
                if std::mem::take(&mut self.due.looked_at) {
                    // Another process may have it.
                    self.look_again();
                }
            }
            _ => {}
        }
        self.mind_run_event(&event);
        let turn = Turn::of(&event);
        let rewound = turn == Turn::Rewound;
        self.workspace.fold(event);
        self.steering.turn(turn, &mut self.session, self.workspace.shown(), &self.link.cells.knobs);
        if rewound {
            self.finish_cooling_down();
        }
    }

    /// Unfolds the pair where a model of it is refused, so that what is asked can be seen; once for every new
    /// reason, since a person may fold it again.
    fn show_questions(&mut self, opened: &Opened) {
        let of = |opened: &Opened| {
            let cards = opened.teacher.iter().chain([&opened.student]).filter(|card| panel::is_asked(card));
            cards.map(|card| (card.title.clone(), card.trouble.clone(), card.random.clone())).collect::<Vec<_>>()
        };
        let (now, before) = (of(opened), self.workspace.opened.as_deref().map(of).unwrap_or_default());
        if !now.is_empty() && now != before {
            self.state.unfold = Some(panel::PAIR);
        }
    }

    /// Whether the session differs from its file in more than how the window is arranged.
    pub(super) fn is_unsaved(&self) -> bool {
        let asked = |session: &Session| {
            let view = View { columns: session.view.columns.clone(), ..View::default() };
            Session { view, ..session.clone() }
        };
        self.session != self.saved && asked(&self.session) != asked(&self.saved)
    }

    pub(super) fn engine_is_gone(&mut self) {
        if self.workspace.status.phase != Phase::Gone {
            let status = Status { phase: Phase::Gone, ..self.workspace.status.clone() };
            self.fold(Reply::Status(status).into());
            let text = self.t("the engine has stopped working; save the session and start retort again");
            self.notice(true, text);
        }
    }

    /// The visible text for an English phrase.
    pub(super) fn t(&self, english: &'static str) -> &'static str {
        strings::translate(self.language, english)
    }

    pub(super) fn notice(&mut self, grave: bool, text: impl Say) {
        let remark = Remark::new(grave, Notice::from(text));
        // A full disk fails every autosave; saying it once is enough.
        if !self.workspace.notices.last().is_some_and(|last| last.says_the_same(&remark)) {
            self.workspace.notices.hear(remark);
        }
    }

    pub(super) fn send(&mut self, command: Command) {
        if self.link.commands.send(command).is_err() {
            self.engine_is_gone();
        }
    }

    /// Tells the engine what is to become of the run.
    pub(super) fn order(&mut self, order: Order) {
        self.send(order.to(self.workspace.meant()));
    }

    /// Has the engine open the session's pair and data.
    pub(super) fn open_pair(&mut self) {
        let (run, session) = (self.workspace.shown_run(), Box::new(self.session.clone()));
        self.send(Command::Open { run, session });
    }

    /// What of the window is of the chosen pair and data; during a run nothing else can be chosen.
    pub(super) fn belonging(&self) -> Belonging {
        if self.steering.is_live() { Belonging::ALL } else { Belonging::of(&self.workspace, &self.session) }
    }
}

impl eframe::App for WorkbenchApp {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.tick(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        frame.info().cpu_usage.into_iter().for_each(|secs| self.timing.add_whole(secs));
        self.draw(ui);
    }

    /// The panel's own colour, so that no panel has to paint the whole window a second time.
    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }
}

impl Drop for WorkbenchApp {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        // What was to be written is, before the last word on it: a save is not lost, an older autosave
        // does not come after.
        self.errands.finish();
        while let Some(word) = self.errands.hear() {
            if let DialogReply::Saved(saved) = word {
                self.saved_to(*saved);
            }
        }
        if self.due.preferences.is_some() {
            self.keep_preferences();
        }
        if let Some((out, _)) = self.claimed.take() {
            // Of a run that never began; only an empty folder is removed.
            let _ = std::fs::remove_dir(out);
        }
        self.kept.write_late();
        // A session nobody saved is kept and offered at the next start, as after a crash.
        let unsaved = self.is_unsaved();
        let path = self.storage.autosave_path().filter(|_| unsaved);
        let kept = path.is_some_and(|path| file::save(&self.session, &path).is_ok());
        if !kept {
            self.storage.close();
        }
    }
}
