//! How many alternatives a server shows: asked for twenty, and for fewer where that is refused. Servers
//! name their limit in words of their own, or not at all.

/// Alternatives that are asked for first.
pub(super) const MOST: u32 = 20;
/// What is tried where the limit is not named: the limits that are in use, the largest first.
const LADDER: [u32; 9] = [20, 19, 10, 8, 5, 4, 3, 2, 1];
/// How a limit is introduced.
const BEFORE: [&str; 24] = [
    "at most",
    "at-most",
    "maximum",
    "max",
    "up to",
    "no more than",
    "not more than",
    "less than or equal to",
    "lower than or equal to",
    "smaller than or equal to",
    "<=",
    "≤",
    "less than",
    "smaller than",
    "limit",
    "only",
    "between",
    "range",
    "至多",
    "最多",
    "不超过",
    "最大",
    "小于等于",
    "上限",
];
/// Letters between such a word and its number.
const NEAR: usize = 40;

/// How many to ask for next after `asked` were refused with these words; `None` if fewer will not help.
pub(super) fn fewer(words: &str, asked: u32) -> Option<u32> {
    let words = words.to_lowercase();
    let about = ["logprob", "log_prob", "log prob", "alternativ", "top_n", "top-n", "top n", "candidates"];
    let mentioned = about.iter().any(|word| words.contains(word)) || numbers(&words).iter().any(|(_, n)| *n == asked);
    let never = [
        "not support",
        "unsupported",
        "not available",
        "not allowed",
        "does not exist",
        "not found",
        "unknown parameter",
        "unrecognized",
    ];
    let named = named(&words).into_iter().filter(|limit| (1..asked).contains(limit)).max();
    match named {
        Some(limit) => Some(limit),
        None if !mentioned || never.iter().any(|word| words.contains(word)) => None,
        None => LADDER.into_iter().find(|rung| *rung < asked),
    }
}

/// Numbers that stand where a limit would: behind a word that introduces one, or at the end of a range
/// that begins there.
fn named(words: &str) -> Vec<u32> {
    let numbers = numbers(words);
    let mut found = Vec::new();
    for word in BEFORE {
        for (at, _) in words.match_indices(word) {
            let end = at + word.len();
            let mut behind = numbers.iter().filter(|(place, _)| (end..end + NEAR).contains(place)).map(|(_, n)| *n);
            let first = behind.next();
            // "between 0 and 5", "in the range [0, 5]"
            let is_range = ["between", "range"].contains(&word) && first.is_some_and(|first| first <= 1);
            found.extend(if is_range { behind.next() } else { first });
        }
    }
    // "5 is the maximum", "[0, 5]", "5 at most"
    let behind = [" is the max", " at most", " max", " or less", " or fewer", " or lower"];
    let tail = |end: usize| behind.iter().any(|tail| words[end..].starts_with(tail));
    let digits = |n: u32| n.to_string().len();
    found.extend(numbers.iter().filter(|(at, n)| tail(at + digits(*n))).map(|(_, n)| *n));
    for (at, _) in words.match_indices(['[', '(']) {
        if let Some((low, high)) =
            words[at + 1..].split([']', ')']).next().and_then(|inner| inner.split_once([',', '-', '–', '.']))
        {
            let high: Option<u32> = high.trim_matches(|c: char| !c.is_ascii_digit()).parse().ok();
            found.extend(low.trim().parse::<u32>().ok().filter(|low| *low <= 1).and(high));
        }
    }
    found
}

/// Whole numbers and where they begin; parts of longer words and of decimal numbers are none.
fn numbers(words: &str) -> Vec<(usize, u32)> {
    let mut found = Vec::new();
    let mut rest = 0;
    while let Some(start) = words[rest..].find(|c: char| c.is_ascii_digit()).map(|at| rest + at) {
        let length = words[start..].find(|c: char| !c.is_ascii_digit()).unwrap_or(words.len() - start);
        let before = words[..start].chars().next_back();
        let mut behind = words[start + length..].chars();
        let next = behind.next();
        let decimal = next == Some('.') && behind.next().is_some_and(|c| c.is_ascii_digit());
        let part = before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '.' || c == '_')
            || next.is_some_and(|c| c.is_ascii_alphabetic());
        if let (false, Ok(number)) = (part || decimal, words[start..start + length].parse()) {
            found.push((start, number));
        }
        rest = start + length;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is granted by a server with this limit that refuses in these words, and after how many tries.
    fn granted(limit: u32, say: impl Fn(u32) -> String) -> (Option<u32>, usize) {
        let (mut asked, mut tries) = (MOST, 1);
        while asked > limit {
            tries += 1;
            match fewer(&say(asked), asked) {
                Some(next) => asked = next,
                None => return (None, tries),
            }
        }
        (Some(asked), tries)
    }

    #[test]
    fn the_named_limit_is_taken_and_an_unnamed_one_found() {
        type Say = fn(u32, u32) -> String;
        let named: [Say; 14] = [
            |asked, limit| format!("{asked} logprobs were asked for; at most {limit} are given."),
            |_, limit| format!("top_logprobs must be <= {limit}"),
            |_, limit| format!("top_logprobs: Input should be less than or equal to {limit}"),
            |asked, limit| format!("Requested sample logprobs of {asked}, which is greater than max allowed: {limit}"),
            |_, limit| format!("logprobs must be between 0 and {limit}"),
            |_, limit| format!("Invalid value for 'top_logprobs': must be in the range [0, {limit}]"),
            |asked, limit| format!("{asked} is greater than the maximum of {limit} - 'top_logprobs'"),
            |asked, limit| {
                format!(
                    "Invalid 'logprobs': integer above maximum value. Expected a value <= {limit}, but got {asked} instead."
                )
            },
            |_, limit| format!("this model supports up to {limit} logprobs (request 7f3a, trace 12.5)"),
            |_, limit| format!("top_logprobs 参数最多为 {limit}"),
            |_, limit| format!("only {limit} alternatives are shown"),
            |asked, limit| format!("got top_logprobs={asked} but {limit} is the maximum"),
            |_, limit| {
                format!(
                    "1 validation error: top_logprobs should be less than or equal to {limit} [type=less_than_equal] https://errors/2.11/v"
                )
            },
            |_, limit| format!("top_logprobs out of bounds (0-{limit})"),
        ];
        for (number, say) in named.iter().enumerate() {
            for limit in [1, 5, 8, 10, 19] {
                let found = granted(limit, |asked| say(asked, limit));
                assert_eq!(found, (Some(limit), 2), "{number}: {}", say(20, limit));
            }
        }
        for limit in [1, 2, 5, 8, 10, 19] {
            let (found, _) = granted(limit, |asked| format!("cannot give {asked} of them"));
            assert_eq!(found, Some(limit), "without its name");
            let (found, _) = granted(limit, |_| "bad logprobs".into());
            assert_eq!(found, Some(limit), "without any number");
            let (found, _) = granted(limit, |_| format!("logprobs must be less than {}", limit + 1));
            assert_eq!(found, Some(limit), "the limit itself is not allowed");
        }
    }

    #[test]
    fn what_fewer_would_not_help_is_not_tried() {
        for words in [
            "the model demo does not exist",
            "logprobs are not supported with this model",
            "echo is not supported here",
            "the temperature must be at least 1",
            "",
        ] {
            assert_eq!(fewer(words, 20), None, "{words}");
        }
        assert_eq!(fewer("logprobs must be at most 5", 1), None, "there is nothing below one");
    }
}
