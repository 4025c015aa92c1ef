//! Data for tasks over tokens: the texts themselves are learned, so no label is needed or looked at, every row counts,
//! and prompts with their answers, conversations and running text are read as what they are. The last tests read real
//! files; `RETORT_SHARED` (default `../shared`) names their folder: `cargo test --test texts -- --ignored`.

#![cfg(feature = "engine")]

mod tables;

use std::collections::BTreeSet;
use std::path::PathBuf;

use parquet::basic::Compression;
use retort::engine::assets::Assets;
use retort::engine::data::{self, Dataset, Example, Goal, Target, conversation};
use retort::session::{Session, TaskKind, file};
use tables::{Cells, conversations, gz, parquet, tar};
use tempfile::TempDir;

/// A folder of files, opened as a session that predicts tokens asks for them.
struct Place(TempDir);

impl Place {
    fn with<'a>(files: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        for (name, content) in files {
            let path = place.0.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        place
    }

    fn holding(name: &str, content: &str) -> Self {
        Self::with([(name, content.as_bytes().to_vec())])
    }

    fn session(&self, lines: &str, task: &str) -> Session {
        let path = self.0.path().join("session.ron");
        let session = format!(
            "(version: 5, data: ({lines}), student: (source: BuiltIn(\"posts-student\")), prompt: (teacher: (template: \"{{text}}\")), recipe: (task: {task}))"
        );
        std::fs::write(&path, session).unwrap();
        let session = file::open(&path).unwrap_or_else(|e| panic!("{e}: {lines}"));
        std::fs::remove_file(&path).unwrap();
        session
    }

    fn open_for(&self, lines: &str, task: &str) -> Result<Dataset, String> {
        let session = self.session(lines, task);
        let goal = Goal::from(session.recipe.task);
        data::open_with(&session.data, &[], session.recipe.seed, goal).map_err(|e| e.to_string())
    }

    fn try_with(&self, lines: &str) -> Result<Dataset, String> {
        self.open_for(lines, "NextToken()")
    }

    fn open(&self, lines: &str) -> Dataset {
        self.try_with(lines).unwrap_or_else(|e| panic!("{e}\n{lines}"))
    }

    fn refused(&self, lines: &str) -> String {
        self.try_with(lines).map(|set| format!("{set:?}")).expect_err(lines)
    }
}

fn examples(set: &Dataset) -> impl Iterator<Item = &Example> {
    set.train.iter().chain(&set.validation).chain(&set.test)
}

fn texts(set: &Dataset) -> Vec<&str> {
    examples(set).map(Example::text).collect()
}

fn sizes(set: &Dataset) -> [usize; 3] {
    [&set.train, &set.validation, &set.test].map(Vec::len)
}

fn told(set: &Dataset, words: &str) -> bool {
    set.notes.iter().any(|note| note.contains(words))
}

/// 40 rows written by `row`.
fn forty(row: impl Fn(usize) -> String) -> Vec<u8> {
    (0..40).map(row).collect::<String>().into_bytes()
}

/// Files, and how a session names them.
type Case = (&'static str, Vec<(&'static str, Vec<u8>)>, &'static str);

