//! Writing on with a key/value cache is writing on: the same logits at every step and the same tokens
//! as by passing the whole text through the network again and again, for every model that writes.
#![cfg(feature = "engine")]

mod tiny;

use candle_core::{IndexOp as _, Tensor};
use rayon::prelude::*;
use retort::engine::data::Layout;
use retort::engine::model::generate::Generator;
use retort::engine::model::{ARCHITECTURES, DropoutRng, Kind, KvCache, Model, Trace, ops};
use retort::engine::task::{self, Sample};
use retort::session::{Head, Init, Prompt, Scoring};
use serde_json::{Value, json};
use tiny::{assert_close, flat};

/// Tolerance on logits of a few units.
const NEAR: f32 = 1e-5;

/// A golden model with some fields of its configuration changed.
fn with(name: &str, fields: &[(&str, Value)]) -> Model {
    let (from, into) = (tiny::folder(name), tempfile::tempdir().unwrap());
    for file in ["model.safetensors", "tokenizer.json"] {
        std::fs::copy(from.join(file), into.path().join(file)).unwrap();
    }
    let text = std::fs::read_to_string(from.join("config.json")).unwrap();
    let mut config: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    config.extend(fields.iter().map(|(field, value)| ((*field).to_owned(), value.clone())));
    std::fs::write(into.path().join("config.json"), serde_json::to_string(&config).unwrap()).unwrap();
    tiny::open_folder(into.path(), Head::LabelWords, Init::Stored, 0)
}

/// Every architecture that writes; with windows shorter than a prompt, shorter than the text, longer
/// than it, and with layers that see all beside such that do not.
fn writers() -> Vec<(String, Model)> {
    let mut all: Vec<(String, Model)> = ["gpt2", "llama", "mistral", "qwen2", "qwen3", "t5", "t5_v11"]
        .map(|name| (name.to_owned(), with(name, &[])))
        .into();
    let known = |id: &str| all.iter().any(|(_, model)| model.architecture.id == id);
    assert!(ARCHITECTURES.iter().filter(|a| a.writes()).all(|a| known(a.id)), "every one that writes is here");
    for window in [1, 3, 60] {
        all.push((format!("mistral, window {window}"), with("mistral", &[("sliding_window", json!(window))])));
    }
    let fields = |window| {
        [("sliding_window", json!(window)), ("use_sliding_window", json!(true)), ("max_window_layers", json!(1))]
    };
    all.push(("qwen3, window 4".into(), with("qwen3", &[&fields(4)[..], &[("layer_types", Value::Null)]].concat())));
    all
}

/// Token ids that repeat late; never a special one.
fn prompt(length: usize) -> Vec<u32> {
    (0..length as u32).map(|i| 5 + (i * i * 7 + 3 * i) % 50).collect()
}

/// Logits of the token behind `written` without a cache: behind the prompt, or in the answer to it.
fn whole(model: &Model, prompt: &[u32], written: &[u32]) -> Tensor {
    let (network, noise) = (model.detached.as_ref(), DropoutRng::none());
    let states = |rows: &[u32]| {
        let input = model.input(&[rows]).unwrap();
        (network.encode(&network.embed(&input).unwrap(), &mut Trace::none(), &noise).unwrap(), input.mask)
    };
    let hidden = match model.architecture.kind {
        Kind::EncoderDecoder => {
            let (read, mask) = states(prompt);
            let answer = [&[model.start()], written].concat();
            network
                .decode(
                    &read,
                    &mask,
                    &network.embed(&model.written(&[&answer]).unwrap()).unwrap(),
                    &mut Trace::none(),
                    &noise,
                )
                .unwrap()
        }
        _ => states(&[prompt, written].concat()).0,
    };
    let last = hidden.i((.., hidden.dim(1).unwrap() - 1)).unwrap().contiguous().unwrap();
    network.vocabulary(&last).unwrap().i(0).unwrap()
}

fn likeliest(logits: &Tensor) -> u32 {
    retort::engine::model::generate::greedy(logits).unwrap()
}

#[test]
fn every_step_has_the_logits_of_a_pass_over_the_whole_text() {
    for (name, model) in writers() {
        for length in [1, 2, 11, 30] {
            let prompt = prompt(length);
            let mut writer = Generator::new(&model, &prompt).unwrap();
            let mut written = Vec::new();
            while writer.tokens() < model.max_tokens.min(48) {
                let (cached, whole) = (writer.logits().unwrap(), whole(&model, &prompt, &written));
                let what = format!("{name}, {} tokens behind {length}", written.len());
                assert_close(&what, &flat(&cached), &flat(&whole), NEAR);
                assert_eq!(flat(&writer.logits().unwrap()), flat(&cached), "{what}, asked again");
                // Ends are written like other tokens, so that every text gets long.
                written.push(likeliest(&whole));
                writer.push(likeliest(&whole));
            }
            assert!(written.len() >= 18, "{name} wrote {} tokens", written.len());
        }
    }
}

