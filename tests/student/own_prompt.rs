//! A student that reads a prompt of its own: trained by it, asked by it, and nobody else's business.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command as Process;
use std::sync::Arc;

use retort::engine::data::{Example, Fields, Layout};
use retort::engine::pair::Pair;
use retort::engine::teacher::{LocalTeacher, Teacher as _};
use retort::engine::{model, probe};
use retort::link::ProbeRequest;
use retort::session::{Head, InferenceSpec, Init, Prompt, Session, Source, Wording, file};

use super::{run, small};

const OWN: &str = "{text} [{answer}]";

/// A decoder that answers by label words learns from one.
fn session(student: Option<Wording>) -> Session {
    let mut session = small(Session::built_in().unwrap());
    session.student = session.teacher().cloned().unwrap();
    (session.student.init, session.student.max_tokens) = (Init::Fresh, 40);
    session.prompt.student = student;
    session
}

fn own() -> Option<Wording> {
    Some(Wording { template: OWN.into(), variants: vec!["{text}: {answer}".into()] })
}

fn weights(out: &Path) -> Vec<u8> {
    std::fs::read(out.join("student/model.safetensors")).unwrap()
}

#[test]
fn an_equal_wording_changes_no_bit_and_another_one_is_what_the_student_learns_and_says() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let plain = session(None);
    run(&plain, &at("plain"));
    run(&session(Some(plain.prompt.teacher.clone())), &at("equal"));
    run(&session(own()), &at("own"));
    assert!(weights(&at("plain")) == weights(&at("equal")), "an equal wording is the same question");
    assert!(weights(&at("plain")) != weights(&at("own")), "another question teaches something else");
    let usage = |name: &str| InferenceSpec::open(&at(name).join("student")).unwrap().unwrap();
    assert_eq!(usage("plain"), usage("equal"));
    let prompt = usage("own").prompt;
    assert_eq!((prompt.template.as_str(), prompt.variants.as_slice()), (OWN, &["{text}: {answer}".to_owned()][..]));
    assert_eq!(
        Prompt { template: String::new(), variants: Vec::new(), ..prompt },
        Prompt { template: String::new(), variants: Vec::new(), ..usage("plain").prompt }
    );
    let card = std::fs::read_to_string(at("own").join("student/README.md")).unwrap();
    assert!(card.contains("a prompt of its own, which stands under Use") && card.contains(OWN), "{card}");
    assert!(card.contains("The topic of this post is {answer}"), "what the teacher was asked: {card}");
    for name in ["plain", "equal"] {
        let card = std::fs::read_to_string(at(name).join("student/README.md")).unwrap();
        assert!(card.contains("through the prompt above"), "{card}");
    }
}

#[test]
fn answers_that_were_kept_of_the_teacher_are_found_again_whatever_the_student_reads() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let kept = || -> BTreeSet<String> {
        let files = std::fs::read_dir(&cache).into_iter().flatten().flatten();
        files.map(|file| file.file_name().into_string().unwrap()).filter(|name| name.ends_with(".targets")).collect()
    };
    let mut files = BTreeSet::new();
    for (name, student) in [("plain", None), ("own", own())] {
        let path = folder.path().join(format!("{name}.ron"));
        file::save(&session(student), &path).unwrap();
        let out = folder.path().join(name);
        let done = Process::new(env!("CARGO_BIN_EXE_retort"))
            .args(["run", path.to_str().unwrap(), "--out", out.to_str().unwrap()])
            .env("RETORT_CACHE", &cache)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        if name == "plain" {
            files = kept();
        }
    }
    assert!(!files.is_empty());
    assert_eq!(kept(), files, "no other question was kept");
    let pair = Pair::open(&session(None), None).unwrap();
    let of = |session: &Session| {
        let model = Arc::clone(pair.assets.teacher.as_ref().unwrap());
        LocalTeacher::new(model, &session.prompt.for_teacher(), &pair.assets.data.classes, &Layout::default())
            .unwrap()
            .fingerprint()
    };
    assert_eq!(of(&session(None)), of(&session(own())));
    let mut other = session(None);
    other.prompt.teacher.template.push('!');
    assert_ne!(of(&session(None)), of(&other), "or this tests nothing");
}

#[test]
fn under_the_lens_and_in_the_prompts_picture_each_model_reads_its_own() {
    let session = session(own());
    let pair = Pair::open(&session, None).unwrap();
    let request = ProbeRequest { text: "I bake bread.".into(), ..ProbeRequest::default() };
    let text = Example::of(&Fields::text(request.text.as_str()));
    let frame = probe::look(&pair, &request, &text, &session.prompt, (0, 1)).unwrap();
    let read = |tokens: &[String]| tokens.concat().replace('␣', " ");
    assert!(read(&frame.teacher.unwrap().tokens).ends_with("post is"));
    assert!(read(&frame.student.tokens).ends_with('['), "{:?}", frame.student.tokens);
    let chips = probe::render(&pair, 0, &text, &session.prompt);
    let shown = |side: &retort::link::PromptSide| side.tokens.iter().map(|chip| chip.text.as_str()).collect::<String>();
    assert!(shown(chips.teacher.as_ref().unwrap()).ends_with("is") && shown(&chips.student).ends_with('['));
    assert_eq!((chips.problem, chips.student_problem), (None, None));
    let mut broken = session.prompt.clone();
    broken.student = Some(Wording { template: "no slots".into(), variants: Vec::new() });
    let chips = probe::render(&pair, 0, &text, &broken);
    assert!(chips.problem.is_none() && chips.student_problem.unwrap().contains("{text}"), "beside its own field");
    broken.student = None;
    broken.teacher.template = "no slots".into();
    let chips = probe::render(&pair, 0, &text, &broken);
    assert!(chips.problem.unwrap().contains("{text}") && chips.student_problem.is_none());
}

#[test]
fn a_model_that_is_evaluated_by_a_session_is_asked_as_the_session_would_ask_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = session(own());
    let model = folder.path().join("model");
    let fresh = model::open(&session.student, 8, 5, &candle_core::Device::Cpu).unwrap();
    let classes: Vec<String> = Pair::open(&session, None).unwrap().assets.data.classes.clone();
    fresh.save_student(&model, &classes, &session.prompt.for_student()).unwrap();
    std::fs::remove_file(model.join("retort.ron")).unwrap();
    session.student = retort::session::ModelChoice {
        head: Head::LabelWords,
        ..retort::session::ModelChoice::stored(Source::Folder(model.clone()))
    };
    let loss = |session: &Session| {
        let path = folder.path().join("session.ron");
        file::save(session, &path).unwrap();
        let done = Process::new(env!("CARGO_BIN_EXE_retort"))
            .args(["evaluate", model.to_str().unwrap(), path.to_str().unwrap(), "--json"])
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    let of_own = loss(&session);
    session.prompt.teacher = own().unwrap();
    session.prompt.student = None;
    assert_eq!(loss(&session), of_own, "it was asked by its own");
    session.prompt.teacher.template = "{text} is {answer}".into();
    assert_ne!(loss(&session), of_own, "or this tests nothing");
}
