//! Data sets in the form in which they are handed out, each opened by the session lines that a person would write.
//! The rows are made up; the layouts are not.

#![cfg(feature = "engine")]

mod tables;

use std::collections::BTreeMap;
use std::path::Path;

use parquet::basic::Compression;
use proptest::prelude::*;
use retort::engine::data::{self, Dataset};
use retort::session::{Session, file};
use tables::{Cells, gz, parquet, tar, zip};
use tempfile::TempDir;

/// A folder with files in it and a session beside them.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(files: &[(&str, &str)]) -> Self {
        let place = Self::new();
        files.iter().for_each(|(name, content)| place.write(name, content.as_bytes()));
        place
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    fn session(&self, lines: &str) -> Session {
        let path = self.0.path().join("session.ron");
        let session = format!(
            "(version: 5, data: ({lines}), student: (source: BuiltIn(\"posts-student\")), prompt: (teacher: (template: \"{{text}} {{answer}}\")), recipe: ())"
        );
        std::fs::write(&path, session).unwrap();
        let session = file::open(&path).unwrap_or_else(|e| panic!("{e}: {lines}"));
        std::fs::remove_file(&path).unwrap();
        session
    }

    fn try_with(&self, lines: &str, named: &[&str]) -> Result<Dataset, String> {
        let session = self.session(lines);
        let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
        data::open_with(&session.data, &named, 7, session.recipe.task.into()).map_err(|e| e.to_string())
    }

    fn open(&self, lines: &str) -> Dataset {
        self.try_with(lines, &[]).unwrap_or_else(|e| panic!("{e}\n{lines}"))
    }

    fn refused(&self, lines: &str) -> String {
        self.try_with(lines, &[]).map(|set| format!("{set:?}")).expect_err(lines)
    }
}

/// Rows to learn from or to choose by, and rows to test.
fn counts(set: &Dataset) -> (usize, usize) {
    (set.train.len() + set.validation.len(), set.test.len())
}

fn parts(set: &Dataset) -> (usize, usize, usize) {
    (set.train.len(), set.validation.len(), set.test.len())
}

/// Class name of the example whose text holds `words`.
fn class_of<'a>(set: &'a Dataset, words: &str) -> &'a str {
    let mut all = set.train.iter().chain(&set.validation).chain(&set.test);
    let example = all.find(|example| example.text().contains(words)).unwrap_or_else(|| panic!("no text has {words}"));
    &set.classes[example.class().unwrap()]
}

fn told(set: &Dataset, words: &str) -> bool {
    set.notes.iter().any(|note| note.contains(words))
}

/// Lines, one for each of `count` numbers.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(|i| line(i) + "\n").collect()
}

const TOPICS: &str = r#"labels: (names: ["World", "Sports", "Business", "Sci/Tech"])"#;

fn news(count: usize) -> String {
    lines(count, |i| {
        format!("\"{}\",\"Title {i}, of the day\",\"A body with \"\"marks\"\", of number {i}\"", i % 4 + 1)
    })
}

