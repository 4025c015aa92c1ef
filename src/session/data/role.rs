//! What a single column is read as: the other way to look at [`Roles`], column by column.

use super::{Column, Roles};

/// What a column is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A text, or a part of it.
    Text,
    /// A second text.
    Pair,
    /// The class.
    Label,
    /// What a model is asked.
    Prompt,
    /// What it shall answer.
    Completion,
    /// A whole conversation.
    Messages,
    /// What the teacher alone is asked.
    TeacherPrompt,
    /// What a row counts in the loss.
    Weight,
}

impl Role {
    /// Every role, in the order a picker shows them.
    pub const ALL: [Self; 8] = [
        Self::Text,
        Self::Pair,
        Self::Label,
        Self::Weight,
        Self::Prompt,
        Self::Completion,
        Self::Messages,
        Self::TeacherPrompt,
    ];

    /// What a picker calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Pair => "second text",
            Self::Label => "class",
            Self::Prompt => "prompt",
            Self::Completion => "completion",
            Self::Messages => "messages",
            Self::TeacherPrompt => "teacher's prompt",
            Self::Weight => "weight",
        }
    }

    /// What it means, in a sentence.
    pub fn help(self) -> &'static str {
        match self {
            Self::Text => "The text that is read; several columns are joined by a line break",
            Self::Pair => "A second text: an encoder reads it as its second segment",
            Self::Label => "The class of a text; an empty cell is a text without a label",
            Self::Prompt => "What a model is asked, for tasks that write",
            Self::Completion => "What it shall answer, for tasks that write",
            Self::Messages => "A whole conversation: a list of messages with role and content",
            Self::TeacherPrompt => "What the teacher alone is asked",
            Self::Weight => "What a row counts in the loss: a number not below 0",
        }
    }
}

impl Roles {
    fn place_of(&mut self, role: Role) -> Option<&mut Option<Column>> {
        match role {
            Role::Text => None,
            Role::Pair => Some(&mut self.pair),
            Role::Label => Some(&mut self.label),
            Role::Prompt => Some(&mut self.prompt),
            Role::Completion => Some(&mut self.completion),
            Role::Messages => Some(&mut self.messages),
            Role::TeacherPrompt => Some(&mut self.teacher_prompt),
            Role::Weight => Some(&mut self.weight),
        }
    }

    /// No column has a role.
    pub fn none() -> Self {
        Self { text: Vec::new(), label: None, ..Self::default() }
    }

    /// What a column is read as.
    pub fn role_of(&self, column: &Column) -> Option<Role> {
        let others = [
            (&self.pair, Role::Pair),
            (&self.label, Role::Label),
            (&self.weight, Role::Weight),
            (&self.prompt, Role::Prompt),
            (&self.completion, Role::Completion),
            (&self.messages, Role::Messages),
            (&self.teacher_prompt, Role::TeacherPrompt),
        ];
        let text = self.text.contains(column).then_some(Role::Text);
        text.or_else(|| others.into_iter().find(|(own, _)| own.as_ref() == Some(column)).map(|(_, role)| role))
    }

    /// Has a column be read as `role` and as nothing else, or as nothing; another column loses a role that only one
    /// can have.
    pub fn give(&mut self, column: Column, role: Option<Role>) {
        self.text.retain(|own| *own != column);
        for other in Role::ALL {
            if let Some(place) = self.place_of(other).filter(|place| place.as_ref() == Some(&column)) {
                *place = None;
            }
        }
        match role {
            None => {}
            Some(Role::Text) => self.text.push(column),
            Some(role) => {
                if let Some(place) = self.place_of(role) {
                    *place = Some(column);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_has_one_role_and_a_role_of_one_column_moves() {
        let column = Column::named;
        let mut roles = Roles::none();
        for role in Role::ALL {
            roles.give(column(role.label()), Some(role));
        }
        for role in Role::ALL {
            assert_eq!(roles.role_of(&column(role.label())), Some(role));
        }
        roles.give(column("text"), Some(Role::Label));
        assert_eq!((roles.text.len(), roles.role_of(&column("class"))), (0, None));
        assert_eq!(roles.role_of(&column("text")), Some(Role::Label));
        roles.give(column("text"), None);
        assert_eq!((&roles.label, roles.named().count()), (&None, 6));
    }
}