/// The same 40 texts in every form that texts come in.
fn forms() -> Vec<Case> {
    let json = |i: usize| format!("{{\"text\":\"text number {i} .\"}}\n");
    let line = |i: usize| format!("text number {i} .\n");
    let named: Vec<String> = (0..40).map(|i| format!("text number {i} .")).collect();
    let in_files = |folder: fn(usize) -> String| -> Vec<(String, Vec<u8>)> {
        (0..40).map(|i| (format!("set/{}{i}.txt", folder(i)), line(i).into_bytes())).collect()
    };
    let list = |items: Vec<String>| format!("[{}]", items.join(","));
    vec![
        (
            "labels that are ids",
            vec![("a.csv", [b"text,label\n".to_vec(), forty(|i| format!("text number {i} .,id {i}\n"))].concat())],
            "source: Files(train: \"a.csv\")",
        ),
        (
            "one class",
            vec![("a.csv", [b"text,label\n".to_vec(), forty(|i| format!("text number {i} .,x\n"))].concat())],
            "source: Files(train: \"a.csv\")",
        ),
        (
            "labels in half of the rows, in two spellings",
            vec![(
                "a.csv",
                [b"text,label\n".to_vec(), forty(|i| format!("text number {i} .,{}\n", ["x", "", "X", "NaN"][i % 4]))]
                    .concat(),
            )],
            "source: Files(train: \"a.csv\")",
        ),
        (
            "no column of labels",
            vec![("a.csv", [b"text,n\n".to_vec(), forty(|i| format!("text number {i} .,1\n"))].concat())],
            "source: Files(train: \"a.csv\")",
        ),
        (
            "cells without a header",
            vec![("a.tsv", forty(|i| format!("{i}\ttext number {i} .\n")))],
            "source: Files(train: \"a.tsv\", roles: (text: [1]))",
        ),
        ("objects", vec![("a.jsonl", forty(json))], "source: Files(train: \"a.jsonl\")"),
        (
            "an array",
            vec![("a.json", list((0..40).map(json).collect()).into_bytes())],
            "source: Files(train: \"a.json\")",
        ),
        ("a packed file", vec![("a.jsonl.gz", gz(&forty(json)))], "source: Files(train: \"a.jsonl.gz\")"),
        (
            "parquet",
            vec![("a.parquet", parquet(&[("text", Cells::texts(named))], Compression::SNAPPY, true))],
            "source: Files(train: \"a.parquet\")",
        ),
        ("lines", vec![("a.txt", forty(line))], "source: Files(train: \"a.txt\")"),
        (
            "lines with a label",
            vec![("a.txt", forty(|i| format!("__label__x{i} text number {i} .\n")))],
            "source: Files(train: \"a.txt\")",
        ),
        (
            "marked documents",
            vec![("a.txt", forty(|i| format!("text number {i} .\n<|endoftext|>\n")))],
            "source: Files(train: \"a.txt\")",
        ),
        (
            "documents by blank lines",
            vec![("a.txt", forty(|i| format!("text number {i} .\n\n\n")))],
            "source: Files(train: \"a.txt\", format: Documents(between: \"\"))",
        ),
        (
            "documents by another mark",
            vec![("a.txt", forty(|i| format!("text number {i} .\n%%\n")))],
            "source: Files(train: \"a.txt\", format: Documents(between: \"\\n%%\\n\"))",
        ),
        (
            "an archive of folders of classes",
            vec![("a.tar", tar(&in_files(|i| format!("class {}/", i % 3))))],
            "source: Files(train: \"a.tar\")",
        ),
        (
            "an archive of texts in one folder",
            vec![("a.tar", tar(&in_files(|_| "all/".to_owned())))],
            "source: Files(train: \"a.tar\")",
        ),
        ("an archive of texts", vec![("a.tar", tar(&in_files(|_| String::new())))], "source: Files(train: \"a.tar\")"),
        (
            "messages of newsgroups",
            vec![("a.tar", tar(&in_files(|_| "one group/".to_owned())))],
            "source: Newsgroups(path: \"a.tar\", strip: (headers: false, footers: false, quotes: false))",
        ),
    ]
}

#[test]
fn every_source_gives_all_of_its_rows_whatever_their_labels() {
    let all: BTreeSet<String> = (0..40).map(|i| format!("text number {i} .")).collect();
    for (name, files, lines) in forms() {
        let place = Place::with(files);
        for task in ["NextToken()", "MaskedToken()"] {
            let set = place.open_for(lines, task).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!((sizes(&set), set.counts().labelled), ([32, 4, 4], 32), "{name}");
            assert_eq!(texts(&set).into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), all, "{name}");
            assert!(set.classes.is_empty() && examples(&set).all(|example| example.target == Target::None), "{name}");
            assert!(
                !set.notes.iter().any(|note| note.contains("label") && !note.contains("read as a text each")),
                "{name}: {:?}",
                set.notes
            );
            assert_eq!(set.left_out, [], "{name}");
        }
    }
}

#[test]
fn the_built_in_corpus_is_read_whole_and_its_parts_are_kept() {
    let place = Place::with([]);
    let lines = "source: BuiltIn(\"posts\")";
    let (classes, set) = (place.open_for(lines, "Classes").unwrap(), place.open(lines));
    assert_eq!((sizes(&set), texts(&set)), (sizes(&classes), texts(&classes)));
    assert!(set.classes.is_empty() && !classes.classes.is_empty());
    assert!(set.test.iter().all(|example| example.class().is_none()));
}

