//! All divergences over a vocabulary as one operation on hidden states and the head's matrix. Chunk by chunk of rows
//! the product with the head is made once, every term read off it, and the weighted gradient turned back through the
//! head at once: the logits are never held whole, and no term repeats a product. It can be so because the terms'
//! weights are known when the value is computed.
//!
//! *Why a chunk is cut into pieces (2026-11).* Each thread takes a piece whole, from the product to the gradient of its
//! states; only the matrix's own gradient needs all rows of the chunk, and there the rows of the matrix are shared out.
//! The product's kernel lays the matrix out anew for every piece, which for pieces of 64 rows took a sixth of a step's
//! time; a larger chunk also passes less often over the matrix's gradient, which is as large as the matrix.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use super::kernel::{Room, RowTarget, RowTerms, scaled, serves as can_read};
use super::term::{Rows, Term};
use crate::engine::model::ops::product::{Matrix, Threads, add_strided, write_strided};
use crate::engine::model::ops::{are_fused, output, read, route_gradient, slice, tensor};
use crate::engine::task::{Deferred, Targets, TopK};

/// Rows of a chunk: so many logits and their gradient exist at a time.
const CHUNK: usize = 512;
/// Most rows of a piece, which one thread takes.
const PIECE: usize = 256;
/// Rows that the product's kernel takes side by side.
const STRIP: usize = 8;

/// Whether the operation can read these.
pub(super) fn serves(student: &Deferred, teacher: Option<&Targets>) -> bool {
    let plain = student.head.plain().is_some_and(|(weight, bias)| {
        are_fused(&[&student.states, weight]) && bias.is_none_or(|bias| are_fused(&[bias]))
    });
    plain && can_read(teacher)
}

/// The weighted sum of all terms, with its graph, and each of them.
pub(super) fn compared(
    terms: &[Term],
    student: &Deferred,
    rows: &Rows,
    shares: &[Vec<f32>],
) -> Result<(Tensor, Vec<f32>)> {
    let Some((weight, bias)) = student.head.plain() else { bail!("this head is frozen") };
    let (states, weight) = (student.states.contiguous()?, weight.contiguous()?);
    let wanted = |tensor: &Tensor| tensor.track_op() || tensor.is_variable();
    let done = Arc::new(Done::default());
    let operation = Vocabulary {
        terms: RowTerms::new(terms, rows.rows, shares),
        teacher: Teacher::of(rows.teacher)?,
        outcomes: student.outcomes,
        wants: [wanted(&states), wanted(&weight), bias.is_some_and(wanted)],
        done: Arc::clone(&done),
    };
    let total = match bias {
        Some(bias) => states.apply_op3(&weight, &bias.contiguous()?, operation)?,
        None => states.apply_op2(&weight, operation)?,
    };
    Ok((total, done.values.get().cloned().unwrap_or_default()))
}

/// What the teacher says, to be read chunk by chunk.
enum Teacher {
    None,
    Whole(Tensor),
    Deferred(Deferred),
    TopK(TopK),
}

impl Teacher {
    fn of(targets: Option<&Targets>) -> Result<Self> {
        Ok(match targets {
            None => Self::None,
            Some(Targets::Dense(teacher)) => Self::Whole(teacher.detach().contiguous()?),
            Some(Targets::Deferred(deferred)) => {
                Self::Deferred(Deferred { states: deferred.states.detach(), ..deferred.clone() })
            }
            Some(Targets::TopK(top)) => Self::TopK(top.clone()),
        })
    }

    /// The logits of some rows, where they are all known.
    fn chunk(&self, first: usize, rows: usize) -> Result<Option<Tensor>> {
        match self {
            Self::None | Self::TopK(_) => Ok(None),
            Self::Whole(teacher) => teacher.narrow(0, first, rows)?.contiguous().map(Some),
            Self::Deferred(deferred) => deferred.narrow(first, rows)?.whole()?.detach().contiguous().map(Some),
        }
    }

    fn target<'a>(&'a self, row: usize, whole: &'a [f32]) -> RowTarget<'a> {
        match self {
            Self::None => RowTarget::None,
            Self::Whole(_) | Self::Deferred(_) => RowTarget::Whole(whole),
            Self::TopK(top) => top.row(row).map_or(RowTarget::None, RowTarget::TopK),
        }
    }
}

/// What the forward pass leaves behind.
#[derive(Default)]
struct Done {
    values: OnceLock<Vec<f32>>,
    /// Of states, matrix and bias, where they are wanted; the backward pass gives them away.
    gradients: Mutex<Option<[Option<Tensor>; 3]>>,
}

struct Vocabulary {
    terms: RowTerms,
    teacher: Teacher,
    outcomes: usize,
    /// Whether the gradients of states, matrix and bias are wanted.
    wants: [bool; 3],
    done: Arc<Done>,
}

