//! Parts of the student that learn at a rate of their own: those that are named, each of which can be changed or left
//! out, and a list of parts to add.

use egui::{Align, Id, Layout, Ui, vec2};

use crate::session::{LayerGroup, ModelPart, Recipe};
use crate::window::control::{self, Count, Number};
use crate::window::panel::Scene;
use crate::window::state::UiState;

/// The kinds of parts, without what they name.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Embeddings,
    Layers,
    Head,
    Named,
    Decay,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Embeddings, Self::Layers, Self::Head, Self::Named, Self::Decay];

    fn of(part: &ModelPart) -> Self {
        match part {
            ModelPart::Embeddings => Self::Embeddings,
            ModelPart::Layers { .. } => Self::Layers,
            ModelPart::Head => Self::Head,
            ModelPart::Named(_) => Self::Named,
            ModelPart::LayerDecay => Self::Decay,
        }
    }

    /// A group of this kind as it is added: frozen, and a decay as it is usual.
    fn group(self) -> LayerGroup {
        let (part, rate) = match self {
            Self::Embeddings => (ModelPart::Embeddings, 0.0),
            Self::Layers => (ModelPart::Layers { first: 0, last: 0 }, 0.0),
            Self::Head => (ModelPart::Head, 0.0),
            Self::Named => (ModelPart::Named("*.bias".to_owned()), 0.0),
            Self::Decay => (ModelPart::LayerDecay, 0.9),
        };
        LayerGroup { part, rate }
    }

    fn told<'a>(self, scene: &'a Scene) -> (&'a str, &'a str) {
        match self {
            Self::Embeddings => (
                scene.t("embeddings"),
                scene
                    .t("What stands before the first layer; where the head is tied to the tokens' table, the head too"),
            ),
            Self::Layers => (scene.t("layers"), scene.t("Layers by their numbers, counted from 0, both ends included")),
            Self::Head => (
                scene.t("output head"),
                scene.t("What stands behind the last layer: final norm, pooler, classifier or head"),
            ),
            Self::Named => {
                (scene.t("by name"), scene.t("Variables whose names have this form; * stands for any letters"))
            }
            Self::Decay => (
                scene.t("decay by layer"),
                scene.t("Each layer learns at this factor of the one above, the embeddings as a layer below the first"),
            ),
        }
    }
}

pub(super) fn groups_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, recipe: &mut Recipe) {
    let mut left_out = None;
    for (place, group) in recipe.groups.iter_mut().enumerate() {
        if part_ui(ui, scene, place, group) {
            left_out = Some(place);
        }
        within_ui(ui, scene, state, place, group);
        rate_ui(ui, scene, place, group);
    }
    if let Some(place) = left_out {
        recipe.groups.remove(place);
    }
    let all = Kind::ALL.map(|kind| (Some(kind), kind.told(scene).0, kind.told(scene).1));
    let help = scene
        .t("Gives a part of the student a learning rate of its own, or freezes it; later groups override earlier ones");
    let added = control::row(ui, scene.t("Add a group"), help, |ui| control::pick(ui, "add group", &None, "…", &all));
    recipe.groups.extend(added.flatten().map(Kind::group));
}

/// Which part it is; true where it is to be left out.
fn part_ui(ui: &mut Ui, scene: &Scene, place: usize, group: &mut LayerGroup) -> bool {
    let (now, all) = (Kind::of(&group.part), Kind::ALL.map(|kind| (kind, kind.told(scene).0, kind.told(scene).1)));
    let name = now.told(scene).0;
    let label = format!("{} {}", scene.t("Group"), place + 1);
    control::choices(ui, &label, scene.t("A part of the student that learns at a rate of its own"), |ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let said = format!("{} {name}", scene.t("Leave out"));
            let button = ui.add(egui::Button::new("−").small()).accessible_name(said);
            let gone = button.on_hover_text(scene.t("Leaves this group out: its part learns as the others")).clicked();
            if let Some(kind) = control::pick(ui, &format!("group {place}"), &now, name, &all) {
                let new = kind.group();
                // A decay of 0 would freeze all but the head, and one above 1 is refused.
                let rate = if kind == Kind::Decay { new.rate } else { group.rate };
                *group = LayerGroup { rate, ..new };
            }
            gone
        })
        .inner
    })
}

/// What of the part is meant, where that has to be said.
fn within_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, place: usize, group: &mut LayerGroup) {
    match &mut group.part {
        ModelPart::Layers { first, last } => {
            for (label, layer) in [(scene.t("First layer"), first), (scene.t("Last layer"), last)] {
                let key = format!("{label} {place}");
                let field = Count { key: &key, range: 0..=10_000, zero: "" };
                let help = scene.t("Layers by their numbers, counted from 0, both ends included");
                let typed = control::row(ui, label, help, |ui| field.ui(ui, scene.look, *layer as u64));
                *layer = typed.map_or(*layer, |typed| typed as usize);
            }
        }
        ModelPart::Named(pattern) => {
            let help = scene.t("Variables whose names have this form; * stands for any letters");
            let id = Id::unique(("group names", place));
            let typed = control::row(ui, scene.t("Names"), help, |ui| {
                let width = ui.available_width();
                // Without a hint, which would name the field in the label's place.
                control::draft(ui, state, id, pattern, "", width)
            });
            *pattern = typed.unwrap_or_else(|| pattern.clone());
        }
        ModelPart::Embeddings | ModelPart::Head | ModelPart::LayerDecay => {}
    }
}

fn rate_ui(ui: &mut Ui, scene: &Scene, place: usize, group: &mut LayerGroup) {
    let is_decay = group.part == ModelPart::LayerDecay;
    let help = match is_decay {
        true => scene.t("Each layer learns at this factor of the one above, the embeddings as a layer below the first"),
        false => scene.t("What the learning rate is multiplied by; 0 freezes the part"),
    };
    control::row(ui, scene.t("Rate factor"), help, |ui| {
        let (key, size) = (format!("rate {place}"), vec2(ui.available_width(), control::ROW - 2.0));
        let range = 0.0..=if is_decay { 1.0 } else { 100.0 };
        let field = Number { key: &key, range, speed: 0.01, prefix: "", suffix: "", size };
        group.rate = field.ui(ui, scene.look, group.rate).value.unwrap_or(group.rate);
    });
}
