//! What the tasks over tokens read of a text, which rows they make of it, and that nothing of a text is lost or told
//! twice. The names of the traps are those of the field's classic mistakes.
#![cfg(feature = "engine")]

mod tiny;

use candle_core::{Device, Tensor};
use proptest::prelude::*;
use retort::engine::data::{Dataset, Example, Fields, Target};
use retort::engine::loss::soft_targets::SoftTargets;
use retort::engine::loss::{LOSSES, Rows, Term, compare};
use retort::engine::model::{DropoutRng, Kind, Model, Trace, architecture, ops};
use retort::engine::task::causal_lm::CausalLm;
use retort::engine::task::masked_lm::MaskedLm;
use retort::engine::task::running_text::{self, RunningText, Token};
use retort::engine::task::{Forward, Logits, Sample, Stretch, Targets, Task};
use retort::session::{Head, Init, Prompt, Scoring, TaskKind};
use tiny::{flat, scalar};

fn model(name: &str) -> Model {
    tiny::open_folder(&tiny::folder(name), Head::LabelWords, Init::Stored, 3)
}

fn causal(model: &Model, packed: bool) -> CausalLm {
    CausalLm { packed, outcomes: model.card.vocabulary }
}

/// Running text of a model that reads so many tokens.
struct Reads(usize, usize, bool);

