//! The smallest leaves: linear, norm, embedding, and the noise of dropout.

use std::cell::Cell;

use candle_core::{Result, Tensor};

use super::frozen::Weight;
use super::init::Init;
use super::{Heads, ModelError, Names, ops};

/// Dropout of one forward pass: a seed and a running number, so that no generator's state needs
/// saving and every place drops on its own.
pub struct DropoutRng {
    seed: Option<u64>,
    place: Cell<u64>,
}

impl DropoutRng {
    /// No dropout: evaluation, probes, the teacher.
    pub fn none() -> Self {
        Self { seed: None, place: Cell::new(0) }
    }

    /// Dropout drawn from `seed`, which must differ from step to step.
    pub fn seeded(seed: u64) -> Self {
        Self { seed: Some(seed), place: Cell::new(0) }
    }

    /// The dropout of the next place, for an operation that drops by itself; `None` where nothing
    /// drops.
    pub fn next(&self, p: f64) -> Option<ops::DropoutMask> {
        let seed = self.seed.filter(|_| p > 0.0)?;
        let place = self.place.get() + 1;
        self.place.set(place);
        Some(ops::DropoutMask { p: p as f32, seed: seed.wrapping_add(place.wrapping_mul(0x9E37_79B9_7F4A_7C15)) })
    }

    /// `x` with a share `p` of its elements dropped, the others scaled up.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn dropout(&self, x: &Tensor, p: f64) -> Result<Tensor> {
        self.next(p).map_or_else(|| Ok(x.clone()), |noise| ops::dropout(x, noise.p, noise.seed))
    }
}

/// `y = x·W + b`, knowing in which layout `W` is kept, or that it is frozen.
#[derive(Clone)]
pub struct Linear {
    weight: Weight,
    bias: Option<Tensor>,
    transposed: bool,
}

impl Linear {
    /// PyTorch's `nn.Linear`: `weight [out, in]`, `bias [out]`.
    ///
    /// # Errors
    /// See [`Names::get`].
    pub fn new(names: &Names, inputs: usize, outputs: usize, deviation: f64) -> std::result::Result<Self, ModelError> {
        let weight = names.weight("weight", &[outputs, inputs], Init::Normal(deviation))?;
        let bias = Some(names.get("bias", &[outputs], Init::Zeros)?);
        Ok(Self { weight, bias, transposed: false })
    }

    /// As [`Self::new`], with a bias only where `biased`.
    ///
    /// # Errors
    /// See [`Names::get`].
    pub fn biased_if(
        biased: bool,
        names: &Names,
        inputs: usize,
        outputs: usize,
        deviation: f64,
    ) -> std::result::Result<Self, ModelError> {
        if biased {
            return Self::new(names, inputs, outputs, deviation);
        }
        let weight = names.weight("weight", &[outputs, inputs], Init::Normal(deviation))?;
        Ok(Self { weight, bias: None, transposed: false })
    }

    /// As [`Self::new`], but part of a top that a checkpoint may lack.
    ///
    /// # Errors
    /// See [`Names::get_or_new`].
    pub fn added(
        names: &Names,
        inputs: usize,
        outputs: usize,
        deviation: f64,
    ) -> std::result::Result<Self, ModelError> {
        let weight = names.weight_or_new("weight", &[outputs, inputs], Init::Normal(deviation))?;
        let bias = Some(names.get_or_new("bias", &[outputs], Init::Zeros)?);
        Ok(Self { weight, bias, transposed: false })
    }

    /// GPT-2's `Conv1D`: `weight [in, out]`, `bias [out]`.
    ///
    /// # Errors
    /// See [`Names::get`].
    pub fn conv1d(
        names: &Names,
        inputs: usize,
        outputs: usize,
        deviation: f64,
    ) -> std::result::Result<Self, ModelError> {
        let weight = names.weight("weight", &[inputs, outputs], Init::Normal(deviation))?;
        let bias = Some(names.get("bias", &[outputs], Init::Zeros)?);
        Ok(Self { weight, bias, transposed: true })
    }

    /// A linear over a weight that is there already, `[out, in]`.
    pub fn of(weight: Weight, bias: Option<Tensor>) -> Self {
        Self { weight, bias, transposed: false }
    }

    /// What a whole-block operation takes; `None` without a bias, or of a frozen weight.
    pub fn dense(&self) -> Option<ops::Dense<'_>> {
        let Weight::Trainable(weight) = &self.weight else { return None };
        Some(ops::Dense { weight, bias: self.bias.as_ref()?, orientation: self.orientation() })
    }

    /// Applies it to `x [.., in]`.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match (&self.weight, self.bias.as_ref()) {
            (Weight::Frozen(frozen), bias) => frozen.forward(x, bias, self.orientation()),
            (Weight::Trainable(weight), bias) if self.transposed => ops::linear_transposed(x, weight, bias),
            (Weight::Trainable(weight), bias) => ops::linear(x, weight, bias),
        }
    }

    /// Its matrix `[out, in]` and its bias `[out]`, where they are plain numbers that lie so.
    pub fn plain(&self) -> Option<(&Tensor, Option<&Tensor>)> {
        match &self.weight {
            Weight::Trainable(weight) if !self.transposed => Some((weight, self.bias.as_ref())),
            _ => None,
        }
    }

    fn orientation(&self) -> ops::Orientation {
        if self.transposed { ops::Orientation::InOut } else { ops::Orientation::OutIn }
    }
}

/// Layer normalisation over the last dimension (Ba et al. 2016, arXiv 1607.06450).
#[derive(Clone)]
pub struct Norm {
    gamma: Tensor,
    beta: Tensor,
    eps: f64,
}

