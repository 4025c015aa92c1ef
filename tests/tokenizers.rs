//! Tokenizers: the older files give the ids that `tokenizer.json` gives, and both give those of the
//! reference implementations. What needs the shared files is ignored where a fresh clone lacks them;
//! `RETORT_SHARED` (default `../shared`) names the folder.
#![cfg(feature = "engine")]

mod agreement_of_chats;

use std::path::{Path, PathBuf};

use agreement_of_chats::Agreement;
use retort::engine::model::{ModelFiles, Tokens};

fn shared(name: &str) -> PathBuf {
    let root = std::env::var_os("RETORT_SHARED").map(PathBuf::from);
    root.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared")).join(name)
}

fn open(folder: &Path) -> Tokens {
    Tokens::open(&ModelFiles::Folder(folder.to_owned())).unwrap()
}

/// The tokenizer of a shared folder, from only the files named.
fn from(folder: &str, names: &[&str]) -> Tokens {
    let temporary = tempfile::tempdir().unwrap();
    for name in names {
        std::fs::copy(shared("tokenizers").join(folder).join(name), temporary.path().join(name)).unwrap();
    }
    open(temporary.path())
}

fn json(name: &str) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(shared("tokenizers/conformance").join(name)).unwrap()).unwrap()
}

fn ids(value: &serde_json::Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|id| id.as_u64().unwrap() as u32).collect()
}

/// Every text of llama.cpp's list; without special tokens.
fn agrees_with_llama_cpp(tokens: &Tokens, name: &str) {
    let read = |end: &str| {
        std::fs::read_to_string(shared("tokenizers/conformance/llama.cpp").join(format!("{name}.gguf.{end}"))).unwrap()
    };
    let (texts, answers) = (read("inp"), read("out"));
    let texts: Vec<&str> = texts.split("\n__ggml_vocab_test__\n").collect();
    let answers: Vec<&str> = answers.lines().collect();
    assert!(answers.len() >= 40 && texts.len() >= answers.len(), "{} texts, {} answers", texts.len(), answers.len());
    for (text, answer) in texts.iter().zip(answers) {
        let expected: Vec<u32> = answer.split_whitespace().map(|id| id.parse().unwrap()).collect();
        assert_eq!(tokens.encode(text, false).unwrap().ids, expected, "{name}: {text:?}");
    }
}

/// Every text of the multilingual list; with special tokens.
fn agrees_with_transformers(tokens: &Tokens, name: &str) {
    let inputs = json("swift-transformers/multilingual/inputs.json");
    let inputs = inputs.as_array().unwrap();
    let baseline = json(&format!("swift-transformers/multilingual/{name}_multilingual.json"));
    let entries = baseline["entries"].as_array().unwrap();
    assert_eq!((inputs.len(), entries.len()), (83, 83));
    for (input, entry) in inputs.iter().zip(entries) {
        assert_eq!(input["id"], entry["id"]);
        let text = input["text"].as_str().unwrap();
        assert_eq!(tokens.encode(text, true).unwrap().ids, ids(&entry["input_ids"]), "{name}: {text:?}");
    }
}

#[test]
#[ignore = "needs the shared tokenizers"]
fn every_line_has_the_ids_of_the_reference() {
    for (folder, name) in [
        ("bert-base-uncased", "bge_small"),
        ("gpt2", "gpt2"),
        ("roberta-base", "roberta_base"),
        ("t5-small", "t5_small"),
    ] {
        agrees_with_transformers(&from(folder, &["tokenizer.json"]), name);
    }
    agrees_with_llama_cpp(&from("gpt2", &["tokenizer.json"]), "ggml-vocab-gpt-2");
}

