//! What of the reference no type says: how to read it, and an example for every part. All examples together are
//! one session, which a test opens.

/// What stands before the first table; `{session}` is the built-in session.
pub const INTRODUCTION: &str = r#"# Session reference

A session is one experiment: data, teacher, student, prompt, recipe, knobs. It is a text file in
[RON](https://github.com/ron-rs/ron) with the ending `.ron`, written by hand or saved from the window.
`retort run FILE` runs it and `retort doctor FILE` examines it first. This page names every field; it is
generated from the program's own types, and `retort list session` prints it.

The built-in session, which runs where no other is named:

```ron
{session}
```

## How it is written

| in the tables | in a file |
|---|---|
| text | `"in quotation marks"`; `\n` is a line break, `\"` a quotation mark |
| whole number | `7`, 0 or more unless a range says otherwise |
| number | `0.5`, `2e-5`, `1` |
| true or false | `true`, `false` |
| list of … | `[1, 2]`; around a single item the brackets may be left out |
| map from text to … | `{"key": value}` |
| group | `(field: value, field: value)`, in any order; a field that has a default may be left out |
| choice | one of the names in its table, with what belongs in the parentheses behind it |
| value | of several forms, which its table lists |
| optional … | the value, `Some(value)`, or `None` for none |

`// …` to the end of a line is a comment. Relative paths start at the file. A field that does not exist is refused,
and the message says which one was meant.

On the command line `retort run FILE --set PATH=VALUE` sets one field by its path, with the value written as in the
file: `--set recipe.steps=200`, `--set 'recipe.device=Cuda(0)'`, `--set 'data.source=BuiltIn("posts")'`. The first
teacher is `teacher` there (`teacher.max_tokens=64`), an item of another list has its place from 0
(`recipe.extended.0.steps=90`), and a knob is set by its id (`mixture.alpha=0.3`). `retort list` tells what else a
session may name: `losses`, `measures`, `tasks`, `architectures`, `corpora`, `built-in`, `devices`; `retort list
session --json` is this page for programs.

## The session

"#;

/// An example for every part that has a section.
pub const EXAMPLES: &[(&str, &str)] = &[
    (
        "data",
        r#"data: (
    source: Files(train: "reviews.csv", test: "held-out.csv", roles: (text: "review", label: "stars")),
    labels: (names: {"1": "bad", "5": "good"}),
    validation: 0.1,
    labelled: Some(500),
),"#,
    ),
    ("teachers", r#"teachers: [(source: Hub(repo: "Qwen/Qwen2.5-0.5B-Instruct"), max_tokens: 512, precision: Bf16)],"#),
    (
        "student",
        r#"student: (source: Folder("models/distilbert"), init: Layers(of: Folder("models/bert"), map: EveryOther)),"#,
    ),
    (
        "prompt",
        r#"prompt: (
    teacher: (template: "{text}\nThe review gives {answer}"),
    label_words: {"bad": "one star", "good": "five stars"},
    chat: Auto,
),"#,
    ),
    (
        "recipe",
        r#"recipe: (
    terms: ["soft_targets", "hard_labels"],
    schedule: Cosine,
    steps: 2000,
    batch: 16,
    keep: Best(Accuracy),
    patience: Some(5),
),"#,
    ),
    ("knobs", r#"knobs: {"soft_targets.temperature": 3.0, "optimizer.learning_rate": 5e-5},"#),
    ("script", r#"script: [(step: 500, knob: "mixture.alpha", value: 0.8)],"#),
    (
        "probes",
        r#"probes: [
    (text: "It broke after a day.", expected: Some("bad")),
    "I am still waiting for it.",
],"#,
    ),
    ("view", r#"view: (probe: "I would buy it again.", smoothing: 0.8, log_y: true),"#),
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::engine;
    use crate::session::{SESSION_VERSION, file};

    #[test]
    fn the_examples_together_are_a_session() {
        let parts: String = EXAMPLES.iter().map(|(_, example)| *example).collect();
        let session = file::parse(&format!("(version: {SESSION_VERSION}, {parts})"), Path::new("examples.ron"));
        let session = session.unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(session.knob_problem(&engine::catalog()), None);
        for (part, example) in EXAMPLES {
            assert!(example.starts_with(&format!("{part}: ")), "the example for {part} begins otherwise");
        }
    }
}
