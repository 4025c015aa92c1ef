//! Are label words scored as they stand in the prompt? Held against the tokens of prompt and word read
//! whole, less those that every word has in common with the prompt; and a prompt's variants against the
//! same template alone.
#![cfg(feature = "engine")]

mod tiny;

use std::path::PathBuf;

use retort::engine::data::{Example, Layout};
use retort::engine::model::{DropoutRng, HeadKind, Kind, Model, Trace};
use retort::engine::prompt::PreparedPrompt;
use retort::engine::task;
use retort::session::{Head, Init, Prompt, Scoring};
use tiny::{TEXTS, assert_close, classes, flat};

const DECODERS: [&str; 5] = ["gpt2", "llama", "mistral", "qwen2", "qwen3"];
const MASKED: [&str; 3] = ["bert_masked", "distilbert_masked", "roberta_masked"];

/// Ways in which a prompt can lead up to its answer: white space of every kind, signs, and letters that a
/// tokenizer may join to the word.
const LEADS: [&str; 12] = [
    "{text} it is {answer}",
    "{text}\nit is\n{answer}",
    "{text} it is  {answer}",
    "{text} it is:{answer}",
    "{text} it is about({answer}",
    "{text}, a{answer}",
    "{text} the{answer}",
    "{text} th{answer}",
    "{text}：{answer}",
    "{text} 答案：{answer}",
    "{text}. b{answer}",
    "{text} it is-{answer}",
];

fn open(name: &str) -> Model {
    tiny::open_folder(&tiny::folder(name), Head::LabelWords, Init::Stored, 0)
}

fn prompt(model: &Model, template: &str, variants: &[&str]) -> Prompt {
    let mut prompt = tiny::prompt(model, Scoring::Sum);
    prompt.template = template.to_owned();
    prompt.variants = variants.iter().map(|variant| (*variant).to_owned()).collect();
    prompt
}

/// ln P of each token of a row behind those before it, by one plain pass.
fn surprises(model: &Model, ids: &[u32]) -> Vec<f64> {
    let network = model.detached.as_ref();
    let hidden = network
        .encode(&network.embed(&model.behind(0, ids).unwrap()).unwrap(), &mut Trace::none(), &DropoutRng::none())
        .unwrap();
    let logits = network.vocabulary(&hidden.squeeze(0).unwrap()).unwrap();
    let rows = logits.to_vec2::<f32>().unwrap();
    let logs = rows.iter().map(|row| task::log_softmax(row));
    std::iter::once(0.0).chain(logs.zip(&ids[1..]).map(|(logs, id)| f64::from(logs[*id as usize]))).collect()
}

/// Whether a vocabulary has what a template is made of: signs that a tiny one lacks test nothing.
fn reads(model: &Model, template: &str) -> bool {
    let filled = template.replace("{text}", "a").replace("{answer}", "tea");
    model.tokens.encode(&filled, false).unwrap().ids.iter().all(|id| !model.tokens.is_unknown(*id))
}

/// The scores of `words` behind `before`, as an evaluation harness reckons them.
fn reference(model: &Model, before: &str, lead: &str, words: &[&str]) -> Vec<f32> {
    let read = |text: &str| model.tokens.encode_open(text).unwrap().ids;
    let whole: Vec<Vec<u32>> = words.iter().map(|word| read(&format!("{before}{lead}{word}"))).collect();
    let alone = read(before);
    let alike = |ids: &Vec<u32>| ids.iter().zip(&alone).take_while(|(a, b)| a == b).count();
    let common = whole.iter().map(alike).min().unwrap();
    whole.iter().map(|ids| surprises(model, ids)[common..].iter().sum::<f64>() as f32).collect()
}

fn agrees_with_the_reference(what: &str, model: &Model, words: &[&str], texts: &[&str]) -> usize {
    let mut moved = 0;
    for template in LEADS {
        let mut prompt = prompt(model, template, &[]);
        let classes: Vec<String> = (0..words.len()).map(|class| class.to_string()).collect();
        prompt.label_words = classes.iter().cloned().zip(words.iter().map(|word| (*word).to_owned())).collect();
        if !reads(model, template) {
            continue;
        }
        let Ok(task) = task::for_model(model, &prompt, &classes, &Layout::default()) else {
            panic!(
                "{what}: {template:?} is refused: {}",
                task::for_model(model, &prompt, &classes, &Layout::default()).err().unwrap()
            )
        };
        for text in texts {
            let prepared = task.encode(model, &Example::unlabelled(*text), 0).unwrap();
            let ours = task.scores(model, &[&prepared]).unwrap().concat();
            let filled = template.replace("{text}", text);
            let before = filled.split("{answer}").next().unwrap();
            let (bare, lead) = before.split_at(before.trim_end().len());
            moved +=
                usize::from(lead.is_empty() && prepared.passes[0].ids != model.tokens.encode_open(bare).unwrap().ids);
            let theirs = reference(model, bare, lead, words);
            assert_close(&format!("{what}, {template:?}, {text:?}"), &ours, &theirs, 2e-4);
        }
    }
    moved
}

