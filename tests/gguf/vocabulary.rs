//! Tokenizers made of metadata give the ids of the `tokenizer.json` they came from, and those of
//! llama.cpp itself. What needs the shared files is ignored where a fresh clone lacks them;
//! `RETORT_SHARED` (default `../shared`) names the folder.

use std::path::{Path, PathBuf};

use retort::engine::model::{ModelFiles, Tokens};

use crate::tiny;
use crate::writer::{File, Meta, text, tokenizer_fields};

const TEXTS: [&str; 14] = [
    "",
    " ",
    "a",
    "the moon and the stars are far out",
    " it  is   about\tbread,\r\nthen\n\n tea  ",
    "月亮和星星很远。",
    "hot tea 茶🙂👩‍🚀 ok",
    "naïve café — «q»",
    "cafe\u{301} e\u{301}",
    "don't WE'LL they'Re I'm",
    "12345 6 78,9.0",
    "</s> <s>x<unk><|endoftext|>y<|im_end|>",
    "\u{a0}x\u{3000}y\u{200b}z",
    "▁a ▁▁ \u{0}\u{7f}",
];

fn vocabulary(tokenizer: &Path, change: impl Fn(&mut File)) -> Tokens {
    let folder = tempfile::tempdir().unwrap();
    let mut file = File::default();
    file.set("general.architecture", text("llama"));
    tokenizer_fields(tokenizer, &mut file);
    change(&mut file);
    let path = folder.path().join("vocabulary.gguf");
    file.write(&path);
    Tokens::open(&ModelFiles::Gguf(path)).unwrap()
}

fn original(tokenizer: &Path) -> Tokens {
    Tokens::parse(&std::fs::read_to_string(tokenizer).unwrap()).unwrap()
}

/// The same ids, places and text on the way back.
fn agree(ours: &Tokens, theirs: &Tokens, special: bool, what: &str) {
    assert_eq!(ours.size(), theirs.size(), "{what}");
    for text in TEXTS {
        let (a, b) = (ours.encode(text, special).unwrap(), theirs.encode(text, special).unwrap());
        assert_eq!(a.ids, b.ids, "{what}: {text:?}");
        assert_eq!(ours.decode(&a.ids), theirs.decode(&b.ids), "{what}: {text:?}");
        assert_eq!(a.spans.len(), b.spans.len(), "{what}: {text:?}");
    }
}

#[test]
fn metadata_gives_the_ids_of_the_tokenizer_it_came_from() {
    for name in ["llama", "mistral", "qwen2", "qwen3", "gpt2"] {
        let path = tiny::folder(name).join("tokenizer.json");
        agree(&vocabulary(&path, |_| ()), &original(&path), true, name);
    }
    let posts = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/models/posts-teacher/tokenizer.json");
    agree(&vocabulary(&posts, |_| ()), &original(&posts), true, "posts");
}

#[test]
fn start_and_end_of_text_are_put_where_the_metadata_says() {
    let path = tiny::folder("llama").join("tokenizer.json");
    let ids = |change: &dyn Fn(&mut File)| vocabulary(&path, change).encode("a", true).unwrap().ids;
    let bare = ids(&|file| {
        file.set("tokenizer.ggml.add_bos_token", Meta::Bool(false));
    });
    assert!(!bare.contains(&1) && !bare.contains(&2), "{bare:?}");
    assert_eq!(ids(&|_| ()), [&[1], &bare[..]].concat(), "a SentencePiece text starts with <s> unless told otherwise");
    let both = ids(&|file| {
        file.set("tokenizer.ggml.add_eos_token", Meta::Bool(true));
    });
    assert_eq!(both, [&[1], &bare[..], &[2]].concat());
    let tight = ids(&|file| {
        file.set("tokenizer.ggml.add_space_prefix", Meta::Bool(false))
            .set("tokenizer.ggml.add_bos_token", Meta::Bool(false));
    });
    assert_ne!(tight, bare, "no space is put before the text");
    let path = tiny::folder("gpt2").join("tokenizer.json");
    let ids = |change: &dyn Fn(&mut File)| vocabulary(&path, change).encode("a", true).unwrap().ids;
    let bare = ids(&|_| ());
    let framed = ids(&|file| {
        file.set("tokenizer.ggml.add_bos_token", Meta::Bool(true));
    });
    assert_eq!(framed, [&[0], &bare[..]].concat());
}

