//! Texts of several columns: what models are asked, what is cut, whose answers are whose, and what a row counts.
#![cfg(feature = "engine")]

mod tiny;

use std::collections::BTreeSet;
use std::sync::Arc;

use retort::engine::data::{Dataset, Example, Fields, Layout};
use retort::engine::model::Kind;
use retort::engine::pair::Pair;
use retort::engine::prompt::{Rendered, Template};
use retort::engine::task;
use retort::engine::teacher::{Metered, Teacher as _};
use retort::engine::train::Trainer;
use retort::engine::{self, probe, vetting};
use retort::session::{Chat, Limits, ModelChoice, Prompt, Scoring, ServerMode, Session, Source, Wording};

/// Columns `title`, `body` and `place`; the first two are the text.
fn layout(has_pair: bool) -> Arc<Layout> {
    Arc::new(Layout { names: ["title", "body", "place"].map(str::to_owned).to_vec(), texts: 2, has_pair })
}

fn prompt(template: &str) -> Prompt {
    let word = |(class, word): &(&str, &str)| ((*class).to_owned(), (*word).to_owned());
    let label_words = [("sport", "ball"), ("space", "stars"), ("food", "bread"), ("drink", "tea")];
    let (label_words, scoring, chat) = (label_words.iter().map(word).collect(), Scoring::Sum, Chat::Off);
    Prompt { template: template.to_owned(), variants: Vec::new(), label_words, scoring, chat }
}

/// The built-in session over its own texts, cut into columns.
fn opened(template: &str) -> (Session, Pair) {
    let mut session = Session::built_in().unwrap();
    session.recipe.device = tiny::where_computed::asked();
    session.data.limit = Limits::each(Some(24));
    session.prompt.teacher.template = template.to_owned();
    let pair = Pair::open(&session, None).unwrap();
    let layout = layout(false);
    let in_columns = |example: &Example| {
        let (title, body) = example.text().split_at(example.text().floor_char_boundary(20));
        Example { fields: Fields::new(&layout, &[title, body, "Ulm"]), ..example.clone() }
    };
    let part = |examples: &[Example]| examples.iter().map(in_columns).collect();
    let data = Dataset::clone(&pair.assets.data);
    let (train, validation, test) = (part(&data.train), part(&data.validation), part(&data.test));
    let data = Dataset { train, validation, test, layout: Arc::clone(&layout), ..data };
    let pair = Pair { assets: pair.assets.clone().with_data(data), ..pair };
    (session, pair)
}

#[test]
fn a_run_asks_and_learns_by_columns_and_says_which_of_the_text_are_not_read() {
    let (mut session, pair) = opened("From {place}: {title} … {body}\nThe topic is {answer}");
    assert_eq!(session.prompt.columns(), ["place", "title", "body"]);
    session.prompt.student = Some(Wording { template: "{title}: {answer}".into(), variants: Vec::new() });
    let notes = |session: &Session, pair: &Pair| vetting::columns_unread(session, pair);
    session.student = session.teacher().cloned().unwrap();
    assert_eq!(notes(&session, &pair), Vec::<retort::session::Sentence>::new(), "a classifier reads all");
    let mut trainer = Trainer::new(session.clone(), pair, &engine::catalog()).unwrap();
    assert!((0..2).all(|_| trainer.advance().unwrap().sound));
    let first = trainer.planned(0).0.remove(0);
    assert_eq!(first.get("place"), Some("Ulm"));
    let frame = probe::render(&trainer.pair, 0, &Example::of(&first), &session.prompt);
    assert_eq!(frame.problem, None);
    session.prompt.teacher.template = "{title}: {answer}".into();
    let told = notes(&session, &trainer.pair);
    assert!(told.len() == 1 && told[0].contains("teacher") && told[0].contains(": body;"), "{told:?}");
}

