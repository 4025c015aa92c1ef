//! The test part of a task over tokens, sample by sample: in the record of a run, in its folder as a table, and in
//! agreement with the measures of the whole part.
#![cfg(feature = "engine")]

use std::path::Path;

use retort::engine;
use retort::link::{Event, Fact, Order, Outcome, Predictions, Reply, RunId, connect};
use retort::record::{journal, recorder::Recorder};
use retort::session::{Session, file};

/// Runs the session at `name` for a few steps into `out`.
fn run(name: &str, change: impl Fn(&mut Session), out: &Path) -> (Predictions, Outcome) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sessions").join(name);
    let mut session = file::open(&path).unwrap();
    session.data.limit = retort::session::Limits { train: Some(40), validation: Some(6), test: Some(9) };
    (session.recipe.steps, session.recipe.batch, session.recipe.warmup) = (2, 4, 1);
    (session.recipe.evaluate_every, session.recipe.checkpoint_every) = (0, 0);
    change(&mut session);
    let (watch, end) = connect();
    let thread = engine::spawn(end, Recorder::default()).unwrap();
    watch.commands.send(Order::Start { session: Box::new(session), out: out.to_owned() }.to(RunId::FIRST)).unwrap();
    let mut predictions = None;
    let outcome = loop {
        match watch.events.recv().unwrap() {
            Event::Fact(_, Fact::Predictions(told)) => predictions = Some(Predictions::clone(&told)),
            Event::Fact(_, Fact::Finished(outcome)) => break *outcome,
            Event::Fact(_, Fact::Failed(notice)) | Event::Reply(Reply::Failed(notice)) => panic!("{}", notice.text),
            _ => {}
        }
    };
    drop(watch);
    thread.join().unwrap();
    (predictions.unwrap(), outcome)
}

fn table(out: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(out.join("predictions.csv")).unwrap();
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn every_sample_of_the_test_part_has_its_figures_and_together_they_are_the_measures() {
    for (name, running) in [("next-token.ron", true), ("masked-token.ron", true), ("completion.ron", false)] {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("run");
        let (told, outcome) = run(name, |_| {}, &out);
        let compared = outcome.teacher.is_some();
        assert_eq!(compared, name == "next-token.ron");
        let rows = &told.over_tokens;
        assert!(told.rows.is_empty() && rows.len() > 1, "{name}: {}", rows.len());
        let tokens: usize = rows.iter().map(|row| row.tokens).sum();
        let mean = |of: fn(&retort::link::TokenPrediction) -> f32| {
            rows.iter().map(|row| f64::from(of(row)) * row.tokens as f64).sum::<f64>() / tokens as f64
        };
        // Every place of these tasks weighs the same.
        let test = &outcome.student.test;
        let mut expected = vec![("loss", mean(|row| row.loss))];
        if compared {
            expected.push(("kl", mean(|row| row.kl.unwrap())));
            expected.push(("agreement", mean(|row| row.agreement.unwrap())));
        }
        for (measure, value) in expected {
            assert!((test[measure] - value).abs() < 1e-4, "{name}: {measure} {} is not {value}", test[measure]);
        }
        if let Some(teacher) = &outcome.teacher {
            assert!((teacher.test["loss"] - mean(|row| row.teacher_loss.unwrap())).abs() < 1e-4, "{name}");
        }
        for row in rows {
            assert_eq!(row.example.is_none(), running, "{name}");
            assert!(!row.text.trim().is_empty() && !row.text.contains("[MASK]"), "{name}: {:?}", row.text);
        }

        let table = table(&out);
        assert_eq!(table.len(), rows.len() + 1, "{name}");
        let columns = ["row", "text", "tokens", "loss", "perplexity", "teacher_loss", "kl", "agreement"];
        assert_eq!(table[0], columns[..if compared { 8 } else { 5 }], "{name}");
        assert_eq!(table[1][2], rows[0].tokens.to_string(), "{name}");
        assert!((table[1][3].parse::<f32>().unwrap() - rows[0].loss).abs() < 1e-6, "{name}");

        let record = journal::replay(&out).unwrap();
        assert_eq!(record.predictions.as_deref(), Some(&told), "{name}: the journal tells the same");
    }
}
