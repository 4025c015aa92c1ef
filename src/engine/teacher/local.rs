//! A teacher that runs in this process: a causal model asked through the prompt's first template.

use std::sync::Arc;

use super::estimator::Estimator;
use super::former::{FormerKey, Origin};
use super::target_cache::Identity;
use super::{Reading, Teacher, TeacherError};
use crate::engine::data::{Example, Fields, Layout};
use crate::engine::model::{HeadKind, Model, ModelError};
use crate::engine::prompt::{PreparedPrompt, Template};
use crate::engine::task::{self, Task};
use crate::session::{Chat, Prompt};

/// A local model and how it is asked.
pub struct LocalTeacher {
    model: Arc<Model>,
    task: Box<dyn Task>,
    identity: Identity,
}

impl LocalTeacher {
    /// Asks `model` with `prompt` about `classes` of examples with such columns.
    ///
    /// # Errors
    /// [`TeacherError`] if the prompt cannot be used with it.
    pub fn new(model: Arc<Model>, prompt: &Prompt, classes: &[String], layout: &Layout) -> Result<Self, TeacherError> {
        // Only the first template asks; variants are for training a model to be asked.
        let prompt = Prompt { variants: Vec::new(), ..prompt.clone() };
        let task = task::for_model(&model, &prompt, classes, layout)?;
        let template = Template::parse(&prompt.template, layout)?.for_model(&prompt, &model)?;
        if prompt.chat == Chat::On && !template.is_chat() {
            return Err(TeacherError::NoChat);
        }
        let identity = identity(&model, &prompt, (&template, layout), classes)?;
        Ok(Self { model, task, identity })
    }
}

/// Everything an answer depends on besides the tokens that are read.
fn identity(
    model: &Model,
    prompt: &Prompt,
    (template, layout): (&Template, &Layout),
    classes: &[String],
) -> Result<Identity, TeacherError> {
    let content = model.files.content_hash()?;
    let words: Vec<&str> = classes.iter().map(|class| prompt.word_for(class)).collect();
    let head = format!("{:?}", model.top);
    let drawn = model.weights.drawn_hash().map_err(ModelError::from)?;
    let asked = (&prompt.template, &words, prompt.scoring, model.max_tokens, &head);
    let mut hash = blake3::Hasher::new();
    hash.update(b"retort soft targets 5").update(&content).update(format!("{asked:?}").as_bytes());
    let device = model.device().location();
    let order = model.outputs.order.as_ref();
    let further = (template.is_chat().then_some(template), model.weights.half(), drawn, device);
    hash.update(format!("{further:?}").as_bytes());
    if model.top == HeadKind::Vocabulary {
        let prepared = PreparedPrompt::new(prompt, classes, model, layout)?;
        let words: Vec<&Vec<u32>> = prepared.words().collect();
        hash.update(format!("{words:?}").as_bytes());
    }
    // Which output is which class; earlier versions took all by their places.
    if let Some(order) = order {
        hash.update(format!("outputs {order:?}").as_bytes());
    }
    let certain = drawn.is_none() && model.device().is_cpu() && order.is_none();
    let origin = if certain { Origin::Checked } else { Origin::Unknown };
    let former = FormerKey { fingerprint: former_fingerprint(model, prompt, template, &words, &content), origin };
    let about = serde_json::json!({
        "teacher": model.card.title, "architecture": model.architecture.id, "template": prompt.template,
        "words": words, "device": format!("{device:?}"), "precision": model.weights.half().unwrap_or("f32"),
        "random": drawn.is_some(),
    });
    Ok(Identity {
        fingerprint: *hash.finalize().as_bytes(),
        estimators: vec![Estimator::WholeWords],
        about: about.to_string(),
        former: Some(former),
    })
}

/// The name under which earlier versions kept answers: it tells neither random weights from stored ones nor
/// one device from another.
fn former_fingerprint(
    model: &Model,
    prompt: &Prompt,
    template: &Template,
    words: &[&str],
    content: &[u8; 32],
) -> [u8; 32] {
    let mut hash = blake3::Hasher::new();
    hash.update(b"retort soft targets 4").update(content);
    let rest = (&prompt.template, words, prompt.scoring, model.max_tokens, format!("{:?}", model.top));
    hash.update(format!("{rest:?}").as_bytes());
    if template.is_chat() {
        hash.update(format!("{template:?}").as_bytes());
    }
    if let Some(half) = model.weights.half() {
        hash.update(half.as_bytes());
    }
    *hash.finalize().as_bytes()
}

impl Teacher for LocalTeacher {
    fn predict(&self, texts: &[Fields]) -> Result<Vec<Vec<f32>>, TeacherError> {
        let prepare = |text: &Fields| self.task.encode(&self.model, &Example::of(text), 0);
        let prepared = texts.iter().map(prepare).collect::<Result<Vec<_>, _>>()?;
        let examples: Vec<_> = prepared.iter().collect();
        Ok(task::log_probabilities(&self.model, self.task.as_ref(), &examples)?)
    }

    fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The token ids of every pass and the places where the answer is read; of a pair, too, which text each token
    /// belongs to.
    fn reading(&self, text: &Fields) -> Result<Reading, TeacherError> {
        let prepared = self.task.encode(&self.model, &Example::of(text), 0)?;
        let mut hash = blake3::Hasher::new();
        for pass in &prepared.passes {
            let ids = pass.ids.iter().map(|id| u64::from(*id));
            let lengths = [pass.ids.len() as u64, pass.answers.len() as u64];
            let numbers = lengths.into_iter().chain(ids).chain(pass.answers.iter().map(|place| *place as u64));
            let numbers = numbers.chain(pass.segments.iter().map(|segment| u64::from(*segment)));
            let bytes: Vec<u8> = numbers.flat_map(u64::to_le_bytes).collect();
            hash.update(&bytes);
        }
        Ok(*hash.finalize().as_bytes())
    }

    /// A classifier read both texts as one.
    fn former_text<'a>(&self, text: &'a Fields) -> Option<&'a str> {
        let is_pair = matches!(self.model.top, HeadKind::Classes(_)) && text.pair().is_some();
        (!is_pair).then_some(text.whole())
    }
}