impl RunningText for Reads {
    fn document(&self, _: &Model, _: &Example, _: bool) -> Result<Vec<Token>, retort::engine::prompt::PromptError> {
        Ok(Vec::new())
    }
    fn longest(&self, _: &Model) -> usize {
        self.0
    }
    fn lookahead(&self) -> usize {
        self.1
    }
    fn packed(&self) -> bool {
        self.2
    }
    fn sample(&self, _: &Model, _: &[Token]) -> Sample {
        Sample::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn every_token_of_running_text_is_read_once_and_told_once(
        lengths in prop::collection::vec(0usize..23, 1..12), longest in 1usize..9, lookahead in 0usize..2, packed: bool,
    ) {
        let text = Reads(longest, lookahead, packed);
        let gpt2 = model("gpt2");
        let documents: Vec<Vec<Token>> = lengths.iter().enumerate().map(|(number, length)| {
            let token = |place: usize| Token { id: (number * 100 + place) as u32, bytes: 1, begins: false, known: true, weight: 1.0 };
            (0..*length).map(token).collect()
        }).collect();
        let read = |stretch: Stretch| {
            let document = |number: usize| Ok::<_, ()>(documents.get(number).map(Into::into));
            running_text::read(stretch, &text, document).unwrap().iter().map(|token| token.id).collect::<Vec<_>>()
        };
        let stretches = running_text::stretches(&lengths, &text, &gpt2);
        let mut told: Vec<u32> = Vec::new();
        for stretch in &stretches {
            let ids = read(*stretch);
            prop_assert!(stretch.tokens <= longest && stretch.tokens > 0);
            prop_assert_eq!(ids.len(), stretch.tokens + lookahead);
            told.extend(&ids[lookahead..]);
        }
        let all = |skip: usize| documents.iter().flat_map(|d| d.iter().skip(skip).map(|t| t.id)).collect::<Vec<_>>();
        let whole = all(0);
        let expected = match (packed, lookahead) {
            (_, 0) => whole,
            (true, _) => whole.into_iter().skip(1).collect(),
            (false, _) => all(1),
        };
        prop_assert_eq!(told, expected);
    }
}

#[test]
fn trap_7_a_place_tells_the_token_behind_it_and_the_last_one_tells_the_end() {
    for name in ["gpt2", "llama"] {
        let model = model(name);
        let task = causal(&model, false);
        let text = "the moon and the stars";
        let sample = task.encode(&model, &Example::unlabelled(text), 0).unwrap();
        let ids = &sample.passes[0].ids;
        let told: Vec<u32> = sample.rows.iter().map(|row| row.token).collect();
        let end = model.tokens.end();
        let expected: Vec<u32> = ids[1..].iter().copied().chain(end).collect();
        assert_eq!(told, expected, "{name}: shifted by one, the end last");
        assert!(sample.rows.iter().zip(0..).all(|(row, at)| row.at == at), "{name}");
        let plain = model.tokens.encode_open(text).unwrap().ids;
        assert_eq!(*ids, plain, "{name}: the start of the text as the model reads it");
        let bytes: usize = sample.rows.iter().map(|row| usize::from(row.bytes)).sum();
        let first =
            if sample.rows.len() == ids.len() && name == "llama" { 0 } else { model.tokens.decode(&ids[..1]).len() };
        assert_eq!(bytes, text.len() - first, "{name}: every byte is told but those of a first token nobody tells");
    }
}

#[test]
fn trap_6_rows_are_chosen_by_where_tokens_come_from_and_never_by_an_id() {
    // The end-of-text token of GPT-2 is its padding, too, and it is told where a text ends.
    let gpt2 = model("gpt2");
    let task = causal(&gpt2, false);
    let [short, long] =
        ["tea", "soup with bread, then tea"].map(|text| task.encode(&gpt2, &Example::unlabelled(text), 0).unwrap());
    let pass = tiny::pass(&task, &gpt2, gpt2.detached.as_ref(), &[short.clone(), long.clone()], &DropoutRng::none());
    assert_eq!(pass.answers.rows.len(), short.rows.len() + long.rows.len(), "padding has no rows");
    let end = gpt2.tokens.end();
    assert_eq!(pass.answers.rows.iter().filter(|row| row.truth == end).count(), 2, "each text's own end");
    // What stands beside a text changes nothing of its rows.
    let alone = tiny::pass(&task, &gpt2, gpt2.detached.as_ref(), &[short], &DropoutRng::none());
    let (ours, theirs) = (flat(&alone.answers.logits.whole().unwrap()), flat(&pass.answers.logits.whole().unwrap()));
    tiny::assert_close("padding", &ours, &theirs[..ours.len()], 1e-5);
}

fn completions(texts: &[(&str, &str)]) -> Dataset {
    let example = |(prompt, answer): &(&str, &str)| Example {
        fields: Fields::text(*prompt),
        target: if answer.is_empty() { Target::None } else { Target::Text((*answer).into()) },
        weight: 1.0,
    };
    let train: Vec<Example> = texts.iter().map(example).collect();
    Dataset { labelled: vec![true; train.len()], train, ..Dataset::default() }
}

fn asked_by(template: &str) -> Prompt {
    let gpt2 = model("gpt2");
    Prompt { template: template.to_owned(), ..tiny::prompt(&gpt2, Scoring::Sum) }
}

#[test]
fn of_a_completion_its_own_tokens_and_the_end_are_told_and_nothing_of_the_prompt() {
    let kind = TaskKind::NEXT_TOKEN;
    for (name, template) in
        [("gpt2", "{text} then {answer}"), ("gpt2", "{text}:{answer}"), ("llama", "{text}. it is {answer}")]
    {
        let model = model(name);
        for (text, answer) in [("a ball is out", "the stars"), ("t", "tea"), ("soup", "hot bread with soup")] {
            let data = completions(&[(text, answer)]);
            let task = data.asked(kind, &model, &asked_by(template), model.card.vocabulary).unwrap();
            let sample = task.encode(&model, &data.train[0], 0).unwrap();
            let ids: Vec<u32> = sample.rows.iter().map(|row| row.token).collect();
            let (end, told) = ids.split_last().unwrap();
            assert_eq!(Some(*end), model.tokens.end(), "{name}");
            let said = model.tokens.decode(told);
            assert!(
                said.trim().ends_with(answer) && said.trim().len() <= answer.len() + 1,
                "{name} {template}: {said:?}"
            );
            let pass = &sample.passes[0].ids;
            assert!(sample.rows.iter().all(|row| pass[row.at as usize + 1] == row.token), "{name}: shifted by one");
            let learned = TaskKind::NextToken { packed: true, learn_prompt: true };
            let task = data.asked(learned, &model, &asked_by(template), model.card.vocabulary).unwrap();
            assert_eq!(task.encode(&model, &data.train[0], 0).unwrap().rows.len(), pass.len() - 1, "{name}");
        }
    }
}

#[test]
fn an_encoder_decoder_reads_the_prompt_and_writes_the_completion() {
    let t5 = model("t5");
    let data = completions(&[("soup with bread", "then tea")]);
    let task = data.asked(TaskKind::NEXT_TOKEN, &t5, &asked_by("{text} {answer}"), t5.card.vocabulary).unwrap();
    let sample = task.encode(&t5, &data.train[0], 0).unwrap();
    let [read, written] = [&sample.passes[0].ids, &sample.passes[1].ids];
    assert_eq!(*read, t5.tokens.encode("soup with bread", true).unwrap().ids);
    let answer = t5.tokens.encode("then tea", true).unwrap().ids;
    assert_eq!(sample.rows.iter().map(|row| row.token).collect::<Vec<_>>(), answer);
    assert_eq!(written[0], t5.start());
    assert_eq!(written[1..], answer[..answer.len() - 1]);
}

#[test]
fn trap_18_a_completion_that_is_too_long_is_counted_as_cut_and_its_end_is_not_learned() {
    let mut gpt2 = model("gpt2");
    gpt2.max_tokens = 16;
    let long = "bread ".repeat(40);
    let data = completions(&[("tea", long.trim()), (long.trim(), "tea")]);
    let task = data.asked(TaskKind::NEXT_TOKEN, &gpt2, &asked_by("{text} is {answer}"), gpt2.card.vocabulary).unwrap();
    let [cut, kept] = [0, 1].map(|number| task.encode(&gpt2, &data.train[number], 0).unwrap());
    assert!(cut.cut() > 0 && cut.passes[0].ids.len() <= 16 && !cut.rows.is_empty());
    assert!(cut.rows.iter().all(|row| Some(row.token) != gpt2.tokens.end()), "where a text was cut it does not end");
    assert!(
        kept.cut() > 0 && kept.rows.iter().any(|row| Some(row.token) == gpt2.tokens.end()),
        "the longer one was cut"
    );
}

#[test]
fn masks_take_their_share_four_fifths_masked_and_words_whole_where_asked() {
    let bert = model("bert_masked");
    let text = "the moon and the stars are far out soup with bread then hot tea near the gate ".repeat(12);
    let mut bert_long = bert;
    bert_long.max_tokens = 4000;
    let (_, mask) = bert_long.tokens.mask().unwrap();
    for whole_words in [false, true] {
        let task = MaskedLm::new(&bert_long, false, (0.15, whole_words), bert_long.card.vocabulary).unwrap();
        let tokens = task.document(&bert_long, &Example::unlabelled(&*text), true).unwrap();
        let plain = task.sample(&bert_long, &tokens);
        let (mut masked, mut kept, mut taken) = (0, 0, 0);
        for draw in 0..30 {
            let drawn = task.redrawn(&bert_long, &plain, draw).unwrap();
            let share = drawn.rows.len() as f64 / tokens.len() as f64;
            assert!((0.149..0.2).contains(&share), "{share}");
            for row in &drawn.rows {
                let now = drawn.passes[0].ids[row.at as usize];
                taken += 1;
                masked += usize::from(now == mask);
                kept += usize::from(now == row.token);
            }
            // What was not taken stands as it was, and the marks around it too.
            let changed: Vec<usize> = (0..plain.passes[0].ids.len())
                .filter(|at| plain.passes[0].ids[*at] != drawn.passes[0].ids[*at])
                .collect();
            assert!(changed.iter().all(|at| drawn.rows.iter().any(|row| row.at as usize == *at)));
            if whole_words {
                let is_part = |at: usize| bert_long.tokens.word(plain.passes[0].ids[at]).unwrap().starts_with("##");
                let is_taken = |at: usize| drawn.rows.iter().any(|row| row.at as usize == at);
                assert!(
                    (1..plain.passes[0].ids.len() - 1)
                        .filter(|at| is_part(*at))
                        .all(|at| is_taken(at) == is_taken(at - 1))
                );
            }
        }
        let (masked, kept) = (masked as f64 / taken as f64, kept as f64 / taken as f64);
        assert!((masked - 0.8).abs() < 0.03 && (kept - 0.1).abs() < 0.04, "{masked} {kept}");
        assert_eq!(task.redrawn(&bert_long, &plain, 5), task.redrawn(&bert_long, &plain, 5), "a draw is one draw");
        assert_ne!(task.redrawn(&bert_long, &plain, 5), task.redrawn(&bert_long, &plain, 6));
    }
}

#[test]
fn a_model_that_cannot_do_a_task_is_refused_with_what_it_can() {
    let (running, pairs) = (completions(&[("soup", "")]), completions(&[("soup", "tea")]));
    let said = |data: &Dataset, kind, name: &str| {
        let model = model(name);
        data.asked(kind, &model, &asked_by("{text} {answer}"), model.card.vocabulary).err().map(|e| e.to_string())
    };
    for (data, kind, name, reason) in [
        (&running, TaskKind::NEXT_TOKEN, "bert_masked", "choose the task MaskedToken"),
        (&running, TaskKind::NEXT_TOKEN, "t5", "roles.completion"),
        (&running, TaskKind::MASKED_TOKEN, "gpt2", "choose the task NextToken"),
        (&running, TaskKind::MASKED_TOKEN, "llama", "choose the task NextToken"),
    ] {
        let why = said(data, kind, name).unwrap();
        assert!(why.contains(reason), "{name}: {why}");
    }
    for (data, kind, name) in [
        (&running, TaskKind::NEXT_TOKEN, "gpt2"),
        (&pairs, TaskKind::NEXT_TOKEN, "t5"),
        (&running, TaskKind::MASKED_TOKEN, "bert_masked"),
    ] {
        assert_eq!(said(data, kind, name), None, "{name}");
    }
}

/// One pass of a model over a few texts.
fn passed(model: &Model) -> Forward {
    let task = causal(model, false);
    let samples: Vec<Sample> =
        tiny::TEXTS.iter().map(|text| task.encode(model, &Example::unlabelled(*text), 0).unwrap()).collect();
    let samples: Vec<&Sample> = samples.iter().filter(|sample| !sample.rows.is_empty()).collect();
    task.forward(model, model.tracked.as_ref(), &samples, false, &mut Trace::none(), &DropoutRng::none()).unwrap()
}

#[test]
fn a_student_that_is_its_teacher_has_nothing_to_learn_of_it() {
    for name in ["gpt2", "llama"] {
        let model = model(name);
        let pass = passed(&model);
        let Logits::Deferred(deferred) = &pass.answers.logits else { panic!("not deferred") };
        let teacher = Targets::Deferred(deferred.clone());
        for loss in LOSSES.iter().filter(|loss| loss.needs().teacher && loss.entry().id != "soft_cross_entropy") {
            let rows = Rows {
                student: &pass.answers.logits,
                teacher: Some(&teacher),
                rows: &pass.answers.rows,
                of_step: None,
            };
            let ours = compare(&[Term::new(*loss, 1.0, 2.0)], &rows).unwrap();
            let size = scalar(&ours.total).abs();
            assert!(size < 1e-6, "{name}: {} is {size}", loss.entry().id);
        }
    }
}

#[test]
fn trap_12_outcomes_beyond_those_of_both_are_cropped_before_the_softmax() {
    let gpt2 = model("gpt2");
    let outcomes = gpt2.card.vocabulary - 5;
    let (whole, cropped) = (causal(&gpt2, false), CausalLm { packed: false, outcomes });
    let sample = whole.encode(&gpt2, &Example::unlabelled("tea"), 0).unwrap();
    let of = |task: &CausalLm| {
        let pass = task
            .forward(&gpt2, gpt2.tracked.as_ref(), &[&sample], false, &mut Trace::none(), &DropoutRng::none())
            .unwrap();
        pass.answers
    };
    let (all, some) = (of(&whole), of(&cropped));
    let narrow = all.logits.whole().unwrap().narrow(1, 0, outcomes).unwrap();
    assert_eq!(flat(&some.logits.whole().unwrap()), flat(&narrow));
    let dense = Logits::Dense(narrow.clone());
    let teacher = Targets::Dense((narrow.detach() * 0.3).unwrap());
    let term = [Term::new(&SoftTargets, 1.0, 2.0)];
    let [ours, theirs] = [&some.logits, &dense].map(|logits| {
        let total = compare(&term, &Rows { student: logits, teacher: Some(&teacher), rows: &some.rows, of_step: None })
            .unwrap()
            .total;
        let gradients = tiny::gradients(&gpt2, &ops::backward(&total).unwrap());
        (scalar(&total), gradients)
    });
    assert!((ours.0 - theirs.0).abs() < 1e-6);
    for (name, gradient) in &ours.1 {
        tiny::assert_close(name, gradient, &theirs.1[name], 1e-5);
    }
}

#[test]
fn trap_31_a_tied_table_gets_the_gradients_of_both_its_uses() {
    let gpt2 = model("gpt2");
    assert_eq!(architecture(&gpt2.config).unwrap().kind, Kind::Decoder);
    let pass = passed(&gpt2);
    let teacher = Targets::Dense(
        Tensor::zeros(pass.answers.logits.dims().unwrap(), candle_core::DType::F32, &Device::Cpu).unwrap(),
    );
    let loss = |logits: &Logits| {
        compare(
            &[Term::new(&SoftTargets, 1.0, 1.0)],
            &Rows { student: logits, teacher: Some(&teacher), rows: &pass.answers.rows, of_step: None },
        )
        .unwrap()
        .total
    };
    let dense = Logits::Dense(pass.answers.logits.whole().unwrap());
    let [ours, theirs] =
        [&pass.answers.logits, &dense].map(|logits| tiny::gradients(&gpt2, &ops::backward(&loss(logits)).unwrap()));
    let table = ours.keys().find(|name| name.ends_with("wte.weight")).unwrap();
    assert!(!ours.keys().any(|name| name.ends_with("lm_head.weight")), "one variable for both");
    tiny::assert_close(table, &ours[table], &theirs[table], 1e-5);
}
