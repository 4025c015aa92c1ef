//! How a run ends: the student first, then the test; which step's student; and going on behind the end.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use retort::link::{Command, Fact, Order, Phase, RunId};
use retort::record::journal;
use retort::session::{Change, Extension, Keep, Metric, ScheduleKind, ServerMode, Session, file};
use serde_json::json;

use super::openai_server::Server;
use super::{Play, resume, retort, run, start, tiny, tree, weights};

/// A run that learns at first and is thrown off at `step` by a rate far too high.
fn thrown_off(folder: &Path, step: u64) -> Session {
    let mut session = tiny(folder);
    session.recipe.schedule = ScheduleKind::Constant;
    (session.recipe.evaluate_every, session.recipe.checkpoint_every) = (2, 0);
    session.recipe.steps = 16;
    session.script = vec![Change { step, knob: "optimizer.learning_rate".into(), value: 0.1 }];
    session
}

pub fn with_teacher(session: &mut Session, server: &Server) {
    session.set_teacher(Some(server.choice(ServerMode::Completions, None)));
    session.recipe.terms = vec!["soft_targets".into(), "hard_labels".into()];
    session.prompt.teacher.template = "{text} About {answer}".into();
    session.prompt.label_words.clear();
    session.prompt.teacher.variants.clear();
}

/// A server that scores whole words, and says `status` from its question number `from` on.
pub fn failing(from: usize, status: u16) -> Server {
    let asked = Arc::new(AtomicUsize::new(0));
    Server::start(
        move |_, body| {
            if asked.fetch_add(1, Ordering::SeqCst) >= from { refusal(status) } else { scored(body) }
        },
    )
}

/// A server that refuses the first `times` questions about one of `texts`, and how often it has.
fn refusing(texts: Vec<String>, times: usize) -> (Server, Arc<AtomicUsize>) {
    let refused = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&refused);
    let server = Server::start(move |_, body| {
        let question = body["prompt"].to_string();
        let is_meant = texts.iter().any(|text| question.contains(text.as_str()));
        if is_meant && count.load(Ordering::SeqCst) < times {
            count.fetch_add(1, Ordering::SeqCst);
            return refusal(403);
        }
        scored(body)
    });
    (server, refused)
}

type Said = (u16, &'static str, serde_json::Value);

fn refusal(status: u16) -> Said {
    (status, "", json!({ "error": { "message": "the quota of this month is used up" } }))
}

fn scored(body: &serde_json::Value) -> Said {
    let choice = |(index, prompt): (usize, &serde_json::Value)| {
        let letters = prompt.as_str().unwrap().chars().count();
        let score = |i: usize| if i == 0 { json!(null) } else { json!(-0.1 - 0.01 * (i % 7) as f64) };
        let scores: Vec<_> = (0..letters).map(score).collect();
        let offsets: Vec<usize> = (0..letters).collect();
        json!({ "index": index, "logprobs": { "token_logprobs": scores, "text_offset": offsets } })
    };
    let one = std::slice::from_ref(&body["prompt"]);
    let prompts = body["prompt"].as_array().map_or(one, Vec::as_slice);
    let choices: Vec<_> = prompts.iter().enumerate().map(choice).collect();
    (200, "", json!({ "choices": choices }))
}

#[test]
fn a_server_that_fails_at_the_last_test_costs_nothing_but_its_own_figures() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = tiny(folder.path());
    (session.recipe.steps, session.recipe.batch) = (3, 2);
    let path = folder.path().join("s.ron");
    // How many questions the steps need, and how many come then.
    let whole = failing(usize::MAX, 200);
    with_teacher(&mut session, &whole);
    file::save(&session, &path).unwrap();
    let call =
        |out: &Path| retort(&["run", path.to_str().unwrap(), "--json", "--out", out.to_str().unwrap()], folder.path());
    assert!(call(&folder.path().join("whole")).status.success());
    let all = whole.asked();
    for from in [all - 1, all - 5] {
        let server = failing(from, 403);
        with_teacher(&mut session, &server);
        file::save(&session, &path).unwrap();
        let out = folder.path().join(format!("failing {from}"));
        let done = call(&out);
        let words = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{words}");
        assert!(weights(&out) == weights(&folder.path().join("whole")), "the student is another one");
        let summary: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        assert!(summary["student"]["test"]["accuracy"].is_number(), "{summary}");
        assert!(summary["student"]["validation"]["accuracy"].is_number(), "{summary}");
        assert!(summary["teacher"].is_null(), "{summary}");
        let lack = summary["unmeasured"][0].as_str().unwrap();
        assert!(lack.contains("the teacher could not be measured at the end") && lack.contains("403"), "{lack}");
        assert!(out.join("summary.json").exists());
    }
}