#[test]
fn a_slot_that_is_no_column_is_refused_wherever_the_data_are_open() {
    let (session, pair) = opened("{titles}: {body} {answer}");
    let frame = probe::render(&pair, 0, &Example::of(&Fields::typed(&layout(false), "a\nb")), &session.prompt);
    let refused = Trainer::new(session, pair, &engine::catalog()).err().unwrap().to_string();
    for said in [frame.problem.unwrap().to_string(), refused] {
        assert!(said.contains("{titles}") && said.contains("did you mean \"title\"?"), "{said}");
        assert!(said.contains("title, body, place"), "{said}");
    }
}

/// Tokens that come from each of two texts, which are parted by tokens of the template.
fn runs(rendered: &Rendered) -> Vec<usize> {
    rendered.from_text.chunk_by(|a, b| a == b).filter(|run| run[0]).map(<[bool]>::len).collect()
}

#[test]
fn of_several_texts_the_longest_is_cut_until_both_fit() {
    let layout = layout(false);
    let long = "the moon and the stars are far out ".repeat(4);
    let texts = [long.trim(), "soup with bread, then tea", ""];
    let mut compared = 0;
    for (name, model) in tiny::everything(0) {
        let template = Template::parse("it is {title} . about {body} . so {answer}", &layout).unwrap();
        let (tokens, fields) = (&model.tokens, Fields::new(&layout, &texts));
        let render = |most| match model.architecture.kind {
            Kind::Encoder => template.masked(&fields, 1, tokens, most),
            Kind::Decoder => template.causal(&fields, tokens, most),
            Kind::EncoderDecoder => template.read(&fields, tokens, most),
        };
        let Ok(whole) = render(1000) else { continue };
        // RoBERTa has tokens of white space, which belong to no letter of a text.
        let [first, second] = runs(&whole)[..] else { continue };
        compared += 1;
        let around = whole.ids.len() - first - second;
        assert!(whole.cut == 0 && first > second, "{name}");
        for most in around + 4..whole.ids.len() {
            let cut = render(most).unwrap();
            let [one, other] = runs(&cut)[..] else { panic!("{name} in {most}: {:?}", runs(&cut)) };
            assert!(cut.ids.len() <= most && cut.cut >= whole.ids.len() - most, "{name} in {most}");
            // A cut token may change how the letters before it are cut, never by more than a few.
            let longest = most - around;
            let fair =
                if longest > 2 * second { (longest - second, second) } else { (longest.div_ceil(2), longest / 2) };
            assert!(one <= fair.0 && fair.0 - one <= 3, "{name} in {most}: {one} of {fair:?}");
            assert!(other <= fair.1 && fair.1 - other <= 3, "{name} in {most}: {other} of {fair:?}");
        }
        assert!(render(around).is_err(), "{name}: no text has any room");
    }
    assert!(compared > 8, "only {compared} models were compared");
}

#[test]
fn one_column_is_rendered_as_the_text_is() {
    let review = Arc::new(Layout { names: vec!["review".to_owned()], texts: 1, has_pair: false });
    let text = "the moon and the stars are far out";
    for (name, model) in tiny::everything(0) {
        let of = |template: &str, layout: &Layout, fields: Fields| {
            let task = task::for_model(&model, &prompt(template), &tiny::classes(), layout).unwrap();
            task.encode(&model, &Example::of(&fields), 0).unwrap()
        };
        let named = of("{review}. it is about {answer}.", &review, Fields::new(&review, &[text]));
        let plain = of("{text}. it is about {answer}.", &Layout::default(), Fields::text(text));
        assert_eq!(named, plain, "{name}");
    }
}

fn server(template: &str, layout: &Layout) -> Metered {
    let source = Source::Server {
        url: "http://127.0.0.1:9/v1".into(),
        model: "a model".into(),
        mode: ServerMode::Completions,
        key: None,
        token_limit: None,
        per_minute: None,
    };
    Metered::new(&ModelChoice::stored(source), &prompt(template), &tiny::classes(), layout).unwrap()
}

