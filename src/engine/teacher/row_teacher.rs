//! A teacher of tasks over tokens: what it says of the same places of the same text.
//!
//! A sample is read by itself, never in a padded batch, so that what the teacher says of it does not depend on what
//! else happened to be in the batch. So a sample's rows can be kept: by the tokens that are read and the places that
//! are asked about, in a file that is named for all else they depend on.
//!
//! *Why rows are encoded even where they are not kept (2026-11).* A first use of exact numbers and a second of rounded
//! ones would make a run depend on what an earlier one has left on the disk. Every use reads the encoding: with a cold,
//! a warm and no cache the bits are the same.

use std::sync::Arc;

use candle_core::{DType, Device, Result, Tensor, bail};
use rayon::prelude::*;

use super::row_codec::{self, decode, decode_whole, encode, encode_whole};
use super::row_store::{Keep, RowStore, RowsKept};
use super::{Reading, TeacherError};
use crate::engine::model::{DropoutRng, Model, ModelError, Trace};
use crate::engine::task::{Deferred, Logits, Sample, Targets, Task, TopK};
use crate::session::{Say, Sentence, TaskKind, TeacherRows};

/// Rows whose distributions exist at a time while they are encoded.
const CHUNK: usize = 64;

/// A local model whose vocabulary is the student's.
pub struct RowTeacher {
    model: Arc<Model>,
    rows: TeacherRows,
    outcomes: usize,
    store: RowStore,
}

impl RowTeacher {
    /// Asks `model` about `outcomes` tokens in a task of a kind, and keeps so much of its `rows` where they may be
    /// kept.
    pub fn new(model: Arc<Model>, outcomes: usize, kind: TaskKind, rows: TeacherRows, keep: Option<Keep>) -> Self {
        let store = match keep.filter(|_| !rows.is_live()) {
            None => RowStore::default(),
            Some(keep) => match identity(&model, outcomes, kind, rows) {
                Ok((fingerprint, about)) => RowStore::open(keep, &fingerprint, &about),
                Err(e) => RowStore::without(&TeacherError::from(e).said(), keep.folder),
            },
        };
        Self { model, rows, outcomes, store }
    }

    /// What it says of the rows of `batch`, read as `task` reads them.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn targets(&self, task: &dyn Task, batch: &[&Sample]) -> Result<Targets> {
        match self.rows {
            TeacherRows::Live => self.live(task, batch),
            TeacherRows::Whole => {
                let rows = self.each(batch, |sample| {
                    self.kept_rows(task, sample, |bytes| decode_whole(bytes, sample.rows.len(), self.outcomes))
                })?;
                let mut all = Vec::with_capacity(rows.iter().map(Vec::len).sum());
                // Each is let go once it is copied: together they may be gigabytes.
                rows.into_iter().for_each(|rows| all.extend_from_slice(&rows));
                let shape = (all.len() / self.outcomes.max(1), self.outcomes);
                Tensor::from_vec(all, shape, &Device::Cpu)?.to_device(self.model.device()).map(Targets::Dense)
            }
            TeacherRows::TopK(k) => {
                let rows = self.each(batch, |sample| {
                    self.kept_rows(task, sample, |bytes| decode(bytes, sample.rows.len(), k, self.outcomes))
                })?;
                let mut all = TopK::new(k, self.outcomes);
                rows.iter().for_each(|rows| all.append(rows).unwrap_or_default());
                Ok(Targets::TopK(all))
            }
        }
    }

    /// The same of every outcome, and nothing of it kept.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn live(&self, task: &dyn Task, batch: &[&Sample]) -> Result<Targets> {
        joined(&self.each(batch, |sample| self.one(task, sample))?)
    }

    /// Whether what it says is kept on disk, and there is room for more.
    pub fn keeps(&self) -> bool {
        !self.rows.is_live() && self.store.keeps()
    }

    /// Whether its rows of a sample are not kept yet.
    pub fn lacks(&self, sample: &Sample) -> bool {
        !self.store.has(&key(sample))
    }

    /// What was asked of it so far, and how much of that was there.
    pub fn kept(&self) -> RowsKept {
        self.store.kept()
    }

    /// What the person should know of what is kept; each said once.
    pub fn take_warning(&self) -> Option<Sentence> {
        self.store.take_warning()
    }

    /// `work` on every sample: side by side on the processor, one after another on a card.
    fn each<T: Send>(&self, batch: &[&Sample], work: impl Fn(&Sample) -> Result<T> + Sync) -> Result<Vec<T>> {
        match self.model.device().is_cpu() {
            true => batch.par_iter().map(|sample| work(sample)).collect(),
            false => batch.iter().map(|sample| work(sample)).collect(),
        }
    }

    /// The rows of a sample as they are kept, or as they would be.
    fn kept_rows<T>(&self, task: &dyn Task, sample: &Sample, decode: impl Fn(&[u8]) -> Option<T>) -> Result<T> {
        let (key, rows) = (key(sample), sample.rows.len());
        if let Some(bytes) = self.store.get(&key)
            && let Some(found) = decode(&bytes)
        {
            self.store.count(rows, bytes.len(), true);
            return Ok(found);
        }
        let bytes = self.encoded(task, sample)?;
        self.store.put(&key, rows, &bytes);
        self.store.count(rows, bytes.len(), false);
        decode(&bytes).ok_or_else(|| candle_core::Error::Msg("the teacher's rows are not those of the sample".into()))
    }

    /// The rows of a sample, encoded a few at a time: all of them at once may be gigabytes.
    fn encoded(&self, task: &dyn Task, sample: &Sample) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if sample.rows.is_empty() {
            return Ok(bytes);
        }
        let logits = self.one(task, sample)?;
        let (rows, outcomes) = logits.dims()?;
        if outcomes != self.outcomes {
            bail!("the teacher tells {outcomes} outcomes, not {}", self.outcomes);
        }
        for first in (0..rows).step_by(CHUNK) {
            let values = values(&logits, first, CHUNK.min(rows - first))?;
            bytes.extend(match self.rows.k() {
                Some(k) => encode(&TopK::of(&values, k, outcomes)),
                None => encode_whole(&values),
            });
        }
        Ok(bytes)
    }

    fn one(&self, task: &dyn Task, sample: &Sample) -> Result<Logits> {
        let network = self.model.detached.as_ref();
        let pass = task.forward(&self.model, network, &[sample], false, &mut Trace::none(), &DropoutRng::none())?;
        Ok(pass.answers.logits)
    }
}

