//! The readers on real data sets, which are not part of the repository: `RETORT_SHARED` (else
//! `../shared`) names the folder that holds them. Run with `cargo test --test data -- --ignored`.

#![cfg(feature = "engine")]

use std::path::PathBuf;
use std::time::Instant;

use retort::engine::data::{self, Dataset};
use retort::engine::measure::linear_baseline;
use retort::session::{Column, Data, DataSource, FilePart, Files, Format, Roles, Strip};

fn shared(name: &str) -> PathBuf {
    let default = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    std::env::var_os("RETORT_SHARED").map_or_else(default, PathBuf::from).join("data").join(name)
}

fn open(source: DataSource, validation: f64, test: f64) -> Dataset {
    let (labels, limit) = Default::default();
    let data = Data { source, labels, validation, test, split_seed: 7, labelled: None, limit };
    let started = Instant::now();
    let set = data::open(&data, 7).unwrap();
    eprintln!(
        "{:?} in {:.2?}\n  {}",
        set.counts(),
        started.elapsed(),
        retort::session::Sentence::joined(set.notes.clone(), "\n  ")
    );
    set
}

fn delimited(name: &str, label: usize, text: usize) -> DataSource {
    let roles = Roles::new([Column::Index(text)], Some(Column::Index(label)));
    DataSource::from(Files { format: Format::delimited(false), roles, ..Files::of(shared(name)) })
}

fn newsgroups(strip: Strip) -> Dataset {
    open(DataSource::Newsgroups { path: shared("20news-bydate.tar.gz"), strip }, 0.0, 0.1)
}

fn baseline(set: &Dataset) -> f64 {
    let started = Instant::now();
    let accuracy = linear_baseline::accuracy(&set.train, &set.test, set.classes.len(), 2, 7);
    eprintln!("  linear baseline {accuracy:.4} in {:.2?}", started.elapsed());
    accuracy
}

#[test]
#[ignore = "needs the shared data"]
fn newsgroups_as_distributed_has_all_messages_and_29_odd_encodings() {
    let set = newsgroups(Strip { headers: false, footers: false, quotes: false });
    assert_eq!((set.train.len(), set.test.len(), set.classes.len()), (11_314, 7_532, 20));
    assert_eq!(set.classes[0], "alt.atheism");
    assert!(set.notes.iter().any(|note| note.starts_with("29 files are not UTF-8")), "{:?}", set.notes);
}

#[test]
#[ignore = "needs the shared data"]
fn stripped_newsgroups_reports_the_emptied_messages() {
    let set = newsgroups(Strip::default());
    // 300 and 215 were counted by an independent reading of the archive by the same three rules.
    assert_eq!((set.train.len(), set.test.len()), (11_314 - 300, 7_532 - 215));
    for note in ["300 of 11314 training documents were empty", "215 of 7532 test documents were empty"] {
        assert!(set.notes.iter().any(|found| found.starts_with(note)), "{note}: {:?}", set.notes);
    }
    assert!(baseline(&set) > 0.66);
}

#[test]
#[ignore = "needs the shared data"]
fn banking_intents_keep_their_own_test_part() {
    let source = DataSource::from(Files {
        test: FilePart::of([shared("banking77/test.csv")]),
        roles: Roles::new([Column::named("text")], Some(Column::named("category"))),
        ..Files::of(shared("banking77/train.csv"))
    });
    let set = open(source, 0.1, 0.1);
    assert_eq!((set.train.len() + set.validation.len(), set.test.len(), set.classes.len()), (10_003, 3_080, 77));
    assert!(set.train.iter().any(|example| example.text().contains('\n')));
    assert!(baseline(&set) > 0.8);
}

#[test]
#[ignore = "needs the shared data"]
fn text_messages_with_stray_quotation_marks_keep_every_row() {
    let set = open(delimited("sms_spam/SMSSpamCollection", 0, 1), 0.1, 0.1);
    assert_eq!(set.train.len() + set.validation.len() + set.test.len(), 5_574);
    assert_eq!(set.classes, ["ham", "spam"]);
    assert!(set.notes.iter().any(|note| note.contains("without quoting")));
    let texts = || set.train.iter().chain(&set.validation).chain(&set.test);
    assert!(texts().any(|example| example.text().starts_with("\"Happy valentines day\" I know")));
    assert!(baseline(&set) > 0.95);
}

#[test]
#[ignore = "needs the shared data"]
fn sentences_without_a_header_row_are_read_whole() {
    for name in ["amazon_cells", "imdb", "yelp"] {
        let set = open(delimited(&format!("uci_sentiment_sentences/{name}_labelled.txt"), 1, 0), 0.1, 0.1);
        assert_eq!((set.train.len(), set.validation.len(), set.test.len()), (810, 90, 100));
        assert_eq!(set.classes, ["0", "1"]);
        assert!(baseline(&set) > 0.65);
    }
}

#[test]
#[ignore = "needs the shared data"]
fn emotions_with_several_labels_in_a_cell_are_refused_with_their_count() {
    let source = delimited("goemotions/train.tsv", 1, 0);
    let (labels, limit) = Default::default();
    let data = Data { source, labels, validation: 0.1, test: 0.1, split_seed: 7, labelled: None, limit };
    let error = data::open(&data, 7).unwrap_err().to_string();
    assert!(error.contains("names several classes") && error.contains("7102 rows"), "{error}");
}
