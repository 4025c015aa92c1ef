//! Attention heads where they lie: side by side in `[batch, tokens, width]`, so that products read
//! and write them with a stride, and nothing is transposed or copied.

use candle_core::{Result, Shape, bail};

use super::product::{Matrix, Threads};

/// The sizes of one attention.
#[derive(Clone, Copy)]
pub struct Heads {
    pub batch: usize,
    pub heads: usize,
    pub query: usize,
    pub key: usize,
    pub width: usize,
}

impl Heads {
    /// The sizes before the probabilities: `q [batch, query, width]`, `k [batch, key, width]`.
    ///
    /// # Errors
    /// If they do not fit.
    pub fn of(q: &Shape, k: &Shape, heads: usize) -> Result<Self> {
        let ((batch, query, width), (k_batch, key, k_width)) = (q.dims3()?, k.dims3()?);
        if batch != k_batch || width != k_width || heads == 0 || width % heads != 0 {
            bail!("attention with {heads} heads over {q:?} and {k:?} does not fit");
        }
        Ok(Self { batch, heads, query, key, width })
    }

    /// The sizes behind the probabilities `[batch, heads, query, key]`: `v [batch, key, width]`.
    ///
    /// # Errors
    /// If they do not fit.
    pub fn behind(probabilities: &Shape, v: &Shape) -> Result<Self> {
        let ((batch, heads, query, key), (v_batch, v_key, width)) = (probabilities.dims4()?, v.dims3()?);
        if batch != v_batch || key != v_key || heads == 0 || width % heads != 0 {
            bail!("attention with probabilities {probabilities:?} over {v:?} does not fit");
        }
        Ok(Self { batch, heads, query, key, width })
    }

    /// Shape of the probabilities.
    pub fn probabilities(self) -> (usize, usize, usize, usize) {
        (self.batch, self.heads, self.query, self.key)
    }

    /// Elements of one head's probabilities.
    pub fn map(self) -> usize {
        self.query * self.key
    }

    /// Elements of one example's probabilities.
    pub fn maps(self) -> usize {
        self.heads * self.map()
    }

    /// Where a head begins within a token.
    pub fn column(self, head: usize) -> usize {
        head * self.width / self.heads
    }

    /// One head of one example in `[batch, tokens, width]`.
    ///
    /// # Errors
    /// If the slice is too short.
    pub fn head(self, values: &[f32], tokens: usize, batch: usize, head: usize) -> Result<Matrix<'_>> {
        let (start, wide) = (batch * tokens * self.width, self.width / self.heads);
        Matrix::new(&values[start + self.column(head)..start + tokens * self.width], tokens, wide, self.width)
    }

    /// One head's probabilities as a matrix.
    ///
    /// # Errors
    /// If the slice is too short.
    pub fn matrix(self, map: &[f32]) -> Result<Matrix<'_>> {
        Matrix::new(map, self.query, self.key, self.key)
    }

    /// Few examples: the threads work inside a product; many: each takes examples of its own.
    pub fn threads(self) -> Threads {
        if self.batch < rayon::current_num_threads() { Threads::All } else { Threads::One }
    }
}
