//! The recipe: what is minimised, by which optimiser, for how long, from which seed.

mod groups;
mod kept_rows;
mod task;
mod terms;

use std::ops::RangeInclusive;

use egui::Ui;

use super::{Scene, Section};
use crate::link::grouped;
use crate::session::{Device, Keep, Metric, OptimizerKind, Recipe, ScheduleKind};
use crate::window::control::{self, Count, Percent};
use crate::window::state::{Action, UiState};
use crate::window::undo::Part;

pub(super) const SECTION: Section = Section {
    id: "recipe",
    title: "Recipe",
    help: "What is minimised, by which optimiser, for how long, from which seed",
    open: false,
    summary,
    draw: recipe_ui,
};

fn summary(scene: &Scene) -> String {
    let recipe = &scene.session.recipe;
    format!("{} · {} {}", recipe.optimizer.label(), grouped(recipe.steps), scene.t("steps"))
}

fn recipe_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    if scene.live {
        control::caption(ui, scene.t("Stop the run to change the recipe."));
    }
    ui.add_enabled_ui(!scene.live, |ui| {
        let mut recipe = scene.session.recipe.clone();
        task::task_ui(ui, scene, &mut recipe);
        if !recipe.task.is_classes() {
            kept_rows::kept_ui(ui, scene, state);
        }
        terms::terms_ui(ui, scene, &mut recipe);
        optimizer_ui(ui, scene, &mut recipe);
        schedule_ui(ui, scene, &mut recipe);
        counts_ui(ui, scene, &mut recipe);
        groups::groups_ui(ui, scene, state, &mut recipe);
        target_ui(ui, scene, &mut recipe);
        patience_ui(ui, scene, &mut recipe);
        keep_ui(ui, scene, &mut recipe);
        device_ui(ui, scene, &mut recipe);
        if recipe != scene.session.recipe {
            state.ask(Action::Set(Part::Recipe(recipe)));
        }
    });
}

fn optimizer_ui(ui: &mut Ui, scene: &Scene, recipe: &mut Recipe) {
    let help = |kind| match kind {
        OptimizerKind::Sgd => scene.t("Stochastic gradient descent with momentum"),
        OptimizerKind::Adam => scene.t("Adam; weight decay enters through the gradient"),
        OptimizerKind::AdamW => scene.t("Adam with decoupled weight decay"),
    };
    let all = OptimizerKind::ALL.map(|kind| (kind, kind.label(), help(kind)));
    control::choices(ui, scene.t("Optimiser"), scene.t("How weights follow gradients"), |ui| {
        if let Some(kind) = control::segments(ui, recipe.optimizer, &all) {
            recipe.optimizer = kind;
        }
    });
}

fn schedule_ui(ui: &mut Ui, scene: &Scene, recipe: &mut Recipe) {
    let told = |kind| match kind {
        ScheduleKind::Constant => (scene.t("constant"), scene.t("Stays at the knob's value")),
        ScheduleKind::Linear => (scene.t("linear"), scene.t("Falls in a straight line to 0 at the last step")),
        ScheduleKind::Cosine => (scene.t("cosine"), scene.t("Falls along half a cosine to 0 at the last step")),
    };
    let all = ScheduleKind::ALL.map(|kind| (kind, told(kind).0, told(kind).1));
    control::choices(ui, scene.t("Schedule"), scene.t("How the learning rate moves after the warm-up"), |ui| {
        if let Some(kind) = control::segments(ui, recipe.schedule, &all) {
            recipe.schedule = kind;
        }
    });
}

fn counts_ui(ui: &mut Ui, scene: &Scene, recipe: &mut Recipe) {
    let (mut batch, mut passes) = (recipe.batch as u64, recipe.accumulate as u64);
    let rows: [(&str, &str, &mut u64, RangeInclusive<u64>, &str); 7] = [
        (scene.t("Steps"), scene.t("Optimiser steps in all"), &mut recipe.steps, 1..=u64::MAX, ""),
        (
            scene.t("Batch"),
            scene.t("Texts per batch; what a batch takes is what memory must hold"),
            &mut batch,
            1..=u64::MAX,
            "",
        ),
        (
            scene.t("Batches per step"),
            scene.t("Batches whose gradients one step gathers, as one batch of all their texts in less memory"),
            &mut passes,
            1..=1024,
            "",
        ),
        (
            scene.t("Warm-up"),
            scene.t("Steps over which the learning rate rises from 0"),
            &mut recipe.warmup,
            0..=u64::MAX,
            "",
        ),
        (
            scene.t("Seed"),
            scene.t("Seed of weights, batches, dropout and which texts keep their label"),
            &mut recipe.seed,
            0..=u64::MAX,
            "",
        ),
        (
            scene.t("Evaluate every"),
            scene.t("Steps between two evaluations on the validation part; 0 never evaluates in between"),
            &mut recipe.evaluate_every,
            0..=u64::MAX,
            scene.t("never"),
        ),
        (
            scene.t("Checkpoint every"),
            scene.t("Steps between two checkpoints; 0 keeps none of a run that has finished"),
            &mut recipe.checkpoint_every,
            0..=u64::MAX,
            scene.t("at the end"),
        ),
    ];
    for (label, help, value, range, zero) in rows {
        let field = Count { key: label, range, zero };
        let changed = control::row(ui, label, help, |ui| field.ui(ui, scene.look, *value));
        *value = changed.unwrap_or(*value);
    }
    (recipe.batch, recipe.accumulate) = (batch as usize, passes as usize);
}

