//! What a server says of itself when it refuses: found in the shapes that servers give it, cut to a
//! sentence.

use serde_json::Value;

/// Letters that are shown at most.
const MOST: usize = 300;
/// How deep a sentence may be wrapped.
const DEPTH: usize = 6;
/// Fields that hold the sentence, the most telling first.
const FIELDS: [&str; 16] = [
    "message",
    "msg",
    "error",
    "detail",
    "details",
    "errors",
    "error_message",
    "error_msg",
    "status_msg",
    "error_description",
    "description",
    "reason",
    "title",
    "base_resp",
    "code",
    "type",
];

/// The server's own sentence in the text of an answer; empty where it says nothing.
pub(super) fn sentence(text: &str) -> String {
    let text = text.trim().trim_start_matches('\u{feff}');
    let said = match serde_json::from_str::<Value>(text) {
        Ok(value) => {
            said_in(&value, DEPTH).unwrap_or_else(|| if is_empty(&value) { String::new() } else { text.to_owned() })
        }
        Err(_) if text.starts_with('<') => without_tags(text),
        Err(_) => text.to_owned(),
    };
    shortened(&said)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.values().all(is_empty),
        Value::Array(items) => items.iter().all(is_empty),
        Value::String(text) => text.trim().is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn said_in(value: &Value, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    match value {
        // Some put one answer into another.
        Value::String(text) if text.trim_start().starts_with('{') => {
            let inner = serde_json::from_str(text).ok().and_then(|inner| said_in(&inner, depth));
            inner.or_else(|| Some(text.clone()))
        }
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Array(items) => {
            let said: Vec<String> = items.iter().filter_map(|item| said_in(item, depth)).take(4).collect();
            (!said.is_empty()).then(|| said.join("; "))
        }
        Value::Object(fields) => {
            let said = FIELDS.iter().find_map(|field| said_in(fields.get(*field)?, depth))?;
            let place = fields.get("loc").and_then(Value::as_array).and_then(|place| place.last()?.as_str());
            let said = place.map_or(said.clone(), |place| format!("{place}: {said}"));
            let raw = fields.get("metadata").and_then(|more| said_in(more.get("raw")?, depth));
            Some(raw.map_or(said.clone(), |raw| format!("{said} ({raw})")))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// The words of a page: without what stands in tags, scripts and styles.
fn without_tags(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        text.push(' ');
        let tag = &rest[at..];
        let hidden = ["script", "style"].into_iter().find(|name| begins(&tag[1..], name));
        let end = match hidden {
            Some(name) => closing(tag, name).unwrap_or(tag.len()),
            None => tag.find('>').map_or(tag.len(), |end| end + 1),
        };
        rest = &tag[end..];
    }
    text.push_str(rest);
    let named = [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    named.into_iter().fold(text, |text, (name, letter)| text.replace(name, letter))
}

fn begins(tag: &str, name: &str) -> bool {
    tag.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

/// Where the tag that closes `name` ends.
fn closing(page: &str, name: &str) -> Option<usize> {
    let at = page.match_indices("</").find(|(at, _)| begins(&page[at + 2..], name))?.0;
    page[at..].find('>').map(|end| at + end + 1)
}

/// On one line, without control characters, and not too long.
fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // It becomes a part of a sentence.
    let line = line.strip_suffix('.').filter(|rest| !rest.ends_with('.')).unwrap_or(&line);
    let line: String = line.chars().filter(|letter| !letter.is_control()).collect();
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Whether a refusal says that there is no more money: asking again does not help. A limit on the pace is
/// called a quota as well, and passes.
pub(super) fn is_quota(status: u16, text: &str) -> bool {
    let text = text.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let sure = [
        "insufficient_quota",
        "insufficient quota",
        "exceeded_current_quota",
        "exceeded your current quota",
        "insufficient_balance",
        "insufficient balance",
        "insufficient_credit",
        "insufficient credit",
        "insufficient funds",
        "billing_hard_limit",
        "credit balance",
        "out of credits",
        "payment required",
        "余额不足",
        "欠费",
        "额度不足",
        "额度已用尽",
    ];
    let pace = [
        "per minute",
        "per second",
        "per_minute",
        "rate limit",
        "rate_limit",
        "requests per",
        "tokens per",
        "try again in",
        "retry after",
    ];
    let used_up = has(&["quota", "credit", "balance", "budget"])
        && has(&["billing", "used up", "exhausted", "depleted", "run out", "ran out"]);
    status == 402 || matches!(status, 400 | 403 | 429) && (has(&sure) || used_up && !has(&pace))
}

/// Seconds after which a server that is loading means to be ready, as it says.
pub(super) fn estimated_secs(text: &str) -> Option<f64> {
    let value: Value = serde_json::from_str(text).ok()?;
    let secs = value.get("estimated_time").or_else(|| value.pointer("/error/estimated_time"))?.as_f64()?;
    (secs.is_finite() && secs >= 0.0).then_some(secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_is_found_in_every_shape() {
        for (text, said) in [
            (r#"{"error": {"message": "no such model", "type": "x"}}"#, "no such model"),
            (r#"{"error": "no such model"}"#, "no such model"),
            (r#"{"message": "no such model"}"#, "no such model"),
            (r#"{"object": "error", "message": "no such model", "code": 404}"#, "no such model"),
            (r#"{"detail": "no such model"}"#, "no such model"),
            (r#"{"detail": [{"loc": ["body", "top_logprobs"], "msg": "at most 5"}]}"#, "top_logprobs: at most 5"),
            (r#"{"detail": {"error": {"message": "no such model"}}}"#, "no such model"),
            (r#"{"errors": [{"message": "one"}, "two"]}"#, "one; two"),
            (r#"[{"error": {"code": 429, "message": "slow down", "status": "X"}}]"#, "slow down"),
            (r#"{"error": {"message": "", "code": "insufficient_quota"}}"#, "insufficient_quota"),
            (r#"{"error": "{\"message\": \"inner\"}"}"#, "inner"),
            (r#"{"error": {"message": "provider", "metadata": {"raw": "too many"}}}"#, "provider (too many)"),
            (r#"{"base_resp": {"status_code": 1008, "status_msg": "余额不足"}}"#, "余额不足"),
            (r#""just a string""#, "just a string"),
            ("plain words\nover two lines", "plain words over two lines"),
            (
                "<html><head><style>p{}</style><title>502</title></head><body><h1>Bad&nbsp;Gateway</h1></body>",
                "502 Bad Gateway",
            ),
            ("<!DOCTYPE html><SCRIPT>let a = '<b>';</SCRIPT>away", "away"),
            (r#"{"status": "strange"}"#, r#"{"status": "strange"}"#),
            ("{}", ""),
            (r#"{"error": null}"#, ""),
            ("", ""),
        ] {
            assert_eq!(sentence(text), said, "{text}");
        }
        let long = sentence(&"word ".repeat(1000));
        assert!(long.chars().count() == MOST + 1 && long.ends_with('…'));
        let deep = format!("{}\"end\"{}", "{\"error\":".repeat(50), "}".repeat(50));
        assert!(!sentence(&deep).is_empty());
    }

    #[test]
    fn no_money_is_told_from_too_fast() {
        for (status, text) in [
            (429, r#"{"error": {"message": "The quota of this account is used up", "type": "insufficient_quota"}}"#),
            (429, "You exceeded your current quota, please check your plan and billing details."),
            (429, "the quota of this account is used up"),
            (402, "Insufficient Balance"),
            (402, ""),
            (403, "Your credit balance is too low"),
            (429, r#"{"error": {"code": "1113", "message": "您的账户余额不足"}}"#),
        ] {
            assert!(is_quota(status, text), "{text}");
        }
        for (status, text) in [
            (429, "Rate limit reached: 3 requests per minute; see your billing page to raise this quota"),
            (429, "Quota exceeded for requests per minute"),
            (429, "Too many requests"),
            (503, "the quota of workers is exhausted"),
            (403, "no access to this model"),
        ] {
            assert!(!is_quota(status, text), "{text}");
        }
        assert_eq!(estimated_secs(r#"{"error": "loading", "estimated_time": 20.5}"#), Some(20.5));
        assert_eq!(estimated_secs("loading"), None);
    }
}
