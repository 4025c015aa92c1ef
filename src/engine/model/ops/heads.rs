//! Attention heads where they lie: side by side in `[batch, tokens, width]`, so that products read
//! and write them with a stride, and nothing is transposed or copied.

use candle_core::{Result, Shape, bail};

use super::product::{Matrix, Threads};

/// The sizes of one attention.
#[derive(Clone, Copy)]
pub struct Heads {
    pub batch: usize,
    /// Heads that ask.
    pub heads: usize,
    /// Heads that are asked; each serves `heads / kv_heads` of the others.
    pub kv_heads: usize,
    pub query: usize,
    pub key: usize,
    /// Numbers in one head of one token.
    pub wide: usize,
}

impl Heads {
    /// The sizes before the probabilities: `q [batch, query, heads · wide]`, `k [batch, key,
    /// kv_heads · wide]`.
    ///
    /// # Errors
    /// If they do not fit.
    pub fn of(q: &Shape, k: &Shape, heads: usize) -> Result<Self> {
        let ((batch, query, width), (k_batch, key, k_width)) = (q.dims3()?, k.dims3()?);
        let wide = width.checked_div(heads).unwrap_or(0);
        let kv_heads = k_width.checked_div(wide).unwrap_or(0);
        let fits =
            kv_heads > 0 && wide * heads == width && wide * kv_heads == k_width && heads.is_multiple_of(kv_heads);
        if batch != k_batch || !fits {
            bail!("attention with {heads} heads over {q:?} and {k:?} does not fit");
        }
        Ok(Self { batch, heads, kv_heads, query, key, wide })
    }

    /// The sizes behind the probabilities `[batch, heads, query, key]`: `v [batch, key, kv_heads ·
    /// wide]`.
    ///
    /// # Errors
    /// If they do not fit.
    pub fn behind(probabilities: &Shape, v: &Shape, kv_heads: usize) -> Result<Self> {
        let ((batch, heads, query, key), (v_batch, v_key, width)) = (probabilities.dims4()?, v.dims3()?);
        let wide = width.checked_div(kv_heads).unwrap_or(0);
        let fits = kv_heads > 0 && wide * kv_heads == width && heads.is_multiple_of(kv_heads);
        if batch != v_batch || key != v_key || heads == 0 || !fits {
            bail!("attention with probabilities {probabilities:?} over {v:?} with {kv_heads} heads does not fit");
        }
        Ok(Self { batch, heads, kv_heads, query, key, wide })
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

    /// Numbers of one token of the queries, and of what attention passes on.
    pub fn width(self) -> usize {
        self.heads * self.wide
    }

    /// Numbers of one token of the keys and of the values.
    pub fn kv_width(self) -> usize {
        self.kv_heads * self.wide
    }

    /// Where a head begins within a token of the queries.
    pub fn column(self, head: usize) -> usize {
        head * self.wide
    }

    /// Where the keys and values of a head begin within their token.
    pub fn kv_column(self, head: usize) -> usize {
        head / self.group() * self.wide
    }

    /// Whether `head` is the first of those that share keys and values.
    pub fn is_first(self, head: usize) -> bool {
        head.is_multiple_of(self.group())
    }

    fn group(self) -> usize {
        self.heads / self.kv_heads
    }

    /// One head of one example in `[batch, query, heads · wide]`.
    ///
    /// # Errors
    /// If the slice is too short.
    pub fn query_head(self, values: &[f32], batch: usize, head: usize) -> Result<Matrix<'_>> {
        self.part(values, (self.query, self.width()), batch, self.column(head))
    }

    /// The keys or values of one head of one example in `[batch, key, kv_heads · wide]`.
    ///
    /// # Errors
    /// If the slice is too short.
    pub fn key_head(self, values: &[f32], batch: usize, head: usize) -> Result<Matrix<'_>> {
        self.part(values, (self.key, self.kv_width()), batch, self.kv_column(head))
    }

    fn part(self, values: &[f32], size: (usize, usize), batch: usize, column: usize) -> Result<Matrix<'_>> {
        let ((tokens, width), start) = (size, batch * size.0 * size.1);
        Matrix::new(&values[start + column..start + tokens * width], tokens, self.wide, width)
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