#[test]
fn all_rows_are_drawn_from_alike_by_the_same_two_seeds() {
    let rows = [b"text,label\n".to_vec(), forty(|i| format!("text number {i} .,{}\n", ["x", ""][i % 2]))].concat();
    let place = Place::with([("a.csv", rows)]);
    let open = |more: &str| place.open(&format!("source: Files(train: \"a.csv\"){more}"));
    let set = open("");
    assert_eq!(set, open(""));
    assert_ne!(texts(&set), texts(&open(", split_seed: 1")));
    for (more, sizes_and_labelled) in [
        (", validation: 0.5, test: 0.5", ([10, 10, 20], 10)),
        (", validation: 0.0, test: 0.0", ([40, 0, 0], 40)),
        (", labelled: Some(5)", ([32, 4, 4], 5)),
        (", labelled: Some(0)", ([32, 4, 4], 0)),
        (", limit: 3", ([3, 3, 3], 3)),
        (", limit: (train: 7), labelled: Some(2)", ([7, 4, 4], 2)),
    ] {
        let set = open(more);
        assert_eq!((sizes(&set), set.counts().labelled), sizes_and_labelled, "{more}");
        let distinct: BTreeSet<&str> = texts(&set).into_iter().collect();
        assert_eq!(distinct.len(), sizes(&set).iter().sum::<usize>(), "{more}");
    }
    let (few, many) = (open(", labelled: Some(5)").labelled, open(", labelled: Some(15)").labelled);
    assert!(few.iter().zip(&many).all(|(few, many)| many | !few), "a larger choice holds the smaller");
    assert!(told(&open(", labelled: Some(50)"), "data.labelled asks for 50 texts, but there are 32: all are kept"));
    let weighed = open(", labels: (weights: Balanced)");
    assert!(
        told(&weighed, "data.labels.weights has no effect")
            && weighed.train.iter().all(|example| example.weight == 1.0)
    );
}

#[test]
fn parts_of_the_source_are_whole_without_a_label_in_them() {
    let place = Place::with([("a.csv", b"text,label\na,x\nb,y\n".to_vec()), ("b.csv", b"text\nc\nd\n".to_vec())]);
    let lines = "source: Files(train: \"a.csv\", test: \"b.csv\"), validation: 0.0";
    assert_eq!(sizes(&place.open(lines)), [2, 0, 2]);
    assert!(place.open_for(lines, "Classes").unwrap_err().contains("`label`"));
    let by_place = "source: Files(train: \"a.csv\", test: \"b.csv\", roles: (text: [0], label: 1), format: Delimited()), validation: 0.0";
    assert!(place.refused(by_place).contains("columns"), "places that mean something else are still refused");
}

/// Text, prompt and answer of the only row.
fn row(file: &str, content: &str, roles: &str) -> (String, Option<String>, Option<String>) {
    let place = Place::holding(file, content);
    let set = place.open(&format!("source: Files(train: \"{file}\", roles: ({roles})), validation: 0.0, test: 0.0"));
    assert_eq!(set.train.len(), 1, "{content}");
    let example = &set.train[0];
    let answer = match &example.target {
        Target::Text(text) => Some(text.to_string()),
        Target::None => None,
        Target::Class(class) => panic!("class {class} of {content}"),
    };
    (example.text().to_owned(), example.fields.get("prompt").map(str::to_owned), answer)
}

#[test]
fn an_answer_is_the_target_and_what_is_asked_is_the_text() {
    let expected = |text: &str, prompt: Option<&str>, answer: Option<&str>| {
        (text.to_owned(), prompt.map(str::to_owned), answer.map(str::to_owned))
    };
    let json = "{\"q\":\"one?\",\"a\":\"yes\",\"label\":\"x\",\"text\":\"t\"}";
    for (file, content, roles, meant) in [
        ("a.jsonl", json, "prompt: \"q\", completion: \"a\", text: []", expected("one?", Some("one?"), Some("yes"))),
        ("a.jsonl", json, "prompt: \"q\", completion: \"a\"", expected("t", Some("one?"), Some("yes"))),
        ("a.jsonl", json, "text: [\"q\"], completion: \"a\"", expected("one?", None, Some("yes"))),
        ("a.jsonl", json, "prompt: \"q\", text: []", expected("one?", Some("one?"), None)),
        (
            "a.jsonl",
            "{\"q\":\"one?\",\"a\":\"yes\"}",
            "prompt: \"q\", completion: \"a\"",
            expected("one?", Some("one?"), Some("yes")),
        ),
        (
            "a.jsonl",
            "{\"prompt\":\"one?\",\"completion\":\"yes\"}",
            "prompt: \"prompt\", completion: \"completion\"",
            expected("one?", Some("one?"), Some("yes")),
        ),
        (
            "a.jsonl",
            "{\"prompt\":\"one?\",\"completion\":\"yes\"}",
            "text: [], prompt: \"prompt\", completion: \"completion\"",
            expected("one?", Some("one?"), Some("yes")),
        ),
        (
            "a.jsonl",
            "{\"prompt\":\"\",\"completion\":\"yes\"}",
            "prompt: \"prompt\", completion: \"completion\"",
            expected("yes", Some(""), None),
        ),
        ("a.csv", "q,a\none?,yes\n", "prompt: \"q\", completion: \"a\"", expected("one?", Some("one?"), Some("yes"))),
        ("a.tsv", "one?\tyes\n", "prompt: 0, completion: 1", expected("one?", Some("one?"), Some("yes"))),
        ("a.tsv", "one?\t\n", "prompt: 0, completion: 1", expected("one?", Some("one?"), None)),
        ("a.csv", "prompt,n\none?,1\n", "text: [\"prompt\"]", expected("one?", None, None)),
    ] {
        assert_eq!(row(file, content, roles), meant, "{content} {roles}");
    }
}

