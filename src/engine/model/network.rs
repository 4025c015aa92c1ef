//! What a network is to the rest of the engine: what a pass reads, and what it gives.

use candle_core::Tensor;

use super::layers::Linear;
use super::{DropoutRng, KvCache, Trace};

/// What one forward pass reads, as token ids.
pub struct InputIds {
    /// Token ids, `u32 [batch, tokens]`.
    pub ids: Tensor,
    /// Position of each token, `u32 [batch, tokens]`.
    pub positions: Tensor,
    /// Additive attention mask, `f32 [batch, 1, 1 or tokens, tokens]`: 0 where a query may look,
    /// [`super::attention::MASKED`] where not.
    pub mask: Tensor,
    /// Which of two texts each token belongs to, `u32 [batch, tokens]`; `None` where there is one text.
    pub segments: Option<Tensor>,
}

impl InputIds {
    /// The same with its tokens as vectors, `[batch, tokens, width]`.
    pub fn embedded(&self, embeddings: Tensor) -> Input {
        let Self { positions, mask, segments, .. } = self;
        let (positions, mask, segments) = (positions.clone(), mask.clone(), segments.clone());
        Input { embeddings, positions, mask, segments, reread: None }
    }
}

/// What one forward pass computes on: tokens as vectors, as [`Network::embed`] gives them.
///
/// *Why apart from the ids (2026-11).* Whoever changes the vectors, puts others before them (soft
/// prompts) or asks for their gradient (saliency) does it between the two calls, and no trunk knows.
pub struct Input {
    /// Token embeddings, `[batch, tokens, width]`, before positions, norm and dropout.
    pub embeddings: Tensor,
    /// Position of each token, `u32 [batch, tokens]`.
    pub positions: Tensor,
    /// Additive attention mask, as [`InputIds::mask`].
    pub mask: Tensor,
    /// Which of two texts each token belongs to, as [`InputIds::segments`]; read by networks that have vectors for
    /// it.
    pub segments: Option<Tensor>,
    /// Embeddings of the same text as the decoder of a classifier reads it once more, `[batch, read
    /// tokens, width]`: looked up by themselves, so that the table's gradient adds up as it always has.
    pub reread: Option<Tensor>,
}

/// A network: hidden states, and what stands on top of them. Built twice over the same memory,
/// once tracked for training, once detached for looking.
pub trait Network: Send + Sync {
    /// The tokens of `input` as vectors, before positions, norm and dropout.
    ///
    /// # Errors
    /// The tensor library's, e.g. for ids beyond the vocabulary.
    fn embed(&self, input: &InputIds) -> candle_core::Result<Input>;

    /// Hidden states of the last layer, `[batch, tokens, width]`. Shows `trace` what it asks for.
    ///
    /// # Errors
    /// The tensor library's, e.g. for positions beyond the table of them.
    fn encode(&self, input: &Input, trace: &mut Trace, noise: &DropoutRng) -> candle_core::Result<Tensor>;

    /// Class logits `[batch, classes]` from hidden states `[batch, tokens, width]`, where `ends` is
    /// the index of each row's last token.
    ///
    /// # Errors
    /// If the network was opened with [`super::HeadKind::Vocabulary`].
    fn classify(&self, hidden: &Tensor, ends: &[u32], noise: &DropoutRng) -> candle_core::Result<Tensor>;

    /// Hidden states `[rows, width]` as the matrix over the vocabulary reads them, and that matrix: so a loss can
    /// apply it to a few rows at a time, where all logits at once would be many times as large as the states.
    ///
    /// # Errors
    /// If the network was opened with [`super::HeadKind::Classes`].
    fn head<'a>(&'a self, hidden: &Tensor) -> candle_core::Result<(Tensor, &'a Linear)>;

    /// Vocabulary logits `[rows, vocabulary]` from hidden states `[rows, width]`.
    ///
    /// # Errors
    /// As [`Self::head`].
    fn vocabulary(&self, hidden: &Tensor) -> candle_core::Result<Tensor> {
        let (states, head) = self.head(hidden)?;
        head.forward(&states)
    }

    /// Hidden states `[batch, tokens, width]` of the tokens `written` behind a text of which
    /// [`Self::encode`] gave the states `read [batch, read tokens, width]` under `read_mask`: what an
    /// encoder–decoder makes of its answer so far.
    ///
    /// # Errors
    /// If the network has no decoder beside its encoder.
    fn decode(
        &self,
        _read: &Tensor,
        _read_mask: &Tensor,
        _written: &Input,
        _trace: &mut Trace,
        _noise: &DropoutRng,
    ) -> candle_core::Result<Tensor> {
        candle_core::bail!("this network has no decoder beside its encoder")
    }

    /// Hidden states `[batch, new, width]` of tokens that a decoder reads or writes behind those that
    /// `cache` keeps, and that it keeps from now on: the numbers that [`Self::encode`] gives for the
    /// whole text, or [`Self::decode`] where an encoder's states and their mask are `read`.
    ///
    /// # Shapes
    /// `new` holds embeddings `[batch, new, width]`, positions `u32 [batch, new]` and a mask over all
    /// tokens that then stand, `[batch, 1, new, tokens]`.
    ///
    /// # Errors
    /// If the network does not write, or the shapes do not fit what is kept.
    fn decode_step(
        &self,
        _new: &Input,
        _read: Option<(&Tensor, &Tensor)>,
        _cache: &mut KvCache,
    ) -> candle_core::Result<Tensor> {
        candle_core::bail!("this network reads and does not write")
    }
}
