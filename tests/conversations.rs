//! A run over conversations: what the assistant says and nothing else is told, with a teacher and without; it repeats
//! to the bit; and what the commands measure of its student is what the run measured.
#![cfg(feature = "engine")]

use std::path::{Path, PathBuf};
use std::process::{Command as Process, Output};

use retort::engine::data::conversation::turns;
use retort::engine::data::{Example, Fields};
use retort::engine::pair::Pair;
use retort::engine::probe;
use retort::link::{Outcome, ProbeRequest, TextPlace};
use retort::session::{Session, file};
use serde_json::Value;

/// A user's turn ends with a stop, the assistant's with the end of a text.
const TEMPLATE: &str = "{%- for m in messages %}{%- if m.role == 'assistant' %}{{- m.content ~ '</s>' }}{%- else %}{{- '<s>' ~ m.content ~ '.' }}{%- endif %}{%- endfor %}";

/// The session of `tests/sessions`, its conversations and a tiny model with a chat template beside it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
        for name in ["conversations.ron", "conversations.jsonl"] {
            std::fs::copy(tests.join("sessions").join(name), place.at(name)).unwrap();
        }
        std::fs::create_dir(place.at("model")).unwrap();
        for name in ["config.json", "model.safetensors", "tokenizer.json"] {
            std::fs::copy(tests.join("golden/llama").join(name), place.at("model").join(name)).unwrap();
        }
        std::fs::write(place.at("model/chat_template.jinja"), TEMPLATE).unwrap();
        place
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn session(&self) -> Session {
        file::open(&self.at("conversations.ron")).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut process = Process::new(env!("CARGO_BIN_EXE_retort"));
        process.args(arguments).current_dir(self.0.path()).env("RETORT_CACHE", self.at("cache"));
        process.env("RAYON_NUM_THREADS", "2").output().unwrap()
    }

    fn succeeds(&self, arguments: &[&str]) -> (String, String) {
        let done = self.run(arguments);
        let [out, said] = [&done.stdout, &done.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
        assert!(done.status.success(), "{arguments:?}: {said}");
        (out, said)
    }

    fn refused(&self, arguments: &[&str]) -> String {
        let done = self.run(arguments);
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(3), "{arguments:?}: {said}");
        said
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.succeeds(&[arguments, &["--json"]].concat()).0).unwrap()
    }

    fn outcome(&self, run: &str) -> Outcome {
        serde_json::from_slice(&std::fs::read(self.at(run).join("summary.json")).unwrap()).unwrap()
    }

    /// What has to be equal where a run repeats.
    fn left(&self, run: &str) -> [Vec<u8>; 2] {
        ["student/model.safetensors", "metrics.csv"].map(|name| std::fs::read(self.at(run).join(name)).unwrap())
    }
}

#[test]
fn exactly_what_the_assistant_says_and_the_mark_that_ends_it_are_rows() {
    let place = Place::new();
    let session = place.session();
    let pair = Pair::open(&session, None).unwrap();
    let task = pair.task(&pair.student, &session.prompt.for_student()).unwrap();
    let (data, tokens) = (&pair.assets.data, &pair.student.tokens);
    assert!(task.running().is_none());
    let end = tokens.end().unwrap();
    let mut told = 0;
    for example in data.train.iter().chain(&data.validation).chain(&data.test) {
        let sample = task.encode(&pair.student, example, 0).unwrap();
        let ids = &sample.passes[0].ids;
        // A row tells the token behind its place.
        assert!(sample.rows.iter().all(|row| ids[row.at as usize + 1] == row.token && row.known));
        let said: Vec<u32> = sample.rows.iter().map(|row| row.token).collect();
        let mut parts: Vec<&[u32]> = said.split(|id| *id == end).collect();
        assert_eq!(parts.pop(), Some(&[][..]), "it ends with the mark");
        let said: Vec<String> = parts.into_iter().map(|ids| tokens.decode(ids).trim().to_owned()).collect();
        let expected: Vec<String> = turns(example.fields.get("messages").unwrap())
            .unwrap()
            .into_iter()
            .filter(|turn| turn.role == "assistant")
            .map(|turn| turn.content)
            .collect();
        assert_eq!(said, expected);
        told += said.len();
    }
    assert!(told > 30, "{told}");
}

