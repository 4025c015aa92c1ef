//! Acts on what a person asked for: the only writer of the session and the only sender of commands.

use std::path::PathBuf;

use egui::Context;

use super::app::WorkbenchApp;
use super::dialog::Saved;
use super::state::{Action, Back};
use super::undo::Part;
use crate::link::preview::{Sheet, bare, roles};
use crate::link::{About, Command, Order, Question};
use crate::session::workspace::new_run_folder;
use crate::session::{Data, Models, Prompts, Roles, Say, Sentence, Session, Source};

/// The hand rests this long before the engine opens pair and data anew, seconds.
const OPEN_AFTER: f64 = 0.5;
/// A change is autosaved after this long, seconds.
const AUTOSAVE_AFTER: f64 = 2.0;
/// The knob that the trouble card halves.
pub const LEARNING_RATE: &str = "optimizer.learning_rate";

impl WorkbenchApp {
    /// Carries out one action at time `now`.
    pub(super) fn act(&mut self, action: Action, now: f64) {
        let before = (self.session.models(), self.session.data.clone());
        let asked = (self.session.prompt.clone(), self.session.recipe.clone());
        self.carry_out(action, now);
        if asked != (self.session.prompt.clone(), self.session.recipe.clone()) && self.pays() {
            self.due.count = Some(now + OPEN_AFTER);
        }
        self.take_back_notices(&before.0, &before.1, &asked.0);
        self.state.choosing.forget_settled(&before.0, &before.1, &self.session);
        // Another column in a template has the data read anew.
        let columns = self.session.prompt.columns() != asked.0.columns();
        if self.session.models() != before.0 || self.session.data != before.1 || columns {
            self.due.open = Some(now + OPEN_AFTER);
        }
        if self.session.student != before.0.student && is_complete(&self.session) {
            self.send(Command::Weigh(Box::new(self.session.clone())));
        }
    }

    /// A notice about a part that is another one now says nothing of it.
    fn take_back_notices(&mut self, models: &Models, data: &Data, prompt: &Prompts) {
        let (pair, data) = (self.session.models() != *models, self.session.data != *data);
        let prompt = self.session.prompt != *prompt;
        if pair || data || prompt {
            self.workspace.notices.forget(|about| match about {
                About::Pair => pair,
                About::Data => data,
                About::Prompt => prompt,
                About::Run => false,
            });
        }
    }

    fn carry_out(&mut self, action: Action, now: f64) {
        match action {
            Action::Set(part) => self.set(part),
            Action::Hold { id, value } => self.hold(id, value, now),
            Action::SetView(view) => self.session.view = *view,
            Action::Prefer(preferences) => self.prefer(preferences),
            Action::Start { afresh } => self.start(afresh),
            Action::BackToRun(back) => self.back_to_run(back),
            Action::Continue => self.go_on(None),
            Action::Extend(steps) => self.go_on(Some(steps)),
            Action::Pause => self.order(Order::Pause),
            Action::Resume => self.order(Order::Resume),
            Action::StepOnce => self.order(Order::StepOnce),
            Action::Stop => self.order(Order::Stop),
            Action::Rewind(step) => self.order(Order::Rewind(step)),
            Action::CoolDown(step) => self.cool_down(step),
            Action::StartCooler => self.start_cooler(),
            Action::Undo => self.undo(),
            Action::Redo => self.redo(),
            Action::Save => self.save(),
            Action::SaveAs(path) => self.save_to(path),
            Action::Open(path) => self.open(path),
            Action::OpenBuiltIn => self.open_built_in(),
            Action::Ask(question) => self.state.question = question,
            Action::Browse(wish) => self.browse(wish),
            Action::Use(wish, path) => self.use_path(wish, path),
            Action::UseData(wish, paths) => self.use_data(wish, paths),
            Action::UseTrained(wish, folder) => self.use_trained(wish, folder),
            Action::Recover(number) => self.recover(number),
            Action::Forget(number) => self.forget(number),
            Action::ShowKept(shown) => self.state.kept_shown = shown,
            Action::OpenCopy => self.open_copy(),
            Action::LookAgain => self.look_again(),
            Action::WriteStudent(to) => {
                self.state.question = None;
                self.order(Order::WriteStudent(to));
            }
            Action::DropStudent => self.order(Order::DropStudent),
            Action::ShowFolder(path) => self.show_folder(path),
            Action::Close(yes) => {
                self.state.closing = false;
                self.closes = yes;
            }
            Action::Drop(paths) => self.take_dropped(paths),
            Action::Examine => self.examine(Command::Examine),
            Action::ExamineAsking => self.examine(Command::ExamineAsking),
            Action::ReadTable => self.state.preview_asked = None,
            Action::Connect(source) => self.send(Command::Connect(source)),
            Action::StoreKey { name, key, host } => self.send(Command::StoreKey { name, key, host }),
            Action::Answer { question, yes } => {
                self.send(Command::Answer { question: Box::new(Question::clone(&question)), yes });
            }
            Action::ListModels => self.send(Command::List),
            Action::ListKept => self.send(Command::ListKept),
            Action::ClearRows => self.send(Command::ClearRows),
            Action::ListFiles { repo, revision } => self.list_files(repo, revision),
            Action::ShowRuns(open) => self.show_runs(open),
            Action::ReadPoints(stretch) => self.errands.read_points(stretch),
            Action::CastVote(vote) => self.vote(Some(*vote)),
            Action::ShowSideBySide(open) => self.show_side_by_side(open),
            Action::Enqueue(session, seeds) => self.enqueue(&session, seeds),
            Action::RunQueue(on) => self.run_queue(on),
            Action::AskExport(kind, wish) => self.ask_export(kind, *wish),
            Action::Annotate(folder, annotations) => self.annotate(folder, *annotations),
            Action::Shelf(action) => self.act_on_shelf(action),
            Action::Dismiss(place) => self.workspace.notices.read(place),
        }
    }

