//! What a run learns of its data. The same files are opened for classes or for the texts themselves, and what is
//! asked of them differs: a row without a label is half a row in the one case and a whole one in the other.

use crate::session::{Column, Roles, TaskKind};

/// What is learned of the data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Goal {
    /// Which class a text is of: labels are looked at, and some have to be there.
    #[default]
    Classes,
    /// The texts themselves, token by token: no label is looked at, and every row counts.
    Texts,
}

impl From<TaskKind> for Goal {
    fn from(task: TaskKind) -> Self {
        match task {
            TaskKind::Classes => Self::Classes,
            TaskKind::NextToken { .. } | TaskKind::MaskedToken { .. } => Self::Texts,
        }
    }
}

impl Goal {
    /// The column that holds the class, where that is learned.
    pub fn label(self, roles: &Roles) -> Option<&Column> {
        roles.label.as_ref().filter(|_| self == Self::Classes)
    }

    /// Whether what is asked or said in `roles` stands where a row has no text.
    pub fn has_stand_in(self, roles: &Roles) -> bool {
        self == Self::Texts && (roles.prompt.is_some() || roles.messages.is_some())
    }

    /// Whether the column of the text is only the one that a session has by itself, beside others that were chosen:
    /// then it may be missing.
    pub fn may_lack_text(self, roles: &Roles) -> bool {
        self.has_stand_in(roles) && roles.pair.is_none() && roles.text == Roles::default().text
    }

    /// Whether any column that is read is asked for by its name.
    pub fn has_names(self, roles: &Roles) -> bool {
        let is_read = |role: &str| match role {
            "label" => self == Self::Classes,
            "text" => !self.may_lack_text(roles),
            _ => true,
        };
        roles.named().any(|(role, column)| is_read(role) && matches!(column, Column::Name(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_over_tokens_learns_texts() {
        assert_eq!(Goal::from(TaskKind::Classes), Goal::Classes);
        assert_eq!(Goal::from(TaskKind::NEXT_TOKEN), Goal::Texts);
        assert_eq!(Goal::from(TaskKind::MASKED_TOKEN), Goal::Texts);
    }

    #[test]
    fn what_a_session_has_by_itself_asks_for_no_names_beside_chosen_places() {
        let placed = Roles { prompt: Some(Column::Index(0)), completion: Some(Column::Index(1)), ..Roles::default() };
        assert!(Goal::Classes.has_names(&placed) && !Goal::Texts.has_names(&placed));
        let own = Roles { text: vec![Column::named("body")], ..placed };
        assert!(Goal::Texts.has_names(&own) && !Goal::Texts.may_lack_text(&own));
        assert!(Goal::Texts.has_names(&Roles::default()), "a text alone is what it is");
    }
}