/// The head as it lies in memory.
#[derive(Clone, Copy)]
struct Head<'a> {
    /// `[outcomes, width]`.
    weight: Matrix<'a>,
    bias: Option<&'a [f32]>,
    width: usize,
    outcomes: usize,
}

impl Head<'_> {
    /// The logits `[rows, outcomes]` of `states [rows, width]`.
    fn logits(&self, states: &[f32], out: &mut [f32]) -> Result<()> {
        let states = Matrix::new(states, states.len() / self.width, self.width, self.width)?;
        let weight = self.weight.transposed();
        let Some(bias) = self.bias else {
            return write_strided(out, self.outcomes, states, weight, Threads::One);
        };
        out.chunks_exact_mut(self.outcomes).for_each(|row| row.copy_from_slice(&bias[..self.outcomes]));
        add_strided(out, self.outcomes, states, weight, Threads::One)
    }

    fn gradient<'a>(&self, gradient: &'a [f32]) -> Result<Matrix<'a>> {
        Matrix::new(gradient, gradient.len() / self.outcomes, self.outcomes, self.outcomes)
    }

    /// The gradient of the states from that of their logits.
    fn states_gradient(&self, gradient: &[f32], out: &mut [f32]) -> Result<()> {
        write_strided(out, self.width, self.gradient(gradient)?, self.weight, Threads::One)
    }

    /// Adds a chunk's gradient of the matrix.
    fn add_weight_gradient(&self, gradient: &[f32], states: &[f32], out: &mut [f32]) -> Result<()> {
        let states = Matrix::new(states, states.len() / self.width, self.width, self.width)?;
        let out = &mut out[..self.outcomes * self.width];
        add_strided(out, self.width, self.gradient(gradient)?.transposed(), states, Threads::All)
    }
}