    // ---- the session's parts

    pub(super) fn set(&mut self, part: Part) {
        let replaced = self.put(part.clone());
        if replaced != part {
            self.undo.remember(replaced, self.gesture);
        }
    }

    fn hold(&mut self, id: String, value: f64, now: f64) {
        let before = self.steering.hold(&id, value, now, &mut self.session, &self.link.cells.knobs);
        if let Some(value) = before.filter(|before| *before != value) {
            self.undo.remember(Part::Knob { id, value }, self.gesture);
        }
    }

    /// Lets a knob that is held act once the hand rests on it or lets go.
    pub(super) fn settle(&mut self, ctx: &Context) {
        let (now, down) = ctx.input(|input| (input.time, input.pointer.primary_down()));
        let left = self.steering.settle(now, down, &mut self.session, &self.link.cells.knobs);
        if let Some(left) = left {
            ctx.request_repaint_after(std::time::Duration::from_secs_f64(left));
        }
    }

    /// Puts a part and gives the one it replaced.
    fn put(&mut self, part: Part) -> Part {
        let session = &mut self.session;
        match part {
            Part::Name(name) => Part::Name(std::mem::replace(&mut session.name, name)),
            Part::Models(models) => Part::Models(Box::new(session.replace_models(*models))),
            Part::Data(data) => Part::Data(std::mem::replace(&mut session.data, data)),
            Part::Prompt(prompt) => Part::Prompt(std::mem::replace(&mut session.prompt, prompt)),
            Part::Recipe(recipe) => Part::Recipe(std::mem::replace(&mut session.recipe, recipe)),
            Part::Pinned(probes) => Part::Pinned(std::mem::replace(&mut session.probes, probes)),
            Part::Knob { id, value } => {
                let before = self.steering.request(&id, value, session, &self.link.cells.knobs);
                Part::Knob { id, value: before.unwrap_or(value) }
            }
        }
    }

    /// A run holds pair, data and recipe; taking those back has to wait for its end.
    fn is_held(&self, part: Option<&Part>) -> bool {
        let held = match part {
            Some(Part::Models(_) | Part::Data(_) | Part::Recipe(_)) => true,
            Some(Part::Knob { id, .. }) => self.catalog.knob(id).is_some_and(|knob| !knob.live),
            _ => false,
        };
        held && self.steering.is_live()
    }

    fn undo(&mut self) {
        if self.is_held(self.undo.next()) {
            let text = self.t("the last change belongs to the running run; stop the run to take it back");
            return self.notice(false, text);
        }
        let mut undo = std::mem::take(&mut self.undo);
        undo.undo(|part| self.put(part));
        self.undo = undo;
    }

    fn redo(&mut self) {
        if self.is_held(self.undo.next_redo()) {
            let text = self.t("the next change belongs to the running run; stop the run to make it again");
            return self.notice(false, text);
        }
        let mut undo = std::mem::take(&mut self.undo);
        undo.redo(|part| self.put(part));
        self.undo = undo;
    }

    // ---- the run