fn target_ui(ui: &mut Ui, scene: &Scene, recipe: &mut Recipe) {
    let help = scene.t("Stops early once the validation accuracy reaches this");
    control::row(ui, scene.t("Stop at"), help, |ui| {
        let mut on = recipe.target_accuracy.is_some();
        if ui.checkbox(&mut on, "").on_hover_text(scene.t("Off runs to the last step")).changed() {
            recipe.target_accuracy = on.then_some(0.9);
        }
        match &mut recipe.target_accuracy {
            Some(target) => {
                let (suffix, width) = (format!(" {}", scene.t("accuracy")), ui.available_width());
                let field = Percent { key: "target", range: 0.0..=100.0, prefix: "", suffix: &suffix, width };
                *target = field.ui(ui, scene.look, *target).value.unwrap_or(*target);
            }
            None => {
                ui.weak(scene.t("the last step"));
            }
        }
    });
}

fn patience_ui(ui: &mut Ui, scene: &Scene, recipe: &mut Recipe) {
    let help = scene.t("Stops early after so many evaluations in a row without a better measure");
    control::row(ui, scene.t("Patience"), help, |ui| {
        let now = recipe.patience.unwrap_or(0);
        let field = Count { key: "patience", range: 0..=10_000, zero: scene.t("never stops early") };
        if let Some(patience) = field.ui(ui, scene.look, now) {
            recipe.patience = (patience > 0).then_some(patience);
        }
    });
}

fn keep_ui(ui: &mut Ui, scene: &Scene, recipe: &mut Recipe) {
    let told = |metric| match metric {
        Metric::Accuracy => scene.t("best accuracy"),
        Metric::MacroF1 => scene.t("best macro F1"),
        Metric::Loss => scene.t("lowest loss"),
        Metric::Agreement => scene.t("best agreement"),
        Metric::Kl => scene.t("lowest KL"),
    };
    let last = (Keep::Last, scene.t("last step"), scene.t("The student as the run ends with it"));
    let help = scene.t("The evaluation on the validation part that measured best, of equals the first");
    let best = Metric::ALL.map(|metric| (Keep::Best(metric), told(metric), help));
    let all: Vec<_> = std::iter::once(last).chain(best).collect();
    let shown = all.iter().find(|(keep, ..)| *keep == recipe.keep).map_or("", |(_, label, _)| label);
    let picked = control::row(ui, scene.t("Saved student"), scene.t("Which step's student the run saves"), |ui| {
        control::pick(ui, "keep", &recipe.keep, shown, &all)
    });
    recipe.keep = picked.unwrap_or(recipe.keep);
}

/// A device this build or machine lacks stays in the list while the session asks for it.
fn device_ui(ui: &mut Ui, scene: &Scene, recipe: &mut Recipe) {
    let told = |device| match device {
        Device::Cpu => scene.t("The processor, by kernels made for it"),
        Device::Cuda(_) => scene.t("An NVIDIA graphics card"),
        Device::Metal(_) => scene.t("An Apple graphics processor"),
    };
    let missing = Some(recipe.device).filter(|device| !scene.catalog.devices.contains(device));
    let devices: Vec<Device> = scene.catalog.devices.iter().copied().chain(missing).collect();
    let labels: Vec<String> = devices.iter().map(|device| device.label()).collect();
    let all: Vec<_> =
        devices.iter().zip(&labels).map(|(device, label)| (*device, label.as_str(), told(*device))).collect();
    let help = scene.t("Where both models compute; others appear in a program built for them");
    let picked = control::row(ui, scene.t("Device"), help, |ui| {
        control::pick(ui, "device", &recipe.device, &recipe.device.label(), &all)
    });
    recipe.device = picked.unwrap_or(recipe.device);
}
