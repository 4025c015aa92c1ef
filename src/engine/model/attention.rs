//! Multi-head attention with the probabilities in reach, and its masks.

use candle_core::{Device, Result, Tensor, bail};

use super::kv_cache::LayerCache;
use super::layers::{DropoutRng, Linear, Norm, RmsNorm};
use super::position::Position;
use super::{Trace, ops, trace};

/// Added to a score where a query may not look. Finite: a row masked whole with −∞ would be NaN.
pub const MASKED: f32 = -1e9;

/// How queries, keys and values are computed.
pub enum Qkv {
    /// Three linears (BERT, Llama, T5).
    Separate(Linear, Linear, Linear),
    /// One linear of three times the width (GPT-2).
    Fused(Linear),
}

/// Multi-head attention (Vaswani et al. 2017, arXiv 1706.03762, §3.2), of a text to itself or to
/// another.
pub struct Attention {
    /// Queries, keys, values.
    pub qkv: Qkv,
    /// Behind the heads.
    pub output: Linear,
    /// Number of heads that ask.
    pub heads: usize,
    /// Number of heads that are asked: as many, or fewer where several share keys and values.
    pub kv_heads: usize,
    /// What scores are multiplied by: 1/√(head size), or 1 in T5.
    pub scale: f64,
    /// Norms of each head's queries and keys (Qwen3).
    pub norms: Option<(RmsNorm, RmsNorm)>,
    /// Dropout on the probabilities, in [0, 1).
    pub dropout: f64,
}

/// What one attention of one pass may see, and where it stands.
#[derive(Clone, Copy)]
pub struct AttentionMask<'a> {
    /// Additive, broadcastable to `[batch, heads, query, key]`.
    pub mask: &'a Tensor,
    /// How it knows the order of the tokens.
    pub position: Position<'a>,
    /// The other text's states, `[batch, key, width]`; its own where `None`.
    pub over: Option<&'a Tensor>,
    /// What it has seen in earlier passes over the same text, and where it keeps what it sees in this
    /// one; `None` where the whole text is at hand.
    pub past: Option<&'a LayerCache>,
    /// Which of the network's attentions it is.
    pub site: trace::Site,
    /// In which layer.
    pub layer: usize,
}

impl<'a> AttentionMask<'a> {
    /// A text's attention to itself under `mask`, in `layer` of the only stack or of the encoder.
    pub fn own(mask: &'a Tensor, layer: usize) -> Self {
        Self { mask, position: Position::None, over: None, past: None, site: trace::Site::Own, layer }
    }
}

impl Attention {
    /// 1/√(head size), the usual scale.
    pub fn usual_scale(wide: usize) -> f64 {
        1.0 / (wide as f64).sqrt()
    }