#[test]
fn what_is_generated_is_what_was_without_a_cache() {
    let mut count = 0;
    for (name, model) in writers() {
        for length in [1, 5, 17] {
            let prompt = prompt(length);
            let mut known = Vec::new();
            let begun = if model.architecture.kind == Kind::EncoderDecoder { 1 } else { length };
            while begun + known.len() < model.max_tokens.min(begun + 40) {
                let next = likeliest(&whole(&model, &prompt, &known));
                if model.ends().contains(&next) {
                    break;
                }
                known.push(next);
            }
            assert_eq!(model.generate(&prompt, 40).unwrap(), known, "{name} behind {length}");
            count += known.len();
        }
    }
    assert!(count > 300, "only {count} tokens were written");
}

#[test]
fn several_tokens_may_be_put_behind_at_once() {
    for (name, model) in writers() {
        let (prompt, behind) = (prompt(9), [8, 30, 12, 5, 41]);
        let mut writer = Generator::new(&model, &prompt).unwrap();
        for pieces in [&behind[..1], &behind[1..4], &behind[4..]] {
            pieces.iter().for_each(|&token| writer.push(token));
            writer.logits().unwrap();
        }
        assert_close(&name, &flat(&writer.logits().unwrap()), &flat(&whole(&model, &prompt, &behind)), NEAR);
    }
}

#[test]
fn texts_side_by_side_are_written_on_as_each_alone() {
    let rows: [Vec<u32>; 3] = [prompt(70), prompt(71)[1..].to_vec(), prompt(75)[5..].to_vec()];
    for (name, model) in writers().into_iter().filter(|(_, model)| model.architecture.kind == Kind::Decoder) {
        let (most, mut cache, mut said) = (model.max_tokens.min(48), KvCache::default(), Vec::new());
        for (start, end) in [(0, 3), (3, 4), (4, most)] {
            let one = model.behind(start, &rows[0][start..end]).unwrap();
            let ids: Vec<u32> = rows.iter().flat_map(|row| row[start..end].to_vec()).collect();
            let new = retort::engine::model::InputIds {
                ids: Tensor::new(ids, model.device()).unwrap().reshape((3, end - start)).unwrap(),
                positions: Tensor::cat(&[&one.positions; 3], 0).unwrap(),
                mask: Tensor::cat(&[&one.mask; 3], 0).unwrap(),
                segments: None,
            };
            said.push(model.detached.decode_step(&model.detached.embed(&new).unwrap(), None, &mut cache).unwrap());
        }
        assert_eq!(cache.tokens(), most);
        let said = Tensor::cat(&said, 1).unwrap();
        for (row, ids) in rows.iter().enumerate() {
            let input = model.input(&[&ids[..most]]).unwrap();
            let alone = model
                .detached
                .encode(&model.detached.embed(&input).unwrap(), &mut Trace::none(), &DropoutRng::none())
                .unwrap();
            assert_close(&format!("{name}, row {row}"), &flat(&said.i(row).unwrap()), &flat(&alone), NEAR);
        }
    }
}

#[test]
fn writing_stops_when_told_to_and_where_there_is_no_room() {
    for (name, model) in writers() {
        let prompt = prompt(6);
        let whole = model.generate(&prompt, 30).unwrap();
        let mut asked = Vec::new();
        let stopped = model.generate_while(&prompt, 30, |written| {
            asked.push(written.len());
            written.len() < 2
        });
        assert_eq!(stopped.unwrap(), whole[..2.min(whole.len())], "{name}");
        assert_eq!(asked, (0..=2.min(whole.len())).collect::<Vec<_>>(), "{name}");
        assert_eq!(model.generate(&prompt, 0).unwrap(), [0u32; 0], "{name}");
    }
    let model = with("gpt2", &[("eos_token_id", json!(7))]);
    assert_eq!(model.generate(&prompt(48), 5).unwrap(), [0u32; 0], "the prompt fills the table of positions");
    let mut writer = Generator::new(&model, &prompt(48)).unwrap();
    writer.logits().unwrap();
    writer.push(9);
    assert!(writer.logits().is_err(), "a position beyond the table");
}

