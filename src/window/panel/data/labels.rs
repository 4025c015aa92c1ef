//! What the classes are called, and how labels are read.

use std::path::PathBuf;

use egui::Ui;

use super::super::Scene;
use crate::session::{ClassNames, ClassWeights, Labels, SeveralLabels};
use crate::window::control;
use crate::window::state::UiState;

pub(super) fn labels_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, labels: &mut Labels) {
    names_ui(ui, scene, state, labels);
    let help =
        scene.t("Whether labels that differ only by letter case, blanks or the form of their digits are one class");
    control::row(ui, scene.t("Look-alikes"), help, |ui| {
        ui.checkbox(&mut labels.merge, scene.t("are one class"));
    });
    let all = SeveralLabels::ALL.map(|choice| {
        let (label, help) = match choice {
            SeveralLabels::Refuse => (scene.t("refused"), scene.t("The first such row is named")),
            SeveralLabels::First => (scene.t("the first counts"), scene.t("The others are not read")),
            SeveralLabels::LeaveOut => (scene.t("left out"), scene.t("Such rows are counted")),
        };
        (choice, label, help)
    });
    let help = scene.t("What is done with a row that has several labels: a text has one class here");
    picked_ui(ui, scene.t("Several labels"), help, "several labels", &mut labels.several, &all);
    let all = ClassWeights::ALL.map(|choice| {
        let (label, help) = match choice {
            ClassWeights::Equal => (scene.t("by their texts"), scene.t("Every example weighs the same in the loss")),
            ClassWeights::Balanced => {
                (scene.t("each the same"), scene.t("An example of a rare class weighs more in the loss"))
            }
        };
        (choice, label, help)
    });
    picked_ui(ui, scene.t("Classes weigh"), scene.t("For unbalanced data"), "class weights", &mut labels.weights, &all);
}

fn picked_ui<T: Copy + PartialEq>(
    ui: &mut Ui,
    label: &str,
    help: &str,
    id: &str,
    now: &mut T,
    all: &[(T, &str, &str)],
) {
    let shown = all.iter().find(|(choice, ..)| choice == now).map_or("", |(_, label, _)| *label);
    if let Some(choice) = control::row(ui, label, help, |ui| control::pick(ui, id, now, shown, all)) {
        *now = choice;
    }
}

/// Names in a line, or the path of a file of them.
fn names_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, labels: &mut Labels) {
    let shown = match &labels.names {
        ClassNames::None => String::new(),
        ClassNames::List(names) => names.join(", "),
        ClassNames::ById(names) => {
            names.iter().map(|(label, name)| format!("{label}: {name}")).collect::<Vec<_>>().join(", ")
        }
        ClassNames::File(path) => path.display().to_string(),
    };
    let help = scene.t("Names of the classes in their order, where labels are ids: World, Sports, …; or 0: bad, 4: good; or the path of a file with a name a line");
    let typed = control::row(ui, scene.t("Class names"), help, |ui| {
        let width = ui.available_width() - 8.0;
        control::draft(ui, state, egui::Id::unique("class names"), &shown, scene.t("as the labels"), width)
    });
    if let Some(typed) = typed {
        labels.names = names(&typed);
    }
}

fn names(typed: &str) -> ClassNames {
    let parts = || typed.split([',', '，', '、']).map(str::trim).filter(|part| !part.is_empty());
    let pair = |part: &str| {
        let (label, name) = part.split_once([':', '：'])?;
        Some((label.trim().to_owned(), name.trim().to_owned()))
    };
    let path = PathBuf::from(typed.trim());
    match parts().count() {
        0 => ClassNames::None,
        _ if path.is_file() => ClassNames::File(path),
        _ => match parts().map(pair).collect() {
            Some(names) => ClassNames::ById(names),
            None => ClassNames::List(parts().map(str::to_owned).collect()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_typed_as_a_list_or_by_their_labels() {
        assert_eq!(names(" "), ClassNames::None);
        assert_eq!(
            names("World, Sports，体育"),
            ClassNames::List(["World", "Sports", "体育"].map(str::to_owned).into())
        );
        let by_id = [("0", "bad"), ("4", "good")].map(|(label, name)| (label.to_owned(), name.to_owned()));
        assert_eq!(names("0: bad, 4：good"), ClassNames::ById(by_id.into()));
    }
}
