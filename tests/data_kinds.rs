//! Data as people have it: what is read, what is refused with the way out, and what is said of it. Files
//! of every kind are written here; nothing else is needed.

#![cfg(feature = "engine")]

mod random_sessions;

use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use random_sessions::{Draw, damaged, session};
use retort::engine::data::{self, DataError, Dataset};
use retort::session::{Column, Data, DataSource, FilePart, Files, Format, Limits, Roles};
use tempfile::TempDir;

/// A folder of files and how they are asked for.
struct Case {
    folder: TempDir,
    header: bool,
    text: Vec<Column>,
    label: Column,
}

fn name(name: &str) -> Column {
    Column::Name(name.into())
}

impl Case {
    fn named() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), header: true, text: vec![name("text")], label: name("label") }
    }

    fn placed(header: bool, text: usize, label: usize) -> Self {
        Self { header, text: vec![Column::Index(text)], label: Column::Index(label), ..Self::named() }
    }

    fn write(&self, file: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(file);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn open(&self, file: &str, content: impl AsRef<[u8]>) -> Result<Dataset, DataError> {
        let path = self.write(file, content);
        self.read(path, None)
    }

    fn with_test(&self, train: &str, test: &str) -> Result<Dataset, DataError> {
        let (train, test) = (self.write("train.csv", train), self.write("test.csv", test));
        self.read(train, Some(test))
    }

    fn read(&self, path: PathBuf, test: Option<PathBuf>) -> Result<Dataset, DataError> {
        read(self.source(path, test))
    }

    fn source(&self, path: PathBuf, test: Option<PathBuf>) -> DataSource {
        let (format, roles) = (Format::delimited(self.header), Roles::new(self.text.clone(), Some(self.label.clone())));
        DataSource::from(Files { test: FilePart::of(test), format, roles, ..Files::of(path) })
    }
}

fn read(source: DataSource) -> Result<Dataset, DataError> {
    data::open(&of(source), 7)
}

fn of(source: DataSource) -> Data {
    let (labels, limit) = Default::default();
    Data { source, labels, validation: 0.1, test: 0.1, split_seed: 0, labelled: None, limit }
}

fn lines(path: &Path) -> Result<Dataset, DataError> {
    read(DataSource::from(Files { format: Format::Json, ..Files::of(path) }))
}

fn refusal(result: Result<Dataset, DataError>) -> String {
    result.unwrap_err().to_string()
}

/// `count` rows of text and one of the labels in turn.
fn rows(count: usize, labels: &[&str]) -> String {
    (0..count).map(|i| format!("text number {i},{}\n", labels[i % labels.len()])).collect()
}

fn labelled(count: usize, labels: &[&str]) -> String {
    format!("text,label\n{}", rows(count, labels))
}

fn all(set: &Dataset) -> usize {
    set.train.len() + set.validation.len() + set.test.len()
}

/// What is left out, by reason.
fn counted(set: &Dataset) -> Vec<(&str, usize)> {
    set.left_out.iter().map(|(reason, rows)| (&**reason, *rows)).collect()
}

fn told(set: &Dataset, word: &str) -> bool {
    set.notes.iter().any(|note| note.contains(word))
}

#[test]
fn texts_without_a_label_teach_and_are_counted_whatever_marks_them() {
    for empty in ["", "  ", "NaN", "nan", "null", "N/A", "<NA>"] {
        let content = labelled(10, &["good", "bad"]) + &rows(30, &[empty]);
        let set = Case::named().open("a.csv", content).unwrap();
        assert_eq!((all(&set), set.classes.as_slice()), (40, &["bad".to_owned(), "good".to_owned()][..]), "{empty:?}");
        let held_out = set.validation.iter().chain(&set.test);
        assert!(held_out.clone().all(|example| example.class().is_some()));
        assert_eq!(set.counts().labelled, 10 - held_out.count());
        assert!(told(&set, "30 of 40 training texts have no label"), "{:?}", set.notes);
        assert_eq!(told(&set, &format!("30 labels `{empty}`")), !empty.trim().is_empty(), "{:?}", set.notes);
    }
    let doubtful = Case::named().open("a.csv", labelled(40, &["yes", "no", "none"])).unwrap();
    assert_eq!(doubtful.classes.len(), 3);
    assert!(told(&doubtful, "`none` (13 rows) is taken for a class"), "{:?}", doubtful.notes);
}

