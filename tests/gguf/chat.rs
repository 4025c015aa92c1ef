//! The chat template in the metadata asks as the same one beside safetensors does.

use candle_core::quantized::GgmlDType;
use retort::engine::data::{Example, Layout};
use retort::engine::model::Model;
use retort::engine::task;
use retort::session::{Chat, Prompt, Scoring};

use crate::models::{config, folder, matrices, open};
use crate::tiny;
use crate::writer::{convert, text};

const TEMPLATE: &str =
    "{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m.content }}{{ eos_token }}{% endfor %} then ";

fn asked(model: &Model) -> Vec<u32> {
    let prompt = Prompt { chat: Chat::Auto, ..tiny::prompt(model, Scoring::Sum) };
    let task = task::for_model(model, &prompt, &tiny::classes(), &Layout::default()).unwrap();
    task.encode(model, &Example::unlabelled("a goal"), 0).unwrap().passes.remove(0).ids
}

#[test]
fn a_chat_template_in_the_metadata_is_the_one_of_the_folder() {
    let folder = folder(&config("llama", 32));
    let mut file = convert(folder.path(), &matrices(GgmlDType::F32));
    let path = folder.path().join("model.gguf");
    file.write(&path);
    let plain = asked(&open(&path).unwrap());
    file.set("tokenizer.chat_template", text(TEMPLATE)).write(&path);
    std::fs::write(folder.path().join("chat_template.jinja"), TEMPLATE).unwrap();
    std::fs::write(folder.path().join("tokenizer_config.json"), r#"{"bos_token": "<s>", "eos_token": "</s>"}"#)
        .unwrap();
    let ids = asked(&open(&path).unwrap());
    assert_eq!(ids, asked(&open(folder.path()).unwrap()));
    assert_ne!(ids, plain);
    assert_eq!(ids.iter().filter(|id| **id == 1).count(), 1, "one start");
    assert!(ids.contains(&2), "the end of the user's message is a token");
}