/// Everything that rows depend on besides the tokens that are read and the places that are asked about, hashed, and
/// told.
fn identity(
    model: &Model,
    outcomes: usize,
    kind: TaskKind,
    rows: TeacherRows,
) -> std::result::Result<([u8; 32], String), ModelError> {
    let kind = match kind {
        TaskKind::Classes => "classes",
        TaskKind::NextToken { .. } => "next token",
        TaskKind::MaskedToken { .. } => "masked token",
    };
    let drawn = model.weights.drawn_hash().map_err(ModelError::from)?;
    let encoding = if rows.k().is_some() { row_codec::NAME } else { "f32 logits" };
    let (device, half, k) = (model.device().location(), model.weights.half(), rows.k().map(|k| k.min(outcomes)));
    let mut hash = blake3::Hasher::new();
    hash.update(b"retort rows 1").update(&model.files.content_hash()?);
    hash.update(format!("{:?}", (drawn, half, device, outcomes, k, encoding, kind)).as_bytes());
    let about = serde_json::json!({
        "teacher": model.card.title, "architecture": model.architecture.id, "task": kind, "k": k, "outcomes": outcomes,
        "encoding": encoding, "device": format!("{device:?}"), "precision": half.unwrap_or("f32"),
        "random": drawn.is_some(),
    });
    Ok((*hash.finalize().as_bytes(), about.to_string()))
}

/// What the teacher reads of a sample, and where it is asked: the tokens of every pass and the places of the rows. What
/// is right there is not in it, for the teacher does not see it.
fn key(sample: &Sample) -> Reading {
    let passes =
        sample.passes.iter().flat_map(|pass| [pass.ids.len() as u32].into_iter().chain(pass.ids.iter().copied()));
    let rows = [sample.rows.len() as u32].into_iter().chain(sample.rows.iter().map(|row| row.at));
    let bytes: Vec<u8> =
        [sample.passes.len() as u32].into_iter().chain(passes).chain(rows).flat_map(u32::to_le_bytes).collect();
    *blake3::hash(&bytes).as_bytes()
}

/// Some rows of logits, in full and one behind the other.
fn values(logits: &Logits, first: usize, rows: usize) -> Result<Vec<f32>> {
    let part = match logits {
        Logits::Dense(all) => all.narrow(0, first, rows)?,
        Logits::Deferred(deferred) => deferred.narrow(first, rows)?.whole()?,
    };
    part.to_dtype(DType::F32)?.flatten_all()?.to_vec1()
}

/// Rows of several passes, one behind the other.
fn joined(parts: &[Logits]) -> Result<Targets> {
    let deferred = |part: &Logits| if let Logits::Deferred(deferred) = part { Some(deferred.clone()) } else { None };
    if let Some(all) = parts.iter().map(deferred).collect::<Option<Vec<Deferred>>>()
        && let Some(first) = all.first()
    {
        let states: Vec<&Tensor> = all.iter().map(|part| &part.states).collect();
        return Ok(Targets::Deferred(Deferred { states: Tensor::cat(&states, 0)?.detach(), ..first.clone() }));
    }
    let whole = parts.iter().map(Logits::whole).collect::<Result<Vec<_>>>()?;
    Ok(Targets::Dense(Tensor::cat(&whole, 0)?.detach()))
}