/// Whoever changes these has paid answers asked anew.
#[test]
fn answers_to_a_text_alone_are_kept_under_the_keys_they_always_had() {
    let teacher = server("{text}. it is about {answer}", &Layout::default());
    let words = [" ball", " stars", " bread", " tea"].map(str::to_owned).to_vec();
    let choice = ("http://127.0.0.1:9/v1", "a model", ServerMode::Completions, "{text}. it is about {answer}");
    let asked = (choice.0, choice.1, choice.2, choice.3, words, Scoring::Sum, 0usize);
    let named = |format: u32| *blake3::hash(format!("retort server targets {format} {asked:?}").as_bytes()).as_bytes();
    assert_eq!(teacher.fingerprint(), named(2));
    assert_eq!(teacher.identity().former.as_ref().unwrap().fingerprint, named(1));
    let text = Fields::text("a goal");
    assert_eq!(teacher.reading(&text).unwrap(), *blake3::hash(b"a goal. it is about").as_bytes());
    assert_eq!(teacher.former_text(&text), Some("a goal"));
    assert_eq!(text.key(), *blake3::hash(b"a goal").as_bytes());
}

#[test]
fn texts_of_columns_have_one_answer_only_where_a_teacher_reads_the_same() {
    let layout = layout(false);
    let [one, other] = [["a", "b", ""], ["a\nb", "", ""]].map(|texts| Fields::new(&layout, &texts));
    assert_eq!(one.whole(), other.whole());
    let readings = |template: &str| {
        let teacher = server(template, &layout);
        [&one, &other].map(|fields| teacher.reading(fields).unwrap())
    };
    let [first, second] = readings("{text}: {answer}");
    assert_eq!(first, second, "asked and paid once");
    let [first, second] = readings("{title} / {body}: {answer}");
    assert_ne!(first, second);
}

#[test]
fn what_an_example_counts_is_what_its_rows_count_in_every_task() {
    for (name, model) in tiny::everything(0) {
        let task = tiny::task_of(&model);
        let example = Example { weight: 2.5, ..Example::unlabelled("the moon and the stars") };
        let sample = task.encode(&model, &example, 0).unwrap();
        let other = task.encode(&model, &Example::unlabelled("a goal"), 0).unwrap();
        let text = model.architecture.causal();
        let batch = [&sample, &other];
        let network = model.detached.as_ref();
        let (mut trace, still) = (engine::model::Trace::none(), engine::model::DropoutRng::none());
        let forward = task.forward(&model, network, &batch, text, &mut trace, &still).unwrap();
        let weights: Vec<f32> = forward.answers.rows.iter().map(|row| row.weight).collect();
        assert_eq!(weights, [2.5, 1.0], "{name}");
        let of_text = forward.text.iter().flat_map(|text| &text.rows);
        let of_text: BTreeSet<String> = of_text.map(|row| format!("{} {}", row.example, row.weight)).collect();
        assert!(of_text.is_empty() || of_text == BTreeSet::from(["0 2.5".into(), "1 1".into()]), "{name}: {of_text:?}");
    }
}

#[test]
fn a_saved_student_says_its_columns_and_older_programs_read_the_others() {
    let choice = |columns| {
        let spec = retort::session::InferenceSpec::new(
            retort::session::Head::LabelWords,
            9,
            &tiny::classes(),
            &prompt("{title} {body} {answer}"),
        );
        spec.of_columns(columns)
    };
    let layout = layout(true);
    let spec = choice(layout.said(&prompt("{title} {body} {answer}")));
    let text = spec.to_text().unwrap();
    assert!(text.contains("version: 2") && text.contains("pair: true"), "{text}");
    let read = retort::session::InferenceSpec::parse(&text, std::path::Path::new("retort.ron")).unwrap();
    assert_eq!(Layout::from(read.columns.unwrap()), *layout);
    let plain = choice(None).to_text().unwrap();
    assert!(plain.contains("version: 1") && !plain.contains("columns"), "{plain}");
}
