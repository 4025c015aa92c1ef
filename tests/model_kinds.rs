//! Models as they are published: heads under every name, tokenizers with every setting, folders of every
//! kind, classifiers of other orders. Each opens as transformers opens it, or is refused by what it is.
#![cfg(feature = "engine")]

mod tiny;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use candle_core::{Device, IndexOp as _, Tensor};
use retort::engine::data::{Example, Fields, Layout};
use retort::engine::model::tokens::Around;
use retort::engine::model::{self, Classes, DropoutRng, Model, ModelFiles, Tokens, Trace};
use retort::engine::task::{self, Task as _, head::Classifier};
use retort::engine::teacher::{LocalTeacher, Teacher as _};
use retort::session::{Head, Init, ModelChoice, Prompt, Scoring, Source};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A copy of a golden folder, to be changed.
fn copy(name: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        std::fs::copy(tiny::folder(name).join(file), folder.path().join(file)).unwrap();
    }
    folder
}

fn read(folder: &Path, file: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join(file)).unwrap()).unwrap()
}

fn write(folder: &Path, file: &str, value: &Value) {
    std::fs::write(folder.join(file), value.to_string()).unwrap();
}

/// Changes fields of a JSON file; `null` takes one out.
fn set(folder: &Path, file: &str, fields: &Value) {
    let mut value = if folder.join(file).is_file() { read(folder, file) } else { json!({}) };
    for (name, field) in fields.as_object().unwrap() {
        match field {
            Value::Null => drop(value.as_object_mut().unwrap().remove(name)),
            field => value[name] = field.clone(),
        }
    }
    write(folder, file, &value);
}

fn tensors(folder: &Path) -> BTreeMap<String, Tensor> {
    candle_core::safetensors::load(folder.join("model.safetensors"), &Device::Cpu).unwrap().into_iter().collect()
}

fn store(folder: &Path, tensors: &BTreeMap<String, Tensor>, metadata: &[(&str, &str)]) {
    let metadata: HashMap<String, String> =
        metadata.iter().map(|(name, kept)| ((*name).to_owned(), (*kept).to_owned())).collect();
    let bytes = safetensors::serialize(tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)), Some(metadata));
    std::fs::write(folder.join("model.safetensors"), bytes.unwrap()).unwrap();
}

fn choice(folder: &Path, head: Head) -> ModelChoice {
    ModelChoice { head, ..ModelChoice::stored(Source::Folder(folder.to_owned())) }
}

fn open(folder: &Path, head: Head) -> Model {
    model::open(&choice(folder, head), tiny::CLASSES.len(), 0, &Device::Cpu).unwrap()
}

fn refusal(folder: &Path) -> String {
    let asked = choice(folder, Head::Auto);
    ModelFiles::find(&asked.source)
        .and_then(|files| model::open_files(&asked, files, tiny::CLASSES.len(), 0, &Device::Cpu))
        .err()
        .unwrap_or_else(|| panic!("{} was opened", folder.display()))
        .to_string()
}

/// Logits over the vocabulary for a text's first token, `[vocabulary]`.
fn logits(model: &Model) -> Vec<f32> {
    let ids = model.tokens.encode_within("a goal", model.max_tokens).unwrap().ids;
    let input = model.input(&[&ids]).unwrap();
    let hidden =
        model.detached.encode(&model.detached.embed(&input).unwrap(), &mut Trace::none(), &DropoutRng::none()).unwrap();
    tiny::flat(&model.detached.vocabulary(&hidden.i((0, ..1)).unwrap()).unwrap())
}

/// Folder, table, head, and the bias of the head if there is one.
const HEADS: [(&str, &str, &str, Option<&str>); 6] = [
    (
        "bert_masked",
        "bert.embeddings.word_embeddings.weight",
        "cls.predictions.decoder.weight",
        Some("cls.predictions.bias"),
    ),
    ("roberta_masked", "roberta.embeddings.word_embeddings.weight", "lm_head.decoder.weight", Some("lm_head.bias")),
    (
        "distilbert_masked",
        "distilbert.embeddings.word_embeddings.weight",
        "vocab_projector.weight",
        Some("vocab_projector.bias"),
    ),
    ("gpt2", "transformer.wte.weight", "lm_head.weight", None),
    ("qwen2", "model.embed_tokens.weight", "lm_head.weight", None),
    ("llama", "model.embed_tokens.weight", "lm_head.weight", None),
];