    /// Attention of `x` as far as it sees; offers its probabilities to `trace`. Both ways give the
    /// same numbers and drop the same places; only what is kept in memory differs.
    ///
    /// # Shapes
    /// `x [batch, query, width]`, result as `x`.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn forward(&self, x: &Tensor, sight: &AttentionMask, trace: &mut Trace, noise: &DropoutRng) -> Result<Tensor> {
        let [q, k, v] = match sight.past {
            Some(past) => self.recalled(x, sight, past)?,
            None => self.placed(x, sight)?,
        };
        let drops = noise.next(self.dropout);
        let context = if trace.wants(sight.site, sight.layer) {
            let probabilities = ops::attention_probabilities(&q, &k, sight.mask, self.scale, self.heads)?;
            trace.attention(sight.site, sight.layer, &probabilities);
            let thinned = drops.map(|noise| ops::dropout(&probabilities, noise.p, noise.seed)).transpose()?;
            ops::attention_context(&thinned.unwrap_or(probabilities), &v, self.kv_heads)?
        } else if sight.past.is_some() && drops.is_none() {
            ops::attention_step(&q, &k, &v, sight.mask, self.scale, self.heads)?
        } else {
            ops::attention(&q, &k, &v, sight.mask, self.scale, self.heads, drops)?
        };
        self.output.forward(&context)
    }

    /// `norm(x + dropout(attention(x)))`: the attention of a post-norm layer, with the same numbers as
    /// [`Self::forward`] and what stands behind it; in one operation where nobody asks for more.
    ///
    /// # Shapes
    /// As in [`Self::forward`].
    ///
    /// # Errors
    /// The tensor library's.
    pub fn forward_post_norm(
        &self,
        x: &Tensor,
        sight: &AttentionMask,
        trace: &mut Trace,
        noise: &DropoutRng,
        (norm, dropout): (&Norm, f64),
    ) -> Result<Tensor> {
        if let Some(whole) = self.whole(sight).filter(|_| !trace.wants(sight.site, sight.layer)) {
            let whole = ops::SelfAttention { dropout: noise.next(self.dropout), ..whole };
            return ops::post_norm_attention(x, &whole, &norm.end(noise.next(dropout)));
        }
        let said = self.forward(x, sight, trace, noise)?;
        norm.forward_sum(x, &noise.dropout(&said, dropout)?)
    }

    /// What the whole-block operation takes; `None` where it cannot serve.
    fn whole<'a>(&'a self, sight: &AttentionMask<'a>) -> Option<ops::SelfAttention<'a>> {
        let alone = sight.over.is_none() && sight.past.is_none();
        let plain = self.norms.is_none() && alone && matches!(sight.position, Position::None);
        let Qkv::Separate(query, key, value) = &self.qkv else { return None };
        plain.then_some(ops::SelfAttention {
            query: query.dense()?,
            key: key.dense()?,
            value: value.dense()?,
            output: self.output.dense()?,
            mask: sight.mask,
            scale: self.scale,
            heads: self.heads,
            dropout: None,
        })
    }

    /// Queries, keys and values of what is at hand, with the order of its tokens in them.
    fn placed(&self, x: &Tensor, sight: &AttentionMask) -> Result<[Tensor; 3]> {
        let [q, k, v] = self.qkv.forward(x, sight.over)?;
        let (q, k) = self.normed(q, k)?;
        let (q, k) = sight.position.place(q, k, self.heads, self.kv_heads)?;
        Ok([q, k, v])
    }

    /// Queries of `x`, keys and values of all that was seen: those of `x` are put behind the earlier
    /// ones; another text does not grow, so its are computed once.
    fn recalled(&self, x: &Tensor, sight: &AttentionMask, past: &LayerCache) -> Result<[Tensor; 3]> {
        if let (Some(_), Some((k, v))) = (sight.over, past.all()?) {
            return Ok([self.asked(x)?, k, v]);
        }
        let [q, k, v] = self.placed(x, sight)?;
        let (k, v) = past.grow(&k, &v)?;
        Ok([q, k, v])
    }

    /// Queries alone, for a text that is not the one seen and so shares no order with it.
    fn asked(&self, x: &Tensor) -> Result<Tensor> {
        let Qkv::Separate(query, ..) = &self.qkv else { bail!("a fused attention sees its own text only") };
        let q = query.forward(x)?;
        self.norms.as_ref().map_or(Ok(q.clone()), |(norm, _)| by_head(&q, self.heads, norm))
    }

    /// Queries and keys normed head by head, where the architecture does so.
    fn normed(&self, q: Tensor, k: Tensor) -> Result<(Tensor, Tensor)> {
        let Some((q_norm, k_norm)) = &self.norms else { return Ok((q, k)) };
        Ok((by_head(&q, self.heads, q_norm)?, by_head(&k, self.kv_heads, k_norm)?))
    }
}

/// `x [batch, tokens, heads · wide]` normed within each head.
fn by_head(x: &Tensor, heads: usize, norm: &RmsNorm) -> Result<Tensor> {
    let (batch, tokens, width) = x.dims3()?;
    norm.forward(&x.reshape((batch, tokens, heads, width / heads))?)?.reshape((batch, tokens, width))
}