#[test]
#[ignore = "needs the shared tokenizers"]
fn the_older_files_have_the_ids_of_the_reference() {
    let bert = from("bert-base-uncased", &["vocab.txt", "tokenizer_config.json"]);
    agrees_with_transformers(&bert, "bge_small");
    let gpt2 = from("gpt2", &["vocab.json", "merges.txt"]);
    agrees_with_transformers(&gpt2, "gpt2");
    agrees_with_llama_cpp(&gpt2, "ggml-vocab-gpt-2");
    let qwen = ["vocab.json", "merges.txt", "tokenizer_config.json", "added_tokens.json"];
    agrees_with_transformers(&from("qwen3-8b", &qwen), "qwen2_5");
    agrees_with_llama_cpp(&from("qwen3-8b", &qwen), "ggml-vocab-qwen2");
}

#[test]
#[ignore = "needs the shared tokenizers"]
fn the_older_files_and_the_newer_one_agree_on_chinese() {
    let folder = "bge-large-zh-v1.5_bert-base-chinese-vocab";
    let (old, new) = (from(folder, &["vocab.txt", "tokenizer_config.json"]), from(folder, &["tokenizer.json"]));
    assert_eq!(old.size(), new.size());
    for input in json("swift-transformers/multilingual/inputs.json").as_array().unwrap() {
        let text = input["text"].as_str().unwrap();
        assert_eq!(old.encode(text, true).unwrap(), new.encode(text, true).unwrap(), "{text:?}");
    }
}

#[test]
#[ignore = "needs the shared chat templates"]
fn every_published_chat_template_gives_what_transformers_gives() {
    let (known, folder) = (Agreement::read("published.json"), shared("models/chat_templates"));
    let digest = |text: &str| {
        let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    };
    assert_eq!(known.check(&folder, digest), (73, 29), "renderings and refusals");
    // Those for tools alone, which transformers refuses without any, are rendered with an empty list.
    let refused = known.refusals(&folder);
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert!(refused["google-gemma-2-2b-it.jinja"].contains("System role not supported"));
}

/// A folder with a small WordPiece vocabulary.
fn word_piece(settings: &str) -> Tokens {
    let folder = tempfile::tempdir().unwrap();
    let words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "Äpfel", "apfel", "äpfel", "中文", "中", "文", "##s"];
    std::fs::write(folder.path().join("vocab.txt"), words.join("\r\n") + "\r\n").unwrap();
    std::fs::write(folder.path().join("tokenizer_config.json"), settings).unwrap();
    open(folder.path())
}

#[test]
fn the_settings_of_a_word_piece_vocabulary_are_honoured() {
    let ids = |settings: &str, text: &str| word_piece(settings).encode(text, true).unwrap().ids;
    assert_eq!(ids("{}", "Äpfel"), [2, 5, 3], "lower case strips accents unless told otherwise");
    assert_eq!(ids(r#"{"do_lower_case": true, "strip_accents": false}"#, "Äpfel"), [2, 6, 3]);
    assert_eq!(ids(r#"{"do_lower_case": false}"#, "Äpfel"), [2, 4, 3]);
    assert_eq!(ids("{}", "中文"), [2, 8, 9, 3]);
    assert_eq!(ids(r#"{"tokenize_chinese_chars": false}"#, "中文s"), [2, 7, 10, 3]);
    assert_eq!(ids(r#"{"unk_token": {"content": "[PAD]"}}"#, "zebra"), [2, 0, 3]);
}

#[test]
fn a_tokenizer_without_its_files_says_which_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = || Tokens::open(&ModelFiles::Folder(folder.path().to_owned())).err().unwrap().to_string();
    std::fs::write(folder.path().join("tokenizer.model"), "x").unwrap();
    std::fs::write(folder.path().join("vocab.json"), "{}").unwrap();
    assert!(refusal().contains("merges.txt") && refusal().contains("SentencePiece"), "{}", refusal());
    std::fs::write(folder.path().join("merges.txt"), "a b\n").unwrap();
    assert!(refusal().contains("tokenizer"), "{}", refusal());
    std::fs::write(folder.path().join("vocab.txt"), "just\nwords\n").unwrap();
    assert!(refusal().contains("[CLS]"), "{}", refusal());
    std::fs::write(folder.path().join("tokenizer.json"), "[".repeat(200_000)).unwrap();
    assert!(refusal().contains("tokenizer.json"), "{}", refusal());
}