/// What a pass over all rows gives.
struct Pass {
    /// What every row adds to every term, row by row.
    values: Vec<f64>,
    states: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Vocabulary {
    fn pass(&self, states: &[f32], weight: &[f32], bias: Option<&[f32]>, width: usize) -> Result<Pass> {
        let outcomes = self.outcomes;
        let head = Head { weight: Matrix::new(weight, outcomes, width, width)?, bias, width, outcomes };
        let rows = states.len() / width;
        let wants = self.wants.iter().any(|wanted| *wanted);
        let room = |wanted: bool, size: usize| vec![0.0; if wanted { size } else { 0 }];
        let mut pass = Pass {
            values: Vec::with_capacity(rows * self.terms.len()),
            states: room(self.wants[0], states.len()),
            weight: room(self.wants[1], weight.len()),
            bias: room(self.wants[2], weight.len() / width),
        };
        let mut logits = vec![0.0; CHUNK.min(rows) * outcomes];
        for first in (0..rows).step_by(CHUNK) {
            let count = CHUNK.min(rows - first);
            let teacher = self.teacher.chunk(first, count)?;
            let of_chunk = &states[first * width..(first + count) * width];
            let mut nothing = Vec::new();
            let slopes =
                if self.wants[0] { &mut pass.states[first * width..(first + count) * width] } else { &mut nothing };
            let logits = &mut logits[..count * outcomes];
            let mut chunk = |teacher: &[f32]| self.chunk(first, &head, of_chunk, teacher, (logits, slopes), wants);
            let values = match &teacher {
                Some(teacher) => read(teacher, |teacher| chunk(teacher))??,
                None => chunk(&[])?,
            };
            pass.values.extend(values);
            if self.wants[1] {
                head.add_weight_gradient(logits, of_chunk, &mut pass.weight)?;
            }
            if self.wants[2] {
                logits.chunks_exact(outcomes).for_each(|row| {
                    pass.bias.iter_mut().zip(row).for_each(|(sum, slope)| *sum += slope);
                });
            }
        }
        Ok(pass)
    }

    /// The values of a chunk's rows. Where a gradient is wanted, `logits` holds that of the logits behind it, and
    /// `slopes`, if it is not empty, that of the states.
    fn chunk(
        &self,
        first: usize,
        head: &Head,
        states: &[f32],
        teacher: &[f32],
        (logits, slopes): (&mut [f32], &mut [f32]),
        wants: bool,
    ) -> Result<Vec<f64>> {
        let (width, outcomes) = (head.width, head.outcomes);
        let rows = states.len() / width;
        let piece = rows.div_ceil(rayon::current_num_threads()).next_multiple_of(STRIP).min(PIECE);
        let mut rest = slopes;
        let mut slopes = Vec::new();
        for states in states.chunks(piece * width) {
            let (own, behind) = rest.split_at_mut(states.len().min(rest.len()));
            slopes.push(own);
            rest = behind;
        }
        let pieces =
            logits.par_chunks_mut(piece * outcomes).zip(states.par_chunks(piece * width)).zip(slopes).enumerate();
        let values = pieces.map(|(number, ((logits, states), slopes))| {
            head.logits(states, logits)?;
            let begin = number * piece;
            let teacher = teacher.get(begin * outcomes..).unwrap_or_default();
            let values = self.rows(first + begin, teacher, logits, outcomes, wants);
            if !slopes.is_empty() {
                head.states_gradient(logits, slopes)?;
            }
            Ok(values)
        });
        Ok(values.collect::<Result<Vec<_>>>()?.concat())
    }

    /// The values of rows from `first` on; with `wants` their logits are overwritten by the gradient.
    fn rows(&self, first: usize, teacher: &[f32], logits: &mut [f32], outcomes: usize, wants: bool) -> Vec<f64> {
        let (mut room, mut values) = (Room::default(), Vec::new());
        let mut gradient = vec![0.0; if wants { outcomes } else { 0 }];
        for (row, logits) in logits.chunks_exact_mut(outcomes).enumerate() {
            let whole = teacher.get(row * outcomes..(row + 1) * outcomes).unwrap_or_default();
            let target = self.teacher.target(first + row, whole);
            self.terms.row(first + row, (logits, target), &mut gradient, &mut room, &mut values);
            if wants {
                logits.copy_from_slice(&gradient);
            }
        }
        values
    }

    fn forward(
        &self,
        (states, states_layout): (&CpuStorage, &Layout),
        (weight, weight_layout): (&CpuStorage, &Layout),
        bias: Option<&[f32]>,
    ) -> Result<(CpuStorage, Shape)> {
        let (rows, width) = states_layout.shape().dims2()?;
        let (most, inputs) = weight_layout.shape().dims2()?;
        if inputs != width || self.outcomes > most || bias.is_some_and(|bias| bias.len() != most) {
            bail!("a head of {:?} does not fit states of {:?}", weight_layout.dims(), states_layout.dims());
        }
        let pass = self.pass(slice(states, states_layout)?, slice(weight, weight_layout)?, bias, width)?;
        let (total, values) = self.terms.sums(&pass.values);
        let gradient = |wanted: bool, values: Vec<f32>, shape: Shape| wanted.then(|| tensor(values, shape)).transpose();
        let gradients = [
            gradient(self.wants[0], pass.states, (rows, width).into())?,
            gradient(self.wants[1], pass.weight, (most, width).into())?,
            gradient(self.wants[2], pass.bias, most.into())?,
        ];
        // The forward pass runs once; a second one could only find the same.
        let _ = self.done.values.set(values);
        *self.gradients() = Some(gradients);
        Ok(output(vec![total], ()))
    }

    fn backward(&self, arguments: [&Tensor; 3], grad: &Tensor) -> Result<[Option<Tensor>; 3]> {
        let Some(gradients) = self.gradients().take() else { bail!("this loss was differentiated before") };
        let factor = grad.to_scalar::<f32>()?;
        let mut all = [None, None, None];
        for (place, (argument, gradient)) in all.iter_mut().zip(arguments.iter().zip(gradients)) {
            let gradient = gradient.map(|gradient| scaled(&gradient, factor)).transpose()?;
            *place = route_gradient(argument, gradient);
        }
        Ok(all)
    }

    fn gradients(&self) -> MutexGuard<'_, Option<[Option<Tensor>; 3]>> {
        self.done.gradients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CustomOp2 for Vocabulary {
    fn name(&self) -> &'static str {
        "vocabulary-divergences"
    }

    fn cpu_fwd(&self, s: &CpuStorage, sl: &Layout, w: &CpuStorage, wl: &Layout) -> Result<(CpuStorage, Shape)> {
        self.forward((s, sl), (w, wl), None)
    }

    fn bwd(&self, s: &Tensor, w: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let [states, weight, _] = self.backward([s, w, w], grad)?;
        Ok((states, weight))
    }
}

impl CustomOp3 for Vocabulary {
    fn name(&self) -> &'static str {
        "vocabulary-divergences-bias"
    }

    fn cpu_fwd(
        &self,
        s: &CpuStorage,
        sl: &Layout,
        w: &CpuStorage,
        wl: &Layout,
        b: &CpuStorage,
        bl: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        self.forward((s, sl), (w, wl), Some(slice(b, bl)?))
    }

    fn bwd(
        &self,
        s: &Tensor,
        w: &Tensor,
        b: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let [states, weight, bias] = self.backward([s, w, b], grad)?;
        Ok((states, weight, bias))
    }
}
