//! The student's special tokens: those its task needs, and whether tokenizer and configuration agree
//! on them.

use crate::engine::model::{Kind, Model, Top};
use crate::link::{Finding, Subject};

const SUBJECT: Subject = Subject::SpecialTokens;

/// The row on the student's special tokens.
pub fn row(student: &Model) -> Finding {
    let [pad, mask, unknown, end] = student.tokens.roles();
    let masked = student.top == Top::Vocabulary && student.architecture.kind == Kind::Encoder;
    if masked && mask.is_none() {
        let fix = "choose the classifier head, or put the mask token into tokenizer.json";
        return Finding::red(SUBJECT, "the student fills masks and its tokenizer has no mask token", fix);
    }
    if let Some(trouble) = pad_trouble(student, pad).or_else(|| first_trouble(student)) {
        return trouble;
    }
    let named = [("padding", pad), ("mask", mask), ("unknown", unknown), ("end", end)];
    let there = named.into_iter().filter_map(|(name, id)| Some(format!("{name} {}", id?)));
    Finding::green(SUBJECT, format!("the student's special tokens are there: {}", there.collect::<Vec<_>>().join(", ")))
}

/// Padding is masked here, so that any row will do; other programs go by the configuration.
fn pad_trouble(student: &Model, pad: Option<u32>) -> Option<Finding> {
    let Some(pad) = pad else {
        let says = "the student's tokenizer has no padding token; here row 0 fills short texts and is never seen, other programs will ask for one";
        return Some(Finding::amber(
            SUBJECT,
            says,
            "add a padding token to tokenizer.json if the student is to be used elsewhere",
        ));
    };
    let named = *student.config.ids("pad_token_id").first()?;
    (named != pad).then(|| {
        let says = format!("the padding token is {pad} in the tokenizer and {named} in config.json");
        Finding::amber(SUBJECT, says, "make pad_token_id in config.json that of the tokenizer")
    })
}

/// An encoder's classifier reads the first token, which should be the same for every text.
fn first_trouble(student: &Model) -> Option<Finding> {
    let reads_first = matches!(student.top, Top::Classes(_)) && student.architecture.kind == Kind::Encoder;
    let first = |text: &str| student.tokens.encode(text, true).ok().and_then(|pieces| pieces.ids.first().copied());
    let alike = first("a") == first("b");
    (reads_first && !alike).then(|| {
        let says = "the classifier reads the first token, and the tokenizer puts none of its own there";
        Finding::amber(SUBJECT, says, "use a tokenizer.json with the post-processor that adds [CLS]")
    })
}
