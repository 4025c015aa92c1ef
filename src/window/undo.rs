//! Undo: a list of parts as they were. Putting one back gives the part it replaced, so undo and
//! redo are the same move in two directions.

use egui::Id;

use crate::session::{Data, Models, PinnedProbe, Prompts, Recipe};

/// A part of the session that changes as a whole.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Its name.
    Name(String),
    /// The pair.
    Models(Box<Models>),
    /// The data.
    Data(Data),
    /// The prompt.
    Prompt(Prompts),
    /// The recipe.
    Recipe(Recipe),
    /// The pinned texts.
    Pinned(Vec<PinnedProbe>),
    /// One knob.
    Knob {
        /// Which.
        id: String,
        /// In its unit.
        value: f64,
    },
}

impl Part {
    /// Whether `other` is a value of the same part.
    pub fn is_same_part(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Knob { id: a, .. }, Self::Knob { id: b, .. }) => a == b,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

/// What the hand is doing while a value changes: changes within one gesture are one undo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gesture {
    /// Number of the mouse press that is still held, if one is.
    pub press: Option<u64>,
    /// The text field being typed into, if one is.
    pub field: Option<Id>,
}

impl Gesture {
    fn goes_on(self, earlier: Self) -> bool {
        self == earlier && (self.press.is_some() || self.field.is_some())
    }
}

/// Changes that can be taken back, and changes that were.
#[derive(Debug, Default)]
pub struct Undo {
    done: Vec<(Part, Gesture)>,
    undone: Vec<Part>,
}

impl Undo {
    /// So many changes can be taken back; older ones are forgotten.
    const DEPTH: usize = 200;

    /// Remembers that a part was `before` until now.
    pub fn remember(&mut self, before: Part, gesture: Gesture) {
        self.undone.clear();
        let same = |(part, earlier): &(Part, Gesture)| part.is_same_part(&before) && gesture.goes_on(*earlier);
        if self.done.last().is_some_and(same) {
            return;
        }
        self.done.push((before, gesture));
        if self.done.len() > Self::DEPTH {
            self.done.remove(0);
        }
    }

    /// The part that undo would put back.
    pub fn next(&self) -> Option<&Part> {
        self.done.last().map(|(part, _)| part)
    }

    /// The part that redo would put back.
    pub fn next_redo(&self) -> Option<&Part> {
        self.undone.last()
    }

    /// Takes the last change back: `put` sets the part and gives the one it replaced.
    pub fn undo(&mut self, put: impl FnOnce(Part) -> Part) {
        if let Some((part, _)) = self.done.pop() {
            self.undone.push(put(part));
        }
    }

    /// Makes it again.
    pub fn redo(&mut self, put: impl FnOnce(Part) -> Part) {
        if let Some(part) = self.undone.pop() {
            self.done.push((put(part), Gesture::default()));
        }
    }

    /// Forgets everything: another session was opened.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knob(value: f64) -> Part {
        Part::Knob { id: "a.b".into(), value }
    }

    #[test]
    fn one_drag_is_one_undo_and_two_drags_are_two() {
        let mut undo = Undo::default();
        for (press, value) in [(1, 0.0), (1, 1.0), (1, 2.0), (2, 3.0)] {
            undo.remember(knob(value), Gesture { press: Some(press), field: None });
        }
        let mut now = knob(4.0);
        for expected in [3.0, 0.0] {
            undo.undo(|part| std::mem::replace(&mut now, part));
            assert_eq!(now, knob(expected));
        }
        assert!(undo.next().is_none());
        undo.redo(|part| std::mem::replace(&mut now, part));
        assert_eq!(now, knob(3.0));
    }

    #[test]
    fn changes_without_a_gesture_are_never_joined_and_a_new_change_ends_redo() {
        let mut undo = Undo::default();
        undo.remember(knob(0.0), Gesture::default());
        undo.remember(knob(1.0), Gesture::default());
        undo.undo(|_| knob(2.0));
        assert!(undo.next_redo().is_some());
        undo.remember(knob(1.5), Gesture::default());
        assert!(undo.next_redo().is_none());
        undo.undo(|_| knob(9.0));
        undo.undo(|_| knob(9.0));
        assert!(undo.next().is_none());
    }
}