#[test]
fn news_have_their_class_in_front_and_no_header() {
    let place = Place::with(&[("test.csv", &news(40))]);
    for format in ["", "format: Delimited(header: false), "] {
        let source = format!(r#"source: Files(train: "test.csv", {format}roles: (text: [1, 2], label: 0)), {TOPICS}"#);
        let set = place.open(&source);
        assert_eq!((counts(&set), set.classes.join(" ")), ((36, 4), "World Sports Business Sci/Tech".to_owned()));
        assert_eq!(class_of(&set, "Title 2, of the day\nA body with \"marks\", of number 2"), "Business");
    }
    let ids = place.open(r#"source: Files(train: "test.csv", roles: (text: [1, 2], label: 0))"#);
    assert_eq!(ids.classes, ["1", "2", "3", "4"]);
}

#[test]
fn a_test_part_of_other_columns_has_roles_of_its_own() {
    let train = lines(60, |i| format!("A text with a, comma, of number {i}\t{}", i % 4 + 1));
    let place = Place::with(&[("train_10k.tsv", &train), ("test.csv", &news(20))]);
    let roles = "format: Delimited(header: false), roles: (text: [0], label: 1)";
    let set = place.open(&format!(
        r#"source: Files(train: "train_10k.tsv", test: (files: ["test.csv"], roles: (text: [1, 2], label: 0)), {roles}), {TOPICS}"#
    ));
    assert_eq!((counts(&set), set.classes.len()), ((60, 20), 4));
    assert_eq!((class_of(&set, "of the day"), class_of(&set, "comma, of number 3")), ("World", "Sci/Tech"));
    let said = place.refused(&format!(r#"source: Files(train: "train_10k.tsv", test: "test.csv", {roles})"#));
    assert!(said.contains("3 columns") && said.contains("roles of its own") && said.ends_with("test.csv"), "{said}");
}

#[test]
fn a_column_may_be_called_otherwise_in_another_part() {
    let train = format!("sentence\tlabel\r\n{}", lines(40, |i| format!("a moving film , number {i} \t{}\r", i % 2)));
    let dev = format!("label\tcontent\r\n{}", lines(10, |i| format!("{}\tanother film \"{i} \r", i % 2)));
    let place = Place::with(&[("train.tsv", &train), ("dev.tsv", &dev)]);
    let set = place.open(
        r#"source: Files(train: "train.tsv", validation: (files: ["dev.tsv"], roles: (text: ["content"])), roles: (text: ["sentence"])), labels: (names: ["negative", "positive"])"#,
    );
    assert_eq!((parts(&set), set.classes.join(" ")), ((36, 10, 4), "negative positive".to_owned()));
    assert_eq!(class_of(&set, "another film \"3"), "positive");
    let texts = || set.train.iter().chain(&set.validation);
    assert!(texts().all(|example| !example.text().contains('\r') && example.fields.columns().count() == 0));
    let by_name =
        place.refused(r#"source: Files(train: "train.tsv", validation: "dev.tsv", roles: (text: ["sentence"]))"#);
    assert!(by_name.contains("`sentence`") && by_name.contains("`label`, `content`") && by_name.ends_with("dev.tsv"));
}

#[test]
fn questions_have_a_coarse_and_a_fine_label_in_front_in_latin_1() {
    let labels = ["NUM:dist", "LOC:city", "HUM:ind", "NUM:date", "ENTY:techmeth"];
    let questions = |count| lines(count, |i| format!("{} How far, is the caf\u{e9} of number {i} ?", labels[i % 5]));
    let place = Place::new();
    place.write("TREC.train", &encoding_rs::WINDOWS_1252.encode(&questions(60)).0);
    place.write("TREC.test", &encoding_rs::WINDOWS_1252.encode(&questions(10)).0);
    let files = r#"train: "TREC.train", test: "TREC.test""#;
    let fine = place.open(&format!("source: Files({files})"));
    assert_eq!((counts(&fine), fine.classes.len()), ((60, 10), 5));
    assert_eq!(class_of(&fine, "How far, is the caf\u{e9} of number 3 ?"), "NUM:date");
    let coarse = place.open(&format!(r#"source: Files({files}, roles: (label: "coarse_label"))"#));
    assert_eq!((counts(&coarse), coarse.classes.join(" ")), ((60, 10), "ENTY HUM LOC NUM".to_owned()));
    let marked = Place::with(&[("train.txt", &lines(40, |i| format!("__label__{} text {i}", ["a", "b"][i % 2])))]);
    assert_eq!(marked.open(r#"source: Files(train: "train.txt")"#).classes, ["a", "b"]);
}

/// Reviews in folders by part and class, with what else lies there.
fn reviews() -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for (part, class, count) in [
        ("train", "pos", 12),
        ("train", "neg", 12),
        ("train", "unsup", 20),
        ("test", "pos", 5),
        ("test", "neg", 5),
        ("val", "pos", 3),
        ("val", "neg", 3),
    ] {
        let text = |i| format!("A {class} film, one.<br /><br />Number {i} of {part}").into_bytes();
        files.extend((0..count).map(|i| (format!("aclImdb/{part}/{class}/{i}_7.txt"), text(i))));
    }
    for stray in ["README", "imdb.vocab", "train/urls_pos.txt", "test/urls_neg.txt"] {
        files.push((format!("aclImdb/{stray}"), b"http://example.org\n".to_vec()));
    }
    // Larger than any text may be, as the real one is.
    files.push(("aclImdb/train/labeledBow.feat".to_owned(), b"9 0:9 1:1 2:4\n".repeat(700_000)));
    files
}

#[test]
fn of_labels_nothing_is_said_where_texts_are_learned() {
    let (place, files) = (Place::new(), reviews());
    files.iter().for_each(|(name, bytes)| place.write(name, bytes));
    (0..8).for_each(|i| place.write(&format!("flat/{i}.txt"), format!("text {i}").as_bytes()));
    for folder in ["aclImdb", "flat"] {
        let lines = format!(r#"source: Files(train: "{folder}"), labels: (names: ["pos", "neg"])"#);
        let data = place.session(&lines).data;
        let notes = |goal| {
            let set = data::open_with(&data, &[], 1, goal).unwrap();
            set.notes.iter().filter(|note| note.contains("label")).map(ToString::to_string).collect::<Vec<_>>()
        };
        assert!(!notes(data::Goal::Classes).is_empty(), "{folder}");
        assert_eq!(notes(data::Goal::Texts), Vec::<String>::new(), "{folder}");
    }
}

#[test]
fn reviews_lie_in_folders_by_part_and_class_packed_or_not() {
    let (place, files) = (Place::new(), reviews());
    files.iter().for_each(|(name, bytes)| place.write(name, bytes));
    place.write("aclImdb_v1.tar.gz", &gz(&tar(&files)));
    place.write("aclImdb_v1.zip", &zip(&files));
    let sets = ["aclImdb", "aclImdb_v1.tar.gz", "aclImdb_v1.zip"]
        .map(|name| place.open(&format!(r#"source: Files(train: "{name}")"#)));
    for set in &sets {
        assert_eq!((parts(set), set.classes.join(" ")), ((44, 6, 10), "neg pos".to_owned()));
        assert_eq!(set.counts().labelled, 24);
        assert!(told(set, "20 texts lie in a folder that is called unlabelled"), "{:?}", set.notes);
        assert!(told(set, "5 files outside of the class folders"), "{:?}", set.notes);
        assert_eq!(class_of(set, "Number 2 of val"), "neg");
    }
    assert_eq!(sets[0].train, sets[1].train);
    assert_eq!(sets[0].train, sets[2].train);
    let parted = place.open(r#"source: Files(train: "aclImdb/train", test: "aclImdb/test")"#);
    assert_eq!(counts(&parted), (44, 10));
    place.write("aclImdb/index.csv", b"file,stars\n0_7.txt,7\n");
    assert_eq!(place.open(r#"source: Files(train: "aclImdb")"#).train, sets[0].train, "a list beside the texts");
    place.write("aclImdb/train/pos/long.txt", &b"too long ".repeat(1_000_000));
    let said = place.refused(r#"source: Files(train: "aclImdb")"#);
    assert!(said.contains("remove it or cut it") && said.ends_with("long.txt"), "{said}");
}

#[test]
fn emotions_have_a_semicolon_before_their_class() {
    let rows = |count, comma| {
        let text = move |i| format!("i feel{} rather so {i}", if i % 3 == 0 { comma } else { "" });
        lines(count, move |i| format!("{};{}", text(i), ["joy", "fear", "love"][i % 3]))
    };
    for (comma, header) in [("", ""), (",", ""), (",", "text;label\n")] {
        let file = |count| format!("{header}{}", rows(count, comma));
        let place = Place::with(&[
            ("emotion/train.txt", &file(60)),
            ("emotion/val.txt", &file(9)),
            ("emotion/test.txt", &file(12)),
            ("emotion/README.md", "About;it\n"),
        ]);
        let roles = if header.is_empty() { "roles: (text: [0], label: 1)" } else { "roles: ()" };
        for files in [
            r#"train: "emotion/train.txt", validation: "emotion/val.txt", test: "emotion/test.txt""#,
            r#"train: "emotion""#,
            r#"train: "emotion", validation: "emotion", test: "emotion""#,
        ] {
            let set = place.open(&format!("source: Files({files}, {roles})"));
            assert_eq!((parts(&set), set.classes.join(" ")), ((60, 9, 12), "fear joy love".to_owned()), "{files}");
            assert_eq!(set.train[3].text(), format!("i feel{comma} rather so 3"));
        }
    }
}

#[test]
fn two_sentences_are_a_pair() {
    let rows = |count| {
        lines(count, |i| format!("{i}\tIt \"rained {i}.\tIt was wet.\t{}", ["entailment", "not_entailment"][i % 2]))
    };
    let file = |count| format!("index\tsentence1\tsentence2\tlabel\n{}", rows(count));
    let place = Place::with(&[("train.tsv", &file(40)), ("dev.tsv", &file(10))]);
    let set = place.open(
        r#"source: Files(train: "train.tsv", validation: "dev.tsv", roles: (text: ["sentence1"], pair: "sentence2")), test: 0.0"#,
    );
    assert_eq!((parts(&set), set.classes.len(), set.layout.has_pair), ((40, 10, 0), 2, true));
    assert_eq!(set.train[3].fields.pair(), Some(("It \"rained 3.".to_owned(), "It was wet.")));
    assert_eq!(set.train[3].text(), "It \"rained 3.\nIt was wet.");
}

#[test]
fn questions_about_a_passage_are_json_with_a_truth_value() {
    let row = |i: usize| {
        let truth = i.is_multiple_of(2);
        format!(r#"{{"question": "is it so {i}", "title": "It", "answer": {truth}, "passage": "It -- is {i}."}}"#)
    };
    let place = Place::with(&[
        ("train.jsonl", &lines(40, row)),
        ("array.json", &format!("[{}]", lines(40, row).trim().replace('\n', ",\n"))),
    ]);
    for name in ["train.jsonl", "array.json"] {
        let lines = format!(
            r#"source: Files(train: "{name}", roles: (text: ["passage"], pair: "question", label: "answer")), labels: (names: {{"false": "no", "true": "yes"}})"#
        );
        let set = place.try_with(&lines, &["title", "nowhere"]).unwrap();
        assert_eq!((counts(&set), set.classes.join(" ")), ((36, 4), "no yes".to_owned()));
        assert_eq!(class_of(&set, "It -- is 4.\nis it so 4"), "yes");
        assert_eq!((set.train[0].fields.get("title"), set.train[0].fields.get("nowhere")), (Some("It"), None));
    }
}

#[test]
fn intents_stand_in_one_object_of_lists_of_pairs() {
    let pairs = |count: usize, classes: &[&str]| {
        let pair = |i: usize| format!(r#"["please do it {i}", "{}"]"#, classes[i % classes.len()]);
        format!("[{}]", (0..count).map(pair).collect::<Vec<_>>().join(", "))
    };
    let intents = ["translate", "transfer", "timer"];
    let keys = [("oos_val", 4, &["oos"][..]), ("val", 6, &intents), ("train", 30, &intents), ("oos_test", 5, &["oos"])];
    let keys = keys.into_iter().chain([("test", 9, &intents[..]), ("oos_train", 10, &["oos"])]);
    let file: Vec<String> = keys.map(|(key, count, classes)| format!("\"{key}\": {}", pairs(count, classes))).collect();
    let place = Place::with(&[("data_full.json", &format!("{{{}}}", file.join(", ")))]);
    place.write(
        "clinc150.zip",
        &zip(&[("clinc/data_full.json".to_owned(), std::fs::read(place.0.path().join("data_full.json")).unwrap())]),
    );
    for name in ["data_full.json", "clinc150.zip"] {
        let set = place.open(&format!(r#"source: Files(train: "{name}", roles: (text: [0], label: 1))"#));
        assert_eq!((parts(&set), set.classes.join(" ")), ((40, 10, 14), "oos timer transfer translate".to_owned()));
    }
    let said = place.refused(r#"source: Files(train: "data_full.json")"#);
    assert!(said.contains("roles: (text: [0], label: 1)") && said.contains("data_full.json"), "{said}");
    let part =
        place.open(r#"source: Files(train: "data_full.json", test: "data_full.json", roles: (text: [0], label: 1))"#);
    assert_eq!(counts(&part), (40, 14), "each part takes its own keys");
}

#[test]
fn chinese_news_have_ids_and_a_file_of_names() {
    let rows = |count| lines(count, |i| format!("第{i}条新闻，今天：很好\t{}", i % 3));
    let place = Place::with(&[
        ("THUCNews/data/train.txt", &rows(60)),
        ("THUCNews/data/dev.txt", &rows(9)),
        ("THUCNews/data/test.txt", &rows(12)),
        ("THUCNews/data/class.txt", "finance\nrealty\nstocks\n"),
    ]);
    place.write("THUCNews/data/vocab.pkl", b"\x80\x04\x95\0\0\0");
    let names = r#"labels: (names: "THUCNews/data/class.txt")"#;
    let data = "THUCNews/data";
    for files in [
        format!(r#"train: "{data}/train.txt", validation: "{data}/dev.txt", test: "{data}/test.txt""#),
        r#"train: "THUCNews""#.to_owned(),
    ] {
        let set = place.open(&format!("source: Files({files}, roles: (text: [0], label: 1)), {names}"));
        assert_eq!((parts(&set), set.classes.join(" ")), ((60, 9, 12), "finance realty stocks".to_owned()));
        assert_eq!(class_of(&set, "第2条新闻"), "stocks");
    }
    let json = |i: usize| {
        let (id, name) = [("100", "news_story"), ("116", "news_game")][i % 2];
        format!(r#"{{"label": "{id}", "label_desc": "{name}", "sentence": "第{i}条“新闻”", "keywords": ""}}"#)
    };
    let place = Place::with(&[("train.json", &lines(40, json))]);
    let set = place.open(r#"source: Files(train: "train.json", roles: (text: ["sentence"])), labels: (names: {"100": "story", "116": "game"})"#);
    assert_eq!((counts(&set), set.classes.join(" ")), ((36, 4), "story game".to_owned()));
    let said = place.refused(
        r#"source: Files(train: "train.json", roles: (text: ["sentence"])), labels: (names: ["story", "game"])"#,
    );
    assert!(said.contains("line 1 ") && said.contains("`100`") && said.contains("`story`, `game`"), "{said}");
}

#[test]
fn chinese_reviews_have_stray_marks_and_their_label_first() {
    let rows = lines(40, |i| format!("{}\t\"房间 {i} 很大, 不错", i % 2));
    let place = Place::with(&[("train.tsv", &format!("label\ttext_a\n{rows}"))]);
    let set = place.open(r#"source: Files(train: "train.tsv", roles: (text: ["text_a"]))"#);
    assert_eq!((counts(&set), set.classes.join(" ")), ((36, 4), "0 1".to_owned()));
    assert!(told(&set, "without quoting") && class_of(&set, "\"房间 3 很大") == "1", "{:?}", set.notes);
}

#[test]
fn bank_questions_are_quoted_and_may_hold_line_breaks() {
    let row =
        |i: usize| format!("\"Where is it, number {i}?\n\nI \"\"wait\"\".\",{}", ["card_arrival", "top_up"][i % 2]);
    let place = Place::with(&[
        ("train.csv", &format!("text,category\n{}", lines(40, row))),
        ("test.csv", &format!("text,category\n{}", lines(10, row))),
    ]);
    let set = place.open(r#"source: Files(train: "train.csv", test: "test.csv", roles: (label: "category"))"#);
    assert_eq!((counts(&set), set.classes.join(" ")), ((40, 10), "card_arrival top_up".to_owned()));
    assert_eq!(class_of(&set, "number 3?\n\nI \"wait\"."), "top_up");
}

#[test]
fn several_labels_in_a_cell_are_refused_or_cut_or_left_out() {
    let rows = lines(60, |i| format!("That's \"it {i}\t{}\teew{i}x", ["0", "2", "1,2", "1"][i % 4]));
    let place = Place::with(&[("train.tsv", &rows), ("labels.txt", "admiration\namusement\nanger\n")]);
    let with = |several: &str| {
        format!(
            r#"source: Files(train: "train.tsv", roles: (text: [0], label: 1)), labels: (names: "labels.txt"{several})"#
        )
    };
    let said = place.refused(&with(""));
    assert!(said.contains("line 3 ") && said.contains("15 rows") && said.contains("several: First"), "{said}");
    let first = place.open(&with(", several: First"));
    assert_eq!((counts(&first), first.classes.len()), ((54, 6), 3));
    assert_eq!(class_of(&first, "it 2"), "amusement");
    let left = place.open(&with(", several: LeaveOut"));
    assert_eq!(counts(&left).0 + counts(&left).1, 45);
    assert!(left.left_out.iter().any(|(reason, rows)| reason.contains("several labels (lines 3, 7") && *rows == 15));
    let json = lines(40, |i| format!(r#"{{"text": "so {i}", "labels": {}}}"#, ["[0]", "[1]", "[0, 1]", "[]"][i % 4]));
    let place = Place::with(&[("rows.jsonl", &json)]);
    let set =
        place.open(r#"source: Files(train: "rows.jsonl", roles: (label: "labels")), labels: (several: LeaveOut)"#);
    assert_eq!((counts(&set).0 + counts(&set).1, set.classes.len()), (30, 2), "a list of none is no label");
}

#[test]
fn text_messages_lie_in_a_file_without_an_ending() {
    let rows = lines(60, |i| format!("{}\tGo, \"go {i}; now", ["ham", "spam"][i % 2]));
    let place = Place::with(&[("SMSSpamCollection", &rows)]);
    let set = place.open(r#"source: Files(train: "SMSSpamCollection", roles: (text: [1], label: 0))"#);
    assert_eq!((counts(&set), set.classes.join(" ")), ((54, 6), "ham spam".to_owned()));
    assert_eq!(class_of(&set, "Go, \"go 3; now"), "spam");
}

#[test]
fn sentences_of_three_files_are_a_list_a_folder_or_an_archive() {
    let rows = |of: &str| lines(20, |i| format!("So there is no way, {of} {i}.\t{}", i % 2)).into_bytes();
    let names = ["amazon_cells", "imdb", "yelp"];
    let inside = "sentiment labelled sentences";
    let mut files: Vec<(String, Vec<u8>)> =
        names.iter().map(|name| (format!("{inside}/{name}_labelled.txt"), rows(name))).collect();
    files.push((format!("{inside}/readme.txt"), b"It holds sentences.\nThey have a label.\n".to_vec()));
    files.push((format!("{inside}/.DS_Store"), b"\0\0\0\x01Bud1".to_vec()));
    files.extend(names.map(|name| (format!("__MACOSX/{inside}/._{name}_labelled.txt"), b"\0\x05\x16\x07".to_vec())));
    let place = Place::new();
    files.iter().for_each(|(name, bytes)| place.write(name, bytes));
    place.write("sentences.zip", &zip(&files));
    let list = names.map(|name| format!(r#""{inside}/{name}_labelled.txt""#)).join(", ");
    for train in [format!("[{list}]"), format!(r#""{inside}""#), r#""sentences.zip""#.to_owned()] {
        let set = place.open(&format!("source: Files(train: {train}, roles: (text: [0], label: 1)), test: 0.0"));
        assert_eq!((counts(&set), set.classes.join(" ")), ((60, 0), "0 1".to_owned()), "{train}");
        assert_eq!(class_of(&set, "yelp 3."), "1");
    }
}

fn table(count: usize, from: usize) -> Vec<(&'static str, Cells)> {
    let ids = || from..from + count;
    vec![
        ("id", Cells::Wholes(ids().map(|i| i as i64).collect())),
        ("text", Cells::texts(ids().map(|i| format!("a text, \"of\"\nnumber {i}")))),
        ("label", Cells::Wholes(ids().map(|i| i as i64 % 3).collect())),
        ("score", Cells::Numbers(ids().map(|i| i as f64 / 2.0).collect())),
        ("is_new", Cells::Truths(ids().map(|i| i % 2 == 0).collect())),
        (
            "tags",
            Cells::Lists(ids().map(|i| (0..i % 3).map(|tag| format!("tag {}", (i + tag) % 2)).collect()).collect()),
        ),
    ]
}

#[test]
fn parquet_is_one_file_or_many_in_a_folder_named_by_part() {
    let place = Place::new();
    for (name, count, from) in
        [("train-00000-of-00002", 30, 0), ("train-00001-of-00002", 30, 30), ("test-00000-of-00001", 12, 60)]
    {
        place.write(&format!("set/data/{name}.parquet"), &parquet(&table(count, from), Compression::SNAPPY, true));
    }
    place.write("set/README.md", b"---\ndataset_info:\n---\n");
    place.write("set/dataset_infos.json", b"{\"default\": {}}");
    let names = r#"labels: (names: ["a", "b", "c"])"#;
    let folder = place.open(&format!(r#"source: Files(train: "set"), {names}, validation: 0.0"#));
    assert_eq!((parts(&folder), folder.classes.join(" ")), ((60, 0, 12), "a b c".to_owned()));
    assert_eq!((folder.train[31].text(), class_of(&folder, "number 31")), ("a text, \"of\"\nnumber 31", "b"));
    let one = place.open(&format!(r#"source: Files(train: "set/data/test-00000-of-00001.parquet"), {names}"#));
    assert_eq!(counts(&one), (11, 1), "whatever it is called");
    let split = place.open(&format!(
        r#"source: Files(train: ["set/data/train-00000-of-00002.parquet", "set/data/train-00001-of-00002.parquet"], test: "set/data/test-00000-of-00001.parquet", format: Parquet), {names}"#
    ));
    assert_eq!((counts(&split), split.test == folder.test), ((60, 12), true));
    let missing = place.refused(r#"source: Files(train: "set", roles: (text: ["sentence"]))"#);
    assert!(missing.contains("`sentence`") && missing.contains("`id`, `text`, `label`"), "{missing}");
}

#[test]
fn parquet_of_every_packing_gives_every_kind_of_cell() {
    let place = Place::new();
    let packings = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::LZ4,
        Compression::LZ4_RAW,
        Compression::GZIP(Default::default()),
        Compression::ZSTD(Default::default()),
    ];
    for packing in packings {
        for dictionary in [true, false] {
            place.write("rows.parquet", &parquet(&table(30, 0), packing, dictionary));
            let lines = r#"source: Files(train: "rows.parquet", roles: (weight: "score")), validation: 0.0, test: 0.0"#;
            let set = place.try_with(lines, &["id", "is_new"]).unwrap();
            assert_eq!((counts(&set), set.classes.join(" ")), ((30, 0), "0 1 2".to_owned()), "{packing:?}");
            let example = &set.train[7];
            assert_eq!((example.text(), example.weight), ("a text, \"of\"\nnumber 7", 3.5));
            assert_eq!((example.fields.get("id"), example.fields.get("is_new")), (Some("7"), Some("false")));
            let tags =
                r#"source: Files(train: "rows.parquet", roles: (label: "tags")), labels: (several: First), test: 0.0"#;
            let set = place.open(tags);
            assert_eq!(
                (set.classes.join(" "), set.counts().labelled + set.validation.len()),
                ("tag 0 tag 1".into(), 20)
            );
        }
    }
}

#[test]
fn files_may_be_packed_one_by_one() {
    let label = |i: usize| ["x", "y"][i % 2];
    let csv = format!("text,label\n{}", lines(40, |i| format!("text {i},{}", label(i))));
    let json = lines(40, |i| format!(r#"{{"text": "text {i}", "label": "{}"}}"#, label(i)));
    let columns =
        [("text", Cells::texts((0..40).map(|i| format!("text {i}")))), ("label", Cells::texts((0..40).map(label)))];
    let place = Place::new();
    for (name, bytes) in [
        ("rows.csv", csv.clone().into_bytes()),
        ("rows.tsv", csv.replace(',', "\t").into_bytes()),
        ("rows.txt", csv.replace(',', ";").into_bytes()),
        ("rows", csv.replace(',', "|").into_bytes()),
        ("rows.jsonl", json.clone().into_bytes()),
        ("rows.json", format!("[{}]", json.trim().replace('\n', ",")).into_bytes()),
        ("rows.parquet", parquet(&columns, Compression::SNAPPY, true)),
        ("rows.train", lines(40, |i| format!("__label__{} text {i}", label(i))).into_bytes()),
    ] {
        place.write(name, &bytes);
        place.write(&format!("{name}.gz"), &gz(&bytes));
        place.write(&format!("{name}.zip"), &zip(&[(name.to_owned(), bytes)]));
        let open = |ending: &str| place.open(&format!(r#"source: Files(train: "{name}{ending}"), test: 0.0"#));
        let plain = open("");
        assert_eq!((counts(&plain), plain.classes.join(" ")), ((40, 0), "x y".to_owned()), "{name}");
        for ending in [".gz", ".zip"] {
            let packed = open(ending);
            assert_eq!(
                (packed.train, packed.validation),
                (plain.train.clone(), plain.validation.clone()),
                "{name}{ending}"
            );
        }
    }
}

#[test]
fn texts_without_labels_lie_among_others_or_alone_beside_named_classes() {
    let some = lines(60, |i| format!("text {i},{}", ["x", "y", ""][i % 3]));
    let place = Place::with(&[
        ("some.csv", &format!("text,label\n{some}")),
        ("none.txt", &lines(30, |i| format!("Only a text{} number {i}.", [",", " of"][i % 2]))),
    ]);
    let set = place.open(r#"source: Files(train: "some.csv"), validation: 0.0"#);
    assert_eq!((counts(&set), set.counts().labelled), ((56, 4), 36));
    let lines = r#"source: Files(train: "none.txt", roles: (label: None)), labels: (names: ["x", "y"])"#;
    let set = place.open(lines);
    assert_eq!((parts(&set), set.counts().labelled, set.classes.join(" ")), ((30, 0, 0), 0, "x y".to_owned()));
    let said = place.refused(r#"source: Files(train: "none.txt", roles: (label: None))"#);
    assert!(said.contains("data.labels.names") && said.ends_with("none.txt"), "{said}");
    let both =
        place.open(r#"source: Files(train: "none.txt", test: (files: ["some.csv"], roles: ()), roles: (label: None))"#);
    assert_eq!((parts(&both), both.classes.join(" ")), ((30, 0, 40), "x y".to_owned()), "labelled rows to test with");
}

#[test]
fn rows_and_classes_have_weights() {
    let rows = lines(40, |i| format!("text {i},{},{}", if i < 30 { "x" } else { "y" }, ["0.5", "2", ""][i % 3]));
    let place = Place::with(&[("rows.csv", &format!("text,label,w\n{rows}"))]);
    let own =
        |more: &str| place.open(&format!(r#"source: Files(train: "rows.csv"{more}), validation: 0.0, test: 0.0"#));
    let set = own(r#", roles: (weight: "w")"#);
    assert_eq!(set.train.iter().take(3).map(|example| example.weight).collect::<Vec<_>>(), [0.5, 2.0, 1.0]);
    let lines = r#"source: Files(train: "rows.csv"), labels: (weights: Balanced), validation: 0.0, test: 0.0"#;
    let balanced = place.open(lines);
    let sum = |class| balanced.train.iter().filter(|e| e.class() == Some(class)).map(|e| e.weight).sum::<f32>();
    assert!((sum(0) - 20.0).abs() < 1e-4 && (sum(1) - 20.0).abs() < 1e-4);
    place.write("rows.csv", b"text,label,w\na,x,1\nb,y,-1\n");
    let said = place.refused(r#"source: Files(train: "rows.csv", roles: (weight: "w"))"#);
    assert!(said.contains("line 3 ") && said.contains("not below 0"), "{said}");
}

#[test]
fn labels_that_look_alike_are_merged_where_that_is_asked_for() {
    let rows = lines(40, |i| format!("text {i},{}", ["Pos", "neg", "pos", "NEG ", "Pos"][i % 5]));
    let place = Place::with(&[("rows.csv", &format!("text,label\n{rows}"))]);
    let said = place.refused(r#"source: Files(train: "rows.csv")"#);
    assert!(said.contains("merge: true"), "{said}");
    let set = place.open(r#"source: Files(train: "rows.csv"), labels: (merge: true)"#);
    assert_eq!((set.classes.join(" "), counts(&set)), ("NEG Pos".to_owned(), (36, 4)));
    let set =
        place.open(r#"source: Files(train: "rows.csv"), labels: (merge: true, names: ["positive", "neg", "Pos"])"#);
    assert_eq!((set.classes.join(" "), class_of(&set, "text 3")), ("positive neg Pos".to_owned(), "neg"));
    let said = place.refused(r#"source: Files(train: "rows.csv"), labels: (names: ["neg", "Pos"])"#);
    assert!(said.contains("none of the classes"), "{said}");
}

#[test]
fn each_part_may_have_a_limit_of_its_own() {
    let rows = |count| format!("text,label\n{}", lines(count, |i| format!("text {i},{}", ["x", "y"][i % 2])));
    let place = Place::with(&[("train.csv", &rows(100)), ("dev.csv", &rows(30)), ("test.csv", &rows(40))]);
    let files = r#"source: Files(train: "train.csv", validation: "dev.csv", test: "test.csv")"#;
    assert_eq!(parts(&place.open(&format!("{files}, limit: (train: 20, test: 10)"))), (20, 30, 10));
    assert_eq!(parts(&place.open(&format!("{files}, limit: 5"))), (5, 5, 5));
    let folder = Place::with(&[("d/train.csv", &rows(100)), ("d/test.csv", &rows(40))]);
    let set = folder.open(r#"source: Files(train: "d", test: "d/test.csv")"#);
    assert_eq!(counts(&set), (100, 40), "what is the test is not learned from too");
    assert!(told(&set, "`test.csv` are not read"), "{:?}", set.notes);
}

#[test]
fn what_is_no_table_is_refused_as_what_it_is() {
    let office =
        zip(&[("[Content_Types].xml".to_owned(), b"<?xml".to_vec()), ("xl/sheet1.xml".to_owned(), b"<a>".to_vec())]);
    let by_column = br#"{"text": {"0": "a", "1": "b"}, "label": {"0": "x", "1": "y"}}"#;
    for (name, bytes, said) in [
        ("rows.xlsx", office.as_slice(), "spreadsheet"),
        ("rows.csv.bz2", b"BZh91AY&SY\x01\x02\x03 abc", "bzip2"),
        ("rows.csv.xz", b"\xFD7zXZ\0\0\x04 abc", "xz"),
        ("rows.jsonl.zst", b"\x28\xB5\x2F\xFD abc", "zstd"),
        ("data.arrow", b"ARROW1\0\0abc", "Arrow"),
        ("rows.json", by_column, "one array of objects"),
        ("rows.parquet", b"PAR1 and so on", "Parquet"),
        ("rows.csv", b"text,label\n'a, b',x\n", "3 cells"),
        ("rows.csv", b"text,label\n\"a \\\"b\\\" c\",x\n", "must be doubled"),
        ("empty.zip", b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "NUL"),
    ] {
        let place = Place::new();
        place.write(name, bytes);
        let refused = place.refused(&format!(r#"source: Files(train: "{name}")"#));
        assert!(refused.contains(said) && refused.ends_with(name), "{name}: {refused}");
    }
    let gone = Place::new().refused(r#"source: Files(train: "gone.csv")"#);
    assert!(Path::new(gone.rsplit(' ').next().unwrap()).ends_with("gone.csv"), "{gone}");
}

#[test]
fn every_class_and_every_count_is_the_same_however_the_rows_are_written() {
    let label = |i: usize| ["x", "y", "z"][i % 3];
    let comma = lines(90, |i| format!("text {i},{}", label(i)));
    let json = |i: usize| format!(r#"{{"text": "text {i}", "label": "{}"}}"#, label(i));
    let by_column = |cell: &dyn Fn(usize) -> String| (0..90).map(cell).collect::<Vec<_>>().join(", ");
    let (texts, labels) = (by_column(&|i| format!("\"text {i}\"")), by_column(&|i| format!("\"{}\"", label(i))));
    let forms = [
        ("rows.csv", format!("text,label\n{comma}")),
        ("rows.csv", format!("text;label\n{}", comma.replace(',', ";"))),
        ("rows.tab", format!("text\tlabel\n{}", comma.replace(',', "\t"))),
        ("rows.txt", format!("text|label\n{}", comma.replace(',', "|"))),
        ("rows.json", lines(90, json)),
        ("rows.json", format!("{{\"data\": [{}]}}", (0..90).map(json).collect::<Vec<_>>().join(","))),
        ("rows.json", format!("{{\"text\": [{texts}], \"label\": [{labels}]}}")),
    ];
    let mut sets: BTreeMap<usize, Dataset> = BTreeMap::new();
    for (at, (name, content)) in forms.iter().enumerate() {
        let set = Place::with(&[(name, content)]).open(&format!(r#"source: Files(train: "{name}")"#));
        sets.insert(at, Dataset { notes: Vec::new(), ..set });
    }
    assert!(sets.values().all(|set| *set == sets[&0]));
    let split = Place::with(&[("rows.txt", &comma.replace(',', " ||| "))])
        .open(r#"source: Files(train: "rows.txt", format: Delimited(separator: " ||| ", header: false), roles: (text: [0], label: 1))"#);
    assert_eq!((split.train, split.test), (sets[&0].train.clone(), sets[&0].test.clone()));
}

/// Whether a cell reads as it was meant: numbers by value, for there are several ways to write one.
fn same(read: &str, meant: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().ok();
    read == meant || number(read).is_some_and(|read| Some(read) == number(meant))
}

/// A table that a program of another language wrote: what its cells are, and the lines that name it.
fn check_written(folder: &Path, said: &serde_json::Value, name: &str) {
    let place = Place::new();
    place.write(name, &std::fs::read(folder.join(name)).unwrap());
    let (lines, list) = (said["data"].as_str().unwrap(), |key: &str| said[key].as_array().cloned().unwrap_or_default());
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let refused: Vec<String> = list("refused").iter().map(text).collect();
    if !refused.is_empty() {
        let words = place.refused(lines);
        assert!(refused.iter().all(|word| words.contains(word)) && words.ends_with(name), "{words}");
        return;
    }
    let named: Vec<String> = list("named").iter().map(text).collect();
    let named: Vec<&str> = named.iter().map(String::as_str).collect();
    let set = place.try_with(&format!("{lines}, validation: 0.0, test: 0.0"), &named);
    let set = set.unwrap_or_else(|e| panic!("{name}: {e}"));
    let cells = list("cells");
    assert_eq!(set.train.len(), cells.len(), "{name}: {:?}", set.notes);
    for (row, (example, cells)) in set.train.iter().zip(&cells).enumerate() {
        let class = example.class().map_or("", |class| &set.classes[class]);
        let own = example.fields.get("text").unwrap_or(example.text());
        let more = named.iter().map(|name| example.fields.get(name).unwrap_or("no such column"));
        let read: Vec<&str> = [own, class].into_iter().chain(more).collect();
        let meant: Vec<&str> = cells.as_array().unwrap().iter().map(|cell| cell.as_str().unwrap()).collect();
        let is_same = read.len() == meant.len() && read.iter().zip(&meant).all(|(read, meant)| same(read, meant));
        assert!(is_same, "{name}, row {row}: {read:?} is not {meant:?}");
    }
}

#[test]
#[ignore = "needs RETORT_TABLES, a folder that tests/tables/write_tables.py has filled"]
fn tables_that_python_wrote_read_back_equal() {
    let folder = std::env::var("RETORT_TABLES").expect("RETORT_TABLES names the folder");
    let mut tables = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let Some(name) = path.file_name().unwrap().to_str().unwrap().strip_suffix(".json").map(str::to_owned) else {
            continue;
        };
        let said = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        check_written(Path::new(&folder), &said, &name);
        tables += 1;
    }
    assert!(tables > 0, "{folder} holds no table");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_written_as_parquet_is_read_back(
        cells in prop::collection::vec((any::<String>(), prop::option::of("[a-c]{1,3}")), 5..60),
        dictionary in any::<bool>(),
    ) {
        // A class that is there once and one that is there twice, whatever was drawn.
        let fixed = ["a", "b", "b"].map(|label| ("more".to_owned(), Some(label.to_owned())));
        let cells: Vec<_> = fixed.into_iter().chain(cells).collect();
        let labels = Cells::Texts(cells.iter().map(|(_, label)| label.clone()).collect());
        let texts = Cells::texts(cells.iter().map(|(text, _)| text.clone()));
        let place = Place::new();
        place.write("rows.parquet", &parquet(&[("label", labels), ("text", texts)], Compression::SNAPPY, dictionary));
        let names = r#"labels: (names: ["a", "b", "c"])"#;
        let set = place.try_with(&format!(r#"source: Files(train: "rows.parquet"), {names}, validation: 0.0, test: 0.0"#), &[]);
        let known = cells.iter().all(|(_, label)| label.as_deref().is_none_or(|label| label.len() == 1));
        match set {
            Ok(set) => {
                let class = |label: &Option<String>| label.as_ref().map(|label| set.classes.iter().position(|name| name == label).unwrap());
                let read: Vec<_> = set.train.iter().map(|example| (example.text(), example.class())).collect();
                // A row without text is in no part, whatever its label.
                let with_text = cells.iter().filter(|(text, _)| !text.trim().is_empty());
                let meant: Vec<_> = with_text.map(|(text, label)| (text.trim(), class(label))).collect();
                prop_assert_eq!(read, meant);
            }
            Err(said) => prop_assert!(!known && said.contains("none of the classes"), "{}", said),
        }
    }
}