#[test]
fn a_head_is_one_with_the_table_or_its_own_as_what_is_stored_says() {
    for (name, table, head, bias) in HEADS {
        let folder = copy(name);
        let tie = |tied: bool| set(folder.path(), "config.json", &json!({ "tie_word_embeddings": tied }));
        let mut stored = tensors(folder.path());
        stored.remove(head);
        store(folder.path(), &stored, &[]);
        tie(true);
        let tied = open(folder.path(), Head::LabelWords);
        assert_eq!(tied.card.random, Vec::<String>::new(), "{name}");
        let expected = logits(&tied);

        // Kept under the head's name alone, as safetensors' save_model does.
        let mut renamed = stored.clone();
        let words = renamed.remove(table).unwrap();
        renamed.insert(head.to_owned(), words.clone());
        store(folder.path(), &renamed, &[(table, head)]);
        assert_eq!(logits(&open(folder.path(), Head::LabelWords)), expected, "{name}: by the file's own word");
        store(folder.path(), &renamed, &[]);
        assert_eq!(logits(&open(folder.path(), Head::LabelWords)), expected, "{name}: by the configuration");

        // Both, and alike.
        let mut both = stored.clone();
        both.insert(head.to_owned(), words.clone());
        store(folder.path(), &both, &[]);
        let alike = open(folder.path(), Head::LabelWords);
        assert_eq!((logits(&alike), alike.card.parameters), (expected.clone(), tied.card.parameters), "{name}");

        // Another matrix: twice the table gives twice the logits, the bias left alone.
        both.insert(head.to_owned(), (&words * 2.0).unwrap());
        store(folder.path(), &both, &[]);
        let bias = bias.map_or_else(|| vec![0.0; expected.len()], |bias| tiny::flat(&stored[bias]));
        let doubled: Vec<f32> = expected.iter().zip(&bias).map(|(logit, bias)| 2.0 * (logit - bias) + bias).collect();
        for tied in [true, false] {
            tie(tied);
            let own = open(folder.path(), Head::LabelWords);
            tiny::assert_close(name, &logits(&own), &doubled, 1e-4);
            assert_eq!(own.card.notes.iter().any(|note| note.contains("ties the head")), tied, "{name}");
            let saved = tempfile::tempdir().unwrap();
            own.save(saved.path(), &tiny::classes()).unwrap();
            assert_eq!(logits(&open(saved.path(), Head::LabelWords)), logits(&own), "{name}: saved and opened again");
            assert_eq!(read(saved.path(), "config.json")["tie_word_embeddings"], false, "{name}");
        }
        // Said to be its own and not stored: new numbers, which is said.
        store(folder.path(), &stored, &[]);
        assert!(open(folder.path(), Head::LabelWords).card.random.contains(&head.to_owned()), "{name}");
    }
}

#[test]
fn a_tensor_is_found_under_the_name_that_the_file_says_it_was_kept_by() {
    let folder = copy("bert_masked");
    let expected = logits(&open(folder.path(), Head::LabelWords));
    let mut stored = tensors(folder.path());
    let name = "bert.encoder.layer.1.output.dense.weight";
    let tensor = stored.remove(name).unwrap();
    stored.insert("another.name".to_owned(), tensor);
    store(folder.path(), &stored, &[(name, "another.name")]);
    let model = open(folder.path(), Head::LabelWords);
    assert_eq!((logits(&model), model.card.notes), (expected, Vec::new()));
    store(folder.path(), &stored, &[]);
    assert!(refusal_of_words(folder.path()).contains(name));
}

fn refusal_of_words(folder: &Path) -> String {
    model::open(&choice(folder, Head::LabelWords), 4, 0, &Device::Cpu).err().unwrap().to_string()
}