#[test]
fn what_cannot_write_says_so() {
    let encoder = tiny::open_folder(&tiny::folder("bert_masked"), Head::LabelWords, Init::Stored, 0);
    assert!(Generator::new(&encoder, &[7]).is_err());
    let new = encoder.behind(0, &[7, 8]).unwrap();
    let said = encoder
        .detached
        .decode_step(&encoder.detached.embed(&new).unwrap(), None, &mut KvCache::default())
        .unwrap_err()
        .to_string();
    assert!(said.contains("does not write"), "{said}");
    let t5 = with("t5", &[]);
    let said = t5
        .detached
        .decode_step(&t5.detached.embed(&t5.behind(0, &[0]).unwrap()).unwrap(), None, &mut KvCache::default())
        .unwrap_err()
        .to_string();
    assert!(said.contains("encoder"), "{said}");
    let classifier = tiny::open_folder(&tiny::folder("llama"), Head::Classifier, Init::Stored, 0);
    assert!(classifier.generate(&[5, 6], 3).is_err());
}

/// Numbers between −1 and 1 that do not repeat soon.
fn numbers(shape: (usize, usize, usize), seed: usize) -> Tensor {
    let count = shape.0 * shape.1 * shape.2;
    let values: Vec<f32> = (0..count).map(|i| (((i + seed) * 7919 % 1009) as f32 / 504.5) - 1.0).collect();
    Tensor::from_vec(values, shape, &candle_core::Device::Cpu).unwrap()
}

#[test]
fn one_query_gets_the_attention_of_the_whole_operation() {
    for (batch, heads, kv_heads, wide, key) in [(1, 4, 4, 8, 1), (1, 4, 2, 6, 33), (3, 6, 1, 17, 70), (2, 1, 1, 3, 5)] {
        let (q, width) = (numbers((batch, 1, heads * wide), 1), kv_heads * wide);
        let room = numbers((batch, key + 9, width), 2);
        let (k, v) = (room.narrow(1, 0, key).unwrap(), numbers((batch, key, width), 3));
        let own: Vec<f32> = (0..batch * key).map(|i| if i % 5 == 3 { -1e9 } else { 0.0 }).collect();
        let own = Tensor::from_vec(own, (batch, 1, 1, key), q.device()).unwrap();
        let by_head = numbers((batch, heads, key), 4).unsqueeze(2).unwrap();
        for mask in [own.clone(), own.broadcast_add(&by_head).unwrap()] {
            let whole = ops::attention(&q, &k, &v, &mask, 0.3, heads, None).unwrap();
            let step = ops::attention_step(&q, &k, &v, &mask, 0.3, heads).unwrap();
            assert_close(&format!("{heads} heads over {key}"), &flat(&step), &flat(&whole), 1e-6);
        }
        assert!(ops::attention_step(&q, &k, &v.narrow(1, 0, key - 1).unwrap(), &own, 0.3, heads).is_err());
    }
    let (q, k) = (candle_core::Var::from_tensor(&numbers((1, 1, 8), 5)).unwrap(), numbers((1, 7, 8), 6));
    let mask = Tensor::zeros((1, 1, 1, 7), candle_core::DType::F32, q.device()).unwrap();
    let said = ops::attention_step(q.as_tensor(), &k, &k, &mask, 0.5, 2).unwrap().sqr().unwrap().sum_all().unwrap();
    let gradient = said.backward().unwrap().get(&q).map(flat).unwrap();
    assert!(gradient.iter().any(|value| value.abs() > 1e-4), "a graph is not cut: {gradient:?}");
}

/// A prompt whose start is long enough to be read apart.
fn long_start(model: &Model) -> Prompt {
    let prompt = tiny::prompt(model, Scoring::Sum);
    Prompt { template: format!("they ate hot soup and bread near the gate. {}", prompt.template), ..prompt }
}

