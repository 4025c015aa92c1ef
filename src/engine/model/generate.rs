//! Writing on, token by token, each of which passes the network once: what it needs of those before
//! it is kept.

use candle_core::{DType, IndexOp as _, Result, Tensor, bail};

use super::{DropoutRng, Kind, KvCache, Model, Trace};
use crate::link::scores::likeliest;

impl Model {
    /// The `most` likeliest next tokens one after the other, or fewer where the model ends its text
    /// (the end is not part of the answer) or has no room left.
    ///
    /// A decoder writes on behind `prompt`; an encoder–decoder reads it and writes an answer.
    ///
    /// # Errors
    /// If the model only reads, was opened with a classifier or the prompt is empty.
    pub fn generate(&self, prompt: &[u32], most: usize) -> Result<Vec<u32>> {
        self.generate_while(prompt, most, |_| true)
    }

    /// As [`Self::generate`], as long as `go_on` says so, which sees what is written so far and is asked
    /// before every token.
    ///
    /// # Errors
    /// As [`Self::generate`].
    pub fn generate_while(
        &self,
        prompt: &[u32],
        most: usize,
        mut go_on: impl FnMut(&[u32]) -> bool,
    ) -> Result<Vec<u32>> {
        let ends = self.ends();
        let mut writer = Generator::new(self, prompt)?;
        let most = most.min(self.max_tokens.saturating_sub(writer.tokens()));
        let mut written = Vec::new();
        while written.len() < most && go_on(&written) {
            let next = greedy(&writer.logits()?)?;
            if ends.contains(&next) {
                break;
            }
            written.push(next);
            writer.push(next);
        }
        Ok(written)
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

/// The likeliest token by its `logits [vocabulary]`, of equals the first. By the rule that every figure goes
/// by and not by the device's own, which picks another of equals and lets NaN win on one device and not on
/// the next.
///
/// # Errors
/// If `logits` is no row of numbers.
pub fn greedy(logits: &Tensor) -> Result<u32> {
    Ok(likeliest(&logits.to_dtype(DType::F32)?.to_vec1()?) as u32)
}

/// A text being written by a model, from the tokens that somebody picks.
pub struct Generator<'a> {
    model: &'a Model,
    /// States and mask of what was read, where that is apart.
    read: Option<(Tensor, Tensor)>,
    cache: KvCache,
    /// Tokens that stand and have not passed the network.
    waiting: Vec<u32>,
    /// What was said of the next token behind those that have.
    logits: Option<Tensor>,
}

impl<'a> Generator<'a> {
    /// Begins behind `prompt`; with an encoder–decoder an answer to it.
    ///
    /// # Errors
    /// If the model only reads or the prompt is empty.
    pub fn new(model: &'a Model, prompt: &[u32]) -> Result<Self> {
        if prompt.is_empty() {
            bail!("there is nothing to write on behind; give a prompt")
        }
        let (read, waiting) = match model.architecture.kind {
            Kind::Encoder => bail!("this model reads and does not write"),
            Kind::Decoder => (None, prompt.to_vec()),
            Kind::EncoderDecoder => {
                let input = model.input(&[prompt])?;
                let states =
                    model.detached.encode(&model.detached.embed(&input)?, &mut Trace::none(), &DropoutRng::none())?;
                (Some((states, input.mask)), vec![model.start()])
            }
        };
        Ok(Self { model, read, cache: KvCache::default(), waiting, logits: None })
    }

    /// Tokens that stand: the prompt, or an encoder–decoder's start, and what was written behind it.
    pub fn tokens(&self) -> usize {
        self.cache.tokens() + self.waiting.len()
    }

    /// Puts a token behind those that stand.
    pub fn push(&mut self, token: u32) {
        self.waiting.push(token);
    }

    /// What the model says of the next token, `[vocabulary]`.
    ///
    /// # Errors
    /// If the model was opened with a classifier; the tensor library's, e.g. where there is no room for
    /// more tokens.
    pub fn logits(&mut self) -> Result<Tensor> {
        if let Some(logits) = self.logits.as_ref().filter(|_| self.waiting.is_empty()) {
            return Ok(logits.clone());
        }
        let new = self.model.behind(self.cache.tokens(), &self.waiting)?;
        let network = self.model.detached.as_ref();
        let read = self.read.as_ref().map(|(states, mask)| (states, mask));
        let hidden = network.decode_step(&network.embed(&new)?, read, &mut self.cache)?;
        let last = hidden.i((.., self.waiting.len() - 1))?.contiguous()?;
        let logits = network.vocabulary(&last)?.i(0)?;
        self.waiting.clear();
        Ok(self.logits.insert(logits).clone())
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn of_equal_tokens_the_first_is_written_and_one_without_a_score_never() {
        let out = f32::NEG_INFINITY;
        for (logits, token) in [
            (vec![0.5f32, 2.0, 2.0, 2.0], 1),
            (vec![f32::NAN, -3.0, -1.0, -1.0], 2),
            (vec![1.0, f32::NAN, 1.0, 0.0], 0),
            (vec![out, out, -200.0, out], 2),
            (vec![0.0; 300], 0),
        ] {
            for dtype in [DType::F32, DType::F64] {
                let row = Tensor::new(logits.as_slice(), &Device::Cpu).unwrap().to_dtype(dtype).unwrap();
                assert_eq!(greedy(&row).unwrap(), token, "{dtype:?} {logits:?}");
            }
        }
    }
}
