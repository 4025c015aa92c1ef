//! Whether what is shown belongs to what is chosen: the run on show, and what is open in the engine, against the
//! session's pair and data. What does not is never shown beside new figures as if they were one.

use std::cell::LazyCell;

use crate::record::Workspace;
use crate::session::{ModelChoice, Session, Source};

/// Teachers and student.
type Pair<'a> = (&'a [ModelChoice], &'a ModelChoice);

/// What of the window is of the pair and the data that are chosen now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Belonging {
    /// The run on show; true where there is none.
    pub run_pair: bool,
    /// The same, by its data.
    pub run_data: bool,
    /// What is open, by its pair; true where nothing is open.
    pub open_pair: bool,
    /// The same, by its data.
    pub open_data: bool,
}

impl Belonging {
    /// Everything is of what is chosen.
    pub const ALL: Self = Self { run_pair: true, run_data: true, open_pair: true, open_data: true };

    /// Of the run that `workspace` shows, and of what is open, to `session`.
    pub fn of(workspace: &Workspace, session: &Session) -> Self {
        let run = workspace.shown().session.as_deref();
        let opened = workspace.opened.as_deref();
        let models = opened.and_then(|opened| opened.models.as_deref());
        let data = opened.and_then(|opened| opened.data.as_deref());
        // Reckoned once, and only where the paths as they are typed do not settle it: this is asked in every frame.
        let rooted = LazyCell::new(|| rooted(session));
        Self {
            run_pair: run.is_none_or(|run| is_same(pair(run), pair(session), || pair(&rooted))),
            run_data: run.is_none_or(|run| run.data == session.data || run.data == rooted.data),
            open_pair: models
                .is_none_or(|models| is_same((&models.teachers, &models.student), pair(session), || pair(&rooted))),
            open_data: data.is_none_or(|data| *data == session.data || *data == rooted.data),
        }
    }

    /// Whether the run on show is of the pair and the data that are chosen.
    pub fn run(self) -> bool {
        self.run_pair && self.run_data
    }

    /// Whether what is open is what is chosen.
    pub fn open(self) -> bool {
        self.open_pair && self.open_data
    }
}

fn pair(session: &Session) -> Pair<'_> {
    (&session.teachers, &session.student)
}

fn is_same<'a>(then: Pair, now: Pair, rooted: impl FnOnce() -> Pair<'a>) -> bool {
    let same = |now: Pair| {
        let teachers =
            then.0.len() == now.0.len() && then.0.iter().zip(now.0).all(|(then, now)| same_choice(then, now));
        teachers && same_choice(then.1, now.1)
    };
    then == now || same(now) || same(rooted())
}

/// The session as the engine takes it: with paths from the root.
fn rooted(session: &Session) -> Session {
    let mut rooted = session.clone();
    rooted.make_paths_absolute();
    rooted
}

fn same_choice(then: &ModelChoice, now: &ModelChoice) -> bool {
    let same_layers = match (then.init.layers_of(), now.init.layers_of()) {
        (Some(then), Some(now)) => same_source(then, now),
        (then, now) => then == now,
    };
    let mut alike = now.clone();
    alike.source.clone_from(&then.source);
    if let (Some(ours), Some(theirs)) = (alike.init.layers_of_mut(), then.init.layers_of()) {
        ours.clone_from(theirs);
    }
    same_source(&then.source, &now.source) && same_layers && alike == *then
}

/// A run pins a branch of the Hub to its commit, and what a server may cost does not make it another.
fn same_source(then: &Source, now: &Source) -> bool {
    match (then, now) {
        (Source::Hub { repo: a, revision: at, file: x }, Source::Hub { repo: b, revision: of, file: y }) => {
            (a, x) == (b, y) && (at == of || is_commit(at) != is_commit(of))
        }
        (
            Source::Server { url: a, model: m, mode: x, key: _, token_limit: _, per_minute: _ },
            Source::Server { url: b, model: n, mode: y, key: _, token_limit: _, per_minute: _ },
        ) => (a, m, x) == (b, n, y),
        _ => then == now,
    }
}

fn is_commit(revision: &str) -> bool {
    revision.len() == 40 && revision.bytes().all(|digit| digit.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::link::Opened;
    use crate::record::RunRecord;
    use crate::session::DataSource;

    /// A workspace that shows a run of `session`.
    fn showing(session: &Session) -> Workspace {
        let mut workspace = Workspace::default();
        workspace.show(RunRecord { session: Some(Arc::new(session.clone())), ..RunRecord::default() });
        workspace
    }

    fn hub(revision: &str) -> Source {
        Source::Hub { repo: "a/b".into(), revision: revision.into(), file: None }
    }

    #[test]
    fn what_belongs_to_another_choice_is_told_by_pair_and_by_data() {
        let built_in = Session::built_in().unwrap();
        let mut workspace = showing(&built_in);
        workspace.opened = Some(Arc::new(Opened {
            models: Some(Box::new(built_in.models())),
            data: Some(Box::new(built_in.data.clone())),
            ..Opened::default()
        }));
        type Change = fn(&mut Session);
        let cases: [(&str, Change, bool, bool); 6] = [
            ("nothing", |_| {}, true, true),
            ("the prompt", |s| s.prompt.teacher.template.push('!'), true, true),
            ("the student", |s| s.student.source = Source::Folder("x".into()), false, true),
            ("no teacher", |s| s.set_teacher(None), false, true),
            ("the split", |s| s.data.validation = 0.3, true, false),
            ("the data", |s| s.data.source = DataSource::BuiltIn("other".into()), true, false),
        ];
        for (name, change, pair, data) in cases {
            let mut session = built_in.clone();
            change(&mut session);
            let told = Belonging::of(&workspace, &session);
            let wanted = Belonging { run_pair: pair, run_data: data, open_pair: pair, open_data: data };
            assert_eq!(told, wanted, "{name}");
        }
        assert!(Belonging::of(&Workspace::default(), &built_in).run());
    }

    #[test]
    fn a_pinned_branch_and_a_relative_path_are_the_same_and_another_branch_is_not() {
        let commit = "0123456789012345678901234567890123456789";
        assert!(same_source(&hub(commit), &hub("main")) && same_source(&hub("main"), &hub("main")));
        assert!(!same_source(&hub("main"), &hub("v2")) && !same_source(&hub(commit), &hub(&commit.replace('0', "a"))));
        let mut session = Session::built_in().unwrap();
        session.student.source = Source::Folder("models/x".into());
        assert!(Belonging::of(&showing(&rooted(&session)), &session).run());
    }
}