impl Norm {
    /// `weight [width]`, `bias [width]`.
    ///
    /// # Errors
    /// See [`Names::get`].
    pub fn new(names: &Names, width: usize, eps: f64) -> std::result::Result<Self, ModelError> {
        let (gamma, beta) = (names.get("weight", &[width], Init::Ones)?, names.get("bias", &[width], Init::Zeros)?);
        Ok(Self { gamma, beta, eps })
    }

    /// As [`Self::new`], but part of a top that a checkpoint may lack.
    ///
    /// # Errors
    /// See [`Names::get_or_new`].
    pub fn added(names: &Names, width: usize, eps: f64) -> std::result::Result<Self, ModelError> {
        let gamma = names.get_or_new("weight", &[width], Init::Ones)?;
        let beta = names.get_or_new("bias", &[width], Init::Zeros)?;
        Ok(Self { gamma, beta, eps })
    }

    /// Applies it to `x [.., width]`.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        ops::layer_norm(x, &self.gamma, &self.beta, self.eps)
    }

    /// What a whole-block operation takes, with the dropout before the sum.
    pub fn end(&self, dropout: Option<ops::DropoutMask>) -> ops::PostNorm<'_> {
        ops::PostNorm { gamma: &self.gamma, beta: &self.beta, eps: self.eps, dropout }
    }

    /// Applies it to `x + y`, both `[.., width]`: the end of a post-norm block.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn forward_sum(&self, x: &Tensor, y: &Tensor) -> Result<Tensor> {
        ops::add_layer_norm(x, y, &self.gamma, &self.beta, self.eps)
    }
}

/// Root-mean-square normalisation over the last dimension (Zhang & Sennrich 2019, arXiv 1910.07467).
#[derive(Clone)]
pub struct RmsNorm {
    gamma: Tensor,
    eps: f64,
}

impl RmsNorm {
    /// `weight [width]`.
    ///
    /// # Errors
    /// See [`Names::get`].
    pub fn new(names: &Names, width: usize, eps: f64) -> std::result::Result<Self, ModelError> {
        Ok(Self { gamma: names.get("weight", &[width], Init::Ones)?, eps })
    }

    /// Applies it to `x [.., width]`.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        ops::rms_norm(x, &self.gamma, self.eps)
    }
}

/// A table of vectors, looked up by id.
#[derive(Clone)]
pub struct Embedding(Tensor);

impl Embedding {
    /// `weight [rows, width]`.
    ///
    /// # Errors
    /// See [`Names::get`].
    pub fn new(names: &Names, rows: usize, width: usize, deviation: f64) -> std::result::Result<Self, ModelError> {
        Ok(Self(names.get("weight", &[rows, width], Init::Normal(deviation))?))
    }

    /// A table that is there already, `[rows, width]`.
    pub fn of(table: Tensor) -> Self {
        Self(table)
    }

    /// The vectors of `ids [..]`, `[.., width]`.
    ///
    /// # Errors
    /// The tensor library's, e.g. for an id beyond the table.
    pub fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        ops::embedding(&self.0, ids)
    }

    /// The table itself, `[rows, width]`.
    pub fn table(&self) -> &Tensor {
        &self.0
    }
}

/// A table of words that may also be the head, and may be frozen.
#[derive(Clone)]
pub struct TokenEmbedding(Weight);

impl TokenEmbedding {
    /// `weight [rows, width]`.
    ///
    /// # Errors
    /// See [`Names::get`].
    pub fn new(names: &Names, rows: usize, width: usize, deviation: f64) -> std::result::Result<Self, ModelError> {
        Ok(Self(names.weight("weight", &[rows, width], Init::Normal(deviation))?))
    }

    /// The vectors of `ids [..]`, `[.., width]`.
    ///
    /// # Errors
    /// As [`Embedding::forward`].
    pub fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        match &self.0 {
            Weight::Trainable(table) => ops::embedding(table, ids),
            Weight::Frozen(frozen) => frozen.rows(ids),
        }
    }

    /// The matrix of the head over the vocabulary `[rows, width]`: this table where the two are tied,
    /// else a matrix of its own. A head that is stored with other numbers than the table is never tied,
    /// whatever the configuration says.
    ///
    /// # Errors
    /// See [`Names::get_or_new`].
    ///
    /// # Source
    /// transformers' `PreTrainedModel.tie_weights`.
    pub fn own_or_tied(
        &self,
        names: &Names,
        heads: &Heads,
        tied: bool,
        rows: usize,
        width: usize,
        deviation: f64,
    ) -> std::result::Result<VocabularyHead, ModelError> {
        if tied && !names.has_own_head(heads)? {
            return Ok(VocabularyHead { weight: self.0.clone(), own: false });
        }
        let weight = names.weight_or_new(heads.vocabulary, &[rows, width], Init::Normal(deviation))?;
        Ok(VocabularyHead { weight, own: true })
    }
}

/// The matrix of a head over the vocabulary.
pub struct VocabularyHead {
    weight: Weight,
    own: bool,
}

impl VocabularyHead {
    /// Whether it is another matrix than the table.
    pub fn is_own(&self) -> bool {
        self.own
    }

    /// The linear over it.
    pub fn linear(self, bias: Option<Tensor>) -> Linear {
        Linear::of(self.weight, bias)
    }
}

/// The states of one token of each row, `[batch, width]` of `hidden [batch, tokens, width]`.
///
/// # Errors
/// The tensor library's, e.g. for a place beyond the last token.
pub fn states_at(hidden: &Tensor, places: &[u32]) -> Result<Tensor> {
    let (_, tokens, width) = hidden.dims3()?;
    let rows: Vec<u32> = places.iter().enumerate().map(|(row, place)| (row * tokens) as u32 + place).collect();
    ops::embedding(&hidden.reshape(((), width))?, &Tensor::new(rows, hidden.device())?)
}