#[test]
fn a_file_in_which_no_row_has_a_label_is_refused_and_so_is_such_a_test_file() {
    let said = refusal(Case::named().open("a.csv", labelled(20, &[""])));
    assert!(said.contains("no row has a label") && said.ends_with("a.csv"), "{said}");
    let said = refusal(Case::named().with_test(&labelled(20, &["x", "y"]), &labelled(5, &[""])));
    assert!(said.contains("none of the 5 rows has a label") && said.ends_with("test.csv"), "{said}");
    let some = Case::named().with_test(&labelled(20, &["x", "y"]), &labelled(6, &["x", ""])).unwrap();
    assert_eq!(some.test.len(), 3);
    assert!(told(&some, "3 of 6 test texts have no label and are left out"), "{:?}", some.notes);
    assert_eq!(counted(&some), [("test texts without a label (lines test.csv:3, test.csv:5, test.csv:7)", 3)]);
}

#[test]
fn numbers_that_are_the_same_are_one_class() {
    let set = Case::named().open("a.csv", labelled(40, &["7", "7.0", "8", "8.00"])).unwrap();
    assert_eq!(set.classes, ["7", "8"]);
    assert!(told(&set, "`7.0` (10 rows) as `7`"), "{:?}", set.notes);
    let across = Case::named().with_test(&labelled(20, &["0.0", "1.0"]), &labelled(10, &["0", "1"])).unwrap();
    assert_eq!(across.classes, ["0", "1"]);
    let fractions = Case::named().open("a.csv", labelled(20, &["0.0", "1.0"])).unwrap();
    assert_eq!(fractions.classes, ["0.0", "1.0"], "as they are written, where nothing else is");
}

#[test]
fn two_spellings_of_one_class_are_refused_by_line_with_both_and_their_counts() {
    for (one, other) in [
        ("pos", "POS"),
        ("very good", "very  good"),
        ("very good", "very\u{a0}good"),
        ("pos", "pos\u{200b}"),
        ("true", "True"),
        ("abc", "ａｂｃ"),
        ("1", "01"),
    ] {
        let content = labelled(40, &[one, "neg"]) + &format!("odd,{other}\n");
        let said = refusal(Case::named().open("a.csv", &content));
        assert!(said.contains("line 42 ") && said.contains("in 20 rows") && said.contains("in 1 rows"), "{said}");
    }
}

#[test]
fn cells_with_several_labels_are_refused_by_line_with_their_count() {
    for composed in ["a,b", "b, a", "a;b", "a|b", "a | b", "['a', 'b']", "[\"\"a\"\", \"\"b\"\"]"] {
        let content = labelled(40, &["a", "b"]) + &format!("both,\"{composed}\"\nboth,\"{composed}\"\n");
        let said = refusal(Case::named().open("a.csv", &content));
        assert!(
            said.contains("line 42 ") && said.contains("several classes, `a`, `b`") || said.contains("`b`, `a`"),
            "{said}"
        );
        assert!(said.contains("2 rows"), "{said}");
    }
    let series = labelled(40, &["joy", "fear", "anger"]) + &rows(6, &["joy fear", "fear anger", "joy anger"]);
    assert!(refusal(Case::named().open("a.csv", series)).contains("several classes"));
    let one_name = labelled(40, &["sports", "news", "sports news"]);
    assert_eq!(Case::named().open("a.csv", one_name).unwrap().classes.len(), 3, "one such name may be a class");
}

#[test]
fn a_column_of_texts_ids_or_scores_is_refused_as_a_class() {
    let started = std::time::Instant::now();
    let ids: String = (0..1000).map(|i| format!("text number {i},id-{i}\n")).collect();
    let said = refusal(Case::named().open("a.csv", format!("text,label\n{ids}")));
    assert!(said.contains("1000 different values in 1000 rows") && said.contains("992 more"), "{said}");
    assert!(said.len() < 700, "the list is short: {said}");
    let few: String = (0..20).map(|i| format!("text number {i},id-{i}\n")).collect();
    assert!(refusal(Case::named().open("a.csv", format!("text,label\n{few}"))).contains("20 different values"));
    let scores: String = (0..400).map(|i| format!("text number {i},{}\n", (i % 40) as f64 / 10.0 + 0.05)).collect();
    assert!(refusal(Case::named().open("a.csv", format!("text,label\n{scores}"))).contains("scores"));
    let path = Case::named().folder.keep().join("rows.jsonl");
    let ids: String = (0..300).map(|i| format!("{{\"text\":\"t {i}\",\"label\":\"id {i}\"}}\n")).collect();
    std::fs::write(&path, ids).unwrap();
    assert!(refusal(lines(&path)).contains("300 different values"));
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    assert!(started.elapsed().as_secs() < 20, "refused at once");
}