/// Letters alone, so that every token is one, and words whole only where the kind takes them so.
#[test]
fn the_kinds_of_cutting_differ_as_they_should() {
    let letters: Vec<String> = "0123456789abcdefghijklmnopqrstuvwxyzĠĊ'".chars().map(String::from).collect();
    let words = ["12", "123", "1234", "'s", "Ġa", "no", "nop", "ĠĠ"].map(String::from);
    let merges = ["1 2", "12 3", "123 4", "' s", "Ġ a", "n o", "Ġ Ġ"].map(String::from);
    let pieces = |pre: &str, asked: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("v.gguf");
        let mut file = File::default();
        file.set("general.architecture", text("llama")).set("tokenizer.ggml.model", text("gpt2"));
        file.set("tokenizer.ggml.pre", text(pre)).set("tokenizer.ggml.merges", Meta::Texts(merges.to_vec()));
        let tokens = letters.iter().chain(&words).cloned().collect();
        file.set("tokenizer.ggml.tokens", Meta::Texts(tokens)).write(&path);
        let tokens = Tokens::open(&ModelFiles::Gguf(path)).unwrap();
        let ids = tokens.encode(asked, true).unwrap().ids;
        ids.into_iter().map(|id| tokens.show(id)).collect::<Vec<_>>().join("|")
    };
    assert_eq!(pieces("gpt-2", "1234 a's nop"), "1234|␣a|'s|␣|no|p");
    assert_eq!(pieces("llama-bpe", "1234 a's nop"), "123|4|␣a|'s|␣|no|p");
    assert_eq!(pieces("qwen2", "1234 a's nop"), "1|2|3|4|␣a|'s|␣|no|p");
    assert_eq!(pieces("smollm", "1234 a's nop"), "1|2|3|4|␣a|'s|␣|no|p");
    assert_eq!(pieces("smaug-bpe", "1234 a's nop"), "123|4|␣a|'s|␣|no|p");
    assert_eq!(pieces("tekken", "1234 a's nop"), "1|2|3|4|␣a|'s|␣|no|p");
    // Numbers are cut from the space before them and into threes, counted from the left.
    assert_eq!(pieces("default", "1234 a's nop"), "123|4|␣a|'|s|␣|no|p");
    assert_eq!((pieces("tekken", "nop"), pieces("smaug-bpe", "nop")), ("nop".into(), "no|p".into()));
    assert_eq!(
        (pieces("llama-bpe", "nop"), pieces("qwen2", "nop")),
        ("nop".into(), "no|p".into()),
        "a word that is a token"
    );
}

/// Pieces between which nothing is ever merged, as the published expressions cut them: one token a
/// piece, because every piece is one.
#[test]
fn tekken_and_the_default_cut_as_published() {
    let cut = |pre: &str, asked: &str, expected: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("v.gguf");
        let bytes: String = ('!'..='~').chain('¡'..='¬').chain('®'..='ÿ').chain('Ā'..='Ń').collect();
        let mut tokens: Vec<String> = bytes.chars().map(String::from).collect();
        let mut merges = Vec::new();
        let shown = |piece: &str| piece.replace(' ', "Ġ").replace('\n', "Ċ");
        for piece in expected {
            let letters: Vec<char> = shown(piece).chars().collect();
            for end in 2..=letters.len() {
                let (left, right): (String, String) = (letters[..end - 1].iter().collect(), letters[end - 1].into());
                let whole = format!("{left}{right}");
                if !tokens.contains(&whole) {
                    tokens.push(whole);
                    merges.push(format!("{left} {right}"));
                }
            }
        }
        let mut file = File::default();
        file.set("general.architecture", text("llama")).set("tokenizer.ggml.model", text("gpt2"));
        file.set("tokenizer.ggml.pre", text(pre)).set("tokenizer.ggml.merges", Meta::Texts(merges));
        file.set("tokenizer.ggml.tokens", Meta::Texts(tokens.clone())).write(&path);
        let ids = Tokens::open(&ModelFiles::Gguf(path)).unwrap().encode(asked, true).unwrap().ids;
        let found: Vec<&str> = ids.iter().map(|id| tokens[*id as usize].as_str()).collect();
        assert_eq!(found, expected.iter().map(|piece| shown(piece)).collect::<Vec<_>>(), "{pre}: {asked:?}");
    };
    cut("tekken", "HelloWorld iPhone NASA's", &["Hello", "World", " i", "Phone", " NASA", "'s"]);
    cut("tekken", "a/b //\n\nx  y 12", &["a", "/b", " //\n\n", "x", " ", " y", " ", "1", "2"]);
    cut("default", "don't (stop) x=1", &["don", "'", "t", " ", "(", "stop", ")", " x", "=", "1"]);
    cut("default", "in 12345 days", &["in", " ", "123", "45", " days"]);
}