#[test]
fn a_configuration_without_a_model_type_is_told_by_its_class_or_its_tensors() {
    for name in ["bert_masked", "roberta_masked", "distilbert_masked", "gpt2", "t5"] {
        let folder = copy(name);
        set(folder.path(), "config.json", &json!({ "model_type": null }));
        let by_class = open(folder.path(), Head::LabelWords);
        set(folder.path(), "config.json", &json!({ "architectures": null }));
        let by_tensors = open(folder.path(), Head::LabelWords);
        for model in [by_class, by_tensors] {
            assert!(name.starts_with(model.architecture.id), "{name}");
            assert!(model.card.notes[0].contains("has no model_type"), "{:?}", model.card.notes);
            let saved = tempfile::tempdir().unwrap();
            model.save(saved.path(), &tiny::classes()).unwrap();
            assert_eq!(read(saved.path(), "config.json")["model_type"], model.architecture.id);
        }
    }
    let folder = copy("llama");
    set(folder.path(), "config.json", &json!({ "model_type": null, "architectures": null }));
    let said = refusal(folder.path());
    assert!(said.contains(r#""model_type": "bert""#) && said.contains("mistral"), "{said}");
}

/// A folder with these files in it; folders are made as needed.
fn folder_of(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn a_folder_that_is_no_model_is_called_what_it_is_with_the_next_step() {
    let config = r#"{"model_type": "bert", "vocab_size": 9}"#;
    // Files with their content, and the words that the error must have.
    type Kind<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);
    let kinds: &[Kind] = &[
        (&[], &["empty"]),
        (
            &[("adapter_config.json", r#"{"peft_type": "LORA", "base_model_name_or_path": "some/base"}"#)],
            &["LoRA", "adapter", "some/base", "merge"],
        ),
        (&[("adapter_config.json", r#"{"peft_type": "IA3"}"#), ("config.json", config)], &["adapter", "merge"]),
        (
            &[("adapter_config.json", r#"{"peft_type": "PREFIX_TUNING"}"#)],
            &["prefix tuning adapter", "cannot be merged"],
        ),
        (&[("adapter_model.safetensors", "")], &["adapter"]),
        (&[("model_index.json", "{}"), ("unet/config.json", config)], &["diffusion"]),
        (&[("config.json", config), ("tf_model.h5", "")], &["TensorFlow", "from_tf"]),
        (&[("config.json", config), ("flax_model.msgpack", "")], &["Flax"]),
        (&[("config.json", config), ("onnx/model.onnx", "")], &["ONNX"]),
        (&[("params.json", "{}"), ("consolidated.00.pth", "")], &["publisher's own format"]),
        (&[("config.json", config), ("weights.safetensors", "")], &["weights.safetensors", "model.safetensors"]),
        (&[("config.json", config), ("model.pt", "")], &["model.pt", "PyTorch"]),
        (&[("the-model/config.json", config)], &["the-model", "lies in its folder"]),
        (&[("a/config.json", config), ("b/config.json", config)], &["a, b", "choose one"]),
        (&[("snapshots/abc/config.json", config)], &["snapshots/abc"]),
        (
            &[("modules.json", "[]"), ("0_Transformer/config.json", config), ("1_Pooling/config.json", "{}")],
            &["sentence-transformers", "0_Transformer"],
        ),
        (&[("model.tar.gz", "")], &["archive", "unpack"]),
        (&[("config.json", "version https://git-lfs.github.com/spec/v1\n")], &["Git LFS pointer", "git lfs pull"]),
        (&[("notes.txt", "x")], &["config.json", "not there"]),
    ];
    for (files, words) in kinds {
        let folder = folder_of(files);
        let said = refusal(folder.path());
        assert!(words.iter().all(|word| said.contains(word)), "{files:?}: {said}");
        assert!(!said.contains("damaged"), "{files:?}: {said}");
    }
    for (name, word) in [("model.safetensors", "choose its folder"), ("model.zip", "unpack"), ("a.ggml", "GGUF")] {
        let folder = folder_of(&[(name, "")]);
        assert!(refusal(&folder.path().join(name)).contains(word), "{name}");
    }
}

#[test]
fn quantised_weights_are_called_by_what_quantised_them() {
    let methods = [
        (json!({ "quant_method": "gptq", "bits": 4 }), "GPTQ to 4 bits"),
        (json!({ "quant_method": "awq", "bits": 4 }), "AWQ"),
        (json!({ "quant_method": "bitsandbytes", "load_in_8bit": true }), "bitsandbytes to 8 bits"),
        (json!({ "load_in_4bit": true }), "bitsandbytes to 4 bits"),
        (json!({ "quant_method": "fp8" }), "FP8"),
        (json!({ "quant_method": "compressed-tensors" }), "compressed-tensors"),
        (json!({ "quant_method": "hqq" }), "HQQ"),
        (json!({ "quant_method": "something new" }), "something new"),
    ];
    for (settings, word) in methods {
        let folder = copy("bert_classifier");
        set(folder.path(), "config.json", &json!({ "quantization_config": settings }));
        let said = refusal(folder.path());
        assert!(said.contains(word) && said.contains("not quantised") && !said.contains("damaged"), "{said}");
    }
    for (end, word) in [("qweight", "GPTQ"), ("SCB", "bitsandbytes"), ("weight.absmax", "bitsandbytes"), ("W_q", "HQQ")]
    {
        let folder = copy("bert_classifier");
        let mut stored = tensors(folder.path());
        let tensor = stored.remove("bert.encoder.layer.0.output.dense.weight").unwrap();
        stored.insert(format!("bert.encoder.layer.0.output.dense.{end}"), tensor);
        store(folder.path(), &stored, &[]);
        assert!(refusal(folder.path()).contains(word), "{end}");
    }
}

#[test]
fn a_file_of_weights_in_another_format_is_named_and_not_called_damaged() {
    let old = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.";
    let files: [(&str, &[u8], &str); 5] = [
        ("pytorch_model.bin", old, "before PyTorch 1.6"),
        ("pytorch_model.bin", b"<!DOCTYPE html><html>", "web page"),
        ("model.safetensors", b"<html><body>sign in", "web page"),
        ("model.safetensors", b"PK\x03\x04rest", "PyTorch under another name"),
        ("pytorch_model.bin", b"GGUF\x03\0\0\0", "GGUF"),
    ];
    for (name, bytes, word) in files {
        let folder = copy("bert_classifier");
        std::fs::remove_file(folder.path().join("model.safetensors")).unwrap();
        std::fs::write(folder.path().join(name), bytes).unwrap();
        let said = refusal(folder.path());
        assert!(said.contains(word) && said.contains(name) && !said.contains("damaged"), "{said}");
    }
}

/// Ids of the tokenizer of a folder, with its own tokens around the text.
fn ids(folder: &Path, text: &str) -> Vec<u32> {
    tokens(folder).encode_within(text, 1000).unwrap().ids
}

fn tokens(folder: &Path) -> Tokens {
    Tokens::open(&ModelFiles::Folder(folder.to_owned())).unwrap()
}

/// Sets the normaliser of a BERT's `tokenizer.json`.
fn normalizer(folder: &Path, fields: &Value) {
    let mut tokenizer = read(folder, "tokenizer.json");
    for (name, field) in fields.as_object().unwrap() {
        tokenizer["normalizer"][name] = field.clone();
    }
    write(folder, "tokenizer.json", &tokenizer);
}

#[test]
fn settings_of_a_tokenizer_go_before_its_file_as_in_transformers() {
    // Every row: settings, what they come to, as transformers 5.24 has it.
    let rows = [
        (json!({ "tokenizer_class": "BertTokenizer", "do_lower_case": true }), true),
        (json!({ "tokenizer_class": "BertTokenizerFast", "do_lower_case": true }), true),
        (json!({ "do_lower_case": true }), true),
        (json!({ "tokenizer_class": "DistilBertTokenizer" }), true),
        (json!({}), true),
        (json!({ "tokenizer_class": "BertTokenizer", "do_lower_case": false }), false),
        (json!({ "tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": true }), false),
    ];
    for (settings, lower) in rows {
        let folder = copy("bert_classifier");
        normalizer(folder.path(), &json!({ "lowercase": false }));
        write(folder.path(), "tokenizer_config.json", &settings);
        let same = ids(folder.path(), "A GOAL") == ids(folder.path(), "a goal");
        assert_eq!(same, lower, "{settings}");
        // What a student of it saves gives the same ids, whatever reads it.
        let student = open(folder.path(), Head::Classifier);
        let saved = tempfile::tempdir().unwrap();
        student.save(saved.path(), &tiny::classes()).unwrap();
        assert_eq!(ids(saved.path(), "A GOAL"), ids(folder.path(), "A GOAL"), "{settings}");
        assert_eq!(student.card.notes.iter().any(|note| note.contains("tokenizer_config.json")), lower, "{settings}");
    }
    let folder = copy("bert_classifier");
    for (setting, field, text, other) in [
        ("strip_accents", "strip_accents", "gòal", "goal"),
        ("tokenize_chinese_chars", "handle_chinese_chars", "a中goal", "a 中 goal"),
    ] {
        for on in [true, false] {
            normalizer(folder.path(), &json!({ field: !on }));
            write(folder.path(), "tokenizer_config.json", &json!({ "tokenizer_class": "BertTokenizer", setting: on }));
            assert_eq!(ids(folder.path(), text) == ids(folder.path(), other), on, "{setting} {on}");
        }
    }
    for (name, class) in
        [("roberta_classifier", "RobertaTokenizer"), ("gpt2", "GPT2Tokenizer"), ("gpt2", "GPT2TokenizerFast")]
    {
        for space in [true, false] {
            let folder = copy(name);
            let mut tokenizer = read(folder.path(), "tokenizer.json");
            tokenizer["pre_tokenizer"]["add_prefix_space"] = json!(!space);
            write(folder.path(), "tokenizer.json", &tokenizer);
            let settings = json!({ "tokenizer_class": class, "add_prefix_space": space });
            write(folder.path(), "tokenizer_config.json", &settings);
            let same = ids(folder.path(), "a goal") == ids(folder.path(), " a goal");
            assert_eq!(same, space, "{name} {settings}");
        }
    }
}

#[test]
fn what_stands_around_a_text_is_as_the_tokenizer_has_it() {
    let folder = copy("llama");
    let before = tokens(folder.path()).encode("a goal", true).unwrap().ids;
    for (bos, eos) in [(true, false), (false, false), (true, true), (false, true)] {
        let settings = json!({
            "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": { "content": "</s>" },
            "add_bos_token": bos, "add_eos_token": eos,
        });
        write(folder.path(), "tokenizer_config.json", &settings);
        assert_eq!(tokens(folder.path()).encode("a goal", true).unwrap().ids, before, "{bos} {eos}");
    }
}

#[test]
fn padding_is_what_the_files_name_and_never_an_ordinary_token() {
    let rename = |folder: &Path, word: &str| {
        let text = std::fs::read_to_string(folder.join("tokenizer.json")).unwrap();
        std::fs::write(folder.join("tokenizer.json"), text.replace("<pad>", word)).unwrap();
    };
    let original = tokens(copy("qwen2").path());
    let pad = original.entries()["<pad>"];
    let ordinary = original.entries()["a"];
    let nothing = json!({ "pad_token_id": null, "eos_token_id": null });
    let named: [(&str, Value, Value, Value, Option<u32>); 8] = [
        ("<fill>", json!({ "pad_token": "<fill>" }), json!({}), nothing.clone(), Some(pad)),
        (
            "<fill>",
            json!({ "pad_token": { "content": "<fill>", "lstrip": false } }),
            json!({}),
            nothing.clone(),
            Some(pad),
        ),
        ("<fill>", json!({}), json!({ "pad_token": "<fill>" }), nothing.clone(), Some(pad)),
        ("<fill>", json!({}), json!({ "pad_token": { "content": "<fill>" } }), nothing.clone(), Some(pad)),
        ("<fill>", json!({}), json!({}), json!({ "pad_token_id": pad }), Some(pad)),
        ("<pad>", json!({}), json!({}), nothing.clone(), Some(pad)),
        ("<pad>", json!({ "pad_token": "a" }), json!({}), json!({ "pad_token_id": ordinary }), Some(pad)),
        ("<|finetune_right_pad_id|>", json!({}), json!({}), nothing.clone(), Some(pad)),
    ];
    for (word, settings, map, config, expected) in named {
        let folder = copy("qwen2");
        rename(folder.path(), word);
        write(folder.path(), "tokenizer_config.json", &settings);
        write(folder.path(), "special_tokens_map.json", &map);
        set(folder.path(), "config.json", &config);
        let found = tokens(folder.path());
        assert_eq!(found.padding(), expected, "{word} {settings} {map} {config}");
        let student = open(folder.path(), Head::Classifier);
        let saved = tempfile::tempdir().unwrap();
        student.save(saved.path(), &tiny::classes()).unwrap();
        assert_eq!(read(saved.path(), "tokenizer_config.json")["pad_token"], word);
        assert_eq!(read(saved.path(), "config.json")["pad_token_id"], json!(pad));
        assert_eq!(tokens(saved.path()).padding(), Some(pad));
    }
    // By the configuration of generation alone.
    let folder = copy("qwen2");
    rename(folder.path(), "<fill>");
    set(folder.path(), "config.json", &nothing);
    write(folder.path(), "generation_config.json", &json!({ "pad_token_id": pad }));
    assert_eq!(tokens(folder.path()).padding(), Some(pad));
}

#[test]
fn without_any_padding_no_token_of_texts_becomes_one() {
    let folder = copy("llama");
    let mut tokenizer = read(folder.path(), "tokenizer.json");
    tokenizer["post_processor"] = Value::Null;
    let text = tokenizer.to_string().replace("</s>", "<stop>").replace("<s>", "<go>");
    std::fs::write(folder.path().join("tokenizer.json"), text).unwrap();
    let ordinary = tokens(folder.path()).entries()["▁a"];
    set(folder.path(), "config.json", &json!({ "pad_token_id": ordinary, "eos_token_id": null, "bos_token_id": null }));
    let student = open(folder.path(), Head::Classifier);
    assert_eq!(student.tokens.padding(), None);
    let saved = tempfile::tempdir().unwrap();
    student.save(saved.path(), &tiny::classes()).unwrap();
    assert_eq!(read(saved.path(), "tokenizer_config.json").get("pad_token"), None);
    assert_eq!(read(saved.path(), "config.json")["pad_token_id"], Value::Null);
}

/// Puts one more token into a tokenizer, behind the last row of the model's table.
fn add_token(folder: &Path, word: &str, special: bool) -> u32 {
    let rows = read(folder, "config.json")["vocab_size"].as_u64().unwrap();
    let mut tokenizer = read(folder, "tokenizer.json");
    let token = json!({
        "id": rows, "content": word, "special": special, "single_word": false,
        "lstrip": false, "rstrip": false, "normalized": false,
    });
    let size = tokens(folder).size() as u64;
    // The library numbers tokens that the model does not know from its own size on.
    let filler = (size..rows).map(|id| {
        json!({ "id": id, "content": format!("<filler_{id}>"), "special": true,
        "single_word": false, "lstrip": false, "rstrip": false, "normalized": false })
    });
    let filler: Vec<Value> = filler.collect();
    tokenizer["added_tokens"].as_array_mut().unwrap().extend(filler.into_iter().chain([token]));
    write(folder, "tokenizer.json", &tokenizer);
    rows as u32
}

#[test]
fn a_token_beyond_the_table_is_only_refused_in_a_text_that_has_it() {
    for name in ["llama_classifier", "bert_classifier", "gpt2_classifier"] {
        let folder = copy(name);
        let before = open(folder.path(), Head::Classifier);
        let scores = |model: &Model, text: &str| -> Result<Vec<f32>, String> {
            let prepared = Classifier.encode(model, &Example::unlabelled(text), 0).map_err(|e| e.to_string())?;
            Ok(task::log_probabilities(model, &Classifier, &[&prepared]).unwrap().concat())
        };
        let expected = scores(&before, "a goal").unwrap();
        add_token(folder.path(), "[EXTRA]", true);
        let model = open(folder.path(), Head::Classifier);
        assert_eq!(scores(&model, "a goal").unwrap(), expected, "{name}");
        assert!(model.card.notes.iter().any(|note| note.contains("[EXTRA]")), "{name}: {:?}", model.card.notes);
        assert!(scores(&model, "a [EXTRA] goal").is_ok(), "a special token's name in a text is text");

        let folder = copy(name);
        add_token(folder.path(), "zebra", false);
        let model = open(folder.path(), Head::Classifier);
        assert_eq!(scores(&model, "a goal").unwrap(), expected, "{name}");
        let said = scores(&model, "a zebra goal").unwrap_err();
        assert!(said.contains("zebra") && said.contains("rows"), "{said}");
    }
    // Words of the vocabulary itself without rows: another model's tokenizer.
    let folder = copy("bert_classifier");
    std::fs::copy(tiny::folder("roberta_classifier").join("tokenizer.json"), folder.path().join("tokenizer.json"))
        .unwrap();
    assert!(refusal(folder.path()).contains("another model's tokenizer"));
}

/// Every golden folder with a tokenizer.
fn tokenizers() -> Vec<(String, Tokens)> {
    let mut folders: Vec<_> = std::fs::read_dir(tiny::folder("")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.join("tokenizer.json").is_file());
    folders.sort();
    let named =
        folders.into_iter().map(|folder| (folder.file_name().unwrap().to_str().unwrap().to_owned(), tokens(&folder)));
    named.collect()
}

#[test]
fn names_of_special_tokens_in_a_text_are_text() {
    for (name, tokens) in tokenizers() {
        let mut plain: tokenizers::Tokenizer = tokens.to_text().unwrap().parse().unwrap();
        plain.set_encode_special_tokens(true);
        let special: Vec<String> = plain
            .get_added_tokens_decoder()
            .into_values()
            .filter(|token| token.special)
            .map(|token| token.content)
            .collect();
        let mut ids: Vec<u32> = special.iter().map(|word| plain.token_to_id(word).unwrap()).collect();
        ids.retain(|id| !tokens.is_unknown(*id));
        let all = special.concat();
        for word in special.iter().chain([&all]) {
            for text in
                [word.clone(), format!("a goal {word} far out{word}"), format!("{word} a"), format!("{word}{word}")]
            {
                let expected = plain.encode(text.as_str(), true).unwrap();
                let found = tokens.encode_within(&text, 1000).unwrap();
                assert_eq!(found.ids, expected.get_ids(), "{name}: {text:?}");
                assert_eq!(found.spans, expected.get_offsets(), "{name}: {text:?}");
                let bare = tokens.encode_around(&text, 0..text.len(), Around::Nothing).unwrap().ids;
                assert!(!bare.iter().any(|id| ids.contains(id)), "{name}: {text:?} {bare:?}");
            }
        }
    }
}

#[test]
fn a_mask_that_only_the_vocabulary_lists_is_a_mask_of_the_template() {
    let folder = copy("bert_masked");
    let before = tokens(folder.path());
    let mut tokenizer = read(folder.path(), "tokenizer.json");
    tokenizer["added_tokens"] = json!([]);
    write(folder.path(), "tokenizer.json", &tokenizer);
    let after = tokens(folder.path());
    let text = "a goal is [MASK] far";
    assert_eq!(after.encode(text, true).unwrap(), before.encode(text, true).unwrap());
    assert_eq!(after.encode_within(text, 100).unwrap(), before.encode_within(text, 100).unwrap());
}

#[test]
fn special_tokens_of_a_template_stay_special_around_such_a_text() {
    for (name, tokens) in tokenizers() {
        let Some((mask, id)) = tokens.mask() else { continue };
        for text in ["a goal", &format!("a {mask} goal"), &mask, &format!("{mask}{mask}")] {
            let whole = format!("{text}. it is {mask}.");
            let pieces = tokens.encode_around(&whole, 0..text.len(), Around::Both).unwrap();
            let places: Vec<usize> =
                pieces.ids.iter().enumerate().filter(|(_, found)| **found == id).map(|(place, _)| place).collect();
            assert_eq!(places.len(), 1, "{name}: {whole:?}");
            assert!(pieces.spans[places[0]].0 >= text.len(), "{name}: {whole:?}");
        }
    }
}

#[test]
fn a_text_is_never_shortened_to_other_tokens_and_all_that_is_cut_is_counted() {
    let fillers = [" ".repeat(5000), "\n".repeat(3000), "\u{200b}".repeat(3000), "\t \r\n".repeat(2000)];
    let long = "x".repeat(3000);
    for (name, tokens) in tokenizers() {
        let mut texts: Vec<String> =
            fillers.iter().flat_map(|filler| [format!("a goal{filler}far out"), format!("a{filler}")]).collect();
        texts.extend([
            format!("{long} a goal {long} far out"),
            format!("a {} far out", [long.as_str(); 4].join(" ")),
            "a goal is near the gate ".repeat(400),
            "中文".repeat(3000),
            format!("{}{}", "the moon and the stars ".repeat(200), " ".repeat(4000)),
        ]);
        for (text, most) in texts.iter().flat_map(|text| [4, 8, 32, 100].map(|most| (text, most))) {
            let whole = tokens.encode_around(text, 0..text.len(), Around::Nothing).unwrap().ids;
            let found = tokens.encode_within(text, most).unwrap();
            let around = tokens.encode("", true).unwrap().ids.len();
            let keep = most.saturating_sub(around);
            let before = tokens.encode("a", true).unwrap().spans.iter().take_while(|span| span.0 == span.1).count();
            let own = found.ids[before..found.ids.len() - (around - before)].to_vec();
            let kept: Vec<u32> = whole.iter().copied().take(keep).collect();
            let shown = &text[..text.floor_char_boundary(30)];
            assert_eq!(own.len(), kept.len(), "{name}: {shown:?} {most}");
            assert_eq!(own, kept, "{name}: {shown:?} {most}");
            let cut = whole.len() - kept.len();
            let near = cut.abs_diff(found.cut) <= 2 + cut / 100;
            assert!(near, "{name}: {shown:?} {most}: {cut} {}", found.cut);
            assert_eq!(found.cut == 0, cut == 0, "{name}: {shown:?} {most}");
        }
    }
}

/// The tiny BERT classifier with its outputs in another order, and what they are called.
fn reordered(order: &[usize], names: &[&str]) -> TempDir {
    let folder = copy("bert_classifier");
    let mut stored = tensors(folder.path());
    for name in ["classifier.weight", "classifier.bias"] {
        let rows: Vec<u32> = order.iter().map(|row| *row as u32).collect();
        let tensor = stored[name].index_select(&Tensor::new(rows, &Device::Cpu).unwrap(), 0).unwrap();
        stored.insert(name.to_owned(), tensor);
    }
    store(folder.path(), &stored, &[]);
    let labels: BTreeMap<String, &str> = names.iter().enumerate().map(|(id, name)| (id.to_string(), *name)).collect();
    set(folder.path(), "config.json", &json!({ "id2label": labels, "label2id": null }));
    folder
}

fn open_for(choice: &ModelChoice, classes: Classes) -> Model {
    model::open_for(choice, ModelFiles::find(&choice.source).unwrap(), classes, 0, &Device::Cpu).unwrap()
}

fn answers(model: &Model) -> Vec<f32> {
    let prepared: Vec<_> =
        tiny::TEXTS.iter().map(|text| Classifier.encode(model, &Example::unlabelled(*text), 0).unwrap()).collect();
    task::log_probabilities(model, &Classifier, &prepared.iter().collect::<Vec<_>>()).unwrap().concat()
}

#[test]
fn a_classifier_answers_for_the_classes_by_name_whatever_their_order() {
    let classes = tiny::classes(); // sport, space, food, drink
    let expected = answers(&open(tiny::folder("bert_classifier").as_path(), Head::Classifier));
    let orders: [(&[usize], [&str; 4]); 4] = [
        (&[0, 1, 2, 3], ["sport", "space", "food", "drink"]),
        (&[3, 2, 1, 0], ["drink", "food", "space", "sport"]),
        (&[2, 0, 3, 1], ["FOOD", "Sport", "drink ", "SPACE"]),
        (&[1, 3, 0, 2], ["Space", "DRINK", "s_port", "Food"]),
    ];
    for (order, names) in orders {
        let folder = reordered(order, &names);
        let asked = choice(folder.path(), Head::Classifier);
        for classes in [Classes::Teaching(&classes), Classes::Learning(&classes)] {
            let model = open_for(&asked, classes);
            tiny::assert_close("answers", &answers(&model), &expected, 1e-6);
            assert_eq!((&model.outputs.trouble, model.outputs.replaced), (&None, false), "{names:?}");
            assert_eq!(model.outputs.order.is_none(), order == [0, 1, 2, 3], "{names:?}");
            // Saved, it names the classes in their own order.
            let saved = tempfile::tempdir().unwrap();
            model.save(saved.path(), &tiny::classes()).unwrap();
            let again = open_for(&choice(saved.path(), Head::Classifier), classes);
            assert_eq!((answers(&again), again.outputs.order), (answers(&model), None));
        }
    }
}

#[test]
fn classes_under_other_names_keep_a_teacher_from_teaching_and_give_a_student_a_new_head() {
    let classes = tiny::classes();
    for names in
        [["LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3"], ["a", "b", "c", "d"], ["sport", "space", "food", "wine"]]
    {
        let folder = reordered(&[0, 1, 2, 3], &names);
        let asked = choice(folder.path(), Head::Classifier);
        let teacher = open_for(&asked, Classes::Teaching(&classes));
        let trouble = teacher.outputs.trouble.unwrap();
        assert!(trouble.contains(names[3]) && trouble.contains("drink") && trouble.contains("classes"), "{trouble}");
        let student = open_for(&asked, Classes::Learning(&classes));
        assert!(student.outputs.replaced && student.outputs.trouble.is_none(), "{names:?}");
        assert_eq!(
            student.card.random,
            ["classifier.bias", "classifier.weight"].map(str::to_owned).into_iter().rev().collect::<Vec<_>>()
        );
        assert!(
            student.card.notes.iter().any(|note| note.contains("not the data's") && note.contains(names[0])),
            "{:?}",
            student.card.notes
        );
    }
    // Another number of classes.
    let (fewer, more) =
        (["sport", "space"].map(str::to_owned), ["sport", "space", "food", "drink", "wine"].map(str::to_owned));
    let folder = reordered(&[0, 1, 2, 3], &["sport", "space", "food", "drink"]);
    let asked = choice(folder.path(), Head::Classifier);
    for classes in [&fewer[..], &more[..]] {
        assert!(open_for(&asked, Classes::Teaching(classes)).outputs.trouble.is_some());
        let student = open_for(&asked, Classes::Learning(classes));
        assert_eq!((student.outputs.replaced, student.top), (true, model::HeadKind::Classes(classes.len())));
    }
}

#[test]
fn a_mapping_says_which_output_is_which_class() {
    let classes = tiny::classes();
    let folder = reordered(&[3, 1, 2, 0], &["LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3"]);
    let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    let whole = map(&[("LABEL_0", "drink"), ("LABEL_1", "space"), ("LABEL_2", "food"), ("LABEL_3", "sport")]);
    let asked = ModelChoice { classes: Some(whole), ..choice(folder.path(), Head::Classifier) };
    let expected = answers(&open(tiny::folder("bert_classifier").as_path(), Head::Classifier));
    tiny::assert_close("mapped", &answers(&open_for(&asked, Classes::Teaching(&classes))), &expected, 1e-6);
    let written = ron::to_string(&asked).unwrap();
    assert_eq!(ron::from_str::<ModelChoice>(&written).unwrap(), asked);
    let partial = ModelChoice { classes: Some(map(&[("LABEL_0", "drink")])), ..asked.clone() };
    let trouble = open_for(&partial, Classes::Teaching(&classes)).outputs.trouble.unwrap();
    assert!(trouble.contains("sport") && trouble.contains("space"), "{trouble}");
    assert!(open_for(&partial, Classes::Learning(&classes)).outputs.trouble.is_some());
    // Of more outputs than classes the others are left out, and what is left is a distribution.
    let few = ["space", "sport"].map(str::to_owned);
    let some = ModelChoice { classes: Some(map(&[("LABEL_1", "space"), ("LABEL_3", "sport")])), ..asked };
    let teacher = open_for(&some, Classes::Teaching(&few));
    assert_eq!(teacher.outputs.left_out, ["LABEL_0", "LABEL_2"].map(str::to_owned));
    for row in answers(&teacher).chunks(2) {
        assert!((row.iter().map(|x| x.exp()).sum::<f32>() - 1.0).abs() < 1e-5, "{row:?}");
    }
}

/// By what the answers of a teacher are found again.
fn key(choice: &ModelChoice, prompt: &Prompt, text: &str) -> ([u8; 32], [u8; 32]) {
    let classes = tiny::classes();
    let model = open_for(choice, Classes::Teaching(&classes));
    let teacher = LocalTeacher::new(Arc::new(model), prompt, &classes, &Layout::default()).unwrap();
    (teacher.fingerprint(), teacher.reading(&Fields::text(text)).unwrap())
}

#[test]
fn kept_answers_are_named_by_everything_they_depend_on() {
    let text = "A goal, the moon and hot tea";
    let folder = copy("gpt2");
    let words = choice(folder.path(), Head::LabelWords);
    let prompt = tiny::prompt(&open(folder.path(), Head::LabelWords), Scoring::Sum);
    let known = key(&words, &prompt, text);
    assert_eq!(key(&words, &prompt, text), known);
    let mut other_word = prompt.clone();
    other_word.label_words.insert("sport".into(), "ball".into());
    let variants = [
        ("the scoring", words.clone(), Prompt { scoring: Scoring::Mean, ..prompt.clone() }),
        ("a label word", words.clone(), other_word),
        ("the template", words.clone(), Prompt { template: "{text} is {answer}".into(), ..prompt.clone() }),
        ("the length", ModelChoice { max_tokens: 20, ..words.clone() }, prompt.clone()),
        ("the weights", ModelChoice { init: Init::Fresh, ..words.clone() }, prompt.clone()),
    ];
    let mut keys = vec![known];
    for (what, choice, prompt) in variants {
        let other = key(&choice, &prompt, text);
        assert!(!keys.contains(&other), "{what} is no part of it");
        keys.push(other);
    }
    // What a file beside the weights makes of the text, though the file itself is not looked at.
    let folder = copy("bert_classifier");
    normalizer(folder.path(), &json!({ "lowercase": true }));
    let bert = choice(folder.path(), Head::Classifier);
    let cased = |lower: bool| {
        write(
            folder.path(),
            "tokenizer_config.json",
            &json!({ "do_lower_case": lower, "tokenizer_class": "BertTokenizer" }),
        );
        (key(&bert, &prompt, "A GOAL"), key(&bert, &prompt, "a goal"))
    };
    let ((upper, same), (other, plain)) = (cased(true), cased(false));
    assert!(upper == same && other != plain && upper != other, "a setting of the tokenizer is no part of it");
    // Which output is which class.
    let folder = reordered(&[3, 1, 2, 0], &["LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3"]);
    let mapped = |classes: [&str; 4]| {
        let classes =
            classes.iter().enumerate().map(|(output, class)| (format!("LABEL_{output}"), (*class).to_owned()));
        let choice = ModelChoice { classes: Some(classes.collect()), ..choice(folder.path(), Head::Classifier) };
        key(&choice, &prompt, text)
    };
    let one = mapped(["drink", "space", "food", "sport"]);
    assert_ne!(one, mapped(["sport", "space", "food", "drink"]), "the order of the outputs is no part of it");
    assert_eq!(one, mapped(["drink", "space", "food", "sport"]));
}