#[test]
fn many_classes_with_texts_enough_and_few_labels_among_many_texts_are_fine() {
    let names: Vec<String> = (0..77).map(|i| format!("intent {i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(Case::named().open("a.csv", labelled(770, &names)).unwrap().classes.len(), 77);
    let one_each = labelled(77, &names) + &rows(1000, &[""]);
    let set = Case::named().open("a.csv", one_each).unwrap();
    assert_eq!((set.classes.len(), set.train.len()), (77, 1077));
    let taught = Case::named().with_test(&labelled(77, &names), &labelled(770, &names)).unwrap();
    assert_eq!(taught.test.len(), 770);
}

#[test]
fn a_test_file_with_other_columns_is_refused_with_both_lists() {
    let by_place = |header| Case::placed(header, 0, 1);
    let train = labelled(40, &["x", "y"]);
    for (test, said) in [
        ("text,label,more\na,x,1\n", "3 columns `text`, `label`, `more`"),
        ("label,text\nx,a\ny,b\n", "2 columns `label`, `text`"),
        ("sentence,stars\na,x\n", "2 columns `sentence`, `stars`"),
    ] {
        let error = refusal(by_place(true).with_test(&train, test));
        assert!(error.contains(said) && error.contains("2 columns `text`, `label`"), "{error}");
        assert!(error.ends_with("test.csv"), "{error}");
    }
    let wider = refusal(by_place(false).with_test(&rows(40, &["x", "y"]), "3,a title,a text\n4,a title,a text\n"));
    assert!(wider.contains("3 columns") && wider.contains("2 columns"), "{wider}");
    let turned: String = (0..40).map(|i| format!("{},some text {i}\n", ["x", "y"][i % 2])).collect();
    let turned = refusal(by_place(false).with_test(&rows(40, &["x", "y"]), &turned));
    assert!(turned.contains("no training text") && turned.contains("`x`, `y`"), "{turned}");
    let renamed = by_place(true).with_test(&train, "content,label\na,x\nb,y\n").unwrap();
    assert!(told(&renamed, "`content`") && told(&renamed, "`text`"), "{:?}", renamed.notes);
    let by_name = Case::named().with_test(&train, "id,label,text\n1,x,a\n2,y,b\n").unwrap();
    assert_eq!(by_name.test[0].text(), "a", "chosen by name, the order is free");
}

#[test]
fn a_first_row_that_is_not_what_is_said_of_it_is_refused_with_the_other_word() {
    for labels in [&["pos", "neg"][..], &["0", "1"], &["4", "2", "3"]] {
        let said = refusal(Case::placed(true, 0, 1).open("a.csv", rows(40, labels)));
        assert!(said.contains("header: false") && said.contains("`text number 0`"), "{said}");
        let said = refusal(Case::placed(false, 0, 1).open("a.csv", labelled(40, labels)));
        assert!(said.contains("header: true") && said.contains("`text`, `label`"), "{said}");
        for title in ["Review,Stars", "文本,标签", "0,1"] {
            let content = format!("{title}\n{}", rows(40, labels));
            assert!(refusal(Case::placed(false, 0, 1).open("a.csv", &content)).contains("header: true"), "{title}");
            assert_eq!(all(&Case::placed(true, 0, 1).open("a.csv", &content).unwrap()), 40, "{title}");
        }
        assert_eq!(all(&Case::placed(false, 0, 1).open("a.csv", rows(40, labels)).unwrap()), 40);
    }
}

#[test]
fn a_missing_column_says_where_the_cells_are_parted() {
    let said =
        refusal(Case::placed(false, 1, 0).open("TREC.train", "NUM:dist How far is it ?\nLOC:city Where is it ?\n"));
    assert!(said.contains("numbered 0 to 0 where a comma parts the cells"), "{said}");
    let wide = (0..100).map(|i| format!("column {i}")).collect::<Vec<_>>().join(",");
    let said = refusal(Case::named().open("a.csv", format!("{wide}\n")));
    assert!(said.contains("92 more") && said.len() < 500, "{said}");
}

#[test]
fn files_in_the_encodings_of_spreadsheets_are_read_and_the_encoding_is_told() {
    use encoding_rs::{BIG5, EUC_KR, GBK, SHIFT_JIS};
    for (encoding, good, bad) in [
        (GBK, "这部电影非常好看,好评", "浪费时间 太差了,差评"),
        (BIG5, "這部電影非常好看,好評", "浪費時間 太差了,差評"),
        (SHIFT_JIS, "この映画はとても良かった,良い", "時間の無駄でした,悪い"),
        (EUC_KR, "이 영화는 정말 재미있어요,긍정", "시간 낭비였습니다,부정"),
    ] {
        let content = format!("text,label\n{}", format!("{good}\n{bad}\n").repeat(20));
        let set = Case::named().open("a.csv", encoding.encode(&content).0).unwrap();
        let class = |row: &str| row.split(',').nth(1).unwrap().to_owned();
        let mut classes = [class(good), class(bad)];
        classes.sort();
        assert_eq!((all(&set), set.classes.as_slice()), (40, &classes[..]));
        assert!(told(&set, encoding.name()), "{:?}", set.notes);
    }
}

#[test]
fn one_damaged_byte_is_told_by_its_line_and_in_a_label_refused() {
    let mut bytes = labelled(40, &["好评", "差评"]).replace("text number", "一部电影").into_bytes();
    bytes.insert("text,label\n一".len(), 0xFF);
    let set = Case::named().open("a.csv", &bytes).unwrap();
    assert_eq!(set.classes, ["好评", "差评"]);
    assert!(told(&set, "line 2"), "{:?}", set.notes);
    let content = labelled(40, &["好评", "差评"]).into_bytes();
    let label = content.len() - 4;
    let damaged = [&content[..label], b"\xFF", &content[label..]].concat();
    let said = refusal(Case::named().open("a.csv", damaged));
    assert!(said.contains("line 41 ") && said.contains("damaged"), "{said}");
}

#[test]
fn what_is_left_out_is_counted_by_reason() {
    let content = labelled(40, &["x", "y"]) + "  ,x\n ,y\n,\n";
    let set = Case::named().open("a.csv", content).unwrap();
    assert_eq!((all(&set), counted(&set)), (40, vec![("training rows without text (lines 42, 43)", 2)]));
    let case = Case::named();
    let path = case.write("a.csv", labelled(100, &["x", "y"]));
    let data = Data { limit: Limits::each(Some(20)), ..of(case.source(path, None)) };
    let set = data::open(&data, 1).unwrap();
    assert_eq!(set.left_out, [(data::beyond_limit(), 100 - all(&set))]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_over_sound_data_are_read_or_refused_and_never_a_panic_or_a_wait(bytes in prop::collection::vec(any::<u8>(), 8..60)) {
        let mut draw = Draw::from(&bytes);
        let content = labelled(40, &["x", "y", "\"a \"\"b\"\"\nc\"", ""]);
        let json: String = (0..40).map(|i| format!("{{\"text\": \"t {i}\", \"label\": {}}}\n", i % 3)).collect();
        let started = Instant::now();
        for (file, content) in [("a.csv", &content), ("a.tsv", &content.replace(',', "\t")), ("a.jsonl", &json)] {
            let case = Case::named();
            let path = case.write(file, damaged(&mut draw, content));
            let set = if file == "a.jsonl" { lines(&path) } else { case.read(path, None) };
            match set {
                Ok(set) => prop_assert!(set.train.iter().all(|example| !example.text().is_empty())),
                Err(e) => prop_assert!(e.to_string().contains(file), "{}", e),
            }
        }
        prop_assert!(started.elapsed().as_secs() < 10);
    }
}

/// How often anybody came to `listener`.
fn visitors(listener: &TcpListener) -> usize {
    let come = || match listener.accept() {
        Ok(_) => Some(()),
        Err(e) if e.kind() == ErrorKind::WouldBlock => None,
        Err(e) => panic!("{e}"),
    };
    std::iter::from_fn(come).count()
}

#[test]
fn drawn_and_damaged_sessions_are_examined_without_a_panic_a_wait_or_a_single_request() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    std::fs::write(folder.path().join("a.csv"), labelled(60, &["x", "y"])).unwrap();
    std::fs::write(folder.path().join("a.jsonl"), "{\"text\": \"t\", \"label\": 1}\n".repeat(20)).unwrap();
    for seed in 0..40u8 {
        let bytes: Vec<u8> =
            (0..60u8).map(|i| i.wrapping_mul(37).wrapping_add(seed.wrapping_mul(101)) ^ (i >> 2)).collect();
        let mut draw = Draw::from(&bytes);
        let drawn = session(&mut draw, &address, place);
        let text = if seed % 4 == 3 { damaged(&mut draw, &drawn.full) } else { drawn.by_hand };
        let path = folder.path().join("drawn.ron");
        std::fs::write(&path, &text).unwrap();
        let mut doctor = Command::new(env!("CARGO_BIN_EXE_retort"));
        doctor.arg("doctor").arg(&path).stdout(Stdio::null()).stderr(Stdio::null());
        doctor.env("HF_ENDPOINT", &address).env("HF_HOME", folder.path()).env("RETORT_CACHE", folder.path());
        for proxy in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            doctor.env(proxy, &address);
        }
        let mut doctor = doctor.spawn().unwrap();
        let started = Instant::now();
        let code = loop {
            match doctor.try_wait().unwrap() {
                Some(status) => break status.code(),
                None if started.elapsed() > Duration::from_secs(120) => {
                    doctor.kill().unwrap();
                    panic!("it hangs: {text}");
                }
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        assert!(code.is_some_and(|code| code != 101), "{code:?}: {text}");
        assert_eq!(visitors(&listener), 0, "{text}");
    }
}
