//! What is removed from a newsgroup message, because a classifier would otherwise learn writers and
//! servers instead of the topic. The three rules have the meaning of those in scikit-learn's
//! loader of this data set, so that figures can be compared; they are rough on purpose.
//!
//! - headers: all up to and including the first blank line; a message without one is all header.
//! - footers: all from the last line that is blank or made of dashes only, after white space at
//!   both ends is gone; a message of one paragraph is kept whole.
//! - quotes: lines that begin with `>` or `|`, and lines that announce a quotation ("In article …",
//!   "… writes:").

use crate::session::Strip;

/// Beginnings of lines that are, or announce, a quotation.
const QUOTE_STARTS: [&str; 4] = [">", "|", "In article", "Quoted from"];

/// Words that announce a quotation wherever they stand in a line.
const QUOTE_WORDS: [&str; 5] = ["writes in", "writes:", "wrote:", "says:", "said:"];

/// The message without what `strip` names: headers first, then footers, then quotes.
pub fn strip(message: &str, strip: Strip) -> String {
    let body = if strip.headers { without_headers(message) } else { message };
    let body = if strip.footers { without_footers(body) } else { body };
    if strip.quotes { without_quotes(body) } else { body.to_owned() }
}

fn without_headers(message: &str) -> &str {
    message.split_once("\n\n").map_or("", |(_, body)| body)
}

fn without_footers(message: &str) -> &str {
    let trimmed = message.trim();
    let mut end = trimmed.len();
    for line in trimmed.rsplit('\n') {
        let start = end - line.len();
        if line.trim().trim_matches('-').is_empty() {
            return if start == 0 { message } else { trimmed.get(..start - 1).unwrap_or(message) };
        }
        end = start.saturating_sub(1);
    }
    message
}

fn without_quotes(message: &str) -> String {
    let lines: Vec<&str> = message.split('\n').filter(|line| !is_quote(line)).collect();
    lines.join("\n")
}

fn is_quote(line: &str) -> bool {
    QUOTE_STARTS.iter().any(|start| line.starts_with(start)) || QUOTE_WORDS.iter().any(|word| line.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "From: a@b\nSubject: c\n\nIn article <1> b writes:\n> old\n| older\nnew\n\nmore\n--\nAnn\n";

    #[test]
    fn each_part_can_be_removed_alone() {
        let only = |headers, footers, quotes| strip(MESSAGE, Strip { headers, footers, quotes });
        assert_eq!(only(false, false, false), MESSAGE);
        assert_eq!(only(true, false, false), "In article <1> b writes:\n> old\n| older\nnew\n\nmore\n--\nAnn\n");
        assert_eq!(
            only(false, true, false),
            "From: a@b\nSubject: c\n\nIn article <1> b writes:\n> old\n| older\nnew\n\nmore"
        );
        assert_eq!(only(false, false, true), "From: a@b\nSubject: c\n\nnew\n\nmore\n--\nAnn\n");
        assert_eq!(only(true, true, true), "new\n\nmore");
    }

    #[test]
    fn a_footer_is_the_last_paragraph_or_what_follows_a_line_of_dashes() {
        assert_eq!(without_footers("one\n\ntwo\n\nthree\nfour\n"), "one\n\ntwo");
        assert_eq!(without_footers("one\n --- \nname"), "one");
        assert_eq!(without_footers("  one paragraph\nof two lines\n"), "  one paragraph\nof two lines\n");
        assert_eq!(without_footers("---\nname"), "---\nname");
        assert_eq!(without_footers(""), "");
        assert_eq!(without_footers("-"), "-");
    }

    #[test]
    fn a_message_without_a_blank_line_is_all_header() {
        assert_eq!(without_headers("From: a\nSubject: b"), "");
        assert_eq!(without_headers("From: a\n\nbody\n\nend"), "body\n\nend");
    }

    #[test]
    fn letters_of_any_script_survive() {
        let everything = Strip::default();
        assert_eq!(strip("头: 一\n\n正文——好\n\n签名", everything), "正文——好");
    }
}