const CHAT: &str = r#"[{"role":"user","content":"Hi?"},{"role":"assistant","content":"Hello."}]"#;

fn turns(example: &Example) -> Vec<String> {
    let turns = conversation::turns(example.fields.get("messages").unwrap()).unwrap();
    turns.into_iter().map(|turn| format!("{}: {}", turn.role, turn.content)).collect()
}

// Of an object alone in a file its lists are taken for rows: so there are two.
#[test]
fn a_conversation_is_kept_as_it_stands_in_every_kind_of_file() {
    let quoted = serde_json::to_string(CHAT).unwrap();
    let in_cell = format!("\"{}\"", CHAT.replace('"', "\"\""));
    let chat = vec![["user", "Hi?"], ["assistant", "Hello."]];
    for (file, content, roles) in [
        ("a.jsonl", format!("{{\"messages\":{CHAT}}}\n").repeat(2).into_bytes(), "messages: \"messages\""),
        ("a.jsonl", format!("{{\"messages\":{CHAT}}}\n").repeat(2).into_bytes(), "messages: \"messages\", text: []"),
        ("a.jsonl", format!("{{\"chat\":{CHAT}}}\n").repeat(2).into_bytes(), "messages: \"chat\""),
        (
            "a.jsonl",
            format!("{{\"chat\":{CHAT}}}\n").repeat(2).into_bytes(),
            "messages: \"chat\", text: [], label: None",
        ),
        ("a.jsonl", format!("{{\"chat\":{{\"messages\":{CHAT}}}}}\n").repeat(2).into_bytes(), "messages: \"chat\""),
        (
            "a.jsonl",
            format!("{{\"chat\":{{\"messages\":{CHAT}}}}}\n").repeat(2).into_bytes(),
            "messages: \"chat.messages\"",
        ),
        ("a.jsonl", format!("{{\"chat\":{quoted}}}\n").repeat(2).into_bytes(), "messages: \"chat\""),
        ("a.csv", format!("id,chat\n1,{in_cell}\n").into_bytes(), "messages: \"chat\""),
        ("a.parquet", conversations("chat", &[chat]), "messages: \"chat\""),
    ] {
        let place = Place::with([(file, content)]);
        let set =
            place.open(&format!("source: Files(train: \"{file}\", roles: ({roles})), validation: 0.0, test: 0.0"));
        assert_eq!(turns(&set.train[0]), ["user: Hi?", "assistant: Hello."], "{file} {roles}");
        assert_eq!(set.train[0].target, Target::None);
        assert_eq!(Some(set.train[0].text()), set.train[0].fields.get("messages"), "it stands for the text");
    }
}

#[test]
fn conversations_texts_and_prompts_may_lie_in_one_file() {
    let rows =
        format!("{{\"text\":\"a text\"}}\n{{\"messages\":{CHAT}}}\n{{\"q\":\"one?\",\"a\":\"yes\"}}\n{{\"id\":4}}\n");
    let place = Place::holding("a.jsonl", &rows);
    let roles = "roles: (messages: \"messages\", prompt: \"q\", completion: \"a\")";
    let set = place.open(&format!("source: Files(train: \"a.jsonl\", {roles}), validation: 0.0, test: 0.0"));
    assert_eq!(texts(&set), ["a text", CHAT_SORTED, "one?"]);
    assert_eq!(turns(&set.train[1]), ["user: Hi?", "assistant: Hello."]);
    assert_eq!(set.train[2].target, Target::Text("yes".into()));
    assert_eq!(set.left_out.iter().map(|(_, rows)| *rows).collect::<Vec<_>>(), [1], "{:?}", set.left_out);
}