#[test]
fn trap_14_label_words_are_scored_as_they_stand_behind_every_kind_of_lead() {
    for name in DECODERS {
        let words: Vec<&str> = tiny::CLASSES.iter().map(|(_, word)| *word).collect();
        agrees_with_the_reference(name, &open(name), &words, &TEXTS);
    }
}

#[test]
fn a_word_directly_behind_the_text_has_no_space_of_its_own() {
    for name in ["llama", "mistral"] {
        let model = open(name);
        let spaced = |template: &str| {
            let prepared =
                PreparedPrompt::new(&prompt(&model, template, &[]), &classes(), &model, &Layout::default()).unwrap();
            let firsts = prepared.words().map(|ids| model.tokens.word(ids[0]).unwrap()).collect::<Vec<_>>();
            firsts.iter().filter(|token| token.starts_with('▁')).count()
        };
        assert_eq!(spaced("{text} it is {answer}"), 4, "{name}");
        assert_eq!(spaced("{text} it is:{answer}"), 0, "{name}");
        assert_eq!(spaced("{text}{answer}"), 0, "{name}");
    }
}

/// Every template of a prompt scores as it does alone, in a batch where they are mixed; gives in how many
/// ways they lead up to the words.
fn variants_keep_to_themselves(name: &str, templates: &[&str]) -> usize {
    let model = open(name);
    let templates: Vec<&str> = templates.iter().copied().filter(|template| reads(&model, template)).collect();
    let (first, others) = templates.split_first().unwrap();
    let all = task::for_model(&model, &prompt(&model, first, others), &classes(), &Layout::default()).unwrap();
    let count = templates.len();
    let places: Vec<usize> = (0..TEXTS.len()).map(|row| row * 5 % count).collect();
    let batch: Vec<_> = TEXTS
        .iter()
        .zip(&places)
        .map(|(text, place)| all.encode(&model, &Example::unlabelled(*text), *place as u64).unwrap())
        .collect();
    let mixed = flat(
        &tiny::pass(all.as_ref(), &model, model.detached.as_ref(), &batch, &DropoutRng::none())
            .answers
            .logits
            .whole()
            .unwrap(),
    );
    for ((text, place), scores) in TEXTS.iter().zip(&places).zip(mixed.chunks(classes().len())) {
        let alone =
            task::for_model(&model, &prompt(&model, templates[*place], &[]), &classes(), &Layout::default()).unwrap();
        let prepared = alone.encode(&model, &Example::unlabelled(*text), 0).unwrap();
        let expected = alone.scores(&model, &[&prepared]).unwrap().concat();
        assert_close(&format!("{name}, {:?}, {text:?}", templates[*place]), scores, &expected, 1e-4);
    }
    PreparedPrompt::new(&prompt(&model, first, others), &classes(), &model, &Layout::default())
        .unwrap()
        .verbalizers
        .len()
}

#[test]
fn every_variant_keeps_its_own_seam_before_the_answer() {
    let leads = ["{text} it is {answer}", "{text}\nit is\n{answer}", "{text} it is:{answer}", "{text}, a{answer}"];
    for name in DECODERS {
        assert!(variants_keep_to_themselves(name, &leads) > 1, "{name}");
        assert_eq!(variants_keep_to_themselves(name, &["{text} it is {answer}", "{text}, so it is {answer}"]), 1);
    }
    let ways = MASKED.map(|name| {
        let masked =
            ["{text}. it is {answer}.", "{text}. it is:{answer}.", "{text}, a {answer}", "{text}. it is.{answer}"];
        variants_keep_to_themselves(name, &masked)
    });
    // A word piece is the same behind a space and a sign, a byte-level token is not.
    assert_eq!(ways, [1, 1, 2]);
}

