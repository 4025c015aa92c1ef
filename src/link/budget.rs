//! What a run will pay a server for its teacher's answers, told before the first question.

use serde::{Deserialize, Serialize};

use super::grouped;
use crate::session::{Sentence, say};

/// Questions and tokens of a run whose teacher is behind a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Different texts that the run asks about; fewer only if it ends before its last step.
    pub questions: u64,
    /// Of those, texts whose answer is kept from before and costs nothing.
    pub known: u64,
    /// Tokens of the prompts that are still to be sent, about.
    pub prompt_tokens: u64,
    /// Tokens of the answers to them, about.
    pub answer_tokens: u64,
    /// Answers whose tokens the server counted and from which the tokens are estimated; 0 where they
    /// follow from the length of the text alone.
    pub basis: u64,
    /// What one question may take beyond its estimate: a limit has to leave room for it.
    pub reserve: u64,
    /// Tokens that the run has paid for before it was taken up again.
    pub paid: u64,
    /// The most tokens the person lets the run pay for.
    pub limit: Option<u64>,
}

impl Budget {
    /// Questions that the server is still to be asked.
    pub fn open(&self) -> u64 {
        self.questions.saturating_sub(self.known)
    }

    /// Tokens still to be paid for, about.
    pub fn tokens(&self) -> u64 {
        self.prompt_tokens.saturating_add(self.answer_tokens)
    }

    /// Whether the limit would not do.
    pub fn is_over(&self) -> bool {
        let most = self.paid.saturating_add(self.tokens()).saturating_add(self.reserve);
        self.open() > 0 && self.limit.is_some_and(|limit| most > limit)
    }

    /// The figures in a sentence.
    pub fn sentence(&self) -> Sentence {
        if self.questions == 0 {
            return say!("nothing to pay: no loss of the recipe learns from the teacher, so its server is not asked");
        }
        let (questions, known) = (grouped(self.questions), grouped(self.known));
        if self.open() == 0 {
            return say!("nothing to pay: all {questions} answers are kept from before", questions);
        }
        let limit = self.limit.map(|limit| say!("; the limit is {limit}", limit = grouped(limit))).unwrap_or_default();
        let paid =
            if self.paid > 0 { say!(", {paid} paid already", paid = grouped(self.paid)) } else { Sentence::default() };
        say!(
            "about {tokens} tokens to pay ({prompt_tokens} of prompts, {answer_tokens} of answers) for {open} of {questions} questions, {known} answered before{paid}; {grounds}{limit}",
            tokens = grouped(self.tokens()),
            prompt_tokens = grouped(self.prompt_tokens),
            answer_tokens = grouped(self.answer_tokens),
            open = grouped(self.open()),
            questions,
            known,
            paid,
            grounds = self.grounds(),
            limit
        )
    }

    /// What the estimate rests on.
    fn grounds(&self) -> Sentence {
        match self.basis {
            0 => say!("estimated at a token per 4 letters, since the server has not counted any yet"),
            1 => say!("estimated from what the server counted for one answer"),
            basis => say!("estimated from what the server counted for {basis} answers", basis = grouped(basis)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_has_to_leave_room_for_one_long_question() {
        let budget =
            Budget { questions: 10, known: 4, prompt_tokens: 600, answer_tokens: 6, reserve: 94, ..Budget::default() };
        let limited = |limit| Budget { limit: Some(limit), ..budget };
        assert!(!budget.is_over() && !limited(700).is_over() && limited(699).is_over());
        assert!(Budget { paid: 1, ..limited(700) }.is_over());
        assert!(!Budget { known: 10, ..limited(0) }.is_over(), "what is known costs nothing");
    }

    #[test]
    fn the_sentence_has_every_figure_and_calls_an_estimate_one() {
        let budget = Budget {
            questions: 12_000,
            known: 2_000,
            prompt_tokens: 1_234_567,
            answer_tokens: 10_000,
            basis: 2_000,
            limit: Some(2_000_000),
            ..Budget::default()
        };
        let words = budget.sentence().replace('\u{a0}', " ");
        for part in [
            "about 1 244 567 tokens",
            "1 234 567 of prompts",
            "10 000 of 12 000 questions",
            "2 000 answered before",
            "for 2 000 answers",
            "2 000 000",
        ] {
            assert!(words.contains(part), "{words} does not say {part}");
        }
        assert!(Budget { basis: 0, ..budget }.sentence().contains("per 4 letters"));
        assert!(Budget { known: 12_000, ..budget }.sentence().contains("nothing to pay"));
        assert!(Budget::default().sentence().contains("no loss of the recipe learns from the teacher"));
    }
}