/// [`CHAT`] as it is written again: keys by their names.
const CHAT_SORTED: &str = r#"[{"content":"Hi?","role":"user"},{"content":"Hello.","role":"assistant"}]"#;

#[test]
fn a_conversation_that_cannot_be_read_is_refused_with_its_line() {
    for (bad, said) in [
        ("[]", "is empty"),
        ("[\"a\",\"b\"]", "message 1 of its conversation is a string"),
        ("[{\"role\":\"user\",\"content\":\"a\"}]", "the assistant says nothing"),
        ("[{\"role\":\"tool\",\"content\":\"a\"}]", "tools are not learned"),
        ("[{\"role\":\"assistant\",\"content\":null}]", "has no content"),
        ("\"hello\"", "is no JSON"),
    ] {
        let place = Place::holding("a.jsonl", &format!("{{\"m\":{CHAT}}}\n{{\"m\":{CHAT}}}\n{{\"m\":{bad}}}\n"));
        let error = place.refused("source: Files(train: \"a.jsonl\", roles: (messages: \"m\"))");
        assert!(error.contains("line 3 ") && error.contains(said) && error.ends_with("a.jsonl"), "{bad}: {error}");
    }
    let place = Place::with([("a.parquet", conversations("m", &[vec![["user", "Hi?"], ["narrator", "He left."]]]))]);
    let error = place.refused("source: Files(train: \"a.parquet\", roles: (messages: \"m\"))");
    assert!(error.contains("row 1") && error.contains("the role `narrator`"), "{error}");
}

#[test]
fn roles_that_no_column_fills_are_refused() {
    let place = Place::holding("a.csv", "body,n\nx,1\n");
    for (roles, said) in [
        ("", "no column `text`"),
        ("text: []", "no column is named as text"),
        ("text: [], completion: \"body\"", "no column is named as text"),
        ("prompt: \"question\"", "no column `question`"),
        ("messages: \"chat\", text: [\"body\"]", "no column `chat`"),
        ("text: [\"sentence\"], prompt: \"body\"", "no column `sentence`"),
    ] {
        let error = place.refused(&format!("source: Files(train: \"a.csv\", roles: ({roles}))"));
        assert!(error.contains(said), "{roles}: {error}");
    }
}

#[test]
fn documents_are_of_any_length_and_empty_ones_are_counted() {
    let long = "A sentence of a long story. ".repeat(80_000);
    let place = Place::holding(
        "a.txt",
        &format!("One.\n\nStill one.\n<|endoftext|>\n\n<|endoftext|>\n{long}\n<|endoftext|>\nThree."),
    );
    let set = place.open("source: Files(train: \"a.txt\"), validation: 0.0, test: 0.0");
    assert_eq!(texts(&set), ["One.\n\nStill one.", long.trim(), "Three."]);
    assert!(long.len() > 2 << 20);
    assert!(told(&set, "a.txt is running text: 3 documents with `<|endoftext|>` between them"), "{:?}", set.notes);
    assert!(told(&set, "1 training texts were empty"), "{:?}", set.notes);
    assert_eq!(&*set.left_out[0].0, "training rows without text (line 4)");
    let lines = place.open("source: Files(train: \"a.txt\", format: Lines), validation: 0.0, test: 0.0");
    assert_eq!(lines.train.len(), 7, "what is said goes before what is found");
    let folder =
        Place::with([("set/a.txt", b"a\n<|endoftext|>\nb".to_vec()), ("set/b.txt", b"c\n<|endoftext|>\nd".to_vec())]);
    let set = folder.open("source: Files(train: \"set\"), validation: 0.0, test: 0.0");
    assert_eq!(texts(&set), ["a", "b", "c", "d"]);
    let unmarked = Place::holding("a.txt", "a\n\nb\n");
    let set = unmarked.open("source: Files(train: \"a.txt\", format: Documents()), validation: 0.0, test: 0.0");
    assert_eq!(texts(&set), ["a\n\nb"]);
    assert!(told(&set, "a.txt is read as one document: nothing in it is parted by `<|endoftext|>`"), "{:?}", set.notes);
}

