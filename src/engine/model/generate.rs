//! Writing on, token by token. Every token is a pass over all that stands: right and slow; a cache
//! of keys and values is not here yet.

use candle_core::{IndexOp as _, Result, Tensor};

use super::{Kind, Model, Noise, Trace};

impl Model {
    /// The `most` likeliest next tokens one after the other, or fewer where the model ends its text
    /// (the end is not part of the answer) or has no room left.
    ///
    /// A decoder writes on behind `prompt`; an encoder–decoder reads it and writes an answer.
    ///
    /// # Errors
    /// If the model only reads, was opened with a classifier or the prompt is empty.
    pub fn generate(&self, prompt: &[u32], most: usize) -> Result<Vec<u32>> {
        if prompt.is_empty() {
            candle_core::bail!("there is nothing to write on behind; give a prompt")
        }
        let ends = self.ends();
        let mut writer = Writer::new(self, prompt)?;
        let start = writer.tokens.len();
        while writer.tokens.len() < (start + most).min(self.max_tokens) {
            let next = writer.next()?;
            if ends.contains(&next) {
                break;
            }
            writer.tokens.push(next);
        }
        Ok(writer.tokens.split_off(start))
    }

    /// The tokens that end a text: those of the configuration, else the tokenizer's.
    pub fn ends(&self) -> Vec<u32> {
        let ends = self.config.ids("eos_token_id");
        if ends.is_empty() { self.tokens.end().into_iter().collect() } else { ends }
    }

    /// The token before an encoder–decoder's answer.
    pub fn start(&self) -> u32 {
        let first = |name: &str| self.config.ids(name).first().copied();
        first("decoder_start_token_id").or_else(|| first("pad_token_id")).unwrap_or(0)
    }
}

/// A text being written.
struct Writer<'a> {
    model: &'a Model,
    tokens: Vec<u32>,
    /// States and mask of what was read, where that is apart.
    read: Option<(Tensor, Tensor)>,
}

impl<'a> Writer<'a> {
    fn new(model: &'a Model, prompt: &[u32]) -> Result<Self> {
        match model.architecture.kind {
            Kind::Encoder => candle_core::bail!("this model reads and does not write"),
            Kind::Decoder => Ok(Self { model, tokens: prompt.to_vec(), read: None }),
            Kind::EncoderDecoder => {
                let input = model.input(&[prompt])?;
                let states = model.detached.encode(&input, &mut Trace::none(), &Noise::none())?;
                Ok(Self { model, tokens: vec![model.start()], read: Some((states, input.mask)) })
            }
        }
    }

    /// The likeliest next token; of equal ones the first.
    fn next(&self) -> Result<u32> {
        let (network, noise) = (self.model.detached.as_ref(), Noise::none());
        let input = self.model.written(&[&self.tokens])?;
        let hidden = match &self.read {
            None => network.encode(&input, &mut Trace::none(), &noise)?,
            Some((states, mask)) => network.decode(states, mask, &input, &mut Trace::none(), &noise)?,
        };
        let last = hidden.i((.., self.tokens.len() - 1))?.contiguous()?;
        network.vocabulary(&last)?.i(0)?.argmax(0)?.to_scalar()
    }
}
