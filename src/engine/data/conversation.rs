//! Conversations, as a cell of a table holds them: a list of messages in the form of OpenAI's interface
//! (`role`, `content`) or of ShareGPT (`from`, `value`), bare, inside an object, or written as JSON in a text.
//!
//! *Why tools are refused (2026-11).* A call of a tool is no text and each family of models writes it in a way of its
//! own: learned as words it would be learned wrongly, left out the answers behind it would come from nowhere. We
//! would reconsider once templates are rendered with tools.

use serde_json::{Map, Value};

use super::json_values::kind;
use crate::session::{Sentence, say};

/// What one side says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Who: `system`, `user` or `assistant`.
    pub role: String,
    /// What, as it is written.
    pub content: String,
}

/// Who speaks, as a [`Turn`] says it, and what else that is called.
const SPEAKERS: [(&str, &[&str]); 3] =
    [("system", &["system", "developer"]), ("user", &["user", "human"]), ("assistant", &["assistant", "gpt", "model"])];

/// What messages are called that are a tool's, or a call of one.
const TOOLS: [&str; 6] = ["tool", "function", "function_call", "tool_call", "tool_response", "observation"];

/// Keys under which an object holds a conversation.
const HOLDERS: [&str; 3] = ["messages", "conversations", "conversation"];

/// Texts of JSON inside texts of JSON that are looked through.
const DEPTH: usize = 3;

/// The turns of a conversation, of which the assistant has at least one.
///
/// # Errors
/// In words, for what is no conversation, or one that nothing can be learned of.
pub fn turns(json: &str) -> Result<Vec<Turn>, Sentence> {
    let value: Value = serde_json::from_str(json).map_err(|_| unreadable())?;
    let messages = messages(value, DEPTH)?;
    if messages.is_empty() {
        return Err(say!("its conversation is empty; give it messages, or leave it out"));
    }
    let turns = (1..).zip(&messages).map(|(number, message)| turn(number, message)).collect::<Result<Vec<_>, _>>()?;
    let says = |turn: &Turn| turn.role == "assistant" && !turn.content.trim().is_empty();
    match turns.iter().any(says) {
        true => Ok(turns),
        false => Err(say!(
            "in its conversation the assistant says nothing, and that is what is learned; give it an answer, or leave it out"
        )),
    }
}

/// Whether a value is a list of messages: objects of which each says who speaks and what.
pub fn are_messages(value: &Value) -> bool {
    let is_speaker = |role: &str| {
        let role = role.trim().to_lowercase();
        TOOLS.contains(&role.as_str()) || SPEAKERS.iter().any(|(_, names)| names.contains(&role.as_str()))
    };
    let is_message = |message: &Value| {
        let role = message.get("role").or_else(|| message.get("from")).and_then(Value::as_str);
        role.is_some_and(is_speaker) && (message.get("content").is_some() || message.get("value").is_some())
    };
    matches!(value, Value::Array(messages) if !messages.is_empty() && messages.iter().all(is_message))
}

/// A conversation as a person reads it: every message behind who says it, on a line of its own.
pub fn written(turns: &[Turn]) -> String {
    turns.iter().map(|turn| format!("{}: {}", turn.role, turn.content)).collect::<Vec<_>>().join("\n")
}

/// The turns of a conversation as a person types it, in the form of [`written`]: a line that begins with who speaks
/// begins a message, and what stands before the first of them is the user's.
pub fn typed(text: &str) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    for line in text.trim().lines() {
        match (spoken_by(line), turns.last_mut()) {
            (Some(turn), _) => turns.push(turn),
            (None, Some(turn)) => turn.content.extend(["\n", line]),
            (None, None) => turns.push(Turn { role: "user".to_owned(), content: line.to_owned() }),
        }
    }
    turns
}

/// The message that a line begins.
fn spoken_by(line: &str) -> Option<Turn> {
    let (name, content) = line.split_once(':')?;
    let name = name.trim().to_lowercase();
    let (role, _) = SPEAKERS.iter().find(|(_, names)| names.contains(&name.as_str()))?;
    Some(Turn { role: (*role).to_owned(), content: content.trim_start().to_owned() })
}

fn unreadable() -> Sentence {
    say!("its conversation is no JSON; write it as a list of messages with role and content")
}