#[test]
fn a_conversation_is_read_and_typed_message_by_message() {
    let place = Place::new();
    let pair = Pair::open(&place.session(), None).unwrap();
    let data = &pair.assets.data;
    let shown: Vec<String> = pair.opened().samples.into_iter().map(|(text, _)| text).collect();
    assert!(shown.iter().all(|text| text.contains("user: ") && text.contains("\nassistant: ")), "{shown:?}");
    let of_json = data.train.iter().map(|example| pair.student.tokens.encode(example.text(), true).unwrap().ids.len());
    assert!(pair.opened().lengths.iter().all(|lengths| lengths.longest < of_json.clone().max().unwrap() / 2));
    // A text of a table or of the samples leads back to its example.
    assert!(
        pair.whole(TextPlace::Sample(1), &shown[1]).is_some() && pair.whole(TextPlace::Sample(1), "other").is_none()
    );
    let look = |text: &str| {
        let example = Example::of(&Fields::typed(&data.layout, text));
        let request = ProbeRequest { text: text.to_owned(), ..ProbeRequest::default() };
        let frame = probe::look(&pair, &request, &example, &pair.session.prompt, (0, 1)).unwrap();
        (frame, probe::render(&pair, 0, &example, &pair.session.prompt))
    };
    for example in data.test.iter().take(3) {
        let (as_json, as_read) = (look(example.text()), look(&data.readable(example)));
        assert!(as_read.0.tokens.as_ref().is_some_and(|told| told.tokens.len() > 8));
        assert_eq!(as_json.0.tokens, as_read.0.tokens);
        assert_eq!(as_json.1.student, as_read.1.student);
    }
    // To what has no answer yet the answer comes next, at one place.
    for text in ["the games", "user: the games"] {
        let (frame, read) = look(text);
        let told = frame.tokens.unwrap();
        assert_eq!(told.tokens.iter().filter(|token| token.row.is_some()).count(), 1, "{text}");
        assert!(told.tokens.last().unwrap().row.is_some());
        assert!(read.student.tokens.iter().all(|chip| !chip.from_text), "{text}");
    }
}

