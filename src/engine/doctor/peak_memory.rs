//! Peak memory of a run, foretold: what the process holds with both models open, and what training
//! adds to it.
//!
//! The peak is one of two moments: opening, or the first checkpoint. What a step frees stays with the
//! process in pieces, and a checkpoint leaves it as one piece, so that its size comes on top of a step's.

use super::activations::{Batch, bytes};
use super::positions;
use crate::engine::data::Dataset;
use crate::engine::device;
use crate::engine::loss::{Objective, Offered, needs_teacher};
use crate::engine::model::{HeadKind, Kind};
use crate::engine::pair::Pair;
use crate::engine::process_memory::peak_bytes;
use crate::engine::prompt::{PreparedPrompt, PromptError};
use crate::engine::student_init::size;
use crate::engine::task::Sample;
use crate::link::{Finding, Subject, human_bytes};
use crate::session::{Sentence, Session, TeacherRows, say};

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
    /// The teacher's whole rows of a batch, where they are held.
    pub targets: u64,
    /// A checkpoint on its way to disk: weights and moments.
    pub checkpoint: u64,
    /// The most that the process has held so far.
    pub opening: u64,
}

impl Needs {
    /// The most at once.
    pub fn peak(&self) -> u64 {
        let step = self.resident + self.moments + self.gradients + self.activations + self.targets;
        // The moments are copied before they are written: into what the step has freed, as far as it goes.
        let copies = self.moments.saturating_sub(self.gradients + self.activations + self.targets);
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
    let batch = batch(session, pair, sample);
    Ok(Needs {
        resident: elsewhere.unwrap_or(resident),
        teacher,
        student: weights.weight_bytes,
        gradients: sets * moved.gradient_bytes,
        moments: moved.moment_bytes,
        activations: times * bytes(&pair.student, batch)? + distributions(session, pair),
        targets: whole_rows(session, pair, sample, batch.texts),
        // A card's is made in main memory.
        checkpoint: if elsewhere.is_some() { 0 } else { weights.weight_bytes + moved.moment_bytes },
        opening: if elsewhere.is_some() { 0 } else { peak_bytes() },
    })
}

/// What the rows of a chunk take over a vocabulary, and the teacher's beside them.
fn distributions(session: &Session, pair: &Pair) -> u64 {
    const ROWS: usize = 512;
    let sides = if pair.assets.teacher.is_some() { 2 } else { 1 };
    let bytes = sides * ROWS * pair.outcomes() * size_of::<f32>();
    if session.recipe.task.is_classes() { 0 } else { bytes as u64 }
}

/// The teacher's rows of a batch of so many samples, where all of their outcomes are kept: a step then holds every one
/// of them. Live rows are made a few at a time, and of the likeliest outcomes there are few.
fn whole_rows(session: &Session, pair: &Pair, sample: &Dataset, samples: usize) -> u64 {
    let recipe = &session.recipe;
    let is_held = recipe.teacher_rows == TeacherRows::Whole && !recipe.task.is_classes() && needs_teacher(recipe);
    if !is_held || pair.assets.teacher.is_none() {
        return 0;
    }
    // What is wrong with the prompt has a row of its own.
    let rows = rows_of_a_sample(session, pair, sample).unwrap_or(0);
    (samples * rows * pair.outcomes() * size_of::<f32>()) as u64
}

/// Most rows of a sample.
fn rows_of_a_sample(session: &Session, pair: &Pair, sample: &Dataset) -> Result<usize, PromptError> {
    let (model, task) = (&pair.student, pair.task(&pair.student, &session.prompt.for_student())?);
    let rows = |sample: &Sample| task.redrawn(model, sample, 0).map_or(sample.rows.len(), |drawn| drawn.rows.len());
    let Some(text) = task.running() else {
        let read = sample.train.iter().map(|example| task.encode(model, example, 0).map(|sample| rows(&sample)));
        return Ok(read.collect::<Result<Vec<_>, _>>()?.into_iter().max().unwrap_or(0));
    };
    let documents = sample.train.iter().map(|example| text.document(model, example, true));
    let documents = documents.collect::<Result<Vec<_>, _>>()?;
    let mut longest = match text.packed() {
        true => documents.concat(),
        false => documents.into_iter().max_by_key(Vec::len).unwrap_or_default(),
    };
    longest.truncate(text.longest(model) + text.lookahead());
    Ok(rows(&text.sample(model, &longest)))
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
    let held = match needs.targets {
        0 => Sentence::default(),
        targets => say!(", {targets} for the teacher's whole rows of a batch", targets = human_bytes(targets)),
    };
    let says = say!(
        "about {peak} at the peak: {resident} with both models open (teacher {teacher}, student {student}), {gradients} gradients, {moments} moments, {activations} activations, {checkpoint} checkpoint{held}",
        peak = human_bytes(peak),
        resident = human_bytes(needs.resident),
        teacher = human_bytes(needs.teacher),
        student = human_bytes(needs.student),
        gradients = human_bytes(needs.gradients),
        moments = human_bytes(needs.moments),
        activations = human_bytes(needs.activations),
        checkpoint = human_bytes(needs.checkpoint),
        held
    );
    let fix = say!(
        "lower the batch or max_tokens, keep the teacher in bf16, choose a smaller student, or trim its vocabulary"
    );
    let fix = match needs.targets {
        0 => fix,
        _ => say!("set recipe.teacher_rows to Live or TopK, or {fix}", fix),
    };
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
    let parts = [
        ("peak_bytes", peak),
        ("resident_bytes", needs.resident),
        ("activation_bytes", needs.activations),
        ("target_bytes", needs.targets),
    ];
    parts.into_iter().fold(row, |row, (name, value)| row.with(name, value as f64))
}
