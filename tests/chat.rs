//! Chat templates: they give what transformers gives, a teacher is asked through its own when the
//! session says so, and a template that cannot be used ends in a sentence.
#![cfg(feature = "engine")]

mod agreement_of_chats;
mod tiny;

use std::path::Path;
use std::sync::Arc;

use agreement_of_chats::{Agreement, here};
use retort::engine::data::{Example, Fields, Layout};
use retort::engine::model::Model;
use retort::engine::model::chat_template::ChatFile;
use retort::engine::prompt::chat::{ChatTemplate, Message};
use retort::engine::prompt::{PreparedPrompt, Template};
use retort::engine::task;
use retort::engine::teacher::{LocalTeacher, Metered, Teacher};
use retort::session::{Chat, Head, Init, ModelChoice, Prompt, Scoring, ServerMode, Source};

#[test]
fn templates_give_what_transformers_gives() {
    let known = Agreement::read("golden.json");
    let agreed = known.check(&here("golden/chat"), str::to_owned);
    assert_eq!(agreed, (20, 4), "renderings and refusals");
}

const SETTINGS: &str = r#"{"bos_token": "<s>", "eos_token": {"content": "</s>"}}"#;

/// A folder with a tiny decoder and, perhaps, a chat template.
fn folder(name: &str, template: Option<&str>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        std::fs::copy(tiny::folder(name).join(file), folder.path().join(file)).unwrap();
    }
    std::fs::write(folder.path().join("tokenizer_config.json"), SETTINGS).unwrap();
    if let Some(template) = template {
        std::fs::write(folder.path().join("chat_template.jinja"), template).unwrap();
    }
    folder
}

fn open(folder: &Path) -> Model {
    tiny::open_folder(folder, Head::LabelWords, Init::Stored, 0)
}

fn own(name: &str) -> String {
    std::fs::read_to_string(here("golden/chat").join(name)).unwrap()
}

fn prompt(model: &Model, chat: Chat) -> Prompt {
    Prompt { chat, ..tiny::prompt(model, Scoring::Sum) }
}

fn fingerprint(folder: &Path, chat: Chat) -> Result<[u8; 32], String> {
    let model = open(folder);
    let prompt = prompt(&model, chat);
    LocalTeacher::new(Arc::new(model), &prompt, &tiny::classes(), &Layout::default())
        .map(|t| t.fingerprint())
        .map_err(|e| e.to_string())
}

#[test]
fn a_chat_is_the_template_around_the_question_and_has_no_second_start() {
    for (model, template) in [("llama", "brackets.jinja"), ("qwen2", "turns.jinja"), ("llama", "dated.jinja")] {
        let folder = folder(model, Some(&own(template)));
        let model = open(folder.path());
        let prompt = prompt(&model, Chat::Auto);
        let prepared = task::for_model(&model, &prompt, &tiny::classes(), &Layout::default())
            .unwrap()
            .encode(&model, &Example::unlabelled(" a goal "), 0)
            .unwrap();
        let rendered = &prepared.passes[0];
        let chat = ChatTemplate::of(&model, &prompt).unwrap().unwrap();
        let user = [Message { role: "user", content: "a goal. it is about" }];
        let whole = chat.render(&user, true).unwrap();
        assert_eq!(rendered.ids, model.tokens.encode(&whole, false).unwrap().ids, "{template}");
        if template != "turns.jinja" {
            assert_eq!(rendered.ids.iter().filter(|id| **id == 1).count(), 1, "{template} starts once");
            assert_eq!(model.tokens.encode(&whole, true).unwrap().ids[..2], [1, 1], "it would start twice");
        }
        assert_eq!(rendered.answers, [rendered.ids.len() - 1]);
        let own = rendered.from_text.iter().filter(|own| **own).count();
        assert!((1..=6).contains(&own), "{own} tokens come from the text");
    }
}

#[test]
fn label_words_begin_the_assistants_answer() {
    for (name, template, lead) in
        [("llama", "brackets.jinja", " "), ("qwen2", "turns.jinja", ""), ("qwen3", "dated.jinja", "")]
    {
        let folder = folder(name, Some(&own(template)));
        let model = open(folder.path());
        let prompt = prompt(&model, Chat::On);
        let words = PreparedPrompt::new(&prompt, &tiny::classes(), &model, &Layout::default())
            .unwrap()
            .verbalizers
            .remove(0)
            .words;
        let chat = ChatTemplate::of(&model, &prompt).unwrap().unwrap();
        let whole = chat.render(&[Message { role: "user", content: "a goal. it is about" }], true).unwrap();
        let ids = |text: &str| model.tokens.encode(text, false).unwrap().ids;
        for ((_, word), ours) in tiny::CLASSES.iter().zip(words) {
            let both = ids(&format!("{whole}{lead}{word}"));
            assert_eq!(both, [ids(&whole), ours].concat(), "{name} {template} {word}");
        }
    }
}

