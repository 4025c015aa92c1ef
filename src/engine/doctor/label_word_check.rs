//! The label words in every tokenizer that reads them: words that collide, vanish or are unknown, and
//! words so unequal in length that sums of log-probabilities favour the short ones.

use super::sided;
use crate::engine::data::Layout;
use crate::engine::model::HeadKind;
use crate::engine::pair::Pair;
use crate::engine::prompt::{PromptError, Template, inspect};
use crate::link::{Finding, Grade, Subject, WordCheck};
use crate::session::{Prompt, Say, Scoring, Sentence, ServerMode, Session, Source, say};

const SUBJECT: Subject = Subject::LabelWords;
/// Tokens by which label words may differ in length before a sum of log-probabilities is called unfair:
/// each token of a word that is right costs little, each further one of a word that is wrong much.
const UNEVEN: usize = 2;

/// The row on label words.
pub fn row(session: &Session, pair: &Pair) -> Finding {
    let row = of_models(session, pair);
    let Some(stray) = session.prompt.stray_words(&pair.assets.data.classes) else { return row };
    let says = say!("{stray}; otherwise {says}", stray, says = row.says);
    match row.grade {
        Grade::Red => Finding { says, ..row },
        _ => Finding::amber(SUBJECT, says, say!("name the classes as the data does, or leave these words out")),
    }
}

fn of_models(session: &Session, pair: &Pair) -> Finding {
    let (asked, read) = (session.prompt.for_teacher(), session.prompt.for_student());
    let layout = &pair.assets.data.layout;
    let parsed = templates(&asked, layout).and_then(|of_teacher| Ok((of_teacher, templates(&read, layout)?)));
    let (of_teacher, of_student) = match parsed {
        Ok(parsed) => parsed,
        Err(e) => return Finding::red(SUBJECT, e.said(), say!("mend the template")),
    };
    let teacher = pair.assets.teacher.as_deref().map(|teacher| ("teacher", teacher));
    let readers =
        teacher.into_iter().chain([("student", &pair.student)]).filter(|(_, model)| model.top == HeadKind::Vocabulary);
    let mut parts = Vec::new();
    for (side, model) in readers {
        // Variants are for training: a teacher is asked by the first template.
        let (prompt, templates) = if side == "teacher" { (&asked, &of_teacher[..1]) } else { (&read, &of_student[..]) };
        for template in templates {
            let words = match inspect(prompt, template, &pair.assets.data.classes, model) {
                Ok(words) => words,
                Err(e) => return super::refused(SUBJECT, e),
            };
            if let Some(bad) = words.iter().find(|word| word.problem.is_some()) {
                return broken(side, bad, &words);
            }
            if !parts.contains(&(side, words.clone())) {
                parts.push((side, words));
            }
        }
    }
    judged(session, pair, &parts)
}

fn templates(prompt: &Prompt, layout: &Layout) -> Result<Vec<Template>, PromptError> {
    prompt.templates().map(|template| Template::parse(template, layout)).collect()
}

fn broken(side: &str, bad: &WordCheck, words: &[WordCheck]) -> Finding {
    let (word, class) = (&bad.word, &bad.class);
    let count = words.iter().filter(|word| word.problem.is_some()).count();
    let problem = bad.problem.clone().unwrap_or_default();
    let (problem, fix) = problem.with_advice().unwrap_or_else(|| (problem.clone(), say!("choose another word")));
    let more = if count > 1 {
        say!(" ({count} words of {words} have such trouble)", count, words = words.len())
    } else {
        Sentence::default()
    };
    Finding::red(
        SUBJECT,
        say!(
            "for the {side}, the word {word} of class {class} {problem}{more}",
            side = sided(side),
            word = format_args!("{word:?}"),
            class = format_args!("{class:?}"),
            problem,
            more
        ),
        fix,
    )
    .with("broken", count as f64)
}

/// Two label words with the same first word, in a chat with a server.
fn alike<'a>(session: &'a Session, classes: &'a [String]) -> Option<(&'a str, &'a str)> {
    let source = &session.teacher()?.source;
    matches!(source, Source::Server { mode: ServerMode::Chat, .. }).then_some(())?;
    let words: Vec<&str> = classes.iter().map(|class| session.prompt.word_for(class).trim()).collect();
    let first = |word: &str| word.split_whitespace().next().unwrap_or_default().to_lowercase();
    let others = |place: usize| words[..place].iter().copied();
    words
        .iter()
        .enumerate()
        .find_map(|(place, word)| others(place).find(|other| first(other) == first(word)).map(|other| (other, *word)))
}

fn judged(session: &Session, pair: &Pair, parts: &[(&str, Vec<WordCheck>)]) -> Finding {
    let far = pair.assets.teacher.is_none() && session.teacher().is_some();
    if let Some((a, b)) = alike(session, &pair.assets.data.classes).filter(|_| far) {
        let says = say!(
            "the words {a} and {b} begin with the same word, and a chat shows the first tokens of an answer only: their classes cannot be told apart",
            a = format_args!("{a:?}"),
            b = format_args!("{b:?}")
        );
        let fix = say!("choose words that begin differently, or the mode Completions of a server that echoes");
        return Finding::amber(SUBJECT, says, fix);
    }
    if parts.is_empty() {
        let who = if far {
            say!("the words are read behind the server, whose tokenizer is not known here")
        } else {
            say!("no model reads label words")
        };
        return Finding::green(SUBJECT, who);
    }
    let length = |words: &[WordCheck]| {
        let tokens = words.iter().map(|word| word.tokens.len());
        (tokens.clone().min().unwrap_or(0), tokens.max().unwrap_or(0))
    };
    let said = parts.iter().map(|(side, words)| {
        let (shortest, longest) = length(words);
        say!(
            "{side}: {words} words of {shortest} to {longest} tokens",
            side = sided(side),
            words = words.len(),
            shortest,
            longest
        )
    });
    let says = say!("every class has a word of its own ({sides})", sides = Sentence::joined(said, "; "));
    let uneven = parts.iter().map(|(_, words)| length(words)).any(|(shortest, longest)| longest - shortest >= UNEVEN);
    if uneven && session.prompt.scoring == Scoring::Sum {
        let says = say!("{says}; summed log-probabilities favour the short ones", says);
        return Finding::amber(SUBJECT, says, say!("choose words of similar length, or score by the mean"));
    }
    Finding::green(SUBJECT, says)
}
