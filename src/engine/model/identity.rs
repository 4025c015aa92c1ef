//! Which architecture a configuration is of that does not say so: told by `architectures`, else by the
//! names of the stored tensors. The first published models name neither.

use serde_json::{Value, json};

use super::{ARCHITECTURES, Config, ModelError};
use crate::session::{Sentence, say};

/// Gives `config` the `model_type` it lacks; `names` are those of its stored tensors. Gives what it was
/// told by, or `None` where nothing was missing.
///
/// # Errors
/// [`ModelError::Config`] with the line to add.
pub fn identify(config: &mut Config, names: impl FnOnce() -> Vec<String>) -> Result<Option<Sentence>, ModelError> {
    if config.value("model_type").is_some_and(|value| !value.is_null()) {
        return Ok(None);
    }
    let (found, by) = match by_class(config) {
        Some(found) => (Some(found), say!("its architectures")),
        None => (by_tensors(&names()), say!("the names of its tensors")),
    };
    let Some(id) = found else { return Err(unknown()) };
    config.set("model_type", json!(id));
    Ok(Some(say!("config.json has no model_type; by {by} it is a {id}", by, id)))
}

fn unknown() -> ModelError {
    let known = ARCHITECTURES.iter().map(|architecture| architecture.id).collect::<Vec<_>>().join(", ");
    ModelError::Config(say!(
        "it has no model_type, and neither architectures nor the tensors tell it; add a line like \"model_type\": \"bert\" to it, with one of {known}",
        known
    ))
}

/// The architecture whose classes in transformers begin like the one that is named.
fn by_class(config: &Config) -> Option<&'static str> {
    let class = config.value("architectures")?.as_array()?.first().and_then(Value::as_str)?;
    let begins = |name: &str| class.strip_prefix(name).is_some_and(|rest| rest.starts_with("For") || is_trunk(rest));
    let own = ARCHITECTURES.iter().find(|architecture| {
        let classifier = (architecture.class)(&super::HeadKind::Classes(1));
        classifier.strip_suffix("ForSequenceClassification").is_some_and(begins)
    });
    own.map(|architecture| architecture.id)
}

fn is_trunk(rest: &str) -> bool {
    matches!(rest, "Model" | "LMHeadModel" | "EncoderModel" | "DoubleHeadsModel")
}

fn by_tensors(names: &[String]) -> Option<&'static str> {
    let has = |mark: &str| names.iter().any(|name| name.contains(mark));
    // A bare BERT's and a bare RoBERTa's tensors are called alike, so that nothing tells those. A name counts
    // wherever it stands in a tensor's, since a bare trunk lacks its prefix.
    let own = ARCHITECTURES.iter().find(|architecture| architecture.marks.iter().any(|mark| has(mark)));
    own.map(|architecture| architecture.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(config: &str, names: &[&str]) -> Result<String, String> {
        let mut config = Config::parse(config).unwrap();
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        identify(&mut config, || names).map_err(|e| e.to_string())?;
        Ok(config.model_type().map_err(|e| e.to_string())?.to_owned())
    }

    #[test]
    fn every_architecture_is_told_by_the_class_of_its_checkpoint() {
        for architecture in ARCHITECTURES {
            for top in [super::super::HeadKind::Classes(2), super::super::HeadKind::Vocabulary] {
                let class = (architecture.class)(&top);
                let config = json!({ "architectures": [class] }).to_string();
                assert_eq!(told(&config, &[]).as_deref(), Ok(architecture.id), "{class}");
            }
        }
        let named = r#"{"model_type": "gpt2", "architectures": ["BertModel"]}"#;
        assert_eq!(told(named, &[]).as_deref(), Ok("gpt2"), "what is said counts");
    }

    #[test]
    fn tensors_tell_it_or_the_line_to_add_is_named() {
        assert_eq!(told("{}", &["bert.encoder.layer.0.output.dense.weight"]).as_deref(), Ok("bert"));
        assert_eq!(told("{}", &["roberta.encoder.layer.0.output.dense.weight"]).as_deref(), Ok("roberta"));
        assert_eq!(told("{}", &["distilbert.transformer.layer.0.attention.q_lin.weight"]).as_deref(), Ok("distilbert"));
        assert_eq!(told("{}", &["h.0.attn.c_attn.weight", "wte.weight"]).as_deref(), Ok("gpt2"));
        assert_eq!(told("{}", &["encoder.block.0.layer.0.SelfAttention.q.weight"]).as_deref(), Ok("t5"));
        for names in [&["albert.encoder.x"][..], &["model.layers.0.self_attn.q_proj.weight"], &[]] {
            let said = told(r#"{"model_type": null, "architectures": ["StrangeModel"]}"#, names).unwrap_err();
            assert!(said.contains(r#""model_type": "bert""#) && said.contains("qwen3"), "{said}");
        }
    }
}