#[test]
fn a_server_that_fails_in_the_middle_leaves_a_run_that_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = tiny(folder.path());
    let server = failing(6, 403);
    with_teacher(&mut session, &server);
    let (path, out) = (folder.path().join("s.ron"), folder.path().join("out"));
    file::save(&session, &path).unwrap();
    let done = retort(&["run", path.to_str().unwrap(), "--out", out.to_str().unwrap()], folder.path());
    assert_eq!(done.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&done.stderr).contains("403"));
    assert!(!out.join("student").exists());
    let record = journal::replay(&out).unwrap();
    assert!(record.notices.iter().any(|remark| remark.grave), "how it ended is in its journal");
    assert!(!record.checkpoints.is_empty());
}

#[test]
fn an_evaluation_behind_a_failed_question_says_so_and_costs_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = tiny(folder.path());
    // No two texts are alike, so that each has its own question.
    let rows: String =
        (0..64).map(|i| format!("text {i} end,{}\n", ["sport", "space", "food", "drink"][i % 4])).collect();
    fs::write(folder.path().join("rows.csv"), format!("text,label\n{rows}")).unwrap();
    (session.recipe.steps, session.recipe.batch, session.recipe.evaluate_every) = (6, 4, 2);
    let path = folder.path().join("s.ron");
    let call = |out: &Path| {
        let done = retort(&["run", path.to_str().unwrap(), "--json", "--out", out.to_str().unwrap()], folder.path());
        let words = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{words}");
        (serde_json::from_slice::<serde_json::Value>(&done.stdout).unwrap(), words)
    };
    let data = retort::engine::data::open(&session.data, session.recipe.seed).unwrap();
    let measured: Vec<String> = data.validation.iter().map(|example| example.text().to_string()).collect();
    let trained = data.train.iter().map(|example| example.text().to_string());
    let trained: Vec<String> = trained.collect();
    assert!(!trained.iter().any(|text| measured.contains(text)));
    let (whole, _) = refusing(Vec::new(), 0);
    with_teacher(&mut session, &whole);
    file::save(&session, &path).unwrap();
    let complete = folder.path().join("complete");
    call(&complete);
    for (times, lost) in [(1, &[2][..]), (2, &[2, 4]), (usize::MAX, &[2, 4, 6])] {
        for keep in [Keep::Last, Keep::Best(Metric::Agreement)] {
            let (server, refused) = refusing(measured.clone(), times);
            with_teacher(&mut session, &server);
            // An evaluation without its measure is no worse than the best: it does not use patience up.
            session.recipe.keep = keep;
            session.recipe.patience = (keep != Keep::Last).then_some(1);
            file::save(&session, &path).unwrap();
            let out = folder.path().join(format!("{times} {keep:?}"));
            let (summary, words) = call(&out);
            for step in [2, 4, 6] {
                let said = words.contains(&format!("the evaluation of step {step} is without the teacher"));
                assert_eq!(said, lost.contains(&step), "step {step}, {times}: {words}");
            }
            assert!(words.contains("the quota of this month is used up"), "{words}");
            assert_eq!(summary["steps"], 6, "{summary}");
            let record = journal::replay(&out).unwrap();
            let points = |id: &str| record.series.get(&id.into()).map_or(0, |series| series.points().count());
            assert_eq!((points("measure/accuracy"), points("measure/agreement")), (3, 3 - lost.len()));
            if keep == Keep::Last {
                assert!(weights(&out) == weights(&complete), "the student is another one");
                // One refused question for each, and one for the last measuring if that fails too.
                let last = usize::from(times == usize::MAX);
                assert_eq!(refused.load(Ordering::SeqCst), lost.len() + last, "{words}");
                assert_eq!(summary["teacher"].is_null(), times == usize::MAX);
                assert_eq!(
                    server.asked(),
                    whole.asked() + lost.len() + last - usize::from(last > 0) * untold(&data),
                    "{times}"
                );
            }
        }
    }
}

/// Questions of the last measuring that are not put once one of them has failed.
fn untold(data: &retort::engine::data::Dataset) -> usize {
    data.validation.len() + data.test.len()
}