#[test]
fn only_the_text_is_cut_never_the_chat_around_it() {
    let folder = folder("llama", Some(&own("brackets.jinja")));
    let model = open(folder.path());
    let prompt = prompt(&model, Chat::Auto);
    let template = Template::parse(&prompt.template, &Layout::default()).unwrap().for_model(&prompt, &model).unwrap();
    let long = "the moon and the stars are far out ".repeat(50);
    let cut = template.causal(&Fields::text(long.as_str()), &model.tokens, 40).unwrap();
    let short = template.causal(&Fields::text("t"), &model.tokens, 40).unwrap();
    assert!(cut.ids.len() <= 40 && cut.cut > 0);
    // A token may lie across the seam to the text; beyond that nothing differs.
    let before = short.from_text.iter().position(|own| *own).unwrap() - 1;
    let behind = short.from_text.iter().rev().position(|own| *own).unwrap() - 1;
    assert!(before > 1 && behind > 5);
    assert_eq!(cut.ids[..before], short.ids[..before]);
    assert_eq!(cut.ids[cut.ids.len() - behind..], short.ids[short.ids.len() - behind..]);
    assert!(template.causal(&Fields::text("t"), &model.tokens, 5).is_err());
}

#[test]
fn nothing_changes_unless_the_session_says_so_and_then_the_kept_answers_change_too() {
    let (plain, with) = (folder("llama", None), folder("llama", Some(&own("brackets.jinja"))));
    let off = fingerprint(plain.path(), Chat::Off).unwrap();
    assert_eq!(fingerprint(with.path(), Chat::Off).unwrap(), off);
    assert_eq!(fingerprint(plain.path(), Chat::Auto).unwrap(), off);
    let auto = fingerprint(with.path(), Chat::Auto).unwrap();
    assert_ne!(auto, off);
    assert_eq!(fingerprint(with.path(), Chat::On).unwrap(), auto);
    std::fs::write(with.path().join("chat_template.jinja"), own("turns.jinja")).unwrap();
    assert_ne!(fingerprint(with.path(), Chat::Auto).unwrap(), auto);
    assert!(fingerprint(plain.path(), Chat::On).unwrap_err().contains("chat_template.jinja"));
    let old: Prompt = ron::from_str(r#"(template: "{text} {answer}")"#).unwrap();
    assert_eq!(old.chat, Chat::Off);
    let new: Prompt = ron::from_str(r#"(template: "{text} {answer}", chat: Auto)"#).unwrap();
    assert_eq!(new.chat, Chat::Auto);
}

#[test]
fn a_server_has_its_own_template_and_only_chats_use_it() {
    let source = |mode| Source::Server {
        url: "http://127.0.0.1:1/v1".into(),
        model: "m".into(),
        mode,
        key: None,
        token_limit: None,
        per_minute: None,
    };
    let prompt = Prompt { chat: Chat::On, ..ron::from_str(r#"(template: "{text} {answer}")"#).unwrap() };
    let teacher =
        |mode| Metered::new(&ModelChoice::stored(source(mode)), &prompt, &tiny::classes(), &Layout::default());
    let said = teacher(ServerMode::Completions).err().unwrap().to_string();
    assert!(said.contains("mode to Chat"), "{said}");
    assert!(teacher(ServerMode::Chat).is_ok());
}

#[test]
fn a_template_that_cannot_be_used_ends_in_a_sentence() {
    let said = |template: &str, part: &str| {
        let folder = folder("llama", Some(template));
        let said = fingerprint(folder.path(), Chat::Auto).unwrap_err();
        let whole = said.contains("chat template") && said.contains("chat to Off") && said.contains(part);
        assert!(whole && said.len() < 800, "{said:?} does not say {part:?}");
    };
    said("{% for message in %}", "line 1");
    said("\n\n{{ messages | nothing_known }}", "line 3");
    said("{{ raise_exception('only tools are answered') }}", "only tools are answered");
    said("{{ messages[0].content | upper }}", "rewrites the message");
    said("{{ messages[0].content | tojson }}", "rewrites the message");
    said("nothing of it", "rewrites the message");
    said("{{ messages[0].content ~ messages[0].content }}", "rewrites the message");
    said("{{ messages[7].content.strip() }}", "undefined");
    said("{% for a in range(9000) %}{% for b in range(9000) %}{% endfor %}{% endfor %}", "without end");
    said(&"x".repeat(2 << 20), "1024 kB");
    said(&format!("{{{{ {}1{} }}}}", "(".repeat(20_000), ")".repeat(20_000)), "");
    said("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "");
    said("{{ 'x' * 10000000000 }}", "");
    said("{% include 'other' %}", "other");
    let doubling =
        "{% set ns = namespace(x='xxxxxxxx') %}{% for i in range(40) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}";
    said(doubling, "");
}

#[test]
fn a_template_sees_the_special_tokens_of_its_settings() {
    let words = [("bos_token".to_owned(), "<begin>".to_owned())].into();
    let file = ChatFile { template: "{{ bos_token }}{{ eos_token }}{{ messages[0]['content'] }}".into(), words };
    let chat = ChatTemplate::new(&file).unwrap();
    assert_eq!(chat.render(&[Message { role: "user", content: "x" }], true).unwrap(), "<begin>x");
}