/// The list of messages, wherever it stands.
fn messages(value: Value, depth: usize) -> Result<Vec<Value>, Sentence> {
    match value {
        Value::Array(messages) => Ok(messages),
        Value::String(text) if depth > 0 => messages(serde_json::from_str(&text).map_err(|_| unreadable())?, depth - 1),
        Value::Object(mut object) => match HOLDERS.iter().find_map(|key| object.remove(*key)) {
            Some(inner) if depth > 0 => messages(inner, depth - 1),
            _ => Err(say!(
                "its conversation is an object without `messages` and without `conversations`; write it as a list of messages with role and content"
            )),
        },
        other => Err(say!(
            "its conversation is {kind}; write it as a list of messages with role and content",
            kind = kind(&other)
        )),
    }
}

fn turn(number: usize, message: &Value) -> Result<Turn, Sentence> {
    let Value::Object(message) = message else {
        return Err(say!(
            "message {number} of its conversation is {kind}; write it as an object with role and content",
            number,
            kind = kind(message)
        ));
    };
    let role = speaker(number, message)?.to_owned();
    if ["tool_calls", "function_call"].iter().any(|key| message.get(*key).is_some_and(is_there)) {
        return Err(tool(number));
    }
    let content = match message.get("content").or_else(|| message.get("value")) {
        Some(content) => text(number, content)?,
        None => return Err(without_words(number)),
    };
    Ok(Turn { role, content })
}

/// Whether a key says something: libraries write those that they do not need as null or as nothing.
fn is_there(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(items) => !items.is_empty(),
        _ => true,
    }
}

fn speaker(number: usize, message: &Map<String, Value>) -> Result<&'static str, Sentence> {
    let Some(role) = message.get("role").or_else(|| message.get("from")).and_then(Value::as_str) else {
        return Err(say!(
            "message {number} of its conversation does not say who speaks; give it a role: system, user or assistant",
            number
        ));
    };
    let role = role.trim().to_lowercase();
    if TOOLS.contains(&role.as_str()) {
        return Err(tool(number));
    }
    let known = SPEAKERS.iter().find(|(_, names)| names.contains(&role.as_str()));
    known.map(|(speaker, _)| *speaker).ok_or_else(|| {
        say!(
            "message {number} of its conversation is of the role `{role}`, which is not known; roles are system, user and assistant",
            number,
            role
        )
    })
}

fn tool(number: usize) -> Sentence {
    say!(
        "message {number} of its conversation is a tool's or calls one, and tools are not learned; leave this conversation out",
        number
    )
}

fn without_words(number: usize) -> Sentence {
    say!("message {number} of its conversation has no content; write what is said, or leave the message out", number)
}

/// What a message says: a text, or the texts of its parts one behind the other.
fn text(number: usize, content: &Value) -> Result<String, Sentence> {
    match content {
        Value::String(text) => Ok(text.clone()),
        Value::Array(parts) => parts.iter().map(|own| part(number, own)).collect(),
        Value::Null => Err(without_words(number)),
        other => Err(say!(
            "the content of message {number} of its conversation is {kind}, not text",
            number,
            kind = kind(other)
        )),
    }
}