#[test]
fn a_finished_run_goes_on_for_more_steps_with_its_moments_and_its_session_repeats_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut session = tiny(folder.path());
    session.recipe.schedule = ScheduleKind::Constant;
    run(&session, &at("short"));
    let mut long = session.clone();
    long.recipe.steps = 20;
    run(&long, &at("long"));
    let outcome = Play::begin().to_the_end(Order::Extend { out: at("short"), steps: 20 }.to(RunId::FIRST)).unwrap();
    assert_eq!(outcome.steps, 20);
    assert!(weights(&at("long")) == weights(&at("short")), "moments or order were lost");
    // With a rate that falls to 0 the two plans differ; the session as run knows both.
    session.recipe.schedule = ScheduleKind::Linear;
    run(&session, &at("fallen"));
    let done = retort(
        &["run", "--resume", "--set", "recipe.steps=20", "--out", at("fallen").to_str().unwrap()],
        folder.path(),
    );
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let as_run = file::open(&at("fallen").join("session.ron")).unwrap();
    assert_eq!((as_run.recipe.steps, &as_run.recipe.extended[..]), (20, &[Extension { at: 12, steps: 12 }][..]));
    run(&as_run, &at("again"));
    assert!(weights(&at("again")) == weights(&at("fallen")), "the session as run does not repeat it");
    let table = |name: &str| fs::read_to_string(at(name).join("metrics.csv")).unwrap();
    assert_eq!(table("again"), table("fallen"));
    // Fewer steps than are done cannot be asked for, nor anything else with it.
    for set in ["recipe.steps=20", "recipe.steps=3", "recipe.steps=many", "recipe.batch=2"] {
        let done = retort(&["run", "--resume", "--set", set, "--out", at("fallen").to_str().unwrap()], folder.path());
        assert_eq!(done.status.code(), Some(3), "{set}: {}", String::from_utf8_lossy(&done.stderr));
    }
    assert!(weights(&at("again")) == weights(&at("fallen")), "nothing of it was lost");
}

#[test]
fn the_best_student_by_a_validation_measure_is_the_one_that_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    for metric in [Metric::Accuracy, Metric::MacroF1, Metric::Loss] {
        let at = |name: &str| folder.path().join(format!("{name} {}", metric.id()));
        let mut session = thrown_off(folder.path(), 6);
        session.recipe.keep = Keep::Best(metric);
        // More checkpoints than are kept, all behind the best one.
        session.recipe.checkpoint_every = 1;
        let outcome = run(&session, &at("best"));
        let record = journal::replay(&at("best")).unwrap();
        let values = record.series[&format!("measure/{}", metric.id()).as_str().into()].points();
        let best = values.reduce(|best, next| if metric.is_better(next.1, best.1) { next } else { best }).unwrap();
        let saved = outcome.saved.unwrap();
        assert_eq!((saved.step, saved.best.clone()), (best.0 + 1, Some((metric.id().to_owned(), best.1))));
        assert!(saved.step < 12, "the run was not thrown off: {saved}");
        assert!(
            record.checkpoints.contains(&saved.step) && record.checkpoints.contains(&16),
            "{:?}",
            record.checkpoints
        );
        let mut short = session.clone();
        (short.recipe.keep, short.recipe.steps) = (Keep::Last, saved.step);
        run(&short, &at("short"));
        assert!(weights(&at("short")) == weights(&at("best")), "it is not the student of step {}", saved.step);
        let measured = outcome.student.validation[metric.id()];
        assert!((measured - best.1).abs() < 1e-9, "another student was measured: {measured} is not {}", best.1);
        // Killed on the way and taken up again it is the same one.
        super::leave_at(&session, &at("left"), 11);
        resume(&at("left")).0.unwrap();
        assert!(weights(&at("left")) == weights(&at("best")));
        // The last student stays in its checkpoint: the run can go on from it.
        let on = Play::begin().to_the_end(Order::Extend { out: at("best"), steps: 17 }.to(RunId::FIRST)).unwrap();
        assert_eq!((on.steps, on.saved.unwrap().step), (17, saved.step));
    }
}

#[test]
fn a_run_whose_evaluations_no_longer_improve_ends_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let (out, again) = (folder.path().join("out"), folder.path().join("again"));
    let mut session = thrown_off(folder.path(), 6);
    (session.recipe.keep, session.recipe.patience) = (Keep::Best(Metric::Loss), Some(2));
    let outcome = run(&session, &out);
    let saved = outcome.saved.unwrap().step;
    assert_eq!((outcome.reason.as_str(), outcome.steps), ("no improvement", saved + 4));
    // Continued, it is not ended again by what ended it, and the session as run repeats all of it.
    let (on, _) = resume(&out);
    let on = on.unwrap();
    assert!(on.steps > outcome.steps, "{on:?}");
    run(&file::open(&out.join("session.ron")).unwrap(), &again);
    assert!(weights(&out) == weights(&again));
    // Without `keep` the accuracy counts, and the last student is saved.
    session.recipe.keep = Keep::Last;
    let last = run(&session, &folder.path().join("last"));
    assert_eq!((last.reason.as_str(), last.saved.unwrap().step), ("no improvement", last.steps));
}