pub fn shared(name: &str) -> PathBuf {
    let root = std::env::var_os("RETORT_SHARED").map(PathBuf::from);
    root.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared")).join(name)
}

/// Every text of llama.cpp's list; without special tokens.
fn agrees_with_llama_cpp(tokens: &Tokens, name: &str) {
    let read = |end: &str| {
        std::fs::read_to_string(shared("tokenizers/conformance/llama.cpp").join(format!("{name}.gguf.{end}"))).unwrap()
    };
    let (texts, answers) = (read("inp"), read("out"));
    let (texts, answers) = (texts.split("\n__ggml_vocab_test__\n"), answers.lines());
    let pairs: Vec<(&str, &str)> = texts.zip(answers).collect();
    assert!(pairs.len() >= 40, "{} texts", pairs.len());
    for (text, answer) in pairs {
        let expected: Vec<u32> = answer.split_whitespace().map(|id| id.parse().unwrap()).collect();
        assert_eq!(tokens.encode(text, false).unwrap().ids, expected, "{name}: {text:?}");
    }
}

#[test]
#[ignore = "needs the shared tokenizers"]
fn a_real_vocabulary_of_llama_has_the_ids_of_llama_cpp_and_of_transformers() {
    let path = shared("tokenizers/gguf_vocab/ggml-vocab-llama-spm.gguf");
    let tokens = Tokens::open(&ModelFiles::Gguf(path)).unwrap();
    assert_eq!(tokens.size(), 32_000);
    agrees_with_llama_cpp(&tokens, "ggml-vocab-llama-spm");
    // Phi-3's vocabulary is Llama's with more behind it.
    agrees_with_llama_cpp(&tokens, "ggml-vocab-phi-3");
    let read = |name: &str| -> serde_json::Value {
        let folder = shared("tokenizers/conformance/swift-transformers/multilingual");
        serde_json::from_str(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap()
    };
    let (inputs, answers) = (read("inputs.json"), read("tinyllama_multilingual.json"));
    let pairs = inputs.as_array().unwrap().iter().zip(answers["entries"].as_array().unwrap());
    let mut count = 0;
    for (input, answer) in pairs {
        let expected: Vec<u32> =
            answer["input_ids"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap() as u32).collect();
        let text = input["text"].as_str().unwrap();
        assert_eq!(tokens.encode(text, true).unwrap().ids, expected, "{text:?}");
        count += 1;
    }
    assert_eq!(count, 83);
}

#[test]
#[ignore = "needs the shared tokenizers"]
fn real_byte_level_vocabularies_have_the_ids_of_llama_cpp() {
    let path = shared("tokenizers/gpt2/tokenizer.json");
    let tokens = vocabulary(&path, |_| ());
    agree(&tokens, &original(&path), true, "gpt2");
    agrees_with_llama_cpp(&tokens, "ggml-vocab-gpt-2");
    let tokens = vocabulary(&shared("tokenizers/roberta-base/tokenizer.json"), |_| ());
    agrees_with_llama_cpp(&tokens, "ggml-vocab-roberta-bpe");
    // Qwen's comes in its older files.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokenizer.json");
    let qwen = Tokens::open(&ModelFiles::Folder(shared("tokenizers/qwen3-8b"))).unwrap();
    std::fs::write(&path, qwen.to_text().unwrap()).unwrap();
    let tokens = vocabulary(&path, |file| {
        file.set("tokenizer.ggml.pre", text("qwen2"));
    });
    agree(&tokens, &original(&path), true, "qwen3");
    agrees_with_llama_cpp(&tokens, "ggml-vocab-qwen2");
    let tokens = vocabulary(&path, |file| {
        file.set("tokenizer.ggml.pre", text("deepseek-r1-qwen"));
    });
    agrees_with_llama_cpp(&tokens, "ggml-vocab-deepseek-r1-qwen");
}

#[test]
#[ignore = "needs the shared tokenizers"]
fn a_real_vocabulary_of_bert_is_refused_by_name() {
    let path = shared("tokenizers/gguf_vocab/ggml-vocab-bert-bge.gguf");
    let said = Tokens::open(&ModelFiles::Gguf(path)).err().unwrap().to_string();
    assert!(said.contains("\"bert\"") && said.contains("ggml-vocab-bert-bge.gguf"), "{said}");
}
