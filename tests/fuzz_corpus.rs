//! What the fuzzer of `tests/fuzz` found, and the small models it starts from: opened once more, as
//! the program opens them, in the memory and the time that so small files may cost.
#![cfg(feature = "engine")]

#[path = "fuzz/folder.rs"]
mod folder;
#[path = "fuzz/limit.rs"]
mod limit;
#[path = "gguf/writer.rs"]
#[allow(dead_code, reason = "other tests break files in ways not needed here")]
mod writer;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use folder::{Folder, NAMES};

#[global_allocator]
static LIMITED: limit::Limited = limit::Limited;

/// Longest that opening one folder may take, in a debug build on a busy machine.
const LONGEST: Duration = Duration::from_secs(20);

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz").join(name)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    found.sort();
    found
}

/// Opens every folder packed in `paths`; gives what was said of each.
fn replay(paths: &[PathBuf]) -> Vec<(String, Result<(), String>)> {
    let place = tempfile::tempdir().unwrap();
    let mut said = Vec::new();
    for path in paths {
        let packed = std::fs::read(path).unwrap();
        let folder = Folder::parse(&packed);
        folder.write(place.path()).unwrap();
        let started = Instant::now();
        let result = folder.open(place.path()).map_err(|e| e.to_string());
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(started.elapsed() < LONGEST, "{name} took {:?}", started.elapsed());
        said.push((name, result));
    }
    said
}

#[test]
fn every_seed_opens_or_is_refused_as_it_should_be() {
    let said = replay(&files(&here("corpus")));
    assert!(said.len() >= 20, "{} seeds", said.len());
    for (name, result) in said {
        match name.starts_with("bad-") {
            true => assert!(result.is_err(), "{name} was opened"),
            false => result.unwrap_or_else(|e| panic!("{name}: {e}")),
        }
    }
}

#[test]
fn every_former_finding_ends_in_a_model_or_a_sentence() {
    for (name, result) in replay(&files(&here("findings"))) {
        if let Err(words) = result {
            assert!(words.len() < 2_000 && words.contains(' '), "{name}: {words}");
        }
    }
}

#[test]
fn a_packed_folder_is_read_as_it_was_written_and_any_bytes_are_one() {
    let folder = Folder { how: 2, files: vec![(0, b"{}".to_vec()), (12, Vec::new())] };
    assert_eq!(Folder::parse(&folder.pack()), folder);
    assert_eq!(Folder::parse(&[3, 200, 255, 255, 255, 255, 7]).files, [(200 % NAMES.len(), vec![7])]);
    assert_eq!(Folder::parse(&[]), Folder::default());
}

mod seeds {
    //! Writes `tests/fuzz/corpus`: the golden models, made smaller still, and what a bad download
    //! leaves. `cargo test --test fuzz_corpus -- --ignored` after an architecture was added.

    use std::collections::BTreeMap;

    use candle_core::{Device, Tensor};
    use retort::engine::model;
    use retort::session::{Head, Init, ModelChoice, Source};
    use serde_json::{Value, json};

    use super::*;

    /// Sizes for which a model has a few hundred numbers.
    const SMALL: [(&str, u64); 21] = [
        ("hidden_size", 8),
        ("n_embd", 8),
        ("d_model", 8),
        ("dim", 8),
        ("num_hidden_layers", 1),
        ("n_layer", 1),
        ("num_layers", 1),
        ("num_decoder_layers", 1),
        ("n_layers", 1),
        ("num_attention_heads", 2),
        ("n_head", 2),
        ("num_heads", 2),
        ("n_heads", 2),
        ("num_key_value_heads", 1),
        ("intermediate_size", 8),
        ("hidden_dim", 8),
        ("d_ff", 8),
        ("d_kv", 4),
        ("head_dim", 4),
        ("max_position_embeddings", 16),
        ("n_positions", 16),
    ];

    fn small(text: &str) -> String {
        let mut config: serde_json::Map<String, Value> = serde_json::from_str(text).unwrap();
        for (name, size) in SMALL {
            if config.get(name).is_some_and(Value::is_u64) {
                config.insert(name.into(), json!(size));
            }
        }
        if config.get("layer_types").is_some_and(Value::is_array) {
            config.insert("layer_types".into(), json!(["full_attention"]));
        }
        Value::Object(config).to_string()
    }