fn part(number: usize, part: &Value) -> Result<&str, Sentence> {
    let kind = part.get("type").and_then(Value::as_str).unwrap_or("text");
    let text = part.as_str().or_else(|| part.get("text").filter(|_| kind == "text")?.as_str());
    text.ok_or_else(|| {
        say!(
            "message {number} of its conversation has a part of the type `{kind}`, and only texts are read; leave this conversation out",
            number,
            kind
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_is_the_same_in_every_form_it_is_written_in() {
        let openai = r#"[{"role":"user","content":"Hi?"},{"role":"assistant","content":"Hello."}]"#;
        let forms = [
            openai.to_owned(),
            format!("{{\"messages\":{openai},\"tools\":[]}}"),
            serde_json::to_string(openai).unwrap(),
            serde_json::to_string(&format!("{{\"conversation\":{openai}}}")).unwrap(),
            r#"[{"from":"human","value":"Hi?"},{"from":"gpt","value":"Hello."}]"#.to_owned(),
            r#"{"conversations":[{"from":"user","value":"Hi?"},{"from":"assistant","value":"Hello."}]}"#.to_owned(),
            r#"[{"role":" User","content":[{"type":"text","text":"Hi"},{"type":"text","text":"?"}]},
                {"role":"ASSISTANT","content":["Hello."],"tool_calls":[],"function_call":null}]"#
                .to_owned(),
        ];
        for form in forms {
            let said: Vec<(String, String)> = turns(&form)
                .unwrap_or_else(|e| panic!("{e}: {form}"))
                .into_iter()
                .map(|t| (t.role, t.content))
                .collect();
            let turn = |role: &str, content: &str| (role.to_owned(), content.to_owned());
            assert_eq!(said, [turn("user", "Hi?"), turn("assistant", "Hello.")], "{form}");
        }
    }

    #[test]
    fn a_conversation_is_typed_as_it_is_read_and_bare_words_are_the_users() {
        let turn = |role: &str, content: &str| Turn { role: role.to_owned(), content: content.to_owned() };
        let all = [turn("system", "Be brief."), turn("user", "Two\nlines: here"), turn("assistant", "Yes: so.")];
        assert_eq!(written(&all), "system: Be brief.\nuser: Two\nlines: here\nassistant: Yes: so.");
        assert_eq!(typed(&written(&all)), all);
        assert_eq!(
            typed("  Hello\nHuman:Who?\nGPT: I."),
            [turn("user", "Hello"), turn("user", "Who?"), turn("assistant", "I.")]
        );
        assert_eq!(typed("note: a user: no"), [turn("user", "note: a user: no")]);
        assert_eq!(typed("  "), []);
    }

    #[test]
    fn a_system_message_keeps_its_place_and_white_space_is_kept() {
        let json =
            r#"[{"role":"developer","content":""},{"role":"user","content":" a\n"},{"from":"model","value":"b "}]"#;
        let all = turns(json).unwrap();
        assert_eq!(all.iter().map(|turn| turn.role.as_str()).collect::<Vec<_>>(), ["system", "user", "assistant"]);
        assert_eq!(all.iter().map(|turn| turn.content.as_str()).collect::<Vec<_>>(), ["", " a\n", "b "]);
    }

    #[test]
    fn what_is_no_conversation_or_teaches_nothing_is_refused_in_words() {
        for (json, said) in [
            ("", "is no JSON"),
            ("hello", "is no JSON"),
            (r#"[{"role":"user""#, "is no JSON"),
            (r#""hello""#, "is no JSON"),
            ("3", "is a number; write"),
            ("null", "is null; write"),
            ("[]", "is empty"),
            (r#"{"messages":[]}"#, "is empty"),
            (r#"{"turns":[]}"#, "without `messages`"),
            (r#"["a","b"]"#, "message 1 of its conversation is a string"),
            (r#"[{"content":"a"}]"#, "message 1 of its conversation does not say who speaks"),
            (r#"[{"role":3,"content":"a"}]"#, "does not say who speaks"),
            (r#"[{"role":"narrator","content":"a"}]"#, "the role `narrator`"),
            (
                r#"[{"role":"user","content":"a"},{"role":"tool","content":"4"}]"#,
                "message 2 of its conversation is a tool's",
            ),
            (r#"[{"from":"function_call","value":"f()"}]"#, "a tool's or calls one"),
            (r#"[{"role":"assistant","content":null,"tool_calls":[{"id":"1"}]}]"#, "a tool's or calls one"),
            (r#"[{"role":"assistant","content":"I look","function_call":{"name":"f"}}]"#, "a tool's or calls one"),
            (r#"[{"role":"assistant","content":null}]"#, "message 1 of its conversation has no content"),
            (r#"[{"role":"assistant"}]"#, "has no content"),
            (r#"[{"role":"assistant","content":3}]"#, "is a number, not text"),
            (r#"[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]"#, "the type `image_url`"),
            (r#"[{"role":"user","content":"a"}]"#, "the assistant says nothing"),
            (r#"[{"role":"assistant","content":" "}]"#, "the assistant says nothing"),
        ] {
            let error = turns(json).map(|turns| format!("{turns:?}")).expect_err(json).to_string();
            assert!(error.contains(said), "{json}: {error}");
        }
    }

    #[test]
    fn texts_within_texts_end_somewhere() {
        let mut json = "[]".to_owned();
        for _ in 0..6 {
            json = serde_json::to_string(&json).unwrap();
        }
        assert!(turns(&json).unwrap_err().contains("is a string"));
    }
}