    fn start(&mut self, afresh: bool) {
        if self.waits_for_student() {
            return;
        }
        if afresh {
            self.session.knobs = self.steering.requested().values.clone();
            self.session.script.clear();
            self.session.recipe.extended.clear();
        }
        if let Some(problem) = self.session.problem() {
            return self.notice(false, problem);
        }
        match new_run_folder(&self.runs_folder(), &self.session) {
            Ok(out) => self.start_in(out),
            Err(e) => {
                let text = self.t("cannot make a run folder; free some room or check its rights");
                self.notice(false, Sentence::joined([text.said(), e.said()], ": "));
            }
        }
    }

    /// What is half chosen cannot be examined; what was changed is opened by the check-up itself.
    fn examine(&mut self, order: fn(Box<Session>) -> Command) {
        if !is_complete(&self.session) {
            let text = self.t("a model or a data file is not named yet; finish the choice first");
            return self.notice(false, text);
        }
        self.state.examined = Some(Box::new(self.session.clone()));
        self.send(order(Box::new(self.session.clone())));
    }

    pub(super) fn start_in(&mut self, out: PathBuf) {
        self.claimed = Some((out.clone(), self.session.run.replace(out.clone())));
        self.due.open = None;
        let run = self.workspace.ask_for_run();
        self.steering.begin(run, &self.session, &self.catalog, &self.link.cells.knobs);
        self.order(Order::Start { session: Box::new(self.session.clone()), out });
    }

    /// A student that was not written yet would be lost to the next run.
    fn waits_for_student(&mut self) -> bool {
        let waits = self.workspace.unwritten.is_some();
        if waits {
            let text = self.t("the student of the last run is not written yet: write it or let it go first");
            self.notice(false, text);
        }
        waits
    }

    fn go_on(&mut self, steps: Option<u64>) {
        if self.waits_for_student() {
            return;
        }
        if let Some(out) = self.session.run.clone() {
            if self.record().session.as_ref().is_some_and(|run| run.prompt != self.session.prompt) {
                let text = self.t("the run goes on with its own prompt; undo brings the edited one back");
                self.notice(false, text);
            }
            self.back_to_run(Back::Prompt);
            self.steering.go_on(self.workspace.meant());
            self.due.looked_at = true;
            self.order(steps.map_or(Order::Continue(out.clone()), |steps| Order::Extend { out, steps }));
        }
    }

    /// How a run was planned that was continued for more steps belongs to the session: with it, it
    /// repeats the run.
    pub(super) fn take_plan(&mut self, as_run: &Session) {
        self.session.recipe.steps = as_run.recipe.steps;
        self.session.recipe.extended.clone_from(&as_run.recipe.extended);
        self.set(Part::Prompt(as_run.prompt.clone()));
    }

    /// Chooses again what the run on show uses; what was chosen meanwhile can be had back by undo.
    fn back_to_run(&mut self, back: Back) {
        let Some(run) = self.record().session.clone() else { return };
        match back {
            Back::Prompt => self.set(Part::Prompt(run.prompt.clone())),
            Back::PairAndData => {
                self.set(Part::Data(run.data.clone()));
                self.set(Part::Models(Box::new(run.models())));
            }
        }
    }

    /// A run that was refused, or failed before its first step, leaves no folder behind, and the session
    /// keeps the run it had.
    pub(super) fn drop_claim(&mut self) {
        if let Some((out, before)) = self.claimed.take() {
            // Only an empty folder is removed.
            let _ = std::fs::remove_dir(&out);
            self.session.run = before;
            if self.record().out.as_ref() == Some(&out) && self.session.run.is_some() {
                // It had begun and taken the place of the curves before it.
                self.look_again();
            }
        }
    }

    fn cool_down(&mut self, step: u64) {
        self.due.cool_down = true;
        self.order(Order::Rewind(step));
    }

    /// The run that is under way is left behind, and can be continued.
    fn start_cooler(&mut self) {
        let Some(rate) = self.steering.requested().values.get(LEARNING_RATE).copied() else { return };
        self.steering.request(LEARNING_RATE, rate / 2.0, &mut self.session, &self.link.cells.knobs);
        self.start(true);
    }

    /// Putting the run back takes the sliders with it, so the rate is halved only afterwards.
    pub(super) fn finish_cooling_down(&mut self) {
        if std::mem::take(&mut self.due.cool_down)
            && let Some(rate) = self.steering.requested().values.get(LEARNING_RATE).copied()
        {
            self.set(Part::Knob { id: LEARNING_RATE.to_owned(), value: rate / 2.0 });
        }
    }

