//! The key/value cache: keys and values of the tokens that stand, so that a text is written on without
//! reading it again. Every token passes the network once, and a new one looks at what is kept of those
//! before it: the price of a text grows with its length, not with its square.
//!
//! Layers that see a window only keep all the same; their mask hides what lies beyond it.
//!
//! *Source*: Shazeer 2019, "Fast Transformer Decoding" (arXiv 1911.02150), section 2.4.

use std::cell::RefCell;

use candle_core::{Result, Tensor};

/// Tokens for which the first room is made.
const ROOM: usize = 64;

/// What a network keeps of one batch of texts while it writes them on.
#[derive(Default)]
pub struct KvCache {
    own: Vec<LayerCache>,
    cross: Vec<LayerCache>,
    /// Of all tokens that stand, `u32 [batch, tokens]`.
    positions: Option<Tensor>,
}

impl KvCache {
    /// A second text that begins as this one does and goes on by itself: what is kept is shared, what
    /// comes is put where only the branch sees it.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn branch(&self) -> Result<Self> {
        let all = |pasts: &[LayerCache]| pasts.iter().map(LayerCache::branch).collect::<Result<_>>();
        Ok(Self { own: all(&self.own)?, cross: all(&self.cross)?, positions: self.positions.clone() })
    }

    /// Tokens that stand.
    pub fn tokens(&self) -> usize {
        self.positions.as_ref().map_or(0, |positions| positions.dims()[1])
    }

    /// Takes in the positions `u32 [batch, new]` of the next tokens, for a network of `layers` layers.
    ///
    /// # Errors
    /// The tensor library's, e.g. for another number of texts than before.
    pub fn begin(&mut self, layers: usize, positions: &Tensor) -> Result<()> {
        self.own.resize_with(layers, LayerCache::default);
        self.cross.resize_with(layers, LayerCache::default);
        let all = match &self.positions {
            Some(before) => Tensor::cat(&[before, positions], 1)?,
            None => positions.clone(),
        };
        self.positions = Some(all);
        Ok(())
    }

    /// Positions of all tokens, those taken in last too, `u32 [batch, tokens]`.
    pub fn positions(&self) -> Option<&Tensor> {
        self.positions.as_ref()
    }

    /// What the attention of `layer` to its own text has seen.
    pub fn own(&self, layer: usize) -> Option<&LayerCache> {
        self.own.get(layer)
    }

    /// What the attention of `layer` to what an encoder read has seen.
    pub fn cross(&self, layer: usize) -> Option<&LayerCache> {
        self.cross.get(layer)
    }
}

/// Keys and values that one attention has seen.
#[derive(Default)]
pub struct LayerCache(RefCell<Option<LayerKv>>);

/// `keys` and `values [batch, room, kv_heads · wide]`, of which the first `tokens` are set.
#[derive(Clone)]
struct LayerKv {
    keys: Tensor,
    values: Tensor,
    tokens: usize,
}

impl LayerCache {
    /// The same without room to spare, so that the next tokens are put elsewhere.
    fn branch(&self) -> Result<Self> {
        let kept = self.0.borrow().clone();
        let tight = |kept: LayerKv| kept.all().map(|(keys, values)| LayerKv { keys, values, ..kept });
        Ok(Self(RefCell::new(kept.map(tight).transpose()?)))
    }

    /// All keys and values that were seen, `[batch, tokens, kv_heads · wide]` each; `None` before the
    /// first.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn all(&self) -> Result<Option<(Tensor, Tensor)>> {
        self.0.borrow().as_ref().map(LayerKv::all).transpose()
    }

    /// Keeps `keys` and `values [batch, new, kv_heads · wide]` behind those seen before, and gives all.
    ///
    /// # Errors
    /// If they do not fit those before.
    pub fn grow(&self, keys: &Tensor, values: &Tensor) -> Result<(Tensor, Tensor)> {
        let before = self.0.borrow_mut().take();
        let kept = LayerKv::with_room(before, keys, values)?;
        kept.keys.slice_set(&keys.contiguous()?, 1, kept.tokens)?;
        kept.values.slice_set(&values.contiguous()?, 1, kept.tokens)?;
        let kept = LayerKv { tokens: kept.tokens + keys.dim(1)?, ..kept };
        let all = kept.all();
        *self.0.borrow_mut() = Some(kept);
        all
    }
}

impl LayerKv {
    fn all(&self) -> Result<(Tensor, Tensor)> {
        Ok((self.keys.narrow(1, 0, self.tokens)?, self.values.narrow(1, 0, self.tokens)?))
    }

    /// What was kept before, with room for as many more as `keys` holds. Room is doubled where it is
    /// made, so that all moves together cost no more than the text is long.
    fn with_room(before: Option<Self>, keys: &Tensor, values: &Tensor) -> Result<Self> {
        let tokens = before.as_ref().map_or(0, |kept| kept.tokens);
        let (batch, new, wide) = keys.dims3()?;
        if let Some(kept) = before.as_ref().filter(|kept| tokens + new <= kept.keys.dims()[1]) {
            return Ok(kept.clone());
        }
        let room = (tokens + new).next_power_of_two().max(ROOM);
        let empty = |like: &Tensor| Tensor::zeros((batch, room, wide), like.dtype(), like.device());
        let larger = Self { keys: empty(keys)?, values: empty(values)?, tokens };
        if let Some(kept) = before {
            let (keys, values) = kept.all()?;
            larger.keys.slice_set(&keys.contiguous()?, 1, 0)?;
            larger.values.slice_set(&values.contiguous()?, 1, 0)?;
        }
        Ok(larger)
    }
}
