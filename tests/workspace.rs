//! Runs by name: what is told, asked and pictured of one is not taken for another's.
#![cfg(feature = "engine")]

use std::path::{Path, PathBuf};

use retort::engine;
use retort::link::{Command, Event, Fact, OfRun, Opened, Order, Phase, Reply, RunId, Status, WatchEnd, connect};
use retort::record::recorder::Recorder;
use retort::record::{RunRecord, Workspace, journal};
use retort::session::Session;

fn scalars(step: u64) -> Fact {
    Fact::Scalars { step, values: vec![("loss/total".into(), 1.0)] }
}

fn started(step: u64) -> Fact {
    Fact::Started { session: Box::new(Session::built_in().unwrap()), out: PathBuf::from("runs/1"), step }
}

fn curve(workspace: &Workspace) -> u64 {
    workspace.shown().step
}

#[test]
fn facts_go_to_the_run_they_are_of() {
    let mut workspace = Workspace::default();
    let first = workspace.ask_for_run();
    assert_eq!(workspace.meant(), first, "an order means what was asked for");
    workspace.fold(started(0).of(first));
    (0..5).for_each(|step| workspace.fold(scalars(step).of(first)));
    assert_eq!((workspace.shown_run(), curve(&workspace)), (first, 5));
    // The next one is asked for: until it begins, the first one is what is seen.
    let second = workspace.ask_for_run();
    assert_ne!(first, second);
    workspace.fold(scalars(5).of(first));
    assert_eq!((workspace.shown_run(), workspace.meant(), curve(&workspace)), (first, second, 6));
    workspace.fold(started(0).of(second));
    workspace.fold(scalars(6).of(first));
    assert_eq!((workspace.shown_run(), curve(&workspace)), (second, 0), "a late fact of the first is not the second's");
    // One that is refused was never there.
    let third = workspace.ask_for_run();
    workspace.fold(Reply::Failed("the folder is taken".into()).into());
    assert_eq!((workspace.meant(), workspace.shown_run()), (second, second));
    assert_ne!(third, workspace.ask_for_run(), "no name is given twice");
}

#[test]
fn a_run_that_is_gone_on_with_keeps_its_record_and_one_that_begins_has_none() {
    let mut workspace = Workspace::default();
    let shown = workspace.show({
        let mut record = RunRecord::default();
        [started(0), scalars(0), scalars(1)].into_iter().for_each(|fact| record.fold(fact));
        record
    });
    workspace.fold(started(2).of(shown));
    assert_eq!(curve(&workspace), 2);
    let other = workspace.ask_for_run();
    workspace.fold(started(0).of(other));
    assert_eq!(curve(&workspace), 0);
}

#[test]
fn answers_are_nobodys_and_change_no_record() {
    let mut workspace = Workspace::default();
    let run = workspace.ask_for_run();
    workspace.fold(started(0).of(run));
    workspace.fold(Fact::Opened(Box::new(Opened { classes: vec!["a".into()], ..Opened::default() })).of(run));
    workspace.fold(Fact::Finished(Box::default()).of(run));
    let before = format!("{:?}", workspace.shown());
    let opened = Opened { classes: vec!["b".into()], ..Opened::default() };
    let replies = [
        Reply::Opened(Box::new(opened)),
        Reply::Weighed(None),
        Reply::Counted(None),
        Reply::Status(Status { phase: Phase::Ready, ..Status::default() }),
        Reply::Warning("not now".into()),
        Reply::Failed("it cannot be opened".into()),
        Reply::Unwritten(None),
    ];
    replies.into_iter().for_each(|reply| workspace.fold(reply.into()));
    assert_eq!(format!("{:?}", workspace.shown()), before);
    assert_eq!(workspace.opened.as_ref().unwrap().classes, ["b"], "what is open is another pair");
    assert_eq!(workspace.notices.len(), 2);
}

#[test]
fn what_is_held_of_another_run_is_not_seen() {
    let cell = Some(OfRun::new(RunId::FIRST, 7));
    assert_eq!(OfRun::held(&cell, RunId::FIRST), Some(&7));
    assert_eq!(OfRun::held(&cell, RunId::FIRST.next()), None);
    assert_eq!(OfRun::held(&None::<OfRun<u8>>, RunId::FIRST), None);
}