    /// Does what was put off until the hand rests.
    pub(super) fn keep_appointments(&mut self, ctx: &Context) {
        let (now, held) = ctx.input(|input| (input.time, input.pointer.any_down()));
        if self.due.open.is_some_and(|due| due <= now) && !held && !self.steering.is_live() {
            self.due.open = None;
            if is_complete(&self.session) && !self.is_mistaken() {
                self.open_pair();
            }
        }
        if self.due.count.take_if(|due| *due <= now).is_some() && self.due.open.is_none() && !self.steering.is_live() {
            // What is opened is counted anyway, and a run was counted before it began.
            self.send(Command::Count(Box::new(self.session.clone())));
        }
        self.follow_viewport(ctx, now);
        if self.due.preferences.is_some_and(|due| due <= now) {
            self.keep_preferences();
        }
        if self.session != self.seen {
            self.seen = self.session.clone();
            self.due.autosave = Some(now + AUTOSAVE_AFTER);
        }
        if self.due.autosave.is_some_and(|due| due <= now) {
            self.due.autosave = None;
            self.autosave();
        }
        let next = [self.due.open, self.due.autosave, self.due.count, self.due.preferences]
            .into_iter()
            .flatten()
            .fold(f64::INFINITY, f64::min);
        if next.is_finite() {
            ctx.request_repaint_after(std::time::Duration::from_secs_f64((next - now).max(0.05)));
        }
    }

    /// Whether the table is known not to have what is chosen from it: that is said beside it already.
    fn is_mistaken(&self) -> bool {
        let source = &self.session.data.source;
        let preview = self.link.cells.preview.load();
        let Some(preview) = preview.as_ref().as_ref().filter(|known| Some(&known.source) == bare(source).as_ref())
        else {
            return false;
        };
        let sheet = preview.found.as_ref().ok();
        sheet.zip(roles(source)).is_some_and(|(sheet, (text, class))| sheet.judge(&text, &class).is_some())
    }

    /// Has the engine look into the table that is chosen, whichever way its path came, each once.
    pub(super) fn look_into_table(&mut self) {
        let wanted = bare(&self.session.data.source);
        if wanted != self.state.preview_asked {
            self.state.preview_asked.clone_from(&wanted);
            self.link.cells.preview.store(None);
            wanted.into_iter().for_each(|source| self.send(Command::Preview(Box::new(source))));
        }
    }

    /// Roles that nobody has chosen are guessed once the columns of the file are known, once for each file: what a
    /// person takes back stays taken back.
    pub(super) fn guess_roles(&mut self) {
        let source = &self.session.data.source;
        let (Some(wanted), Some(files)) = (bare(source), source.files()) else { return };
        if files.roles != Roles::default() || self.state.guessed.as_ref() == Some(&wanted) || !self.is_mistaken() {
            return;
        }
        let preview = self.link.cells.preview.load();
        let sheet = preview.as_ref().as_ref().and_then(|preview| preview.found.as_ref().ok());
        let Some(likely) = sheet.map(Sheet::likely_roles).filter(|likely| *likely != Roles::none()) else { return };
        self.state.guessed = Some(wanted);
        let mut data = self.session.data.clone();
        if let Some(files) = data.source.files_mut() {
            files.roles = likely;
        }
        self.state.ask(Action::Set(Part::Data(data)));
    }

    /// Whether a run asks a server.
    fn pays(&self) -> bool {
        let teacher = self.session.teacher();
        teacher.is_some_and(|teacher| matches!(teacher.source, Source::Server { .. }))
    }

    fn autosave(&mut self) {
        if let Some(path) = self.storage.autosave_path() {
            let (session, taken_up) = (self.session.clone(), self.taken_up);
            self.errands.save(Saved { session, path, taken_up, aloud: false });
        }
    }
}

impl WorkbenchApp {
    /// Asks for a repository's files anew; what was known of one is forgotten, so that an old answer
    /// is not taken for the new one.
    fn list_files(&mut self, repo: String, revision: String) {
        self.link.cells.repository.store(None);
        self.state.files_asked = Some((repo.clone(), revision.clone()));
        self.send(Command::Files { repo, revision });
    }
}

/// Whether everything that is needed was named; half a choice is not worth an error.
fn is_complete(session: &Session) -> bool {
    let mut models = session.choices();
    models.all(|choice| choice.source.is_named()) && session.data.source.is_named()
}
