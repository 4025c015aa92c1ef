//! What the teacher answers to a few of the texts: whether it says anything that could be taught. A model
//! in this process is asked; a server only where the person lets it be asked, since its answers may cost
//! money.

use crate::engine::EngineError;
use crate::engine::budget::{first_texts, price};
use crate::engine::data::{Dataset, Fields};
use crate::engine::loss::needs_teacher;
use crate::engine::pair::Pair;
use crate::engine::teacher::trial::{FIRST, LEAST_MASS};
use crate::engine::teacher::{Answer, CachedTeacher, Estimator};
use crate::link::{Finding, Subject};
use crate::session::{Sentence, Session, say};

const SUBJECT: Subject = Subject::Answers;
/// Share of the probability below which label words are called unlikely.
const LIKELY: f64 = 0.5;
/// How much the probabilities of a class must differ between texts before the teacher is said to tell
/// texts apart.
const APART: f32 = 0.02;

/// Lets a server be asked, as long as it gives true.
pub type Ask<'a> = &'a mut dyn FnMut() -> bool;

/// The row on the teacher's answers; `None` without a teacher.
pub fn row(session: &Session, pair: &Pair, sample: &Dataset, ask: Option<Ask>) -> Option<Finding> {
    session.teacher()?;
    if pair.assets.teacher.is_none() && !needs_teacher(&session.recipe) {
        let says = say!("no loss of the recipe learns from the teacher, so its server is not asked");
        return Some(Finding::green(SUBJECT, says));
    }
    let looked = texts(session, pair, sample).and_then(|texts| looked(session, pair, &texts, ask));
    Some(looked.unwrap_or_else(|e| super::refused(SUBJECT, e)))
}

/// Of a server those texts that the run asks about first, so that no answer is paid in vain; of a model in
/// this process texts spread evenly over the sample.
fn texts(session: &Session, pair: &Pair, sample: &Dataset) -> Result<Vec<Fields>, EngineError> {
    if pair.assets.teacher.is_none() {
        return first_texts(session, pair, FIRST);
    }
    let every = (sample.train.len() / FIRST).max(1);
    Ok(sample.train.iter().step_by(every).take(FIRST).map(|example| example.fields.clone()).collect())
}

fn looked(session: &Session, pair: &Pair, texts: &[Fields], ask: Option<Ask>) -> Result<Finding, EngineError> {
    let Some(price) = price(session, pair, texts)? else {
        // In this process: asking costs nothing.
        let Some(mut targets) = pair.cached_teacher(session)? else { return Ok(nobody()) };
        return Ok(told(pair, &targets.answers(texts)?, None));
    };
    if price.open() > 0 && ask.is_none() {
        let (count, tokens) = (price.open(), price.tokens());
        let says = say!(
            "the server was not asked; asking it about {count} texts takes about {tokens} tokens (retort doctor --ask)",
            count,
            tokens = crate::link::grouped(tokens)
        );
        return Ok(Finding::green(SUBJECT, says).with("ask_texts", count as f64).with("ask_tokens", tokens as f64));
    }
    asked(session, pair, texts, ask)
}

fn asked(session: &Session, pair: &Pair, texts: &[Fields], ask: Option<Ask>) -> Result<Finding, EngineError> {
    let Some(mut targets) = pair.cached_teacher(session)? else { return Ok(nobody()) };
    let mut never = || true;
    let going: Ask = ask.unwrap_or(&mut never);
    while targets.ask_one(texts)?.is_some() {
        if !going() {
            let fix = say!("answers so far are kept: check again to go on from there");
            return Ok(Finding::amber(SUBJECT, say!("asking the server was called off"), fix));
        }
    }
    let answers = targets.answers(texts)?;
    let warnings: Vec<Sentence> = std::iter::from_fn(|| targets.take_warning()).collect();
    Ok(with_warnings(told(pair, &answers, targets.estimator()), &warnings, &targets))
}

fn nobody() -> Finding {
    Finding::green(SUBJECT, say!("there is no teacher to ask"))
}

fn with_warnings(mut finding: Finding, warnings: &[Sentence], targets: &CachedTeacher) -> Finding {
    for warning in warnings {
        finding.says = Sentence::joined([finding.says, warning.clone()], "; ");
    }
    if targets.billed_tokens() > 0 {
        finding = finding.with("paid_tokens", targets.billed_tokens() as f64);
    }
    finding
}

/// The row on these answers of a teacher; `server` is how its words were scored, if it is one.
pub fn told(pair: &Pair, answers: &[Answer], server: Option<Estimator>) -> Finding {
    judged(&pair.assets.data.classes, answers, server)
}

