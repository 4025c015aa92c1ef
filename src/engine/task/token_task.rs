//! What a task over tokens is: how an example becomes rows. How a model reads them and what is measured of them is the
//! same for all of these tasks, and stands here once.

use candle_core::Result;

use super::{Forward, RunningText, Sample, Task, token_rows};
use crate::engine::data::Example;
use crate::engine::measure::TokenMeasure;
use crate::engine::model::{DropoutRng, Model, Network, Trace};
use crate::engine::prompt::PromptError;

/// A task whose rows are places of a text.
pub trait TokenTask: Send + Sync {
    /// How many tokens are compared: the first ones of the vocabulary.
    fn outcomes(&self) -> usize;

    /// As [`Task::encode`].
    ///
    /// # Errors
    /// [`PromptError`].
    fn sample_of(&self, model: &Model, example: &Example, draw: u64) -> std::result::Result<Sample, PromptError>;

    /// As [`Task::running`].
    fn running(&self) -> Option<&dyn RunningText> {
        None
    }

    /// As [`Task::redrawn`].
    fn redrawn(&self, _model: &Model, _sample: &Sample, _draw: u64) -> Option<Sample> {
        None
    }
}

impl<T: TokenTask> Task for T {
    fn encode(&self, model: &Model, example: &Example, draw: u64) -> std::result::Result<Sample, PromptError> {
        self.sample_of(model, example, draw)
    }

    fn forward(
        &self,
        model: &Model,
        network: &dyn Network,
        batch: &[&Sample],
        _text: bool,
        captures: &mut Trace,
        dropout: &DropoutRng,
    ) -> Result<Forward> {
        token_rows::forward(model, network, batch, (captures, dropout), self.outcomes())
    }

    fn token_measures(&self) -> Option<&'static [TokenMeasure]> {
        Some(TokenMeasure::ALL)
    }

    fn running(&self) -> Option<&dyn RunningText> {
        TokenTask::running(self)
    }

    fn redrawn(&self, model: &Model, sample: &Sample, draw: u64) -> Option<Sample> {
        TokenTask::redrawn(self, model, sample, draw)
    }
}