    fn packed(how: u8, files: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let place = |name: &str| NAMES.iter().position(|known| *known == name).unwrap();
        Folder { how, files: files.iter().map(|(name, bytes)| (place(name), bytes.clone())).collect() }.pack()
    }

    /// `torch.save` of one tensor's name and shape, in protocol 2, as the smallest archive there is.
    fn archive(name: &str, shape: usize, bytes: &[u8]) -> Vec<u8> {
        use std::io::Write as _;
        let text = |text: &str| [b"X", &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat();
        let int = |value: usize| [b"J", &(value as i32).to_le_bytes()[..]].concat();
        let mut pickle = b"\x80\x02ccollections\nOrderedDict\n)R(".to_vec();
        pickle.extend([&text(name)[..], b"ctorch._utils\n_rebuild_tensor_v2\n((", &text("storage")].concat());
        pickle.extend([b"ctorch\nFloatStorage\n", &text("0")[..], &text("cpu"), &int(shape)].concat());
        pickle
            .extend([b"tQK\x00(", &int(shape)[..], b"t(", &int(1), b"t\x89ccollections\nOrderedDict\n)RtRu."].concat());
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        for (file, bytes) in [("a/data.pkl", &pickle[..]), ("a/data/0", bytes)] {
            archive.start_file(file, options).unwrap();
            archive.write_all(bytes).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    /// A golden model made small, as its three files.
    fn shrunk(name: &str, head: Head) -> [(&'static str, Vec<u8>); 3] {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
        let place = tempfile::tempdir().unwrap();
        let config = small(&std::fs::read_to_string(golden.join("config.json")).unwrap());
        std::fs::write(place.path().join("config.json"), config).unwrap();
        let tokenizer: Value = serde_json::from_slice(&std::fs::read(golden.join("tokenizer.json")).unwrap()).unwrap();
        std::fs::write(place.path().join("tokenizer.json"), tokenizer.to_string()).unwrap();
        let source = Source::Folder(place.path().to_owned());
        let choice = ModelChoice { head, init: Init::Fresh, ..ModelChoice::stored(source) };
        let made = model::open(&choice, 3, 1, &Device::Cpu).unwrap();
        made.save(place.path(), &["a".into(), "b".into(), "c".into()]).unwrap();
        ["config.json", "tokenizer.json", "model.safetensors"].map(|file| {
            let bytes = std::fs::read(place.path().join(file)).unwrap();
            let plain = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap().to_string().into_bytes();
            (file, if file.ends_with(".json") { plain(&bytes) } else { bytes })
        })
    }

    /// Set where the files are to be written anew.
    const RENEW: &str = "RETORT_RENEW_SEEDS";

    #[test]
    fn the_seeds_are_those_that_are_made_here() {
        let mut seeds: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let classifiers = ["bert_classifier", "distilbert_classifier", "gpt2_classifier", "t5_classifier"];
        let writers = ["bert_masked", "roberta_masked", "gpt2", "llama", "mistral", "qwen2", "qwen3", "t5", "t5_v11"];
        for (how, names) in [(1, &classifiers[..]), (0, &writers[..])] {
            for name in names {
                let head = if how == 1 { Head::Classifier } else { Head::LabelWords };
                let files = shrunk(name, head);
                seeds.insert((*name).to_owned(), packed(how, &files));
                if ["bert_classifier", "llama", "t5"].contains(name) {
                    seeds.insert(format!("{name}-fresh"), packed(how | 2, &files[..2]));
                }
            }
        }
        let [config, tokenizer, weights] = shrunk("bert_classifier", Head::Classifier);
        let words = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\ngoal\nfar\nout\n##s\n,\n";
        let text = |name: &'static str, text: &str| (name, text.as_bytes().to_vec());
        let settings = text("tokenizer_config.json", r#"{"do_lower_case":false,"cls_token":{"content":"[CLS]"}}"#);
        let old = [config.clone(), text("vocab.txt", words), settings, weights.clone()];
        seeds.insert("vocab-txt".into(), packed(1, &old));
        let letters: serde_json::Map<String, Value> =
            "agolfrut,Ġ".chars().enumerate().map(|(id, letter)| (letter.to_string(), json!(id))).collect();
        let bytes = [
            text("vocab.json", &Value::Object(letters).to_string()),
            text("merges.txt", "#version: 0.2\n"),
            text("added_tokens.json", r#"{"<x>":10}"#),
            text(
                "tokenizer_config.json",
                r#"{"tokenizer_class":"Qwen2Tokenizer","added_tokens_decoder":{"11":{"content":"<y>","special":true}}}"#,
            ),
        ];
        let [llama, _, llama_weights] = shrunk("qwen2", Head::LabelWords);
        seeds.insert("vocab-json".into(), packed(0, &[&[llama, llama_weights], &bytes[..]].concat()));
        let index = text("model.safetensors.index.json", r#"{"metadata":{},"weight_map":{"classifier.bias":"shard"}}"#);
        let chat = r#"{"chat_template":[{"name":"default","template":"{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m['content'].strip() | tojson if m.role == 'x' else m.content }}{% endfor %}"}],"bos_token":"<s>"}"#;
        let chatting = [&shrunk("llama", Head::LabelWords)[..], &[text("tokenizer_config.json", chat)]].concat();
        seeds.insert("chat-settings".into(), packed(0, &chatting));
        let chat = "{% set ns = namespace(n=0) %}{% for m in messages if m.role != 'x' %}\n{% set ns.n = ns.n + 1 %}{{ ns.n }} {{ m.content | trim }}{% endfor %}{% if add_generation_prompt %}{{ '>' * 3 }}{% endif %}{{ strftime_now('%d') }}";
        let chatting = [&shrunk("qwen2", Head::LabelWords)[..], &[text("chat_template.jinja", chat)]].concat();
        seeds.insert("chat-file".into(), packed(0, &chatting));
        // Alone in its folder, a GGUF file is the model.
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/gguf");
        seeds.insert("gguf".into(), packed(0, &[("model.gguf", std::fs::read(golden.join("gpt2_q8.gguf")).unwrap())]));
        let place = tempfile::tempdir().unwrap();
        for (name, bytes) in shrunk("gpt2", Head::LabelWords) {
            std::fs::write(place.path().join(name), bytes).unwrap();
        }
        let parts = writer::convert(place.path(), &|_, _| candle_core::quantized::GgmlDType::F32).split(2, false);
        let parts = ["model-00001-of-00002.gguf", "model-00002-of-00002.gguf"].into_iter().zip(parts);
        let parts: Vec<_> = parts.map(|(name, part)| (name, part.bytes())).collect();
        seeds.insert("gguf-parts".into(), packed(0, &parts));
        let shards = [config.clone(), tokenizer.clone(), index.clone(), ("shard", weights.1.clone())];
        seeds.insert("shards".into(), packed(1, &shards));
        let pickled = ("pytorch_model.bin", archive("classifier.bias", 3, &[0; 12]));
        seeds.insert("bad-pickle".into(), packed(1, &[config.clone(), tokenizer.clone(), pickled]));
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
        let left = [config.clone(), tokenizer.clone(), text("model.safetensors", pointer)];
        seeds.insert("bad-pointer".into(), packed(1, &left));
        seeds.insert("bad-index".into(), packed(1, &[config.clone(), tokenizer.clone(), index]));
        let nan = Tensor::full(f32::NAN, 3, &Device::Cpu).unwrap();
        let place = tempfile::tempdir().unwrap();
        nan.save_safetensors("classifier.bias", place.path().join("x")).unwrap();
        let nan = ("model.safetensors", std::fs::read(place.path().join("x")).unwrap());
        seeds.insert("bad-numbers".into(), packed(1, &[config, tokenizer, nan]));
        let folder = here("corpus");
        if std::env::var_os(RENEW).is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            return seeds.iter().for_each(|(name, bytes)| std::fs::write(folder.join(name), bytes).unwrap());
        }
        let stale = seeds.iter().filter(|(name, bytes)| std::fs::read(folder.join(name)).ok().as_ref() != Some(*bytes));
        let stale: Vec<&String> = stale.map(|(name, _)| name).collect();
        assert!(stale.is_empty(), "{stale:?} are others; set {RENEW}=1 to write them anew");
        assert_eq!(files(&folder).len(), seeds.len(), "seeds that nobody makes");
    }
}