/// The row on answers about these classes.
pub fn judged(classes: &[String], answers: &[Answer], server: Option<Estimator>) -> Finding {
    let count = answers.len();
    let rows: Vec<Vec<f32>> = answers.iter().map(|a| a.scores.iter().map(|score| score.exp()).collect()).collect();
    let (mean, worst) = masses(answers);
    let mut says = match (server, mean) {
        (Some(estimator), Some(mean)) => say!(
            "in {count} texts the label words have {mean} % of the probability ({worst} % in the worst), by {estimator}",
            count,
            mean = format_args!("{:.1}", mean * 100.0),
            worst = format_args!("{:.1}", worst * 100.0),
            estimator
        ),
        (Some(estimator), None) => say!("{count} texts were answered, by {estimator}", count, estimator),
        (None, _) => say!("{count} texts were answered", count),
    };
    let fix = match (trouble(classes, &rows), mean) {
        (Some((what, fix)), _) => {
            says = Sentence::joined([says, what], "; ");
            Some(fix)
        }
        (None, Some(mean)) if matches!(server, Some(Estimator::FirstTokens { .. })) && mean < LIKELY => Some(say!(
            "choose label words that the model would write there, or a prompt that asks for one of them and nothing else"
        )),
        _ => None,
    };
    let row = match fix {
        Some(fix) => Finding::amber(SUBJECT, says, fix),
        None => Finding::green(SUBJECT, says),
    };
    let row = row.with("texts", count as f64);
    match mean {
        Some(mean) => row.with("mass", mean).with("worst_mass", worst),
        None => row,
    }
}

/// The mean and the least probability of the label words, where it is known of all.
fn masses(answers: &[Answer]) -> (Option<f64>, f64) {
    let masses: Vec<f64> = answers.iter().map(|answer| f64::from(answer.mass)).collect();
    let known = !masses.is_empty() && masses.iter().all(|mass| *mass >= 0.0);
    let mean = known.then(|| masses.iter().sum::<f64>() / masses.len() as f64);
    (mean, masses.iter().copied().fold(1.0, f64::min))
}

/// What keeps probabilities `[texts][classes]` from teaching anything.
fn trouble(classes: &[String], rows: &[Vec<f32>]) -> Option<(Sentence, Sentence)> {
    let spread = |values: &mut dyn Iterator<Item = f32>| {
        let (low, high) = values.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), p| (low.min(p), high.max(p)));
        high - low
    };
    if rows.is_empty() || classes.len() < 2 {
        return None;
    }
    let fix = say!("choose a teacher that knows these texts and classes, or mend its prompt and label words");
    if rows.iter().all(|row| spread(&mut row.iter().copied()) < LEAST_MASS) {
        return Some((say!("every class is as likely for each of them, so there is nothing to learn"), fix));
    }
    let class_spread = |class: usize| spread(&mut rows.iter().filter_map(|row| row.get(class).copied()));
    if rows.len() > 1 && (0..classes.len()).all(|class| class_spread(class) < APART) {
        return Some((say!("the answer is nearly the same for each of them, whatever the text"), fix));
    }
    let same = |a: usize, b: usize| rows.iter().all(|row| row.get(a) == row.get(b));
    let pairs = (0..classes.len()).flat_map(|a| (a + 1..classes.len()).map(move |b| (a, b)));
    // Of many classes the unlikely ones are often all nothing.
    let mut pairs = pairs.filter(|(a, _)| rows.iter().any(|row| row.get(*a).is_some_and(|p| *p > APART)));
    let (a, b) = pairs.find(|(a, b)| same(*a, *b))?;
    let what = say!(
        "the classes {a} and {b} have the same probability in each of them",
        a = format_args!("{:?}", classes[a]),
        b = format_args!("{:?}", classes[b])
    );
    Some((what, say!("choose label words that begin differently")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::Grade;

    fn answer(probabilities: &[f32], mass: f32) -> Answer {
        Answer { mass, ..Answer::new(probabilities.iter().map(|p| p.ln()).collect()) }
    }

    #[test]
    fn a_teacher_that_says_nothing_is_told_from_one_that_does() {
        let classes = ["a", "b", "c"].map(str::to_owned);
        let graded = |rows: &[[f32; 3]], server, mass| {
            let answers: Vec<Answer> = rows.iter().map(|row| answer(row, mass)).collect();
            judged(&classes, &answers, server)
        };
        let first = Some(Estimator::FirstTokens { alternatives: 20 });
        let sound = [[0.8, 0.1, 0.1], [0.1, 0.7, 0.2], [0.2, 0.2, 0.6]];
        assert_eq!(graded(&sound, None, f32::NAN).grade, Grade::Green);
        let told = graded(&sound, first, 0.97);
        assert!(told.grade == Grade::Green && told.says.contains("97.0 %"), "{told:?}");
        assert!(told.says.contains("20 likeliest first tokens") && (told.figures["mass"] - 0.97).abs() < 1e-6);
        let unlikely = graded(&sound, first, 0.2);
        assert!(unlikely.grade == Grade::Amber && unlikely.says.contains("20.0 %"), "{unlikely:?}");
        assert_eq!(graded(&sound, Some(Estimator::WholeWords), 1e-6).grade, Grade::Green, "whole words are long");
        for (rows, part) in [
            ([[1.0 / 3.0; 3]; 3], "as likely"),
            ([[0.8, 0.15, 0.05], [0.81, 0.14, 0.05], [0.8, 0.145, 0.055]], "nearly the same"),
            ([[0.4, 0.4, 0.2], [0.1, 0.1, 0.8], [0.3, 0.3, 0.4]], "\"a\" and \"b\""),
        ] {
            let told = graded(&rows, None, f32::NAN);
            assert!(told.grade == Grade::Amber && told.says.contains(part) && !told.fix.is_empty(), "{told:?}");
        }
    }
}