#[test]
fn journals_from_before_answers_were_kept_apart_are_read_without_a_fault() {
    let folder = tempfile::tempdir().unwrap();
    let lines = [
        r#"{"retort_journal":2}"#,
        r#"{"Scalars":{"step":0,"values":[["loss/total",1.0]]}}"#,
        r#"{"Weighed":null}"#,
        r#"{"Examined":{"findings":[],"student":null}}"#,
        r#"{"Answered":"No"}"#,
        r#"{"Counted":null}"#,
        r#"{"Scalars":{"step":1,"values":[["loss/total",1.0]]}}"#,
        r#"{"Exmained":{"findings":[]}}"#,
    ];
    std::fs::write(folder.path().join(journal::FILE), lines.join("\n") + "\n").unwrap();
    let reading = journal::read(&folder.path().join(journal::FILE)).unwrap();
    assert_eq!(reading.facts, [scalars(0), Fact::Counted(None), scalars(1)]);
    assert_eq!(reading.faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [8]);
}

// ---- with the real engine

fn tiny() -> Session {
    let mut session = Session::built_in().unwrap();
    session.data.limit = retort::session::Limits::each(Some(60));
    let recipe = &mut session.recipe;
    (recipe.steps, recipe.batch, recipe.evaluate_every, recipe.checkpoint_every) = (400, 4, 0, 0);
    session
}

fn start(run: RunId, out: &Path) -> Command {
    Order::Start { session: Box::new(tiny()), out: out.to_owned() }.to(run)
}

fn until(watch: &WatchEnd, over: impl Fn(&Event) -> bool) -> Vec<Event> {
    let mut heard = Vec::new();
    loop {
        let event = watch.events.recv_timeout(std::time::Duration::from_secs(60)).unwrap();
        assert!(event.failure().is_none(), "{event:?}");
        heard.push(event);
        if over(heard.last().unwrap()) {
            return heard;
        }
    }
}

fn is_step(event: &Event) -> bool {
    matches!(event, Event::Fact(_, Fact::Scalars { .. }))
}

#[test]
fn sliders_of_the_next_run_do_not_turn_the_one_that_is_on() {
    const TEMPERATURE: &str = "soft_targets.temperature";
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (RunId::FIRST, RunId::FIRST.next());
    let (watch, end) = connect();
    let engine = engine::spawn(end, Recorder::default()).unwrap();
    watch.commands.send(start(first, &folder.path().join("first"))).unwrap();
    until(&watch, is_step);
    // As a window does that starts another one: the sliders first, then the order.
    let mut knobs = tiny().start_knobs(&engine::catalog());
    knobs.set(TEMPERATURE, 7.0);
    watch.cells.knobs.store(OfRun::new(second, knobs.clone()));
    for _ in 0..3 {
        until(&watch, is_step);
    }
    watch.commands.send(start(second, &folder.path().join("second"))).unwrap();
    let heard = until(&watch, |event| matches!(event, Event::Fact(run, Fact::KnobsChanged { .. }) if *run == second));
    let changes = heard.iter().filter(|event| matches!(event, Event::Fact(_, Fact::KnobsChanged { .. })));
    assert_eq!(changes.count(), 1, "and the second takes them up on its first step: {heard:?}");
    let left = |event: &&Event| matches!(event, Event::Fact(run, Fact::Left { .. }) if *run == first);
    assert!(heard.iter().any(|event| left(&event)));
    // An order to the first comes too late.
    watch.commands.send(Order::Stop.to(first)).unwrap();
    until(&watch, is_step);
    watch.commands.send(Order::Stop.to(second)).unwrap();
    let ended = until(&watch, |event| matches!(event, Event::Fact(_, Fact::Finished(_))));
    assert!(ended.iter().all(|event| !matches!(event, Event::Fact(run, _) if *run == first)));
    drop(watch);
    engine.join().unwrap();
}

#[test]
fn what_is_refused_while_a_run_is_on_is_no_line_of_its_journal() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let (watch, end) = connect();
    let engine = engine::spawn(end, Recorder::default()).unwrap();
    watch.commands.send(start(RunId::FIRST, &out)).unwrap();
    until(&watch, is_step);
    watch.commands.send(Command::Open { run: RunId::FIRST, session: Box::new(tiny()) }).unwrap();
    watch.commands.send(start(RunId::FIRST.next(), &out)).unwrap();
    let refused = |event: &Event| matches!(event, Event::Reply(Reply::Warning(_)));
    let refusals = [until(&watch, refused), until(&watch, refused)].map(|heard| heard.last().unwrap().clone());
    watch.commands.send(Order::Stop.to(RunId::FIRST)).unwrap();
    until(&watch, |event| matches!(event, Event::Fact(_, Fact::Finished(_))));
    drop(watch);
    engine.join().unwrap();
    for fact in journal::read(&out.join(journal::FILE)).unwrap().facts {
        let Fact::Warning(said) = fact else { continue };
        assert!(refusals.iter().all(|refusal| refusal.warning() != Some(&said)), "{}", said.text);
    }
}