#[test]
fn a_best_that_cannot_be_measured_is_refused_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let refused = |change: &dyn Fn(&mut Session), part: &str| {
        let mut session = tiny(folder.path());
        session.recipe.evaluate_every = 2;
        change(&mut session);
        let said = session
            .problem()
            .map(|said| said.to_string())
            .unwrap_or_else(|| Play::begin().to_the_end(start(&session, &out)).unwrap_err());
        assert!(said.contains(part), "{said}");
        assert!(!out.exists());
    };
    refused(&|s| s.recipe.keep = Keep::Best(Metric::Agreement), "teacher");
    refused(&|s| s.recipe.keep = Keep::Best(Metric::Kl), "teacher");
    refused(&|s| (s.recipe.keep, s.data.validation) = (Keep::Best(Metric::Loss), 0.0), "data.validation");
    refused(&|s| (s.recipe.patience, s.data.validation) = (Some(2), 0.0), "data.validation");
    refused(&|s| s.recipe.patience = Some(0), "at least 1");
    refused(&|s| (s.recipe.patience, s.recipe.evaluate_every) = (Some(1), 0), "recipe.evaluate_every");
    refused(&|s| (s.recipe.keep, s.recipe.evaluate_every) = (Keep::Best(Metric::Loss), 0), "recipe.evaluate_every");
}

#[test]
fn a_best_checkpoint_that_was_damaged_gives_way_to_the_last_student_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let mut session = thrown_off(folder.path(), 6);
    session.recipe.keep = Keep::Best(Metric::Loss);
    let best = run(&session, &folder.path().join("whole")).saved.unwrap().step;
    super::leave_at(&session, &out, 15);
    fs::write(out.join(format!("checkpoints/step-{best:09}/state.safetensors")), "gone").unwrap();
    let (outcome, play) = resume(&out);
    let saved = outcome.unwrap().saved.unwrap();
    assert_eq!((saved.step, saved.best), (16, None));
    assert!(play.warnings().iter().any(|words| words.contains("instead of the best one")), "{:?}", play.warnings());
}

#[test]
fn a_journal_ends_with_its_run() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b, session) = (folder.path().join("a"), folder.path().join("b"), tiny(folder.path()));
    let mut play = Play::begin();
    play.to_the_end(start(&session, &a)).unwrap();
    let ended = tree(&a);
    // Another pair is opened, one that cannot be opened, and another run.
    play.send(Command::Open { run: RunId::FIRST, session: Box::new(Session::built_in().unwrap()) });
    play.until_phase(&[Phase::Ready]);
    let mut broken = session.clone();
    broken.student.source = retort::session::Source::Folder("no/such/folder".into());
    play.send(Command::Open { run: RunId::FIRST, session: Box::new(broken) });
    play.until_phase(&[Phase::Failed]);
    play.to_the_end(start(&session, &b)).unwrap();
    assert!(tree(&a) == ended, "the journal of a run that has ended was written to");
    // A run that is left for another one ends its journal there.
    let (c, d) = (folder.path().join("c"), folder.path().join("d"));
    play.send(start(&session, &c));
    play.send(Order::Pause.to(RunId::FIRST));
    play.until_phase(&[Phase::Paused]);
    play.send(Order::StepOnce.to(RunId::FIRST));
    play.until_phase(&[Phase::Paused]);
    play.to_the_end(start(&session, &d)).unwrap();
    let facts = journal::read(&c.join("journal.jsonl")).unwrap().facts;
    assert_eq!(facts.last(), Some(&Fact::Left { step: 1 }));
    assert_eq!(journal::replay(&c).unwrap().out, Some(c.clone()));
    resume(&c).0.unwrap();
    assert!(weights(&c) == weights(&d));
}

#[test]
fn the_journal_of_a_run_that_failed_ends_with_how_it_failed() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = tiny(folder.path());
    let server = failing(9, 403);
    with_teacher(&mut session, &server);
    let out = folder.path().join("out");
    let mut play = Play::begin();
    let reason = play.to_the_end(start(&session, &out)).unwrap_err();
    let ended = tree(&out);
    let facts = journal::read(&out.join("journal.jsonl")).unwrap().facts;
    assert!(matches!(facts.last(), Some(Fact::Failed(notice)) if notice.text == reason), "{:?}", facts.last());
    play.send(Command::Open { run: RunId::FIRST, session: Box::new(tiny(folder.path())) });
    play.until_phase(&[Phase::Ready]);
    assert!(tree(&out) == ended, "the journal of a run that has failed was written to");
}
