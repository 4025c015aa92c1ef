//! The built-in corpus and tokenizers: what ships is what the generator makes, and is as described.
#![cfg(feature = "engine")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use posts::{CLASSES, PARTS, Post, SEED};
use tokenizers::Tokenizer;

#[path = "../assets/corpora/posts/mod.rs"]
mod posts;

fn asset(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(name)
}

fn shipped_lines() -> String {
    let mut text = String::new();
    let file = fs::File::open(asset("corpora/posts.jsonl.gz")).unwrap();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text
}

fn shipped() -> Vec<Post> {
    shipped_lines().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of_part<'a>(posts: &'a [Post], part: &str) -> Vec<&'a Post> {
    posts.iter().filter(|post| post.part == part).collect()
}

fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

fn tokenizer(model: &str) -> Tokenizer {
    Tokenizer::from_file(asset("models").join(model).join("tokenizer.json")).unwrap()
}

#[test]
fn the_generator_gives_the_shipped_corpus_byte_for_byte() {
    let made = posts::json_lines(&posts::corpus(SEED)).unwrap();
    assert!(made == shipped_lines(), "the shipped corpus is stale: run `cargo run --release --example make_posts`");
}

#[test]
fn another_seed_gives_another_corpus() {
    let (one, other) = (posts::corpus(SEED), posts::corpus(SEED + 1));
    let known: BTreeSet<&str> = one.iter().map(|post| post.text.as_str()).collect();
    let again = other.iter().filter(|post| known.contains(post.text.as_str())).count();
    assert!(one.len() == other.len() && again * 10 < other.len(), "{again} of {} posts are the same", other.len());
}

#[test]
fn the_generator_gives_the_shipped_tokenizers_byte_for_byte() {
    let corpus = shipped();
    let lessons = of_part(&corpus, "train");
    for (made, model) in [
        (posts::vocabulary::teacher(&lessons).unwrap(), "posts-teacher"),
        (posts::vocabulary::student(&lessons).unwrap(), "posts-student"),
    ] {
        let stored = fs::read_to_string(asset("models").join(model).join("tokenizer.json")).unwrap();
        assert!(made.to_string(true).unwrap() == stored, "the shipped tokenizer of {model} is stale");
    }
}

#[test]
fn parts_and_classes_have_the_stated_sizes() {
    let corpus = shipped();
    for (part, size) in PARTS {
        let mut counts = BTreeMap::new();
        for post in of_part(&corpus, part) {
            *counts.entry(post.label.as_str()).or_insert(0) += 1;
        }
        assert_eq!(counts.values().sum::<usize>(), size, "{part}");
        assert_eq!(counts.keys().copied().collect::<BTreeSet<_>>(), BTreeSet::from(CLASSES), "{part}");
        let even = size / CLASSES.len();
        // Training labels are noisy on purpose; the other parts are exactly even.
        let slack = if part == "train" { even / 20 } else { 0 };
        assert!(counts.values().all(|count| count.abs_diff(even) <= slack), "{part}: {counts:?}");
    }
}

#[test]
fn about_a_sixth_of_every_part_is_chinese() {
    let corpus = shipped();
    for (part, size) in PARTS {
        let chinese = of_part(&corpus, part).iter().filter(|post| is_chinese(&post.text)).count();
        let share = chinese as f64 / size as f64;
        assert!((0.15..=0.20).contains(&share), "{part}: {share}");
    }
}

#[test]
fn no_text_comes_twice() {
    let corpus = shipped();
    let texts: BTreeSet<String> = corpus.iter().map(|post| post.text.to_lowercase()).collect();
    assert_eq!(texts.len(), corpus.len());
}

#[test]
fn posts_are_short() {
    for post in shipped() {
        let words = post.text.split_whitespace().count();
        // A tag may follow the text, so one more than the generator's own limit.
        assert!(is_chinese(&post.text) || (12..=46).contains(&words), "{words} words: {}", post.text);
    }
}

#[test]
fn the_student_knows_every_token_of_the_test_part() {
    let (corpus, student) = (shipped(), tokenizer("posts-student"));
    let unknown = student.token_to_id("[UNK]").unwrap();
    let ids: Vec<u32> = of_part(&corpus, "test")
        .iter()
        .flat_map(|post| student.encode(post.text.as_str(), false).unwrap().get_ids().to_vec())
        .collect();
    let missed = ids.iter().filter(|id| **id == unknown).count();
    assert!((missed as f64) < 0.002 * ids.len() as f64, "{missed} of {} tokens are unknown", ids.len());
}

#[test]
fn every_post_fits_both_models_with_its_question() {
    let (teacher, student) = (tokenizer("posts-teacher"), tokenizer("posts-student"));
    for post in shipped() {
        let asked = format!("{}\nThe topic of this post is {}", post.text, post.label);
        assert!(teacher.encode(asked, true).unwrap().len() <= 160, "{}", post.text);
        assert!(student.encode(post.text.as_str(), true).unwrap().len() <= 128, "{}", post.text);
    }
}

#[test]
fn the_teacher_reads_back_exactly_what_it_was_given() {
    let teacher = tokenizer("posts-teacher");
    for text in ["Not pruning, just 弹吉他!", "naïve café\n\tZürich 🙂"] {
        let ids = teacher.encode(text, false).unwrap().get_ids().to_vec();
        assert_eq!(teacher.decode(&ids, true).unwrap(), text);
    }
}

#[test]
fn some_label_words_take_one_token_and_at_least_two_take_several() {
    let teacher = tokenizer("posts-teacher");
    let lengths: Vec<usize> =
        CLASSES.iter().map(|class| teacher.encode(format!(" {class}"), false).unwrap().len()).collect();
    assert!(lengths.iter().filter(|length| **length > 1).count() >= 2, "{lengths:?}");
    assert!(lengths.contains(&1), "{lengths:?}");
}

#[test]
fn special_tokens_have_the_ids_the_configurations_name() {
    let student = tokenizer("posts-student");
    for (id, token) in ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].into_iter().enumerate() {
        assert_eq!(student.token_to_id(token), u32::try_from(id).ok());
    }
    assert_eq!(tokenizer("posts-teacher").token_to_id("<|endoftext|>"), Some(0));
    for model in ["posts-teacher", "posts-student"] {
        let text = fs::read_to_string(asset("models").join(model).join("config.json")).unwrap();
        let config: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(config["vocab_size"].as_u64(), Some(tokenizer(model).get_vocab_size(true) as u64), "{model}");
    }
}