#[test]
fn a_run_repeats_to_the_bit_with_its_teacher_and_without_and_learns_otherwise() {
    let place = Place::new();
    let alone = std::fs::read_to_string(place.at("conversations.ron")).unwrap();
    let alone = alone.replace(r#"teachers: [(source: Folder("model"))],"#, "").replace(r#""soft_targets", "#, "");
    std::fs::write(place.at("alone.ron"), alone).unwrap();
    for (session, runs) in [("conversations.ron", ["taught", "again"]), ("alone.ron", ["alone", "alone-again"])] {
        let (printed, _) = place.succeeds(&["run", session, "--out", runs[0]]);
        assert!(printed.contains("perplexity") && printed.contains("finished after 6 steps"), "{printed}");
        let recorded = format!("{}/session.ron", runs[0]);
        place.succeeds(&["run", &recorded, "--out", runs[1]]);
        assert!(place.left(runs[0]) == place.left(runs[1]), "{session} does not repeat");
    }
    assert!(place.left("taught")[0] != place.left("alone")[0], "the teacher says nothing");
    assert!(place.outcome("taught").teacher.is_some() && place.outcome("alone").teacher.is_none());
    assert!(place.outcome("taught").student.test.contains_key("kl"));
}

#[test]
fn the_commands_measure_a_student_of_conversations_as_its_run_did() {
    let place = Place::new();
    place.succeeds(&["run", "conversations.ron", "--out", "run"]);
    let outcome = place.outcome("run");
    let test = |key: &str| outcome.student.test[key];
    // By its own session, and by one that is named; the teacher is measured where that is asked.
    for session in [&[][..], &["conversations.ron"]] {
        let told = place.json(&[&["evaluate", "run/student"], session].concat());
        for key in ["perplexity", "loss", "bits_per_byte", "accuracy", "entropy"] {
            assert_eq!(told["measures"][key], test(key), "{key}");
        }
        assert!(told["teacher"].is_null() && told["measures"]["kl"].is_null(), "{told}");
        let told = place.json(&[&["evaluate", "run/student"], session, &["--teacher"]].concat());
        assert_eq!(told["measures"]["kl"], test("kl"));
        assert_eq!(told["teacher"]["perplexity"], outcome.teacher.as_ref().unwrap().test["perplexity"]);
    }
    let (told, said) = place.succeeds(&["evaluate", "run/student", "conversations.jsonl"]);
    assert!(said.contains("messages messages"), "{said}");
    assert!(told.contains("24 texts in 24 samples, conversations.jsonl") && told.contains("perplexity"), "{told}");
    // Running text is measured by what its columns are.
    std::fs::write(place.at("book.txt"), "hot tea with bread\n".repeat(40)).unwrap();
    let told = place.json(&["evaluate", "run/student", "book.txt"]);
    assert!(told["tokens"].as_u64().unwrap() >= 200 && told["measures"]["bits_per_byte"].is_number(), "{told}");
    let told = place.json(&["evaluate", "model", "book.txt"]);
    assert!(told["measures"]["perplexity"].as_f64().unwrap() > 1.0, "a folder of nobody's run, too: {told}");

    let floor = place.json(&["baseline", "conversations.ron"]);
    let perplexity = |name: &str| floor[name]["perplexity"].as_f64().unwrap();
    assert!(perplexity("bigram") < perplexity("unigram") && perplexity("unigram") < 85.0, "{floor}");

    let said = place.refused(&["predict", "run/student", "conversations.jsonl"]);
    assert!(said.contains("retort probe") && said.contains("retort evaluate"), "{said}");
    let said = place.refused(&["predict", "run/student", "conversations.jsonl", "--session", "conversations.ron"]);
    assert!(said.contains("the session is over tokens"), "{said}");
    let alone = place.refused(&["evaluate", "model", "book.txt", "--teacher"]);
    assert!(alone.contains("names no teacher"), "{alone}");
}

#[test]
fn a_session_is_written_from_conversations_and_from_texts_and_can_be_opened() {
    let place = Place::new();
    std::fs::write(place.at("book.txt"), "It was hot. They had tea with bread.\n\n".repeat(30)).unwrap();
    std::fs::write(place.at("lines.txt"), "The tea was hot\nThe bread was not\n".repeat(30)).unwrap();
    let asked: String =
        (0..30).map(|n| format!("{{\"prompt\":\"{n} and {n}\",\"completion\":\"{}\"}}\n", 2 * n)).collect();
    std::fs::write(place.at("asked.jsonl"), asked).unwrap();
    for (from, parts, said_of) in [
        (
            "conversations.jsonl",
            &["messages: \"messages\", // it is called so", "task: NextToken()", "Qwen"][..],
            "what the assistant says",
        ),
        ("book.txt", &["task: NextToken()", "label: None"], "the task is the next token"),
        ("lines.txt", &["task: NextToken()"], "for classes name them"),
        (
            "asked.jsonl",
            &["prompt: \"prompt\", // question and answer", "completion: \"completion\"", "{prompt}\\n{answer}"],
            "of a completion",
        ),
    ] {
        let out = format!("{from}.ron");
        let (_, said) = place.succeeds(&["new", "--from", from, "--out", &out]);
        assert!(said.contains(said_of), "{from}: {said}");
        let text = std::fs::read_to_string(place.at(&out)).unwrap();
        parts.iter().for_each(|part| assert!(text.contains(part), "{from}: {part:?} is not in {text}"));
        let mut arguments = vec!["run", &out, "--out", from, "--set", "recipe.steps=2"];
        let model = format!("student.source=Folder({:?})", place.at("model").display().to_string());
        if from == "conversations.jsonl" {
            // What is named has to be fetched; a model with a template does as well.
            arguments.extend(["--set", &model, "--set", "student.max_tokens=64"]);
        }
        arguments[3] = "out";
        let run = format!("run-{from}");
        arguments[3] = &run;
        assert!(place.succeeds(&arguments).0.contains("finished after 2 steps"), "{from}");
    }
}