#[test]
fn a_mixed_batch_teaches_every_weight_and_counts_every_text() {
    let model = open("llama");
    let prompt = prompt(&model, "{text} it is {answer}", &["{text} it is:{answer}"]);
    let task = task::for_model(&model, &prompt, &classes(), &Layout::default()).unwrap();
    let batch: Vec<_> =
        (0..4).map(|row| task.encode(&model, &Example::unlabelled(TEXTS[row]), row as u64).unwrap()).collect();
    assert_ne!(batch[0].words, batch[1].words);
    let refs: Vec<_> = batch.iter().collect();
    let pass =
        task.forward(&model, model.tracked.as_ref(), &refs, true, &mut Trace::none(), &DropoutRng::none()).unwrap();
    assert_eq!(pass.answers.logits.dims().unwrap(), (4, 4));
    assert_eq!(pass.answers.rows.iter().map(|row| row.example).collect::<Vec<_>>(), [0, 1, 2, 3]);
    let text = pass.text.unwrap();
    assert_eq!(text.logits.dims().unwrap().0, text.rows.len());
    let of = |example: usize| text.rows.iter().filter(move |row| row.example == example).filter_map(|row| row.truth);
    for (example, sample) in batch.iter().enumerate() {
        let tokens = sample.passes[0].ids.iter().zip(&sample.passes[0].from_text).skip(1);
        let own: Vec<u32> = tokens.filter(|(_, own)| **own).map(|(id, _)| *id).collect();
        assert_eq!(of(example).collect::<Vec<_>>(), own, "each row knows its example, in a mixed batch too");
    }
    let grads = pass.answers.logits.whole().unwrap().sum_all().unwrap().backward().unwrap();
    assert!(model.weights.variables().values().all(|variable| grads.get(variable).is_some()));
}

#[test]
fn the_next_word_is_learned_of_the_text_alone() {
    for name in DECODERS {
        let model = open(name);
        let prompt = prompt(&model, "it is about a goal: {text}. it is about {answer}", &[]);
        let task = task::for_model(&model, &prompt, &classes(), &Layout::default()).unwrap();
        let batch: Vec<_> =
            TEXTS.iter().map(|text| task.encode(&model, &Example::unlabelled(*text), 0).unwrap()).collect();
        let refs: Vec<_> = batch.iter().collect();
        let pass = task
            .forward(&model, model.detached.as_ref(), &refs, true, &mut Trace::none(), &DropoutRng::none())
            .unwrap();
        let targets: Vec<u32> = pass.text.unwrap().rows.iter().filter_map(|row| row.truth).collect();
        let own = batch.iter().map(|example| &example.passes[0]);
        let own =
            own.flat_map(|prompt| prompt.ids.iter().zip(&prompt.from_text).filter(|(_, own)| **own).map(|(id, _)| *id));
        let own: Vec<u32> = own.collect();
        assert_eq!(targets, own, "{name}");
        assert!(own.len() < batch.iter().map(|example| example.tokens() - 1).sum(), "{name}");
    }
}

#[test]
fn masks_and_answers_of_a_text_of_their_own_are_cut_as_before() {
    for name in MASKED {
        let model = open(name);
        assert_eq!((&model.top, model.architecture.kind), (&HeadKind::Vocabulary, Kind::Encoder));
        let words = PreparedPrompt::new(
            &prompt(&model, "{text}. it is:{answer}.", &[]),
            &classes(),
            &model,
            &Layout::default(),
        )
        .unwrap();
        let alone = tiny::CLASSES.iter().map(|(_, word)| model.tokens.encode(word, false).unwrap().ids);
        assert!(words.words().cloned().eq(alone), "{name}");
    }
}

fn shared(name: &str) -> PathBuf {
    let root = std::env::var_os("RETORT_SHARED").map(PathBuf::from);
    root.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared")).join(name)
}

#[test]
#[ignore = "needs the shared models"]
fn a_real_vocabulary_joins_words_to_the_prompt_and_is_scored_as_it_does() {
    let texts = ["Once upon a time there was a little dog", "Tom and Lily went to the park.", "She was happy"];
    let words = ["big", "red", "happy", "the", "sad and lost"];
    // Of these the vocabulary has whole words with the letters that some prompts end in.
    let joined = ["e", "at", "in", "ou"];
    for name in ["models/stories260K-hf", "models/babyllama-tok105"] {
        let model = tiny::open_folder(&shared(name), Head::LabelWords, Init::Stored, 0);
        agrees_with_the_reference(name, &model, &words, &texts);
        let moved = agrees_with_the_reference(name, &model, &joined, &texts);
        assert!(moved > 0 || name.ends_with("tok105"), "{name}: a word grows together with the end of a prompt");
    }
}