#[test]
fn data_that_were_opened_for_classes_are_read_anew_for_texts() {
    let mut session = Session::built_in().unwrap();
    session.set_teacher(None);
    let classes = Assets::open(&session, None).unwrap();
    session.recipe.task = TaskKind::NEXT_TOKEN;
    let texts = Assets::open(&session, Some(&classes)).unwrap();
    assert!(!classes.data.classes.is_empty() && texts.data.classes.is_empty());
    session.recipe.task = TaskKind::MASKED_TOKEN;
    let again = Assets::open(&session, Some(&texts)).unwrap();
    assert!(std::sync::Arc::ptr_eq(&texts.data, &again.data), "both tasks over tokens read the same");
    session.recipe.task = TaskKind::Classes;
    assert_eq!(Assets::open(&session, Some(&again)).unwrap().data.classes, classes.data.classes);
}

fn shared(name: &str) -> PathBuf {
    let root = std::env::var_os("RETORT_SHARED").map(PathBuf::from);
    root.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared")).join("data").join(name)
}

/// A shared file as training rows alone.
fn of_shared(name: &str, more: &str) -> Result<Dataset, String> {
    let lines = format!("source: Files(train: {:?}{more}), validation: 0.0, test: 0.0", shared(name));
    Place::with([]).try_with(&lines)
}

#[test]
#[ignore = "needs the shared data"]
fn shared_running_text_is_cut_into_its_documents() {
    let stories = of_shared("tinystories_sample/tinystories_sample.txt", "").unwrap();
    assert_eq!(stories.train.len(), 2_317, "one behind the last mark is cut off, and is one all the same");
    assert!(told(&stories, "2317 documents with `<|endoftext|>` between them"), "{:?}", stories.notes);
    assert!(stories.train[0].text().starts_with("One day, a little girl named Lily") && stories.left_out.is_empty());
    let speeches = of_shared("tinyshakespeare/input.txt", ", format: Documents(between: \"\")").unwrap();
    assert_eq!((speeches.train.len(), speeches.train[1].text()), (7_222, "All:\nSpeak, speak."));
    for (name, lines) in [("test", 2_891), ("valid", 2_461)] {
        let articles = of_shared(&format!("wikitext2/{name}.txt"), ", format: Lines").unwrap();
        assert_eq!(articles.train.len(), lines, "{name}");
        let found = of_shared(&format!("wikitext2/{name}.txt"), "").unwrap();
        assert_eq!(found.train.len(), lines, "{name}: {:?}", found.notes);
    }
}

#[test]
#[ignore = "needs the shared data"]
fn shared_questions_have_their_answers() {
    let math = of_shared("gsm8k/train.jsonl", ", roles: (prompt: \"question\", completion: \"answer\")").unwrap();
    assert_eq!(math.train.len(), 7_473);
    assert!(math.train.iter().all(|example| matches!(&example.target, Target::Text(text) if text.contains("####"))));
    let roles = ", roles: (text: [\"instruction\", \"instances.0.input\"], completion: \"instances.0.output\")";
    let seeds = of_shared("self_instruct/seed_tasks.jsonl", roles).unwrap();
    assert_eq!(seeds.train.len(), 175);
    assert!(seeds.train.iter().all(|example| matches!(example.target, Target::Text(_))));
    assert!(seeds.train[1].text().ends_with("between the given pairs?\nNight : Day :: Right : Left"));
    let pairs = of_shared("tatoeba_en_zh/cmn.txt", ", roles: (prompt: 0, completion: 1)").unwrap();
    assert_eq!((pairs.train[0].text(), &pairs.train[0].target), ("Hi.", &Target::Text("嗨。".into())));
}

#[test]
#[ignore = "needs the shared data"]
fn shared_files_of_other_forms_are_refused_in_words() {
    let turns = of_shared("mt_bench/question.jsonl", ", roles: (messages: \"turns\")").unwrap_err();
    assert!(turns.contains("line 1 ") && turns.contains("message 1 of its conversation is a string"), "{turns}");
    let asked = of_shared("mt_bench/question.jsonl", ", roles: (text: [], prompt: \"turns.0\")").unwrap();
    assert_eq!(asked.train.len(), 80);
    for name in ["xquad/xquad.en.json", "zh_cmrc2018/cmrc2018_dev.json"] {
        let error = of_shared(name, "").unwrap_err();
        assert!(error.contains("`text`"), "{name}: {error}");
    }
}
