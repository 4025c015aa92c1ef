//! The front matter of a model card: YAML that the Hub reads.

use std::fmt::Write as _;

use super::origin::{base, public_name};
use crate::link::Opened;
use crate::session::{DataSource, Head, InferenceSpec, Session};

/// The block between two rows of dashes. The licence is the person's to choose.
pub(super) fn matter(session: &Session, opened: &Opened, usage: &InferenceSpec) -> String {
    let mut yaml = String::from("---\nlicense: other\nlibrary_name: transformers\n");
    if usage.head == Head::Classifier {
        yaml.push_str("pipeline_tag: text-classification\n");
    }
    let teacher = session.teacher().map(|teacher| &teacher.source);
    let mut names: Vec<String> = std::iter::once(base(session)).chain(teacher).map(public_name).collect();
    names.dedup();
    list(&mut yaml, "base_model", &names);
    match languages(&session.data.source) {
        [] => yaml.push_str("# language: the code of the texts' language, such as en\n"),
        known => list(&mut yaml, "language", known),
    }
    let mut tags = vec!["retort", "text-classification", opened.student.architecture.as_str()];
    if opened.teacher.is_some() {
        tags.push("knowledge-distillation");
    }
    list(&mut yaml, "tags", &tags);
    list(&mut yaml, "metrics", &["accuracy", "f1"]);
    yaml + "---\n"
}

fn list(yaml: &mut String, name: &str, items: &[impl AsRef<str>]) {
    let _ = writeln!(yaml, "{name}:");
    for item in items {
        // A JSON string is a YAML string, whatever stands in it.
        let _ = writeln!(yaml, "- {}", serde_json::Value::from(item.as_ref()));
    }
}

/// The languages of a corpus, where they are known.
fn languages(source: &DataSource) -> &'static [&'static str] {
    match source {
        DataSource::BuiltIn(_) => &["en", "zh"],
        DataSource::Newsgroups { .. } => &["en"],
        DataSource::Files(_) => &[],
    }
}
