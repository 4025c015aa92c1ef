//! A text token by token under the lens: what stands there is what both models tell of the very place, whatever the
//! task, and `retort probe` tells the same.
#![cfg(feature = "engine")]

use std::path::{Path, PathBuf};
use std::process::Command as Process;

use retort::engine::data::{Example, Fields};
use retort::engine::model::{DropoutRng, Model, Trace};
use retort::engine::pair::Pair;
use retort::engine::probe;
use retort::engine::task::{Sample, Task};
use retort::link::scores::{divergence, log_softmax};
use retort::link::{ProbeFrame, ProbeRequest, TokenView};
use retort::session::{Session, file};

const TEXT: &str = "The kitchen smells of basil, and the tomatoes simmer for two hours.";

fn pair(name: &str, change: impl Fn(&mut Session)) -> Pair {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sessions").join(name);
    let mut session = file::open(&path).unwrap();
    session.data.limit = retort::session::Limits::each(Some(40));
    change(&mut session);
    Pair::open(&session, None).unwrap()
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn look(pair: &Pair, example: &Example) -> ProbeFrame {
    let request = ProbeRequest { text: example.text().to_owned(), ..ProbeRequest::default() };
    probe::look(pair, &request, example, &pair.session.prompt, (0, 1)).unwrap()
}

fn view(frame: &ProbeFrame) -> &TokenView {
    frame.tokens.as_ref().unwrap()
}

/// Log-probabilities of every row of a sample by a model, the long way.
fn rows(model: &Model, task: &dyn Task, sample: &Sample) -> Vec<Vec<f32>> {
    let network = model.detached.as_ref();
    let pass = task.forward(model, network, &[sample], false, &mut Trace::none(), &DropoutRng::none()).unwrap();
    let logits: Vec<Vec<f32>> = pass.answers.logits.whole().unwrap().to_vec2().unwrap();
    logits.iter().map(|row| log_softmax(row)).collect()
}

#[test]
fn every_token_has_the_figures_of_the_place_that_tells_it() {
    for (name, ahead) in [("next-token.ron", 1), ("masked-token.ron", 0)] {
        let pair = pair(name, |_| {});
        let example = Example::of(&Fields::text(TEXT));
        let frame = look(&pair, &example);
        let task = pair.task(&pair.student, &pair.session.prompt.for_student()).unwrap();
        let sample = task.encode(&pair.student, &example, 0).unwrap();
        let teacher = pair.assets.teacher.as_deref();
        assert_eq!(teacher.is_some(), ahead == 1, "{name}");
        let theirs = teacher.map(|teacher| rows(teacher, task.as_ref(), &sample));
        let ours = rows(&pair.student, task.as_ref(), &sample);
        let told = view(&frame);
        assert_eq!(told.tokens.iter().filter(|token| token.row.is_some()).count(), sample.rows.len(), "{name}");
        assert!(sample.rows.len() > 1 && (told.left_out, told.cut) == (0, 0), "{name}");
        for (number, row) in sample.rows.iter().enumerate() {
            let token = &told.tokens[row.at as usize + ahead];
            let (theirs, ours) = (theirs.as_ref().map(|rows| &rows[number]), &ours[number]);
            assert_eq!(token.id, Some(row.token), "{name}");
            let shown = token.row.as_ref().unwrap();
            let right = row.token as usize;
            assert_eq!((shown.whole.kl.is_some(), shown.teacher.is_some()), (theirs.is_some(), theirs.is_some()));
            if let Some(theirs) = theirs {
                assert!((shown.whole.kl.unwrap() - divergence(theirs, ours)).abs() < 1e-4, "{name}");
                assert!((shown.teacher.unwrap() - theirs[right]).abs() < 1e-4, "{name}");
            }
            assert!((shown.student.unwrap() - ours[right]).abs() < 1e-4, "{name}");
            // The right one is always among those that are shown.
            let gold = shown.gold.unwrap();
            assert!((shown.student_scores[gold] - ours[right]).abs() < 1e-4, "{name}");
            assert_eq!(shown.outcomes[gold], pair.student.tokens.show(row.token), "{name}");
            let all: f64 = shown.student_scores.iter().map(|log| f64::from(*log).exp()).sum();
            assert!((all - 1.0).abs() < 1e-4 && shown.whole.others + shown.outcomes.len() - 1 == ours.len(), "{name}");
        }
        // Behind the first look stand the outcomes of the last place that is told.
        let last = told.row(told.last().unwrap()).unwrap();
        assert_eq!((&frame.classes, &frame.student.scores), (&last.outcomes, &last.student_scores), "{name}");
        let first = told.tokens.iter().position(|token| token.row.is_some()).unwrap();
        assert_eq!(frame.at(first).unwrap().classes, told.row(first).unwrap().outcomes, "{name}");
    }
}

#[test]
fn the_prompt_is_shown_as_the_task_reads_it_and_what_is_learned_is_set_off() {
    for name in ["next-token.ron", "masked-token.ron", "completion.ron"] {
        let pair = pair(name, |_| {});
        let example = &pair.assets.data.train[0];
        let frame = probe::render(&pair, 3, example, &pair.session.prompt);
        let task = pair.task(&pair.student, &pair.session.prompt.for_student()).unwrap();
        let sample = task.encode(&pair.student, example, 0).unwrap();
        assert!(frame.over_tokens && frame.teacher.is_none() && frame.words.is_empty(), "{name}");
        assert_eq!((frame.revision, &frame.problem), (3, &None), "{name}");
        let read: Vec<u32> = frame.student.tokens.iter().map(|chip| chip.id).collect();
        assert_eq!(read, sample.passes[0].ids, "{name}");
        let masked = name == "masked-token.ron";
        let told = frame.student.tokens.iter().enumerate();
        let told = told.filter(|(_, chip)| if masked { chip.answer } else { chip.from_text });
        let told: Vec<u32> = told.map(|(place, _)| place as u32 - u32::from(!masked)).collect();
        // What ends the text is learned, too, and is not read.
        let read = sample.rows.iter().map(|row| row.at).filter(|at| masked || (*at as usize) + 1 < read.len());
        assert_eq!(told, read.collect::<Vec<_>>(), "{name}");
        assert!(!told.is_empty() && told.len() < frame.student.tokens.len(), "{name}: {told:?}");
        assert_eq!(name == "completion.ron", pair.session.reads_prompt(), "{name}");
    }
    let pair = pair("completion.ron", |session| session.prompt.teacher.template = "{prompt} and no place".into());
    let frame = probe::render(&pair, 0, &pair.assets.data.train[0], &pair.session.prompt);
    assert!(frame.problem.is_some_and(|problem| problem.contains("{answer}")) && frame.student.tokens.is_empty());
}

#[test]
fn a_student_that_is_its_teacher_is_nowhere_apart_and_without_a_teacher_it_is_surprised() {
    let alike = pair("next-token.ron", |session| {
        session.student.init = retort::session::Init::Stored;
        session.student.max_tokens = 64;
    });
    let frame = look(&alike, &Example::of(&Fields::text(TEXT)));
    let gaps: Vec<f64> =
        view(&frame).tokens.iter().filter_map(|token| token.row.as_ref()).map(|row| row.gap().unwrap()).collect();
    assert!(gaps.len() > 5 && gaps.iter().all(|gap| gap.abs() < 1e-6), "{gaps:?}");
    let alone = pair("next-token.ron", |session| {
        session.student.init = retort::session::Init::Stored;
        session.teachers.clear();
        session.recipe.terms = vec!["hard_labels".into()];
    });
    let frame = look(&alone, &Example::of(&Fields::text(TEXT)));
    assert!(frame.teacher.is_none());
    for row in view(&frame).tokens.iter().filter_map(|token| token.row.as_ref()) {
        assert!(row.whole.kl.is_none() && row.gap() == row.student.map(|log| -f64::from(log)));
    }
}

#[test]
fn a_long_text_is_told_at_its_beginning_and_its_end_and_what_is_missing_is_counted() {
    let pair = pair("next-token.ron", |session| session.student.max_tokens = 0);
    let long = TEXT.repeat(30);
    let frame = look(&pair, &Example::of(&Fields::text(long.as_str())));
    let (told, most) = (view(&frame), probe::told_tokens::MOST);
    assert_eq!(told.tokens.iter().filter(|token| token.row.is_some()).count(), most);
    assert!(told.left_out > 0 && told.tokens.len() <= most + 2, "{}", told.tokens.len());
    assert!(told.cut > 0, "the text is longer than the student reads");
}

#[test]
fn of_a_completion_its_own_tokens_are_told_and_behind_a_bare_prompt_what_comes_next() {
    let pair = pair("completion.ron", |_| {});
    let example = &pair.assets.data.test[0];
    let frame = look(&pair, example);
    let told = view(&frame).tokens.iter().filter(|token| token.row.is_some()).count();
    assert!(told > 0 && told < view(&frame).tokens.len(), "the prompt is not told");
    let frame = look(&pair, &Example::of(&example.fields));
    let next = view(&frame).tokens.last().unwrap();
    let row = next.row.as_ref().unwrap();
    assert_eq!((next.id, row.gold, row.student), (None, None, None));
    assert!(!frame.student.scores.is_empty());
}

#[test]
fn a_teacher_of_another_vocabulary_is_not_laid_beside_the_student() {
    let pair = pair("next-token.ron", |session| {
        session.teachers[0].source = retort::session::Source::Folder(golden("gpt2"));
        session.student.max_tokens = 16;
        session.student.init = retort::session::Init::Stored;
    });
    let frame = look(&pair, &Example::of(&Fields::text(TEXT)));
    assert!(frame.teacher.is_none() && view(&frame).last().is_some());
}

fn probe(arguments: &[&str]) -> (bool, String) {
    let done = Process::new(env!("CARGO_BIN_EXE_retort")).arg("probe").args(arguments).output().unwrap();
    let said = [done.stdout, done.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    (done.status.success(), said.concat())
}

#[test]
fn the_command_tells_every_token_with_its_divergence() {
    let folder = tempfile::tempdir().unwrap();
    let pair = pair("next-token.ron", |_| {});
    let at = folder.path().join("student");
    pair.student.save_student(&at, &pair.assets.data.classes, &pair.session.prompt.for_student()).unwrap();
    // A folder that names no classes: a model as it is published.
    let _ = std::fs::remove_file(at.join("retort.ron"));
    let teacher = folder.path().join("teacher");
    let own = pair.assets.teacher.as_deref().unwrap();
    own.save_student(&teacher, &[], &pair.session.prompt.for_teacher()).unwrap();
    let (at, teacher) = (at.to_str().unwrap(), teacher.to_str().unwrap());

    let (fine, said) = probe(&[at, "--text", TEXT, "--teacher", teacher, "--json"]);
    assert!(fine, "{said}");
    let told: serde_json::Value = serde_json::from_str(&said).unwrap();
    let frame = look(&pair, &Example::of(&Fields::text(TEXT)));
    let tokens = told["by_token"]["tokens"].as_array().unwrap();
    assert_eq!(tokens.len(), view(&frame).tokens.len());
    for (token, shown) in tokens.iter().zip(&view(&frame).tokens) {
        let expected = shown.row.as_ref().and_then(|row| row.whole.kl);
        let kl = token["row"]["whole"]["kl"].as_f64();
        assert_eq!(kl.is_some(), expected.is_some());
        assert!((kl.unwrap_or(0.0) - expected.unwrap_or(0.0)).abs() < 1e-5, "{kl:?} {expected:?}");
    }
    let (fine, said) = probe(&[at, "--text", TEXT, "--teacher", teacher]);
    assert!(fine && said.contains("token by token: KL in nats"), "{said}");
    let (fine, said) = probe(&[at, "--text", TEXT]);
    assert!(fine && said.contains("token by token: surprise in nats"), "{said}");
    let other = golden("gpt2");
    let (fine, said) = probe(&[at, "--text", TEXT, "--teacher", other.to_str().unwrap()]);
    assert!(!fine && said.contains("the teacher cannot be compared token by token"), "{said}");
    let classifier = golden("bert_classifier");
    let (fine, said) = probe(&[classifier.to_str().unwrap(), "--text", TEXT, "--teacher", teacher]);
    assert!(!fine && said.contains("leave --teacher out"), "{said}");
}
