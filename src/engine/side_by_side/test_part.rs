//! The test part that columns are asked about: that of the session on show, whichever run a student comes from, so that
//! all are asked the same.

use std::sync::Arc;

use crate::engine::data::{self, Dataset, Example};
use crate::engine::pair::shown;
use crate::link::SnapshotRequest;
use crate::session::{Data, Say as _, Sentence, say};

/// The data that were opened last.
#[derive(Default)]
pub struct TestPart {
    opened: Option<(Data, u64, Part)>,
}

/// The examples, and how a table shows them.
#[derive(Clone)]
pub struct Part {
    /// The data they are of.
    pub data: Arc<Dataset>,
    /// Text and class of each.
    pub shown: Arc<[(String, String)]>,
}

impl Part {
    fn of(data: Dataset) -> Self {
        let class = |example: &Example| example.class().and_then(|class| data.classes.get(class)).cloned();
        let row = |example: &Example| (shown(&data.readable(example)), class(example).unwrap_or_default());
        let shown = data.test.iter().map(row).collect();
        Self { shown, data: Arc::new(data) }
    }
}

impl TestPart {
    /// The data of the request's session.
    ///
    /// # Errors
    /// Why there are none, in words.
    pub fn examples(&mut self, request: &SnapshotRequest) -> Result<Part, Sentence> {
        let session = request.session.as_deref().ok_or_else(|| say!("no session is open; open one"))?;
        if !session.recipe.task.is_classes() {
            return Err(say!(
                "students are compared text by text where they answer with classes; of a task over tokens, the test set beside the curves lists the samples"
            ));
        }
        let seed = session.recipe.seed;
        if let Some((of, drawn, part)) = &self.opened
            && (of, *drawn) == (&session.data, seed)
        {
            return Ok(part.clone());
        }
        let data = data::open_with(&session.data, &session.prompt.columns(), seed, session.recipe.task.into());
        let part = Part::of(data.map_err(|e| e.said())?);
        self.opened = Some((session.data.clone(), seed, part.clone()));
        Ok(part)
    }
}
