//! Which run an order, a fact or a picture is of.

/// The name of a run as long as a program watches it: given by whoever asks for the run, never given twice,
/// and written nowhere, because on disk a run is its folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(u32);

impl RunId {
    /// The first one, and the only one of who watches a single run.
    pub const FIRST: Self = Self(0);

    /// The one to be given after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// Something that is of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OfRun<T> {
    /// The run.
    pub run: RunId,
    /// What is of it.
    pub it: T,
}

impl<T> OfRun<T> {
    /// `it`, of `run`.
    pub fn new(run: RunId, it: T) -> Self {
        Self { run, it }
    }

    /// What a cell holds of `run`; what it holds of another one is not for whoever looks at that.
    pub fn held(cell: &Option<Self>, run: RunId) -> Option<&T> {
        cell.as_ref().filter(|held| held.run == run).map(|held| &held.it)
    }
}

impl<T> std::ops::Deref for OfRun<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.it
    }
}

impl<T> std::ops::DerefMut for OfRun<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.it
    }
}