#[test]
fn label_words_behind_a_start_read_once_score_as_in_a_pass_of_their_own() {
    let decoders = writers().into_iter().filter(|(_, model)| model.architecture.kind == Kind::Decoder);
    for (name, model) in decoders {
        let task = task::for_model(&model, &long_start(&model), &tiny::classes(), &Layout::default()).unwrap();
        let mut prepared = tiny::prepare(task.as_ref(), &model, &["a goal", "tea", "they ate", "", "a goal"]);
        // One that begins otherwise.
        prepared.extend(tiny::prepare(tiny::task_of(&model).as_ref(), &model, &["hot tea"]));
        let starts: Vec<Option<usize>> =
            prepared.iter().map(|one| one.passes[0].from_text.iter().position(|own| *own)).collect();
        assert!(starts[0] >= Some(16) && starts[3].is_none() && starts[5] < Some(16), "{name}: {starts:?}");
        let examples: Vec<&Sample> = prepared.iter().collect();
        let together = task.scores(&model, &examples).unwrap();
        for (row, example) in examples.iter().enumerate() {
            let alone = task.scores_alone(&model, example).unwrap();
            assert_close(&format!("{name}, text {row}"), &together[row], &alone, NEAR);
            assert_eq!(task.scores(&model, &[example]).unwrap()[0], together[row], "{name}: the same in any company");
        }
        assert_eq!(together[0], together[4]);
    }
}

#[test]
#[ignore = "measures time: cargo test --test generation -- --ignored --nocapture"]
fn label_words_behind_worked_examples_cost_less_when_those_are_read_once() {
    let model = larger();
    let worked = "the moon is far out. it is about stars. soup with bread. it is about hot bread. ".repeat(4);
    let prompt = tiny::prompt(&model, Scoring::Sum);
    let prompt = Prompt { template: format!("{worked}{}", prompt.template), ..prompt };
    let task = task::for_model(&model, &prompt, &tiny::classes(), &Layout::default()).unwrap();
    let texts = vec!["a ball is out near the gate"; 64];
    let prepared = tiny::prepare(task.as_ref(), &model, &texts);
    let examples: Vec<&Sample> = prepared.iter().collect();
    let start = prepared[0].passes[0].from_text.iter().position(|own| *own).unwrap();
    println!("{start} of {} tokens of a prompt are the same for all", prepared[0].tokens());
    let mut ratio = 0.0;
    for _ in 0..3 {
        let begun = std::time::Instant::now();
        task.scores(&model, &examples).unwrap();
        let shared = begun.elapsed().as_secs_f64() * 1e3;
        let begun = std::time::Instant::now();
        examples.par_iter().for_each(|one| drop(task.scores_alone(&model, one).unwrap()));
        let alone = begun.elapsed().as_secs_f64() * 1e3;
        println!("64 texts: {shared:.0} ms, each alone {alone:.0} ms");
        ratio = f64::max(ratio, alone / shared);
    }
    assert!(ratio > 1.5, "{ratio}");
}

/// A GPT-2 of a size whose time can be measured.
fn larger() -> Model {
    let sizes =
        [("n_embd", json!(128)), ("n_layer", json!(4)), ("n_positions", json!(1024)), ("eos_token_id", Value::Null)];
    let text = std::fs::read_to_string(tiny::folder("gpt2").join("config.json")).unwrap();
    let mut config: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    config.extend(sizes.map(|(name, value)| (name.to_owned(), value)));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.json"), serde_json::to_string(&config).unwrap()).unwrap();
    std::fs::copy(tiny::folder("gpt2").join("tokenizer.json"), folder.path().join("tokenizer.json")).unwrap();
    tiny::open_folder(folder.path(), Head::LabelWords, Init::Fresh, 1)
}

/// Milliseconds that writing `count` tokens behind 8 takes.
fn millis(model: &Model, count: usize, write: impl Fn(&Model, &[u32], usize)) -> f64 {
    let begun = std::time::Instant::now();
    write(model, &prompt(8), count);
    begun.elapsed().as_secs_f64() * 1e3
}

#[test]
#[ignore = "measures time: cargo test --test generation -- --ignored --nocapture"]
fn the_time_of_a_text_grows_with_its_length_and_not_with_its_square() {
    let model = larger();
    let cached = |model: &Model, prompt: &[u32], count: usize| {
        let mut writer = Generator::new(model, prompt).unwrap();
        for _ in 0..count {
            let next = likeliest(&writer.logits().unwrap());
            writer.push(next);
        }
    };
    let again = |model: &Model, prompt: &[u32], count: usize| {
        let mut written = Vec::new();
        (0..count).for_each(|_| written.push(likeliest(&whole(model, prompt, &written))));
    };
    millis(&model, 20, cached);
    println!("tokens   with a cache, ms   without, ms");
    for count in [64, 128, 256, 512] {
        println!("{count:>6}   {:>16.0}   {:>11.0}", millis(&model, count, cached), millis(&model, count, again));
    }
    let (short, long) = (millis(&model, 200, cached), millis(&model, 800, cached));
    assert!(long < 8.0 * short, "four times the tokens took {:.1} times as long", long / short);
}