impl Qkv {
    /// Queries of `x [batch, query, width]`, keys and values of `over [batch, key, width]` (of `x`
    /// where `None`), the heads side by side.
    fn forward(&self, x: &Tensor, over: Option<&Tensor>) -> Result<[Tensor; 3]> {
        match self {
            Self::Separate(q, k, v) => {
                let over = over.unwrap_or(x);
                Ok([q.forward(x)?, k.forward(over)?, v.forward(over)?])
            }
            Self::Fused(_) if over.is_some() => bail!("a fused attention sees its own text only"),
            Self::Fused(qkv) => {
                let (qkv, width) = (qkv.forward(x)?, x.dim(2)?);
                let part = |index: usize| qkv.narrow(2, index * width, width);
                Ok([part(0)?, part(1)?, part(2)?])
            }
        }
    }
}

/// The mask of right-padded rows that see both ways, `[batch, 1, 1, tokens]`.
///
/// # Errors
/// The tensor library's.
pub fn padding_mask(lengths: &[usize], tokens: usize, device: &Device) -> Result<Tensor> {
    let row = |&length: &usize| (0..tokens).map(move |key| if key < length { 0.0 } else { MASKED });
    let mask: Vec<f32> = lengths.iter().flat_map(row).collect();
    Tensor::from_vec(mask, (lengths.len(), 1, 1, tokens), device)
}

/// The mask of right-padded rows that see backwards only, `[batch, 1, tokens, tokens]`.
///
/// # Errors
/// The tensor library's.
pub fn causal_mask(lengths: &[usize], tokens: usize, device: &Device) -> Result<Tensor> {
    let cell = |query: usize, key: usize, length: usize| if key <= query && key < length { 0.0 } else { MASKED };
    let rows = lengths.iter().flat_map(|&length| (0..tokens).map(move |query| (query, length)));
    let mask: Vec<f32> =
        rows.flat_map(|(query, length)| (0..tokens).map(move |key| cell(query, key, length))).collect();
    Tensor::from_vec(mask, (lengths.len(), 1, tokens, tokens), device)
}

/// The mask of `new` tokens behind `before` others of one text, each of which sees backwards only,
/// `[1, 1, new, before + new]`.
///
/// # Errors
/// The tensor library's.
pub fn mask_behind(before: usize, new: usize, device: &Device) -> Result<Tensor> {
    let row = |query: usize| (0..before + new).map(move |key| if key <= before + query { 0.0 } else { MASKED });
    let mask: Vec<f32> = (0..new).flat_map(row).collect();
    Tensor::from_vec(mask, (1, 1, new, before + new), device)
}

/// `mask` for a layer that sees no more than `window` tokens back, itself counted, `[batch, 1, query,
/// key]`. Distances are those of the positions of queries `u32 [batch, query]` and keys `u32 [batch,
/// key]`, so tokens that stand side by side for one place see the same.
///
/// # Errors
/// The tensor library's.
///
/// # Source
/// Beltagy et al. 2020 (arXiv 2004.05150), section 3.1, one-sided, as in Mistral 7B (Jiang et al.
/// 2023, arXiv 2310.06825, section 2).
pub fn sliding_mask(mask: &Tensor, (queries, keys): (&Tensor, &Tensor), window: usize) -> Result<Tensor> {
    let shape = (queries.dim(0)?, 1, queries.dim(1)?, keys.dim(1)?);
    let far = |query: u32, key: u32| query.saturating_sub(key) as usize >= window;
    let cell = |query: u32, key: u32| if far(query, key) { MASKED } else { 0.0 };
    let (queries, keys) = (queries.to_vec2::<u32>()?, keys.to_vec2::<u32>()?);
    let of = |(queries, keys): (&Vec<u32>, &Vec<u32>)| -> Vec<f32> {
        queries.iter().flat_map(|&query| keys.iter().map(move |&key| cell(query, key))).collect()
    };
    let cells: Vec<f32> = queries.iter().zip(&keys).flat_map(of).collect();
    mask.broadcast_add(&Tensor::from_vec(cells, shape, mask.device())?)
}
