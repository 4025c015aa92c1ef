//! Peak memory of a run, foretold: what the process holds with both models open, and what training
//! adds to it.
//!
//! The peak is one of two moments: opening, or the first checkpoint. What a step frees stays with the
//! process in pieces, and a checkpoint leaves it as one piece, so that its size comes on top of a step's.

use super::activations::{Batch, bytes};
use super::positions;
use crate::engine::data::Dataset;
use crate::engine::device;
use crate::engine::loss::{Objective, Offered};
use crate::engine::model::{HeadKind, Kind};
use crate::engine::pair::Pair;
use crate::engine::process_memory::peak_bytes;
use crate::engine::prompt::PreparedPrompt;
use crate::engine::student_init::size;
use crate::link::{Finding, Subject, human_bytes};
use crate::session::{Session, say};

const SUBJECT: Subject = Subject::Memory;
/// Share of the free memory from which on a run is close to the edge: the estimate errs by about this
/// much.
const CLOSE: f64 = 0.75;
/// How often a card keeps what the processor's kernels keep once: it computes by small operations, each of
/// which keeps its own numbers, and their gradients beside them. Measured on one model, a BERT of 109 million
/// parameters.
const BY_SMALL_OPERATIONS: u64 = 7;
/// What a card's driver and libraries take of its memory, bytes.
const DRIVER: u64 = 500_000_000;

/// Where a run's memory goes, bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Program, data and both models, as they are now.
    pub resident: u64,
    /// Of that, the teacher's weights.
    pub teacher: u64,
    /// Of that, the student's weights.
    pub student: u64,
    /// Gradients of the student.
    pub gradients: u64,
    /// What the optimiser remembers.
    pub moments: u64,
    /// What a step keeps between its two passes.
    pub activations: u64,
    /// A checkpoint on its way to disk: weights and moments.
    pub checkpoint: u64,
    /// The most that the process has held so far.
    pub opening: u64,
}

impl Needs {
    /// The most at once.
    pub fn peak(&self) -> u64 {
        let step = self.resident + self.moments + self.gradients + self.activations;
        // The moments are copied before they are written: into what the step has freed, as far as it goes.
        let copies = self.moments.saturating_sub(self.gradients + self.activations);
        self.opening.max(step + copies + self.checkpoint)
    }
}

/// The row on memory; `resident` is what the process held with the pair open.
pub fn row(session: &Session, pair: &Pair, sample: &Dataset, resident: u64) -> Finding {
    match needs(session, pair, sample, resident) {
        Ok(needs) => {
            told(&needs, device::free_memory(&pair.assets.device).map(|free| free.saturating_add(needs.resident)))
        }
        Err(e) => super::refused(SUBJECT, e),
    }
}

fn needs(
    session: &Session,
    pair: &Pair,
    sample: &Dataset,
    resident: u64,
) -> Result<Needs, crate::engine::model::ModelError> {
    let weights = size::weighed(pair.student.weights.count(), session.recipe.optimizer);
    let learning = pair.student.card.trainable.unwrap_or(pair.student.weights.count());
    let moved = size::weighed(learning, session.recipe.optimizer);
    // The sum of the passes so far, beside the gradients of the one under way.
    let sets = if session.recipe.accumulate > 1 { 2 } else { 1 };
    let teacher = pair.assets.teacher.as_ref().map_or(0, |teacher| teacher.weights.bytes());
    // What lies on another device does not count among the process's own.
    let elsewhere = if pair.assets.device.is_cpu() { None } else { Some(DRIVER + teacher + weights.weight_bytes) };
    let times = if elsewhere.is_some() { BY_SMALL_OPERATIONS } else { 1 };
    Ok(Needs {
        resident: elsewhere.unwrap_or(resident),
        teacher,
        student: weights.weight_bytes,
        gradients: sets * moved.gradient_bytes,
        moments: moved.moment_bytes,
        activations: times * bytes(&pair.student, batch(session, pair, sample))? + distributions(session, pair),
        // A card's is made in main memory.
        checkpoint: if elsewhere.is_some() { 0 } else { weights.weight_bytes + moved.moment_bytes },
        opening: if elsewhere.is_some() { 0 } else { peak_bytes() },
    })
}

/// What the rows of a chunk take over a vocabulary, and the teacher's beside them.
fn distributions(session: &Session, pair: &Pair) -> u64 {
    const ROWS: usize = 256;
    let sides = if pair.assets.teacher.is_some() { 2 } else { 1 };
    let bytes = sides * ROWS * pair.outcomes() * size_of::<f32>();
    if session.recipe.task.is_classes() { 0 } else { bytes as u64 }
}

/// The largest batch that the sample lets expect.
fn batch(session: &Session, pair: &Pair, sample: &Dataset) -> Batch {
    let model = &pair.student;
    let prompt = session.prompt.for_student();
    let read = positions::lengths(pair, model, &prompt, sample).map_or(model.max_tokens, |lengths| lengths.read);
    let words = PreparedPrompt::new(&prompt, &sample.classes, model, &sample.layout);
    let columns = match (&model.top, model.architecture.kind) {
        (HeadKind::Classes(_), _) | (_, Kind::Encoder) => 0,
        _ => words.map_or(0, |p| p.words().map(|word| word.len().saturating_sub(1)).sum()),
    };
    let offered = Offered { teacher: true, text: true, whole_rows: true };
    let language = Objective::new(&session.recipe, offered).is_ok_and(|objective| objective.needs_text());
    Batch { texts: session.recipe.batch.min(pair.assets.data.train.len()), tokens: read, columns, language }
}

/// The row on these needs where `free` bytes could be used by this process in all.
pub fn told(needs: &Needs, free: Option<u64>) -> Finding {
    let peak = needs.peak();
    let says = say!(
        "about {peak} at the peak: {resident} with both models open (teacher {teacher}, student {student}), {gradients} gradients, {moments} moments, {activations} activations, {checkpoint} checkpoint",
        peak = human_bytes(peak),
        resident = human_bytes(needs.resident),
        teacher = human_bytes(needs.teacher),
        student = human_bytes(needs.student),
        gradients = human_bytes(needs.gradients),
        moments = human_bytes(needs.moments),
        activations = human_bytes(needs.activations),
        checkpoint = human_bytes(needs.checkpoint)
    );
    let fix = say!(
        "lower the batch or max_tokens, keep the teacher in bf16, choose a smaller student, or trim its vocabulary"
    );
    let row = match free {
        Some(free) if peak > free => {
            Finding::red(SUBJECT, say!("{says}; the machine has {free} to give", says, free = human_bytes(free)), fix)
        }
        Some(free) if peak as f64 > CLOSE * free as f64 => Finding::amber(
            SUBJECT,
            say!("{says}; close to the {free} that the machine has to give", says, free = human_bytes(free)),
            fix,
        ),
        _ => Finding::green(SUBJECT, says),
    };
    let parts = [("peak_bytes", peak), ("resident_bytes", needs.resident), ("activation_bytes", needs.activations)];
    parts.into_iter().fold(row, |row, (name, value)| row.with(name, value as f64))
}
