//! Probabilities of the classes, teacher against student, as answered and as softened.
//!
//! Solid bars are the answer at T = 1; outlined ones are what the loss sees at the current
//! temperature. Softening happens here, from the scores, so a dragged temperature shows at once.

mod class_row;
mod drawing;
mod row;
mod softened;

use egui::{Context, Id, RichText, ScrollArea, Ui};

use crate::link::{ProbeFrame, WholeRow, grouped};
use crate::session::view::Bars as Order;
use crate::window::plot::token_chips::visible;
use crate::window::theme::{GAP, Look};
pub use drawing::drawing;
use row::Row;
pub use softened::{entropy, kl, softened};

/// The orders of the rows, and what they are called.
const ORDERS: [(Order, &str); 3] =
    [(Order::Teacher, "by teacher"), (Order::Label, "by label"), (Order::Difference, "by difference")];

/// The order that was chosen.
pub fn order(ctx: &Context) -> Order {
    ctx.data(|data| data.get_temp::<Order>(order_id())).unwrap_or_default()
}

/// Chooses the order.
pub fn set_order(ctx: &Context, order: Order) {
    ctx.data_mut(|data| data.insert_temp(order_id(), order));
}

fn order_id() -> Id {
    Id::unique("order of the probability bars")
}

/// One side's probabilities at T = 1 and at the current temperature.
pub(super) struct Side {
    pub(super) plain: Vec<f64>,
    pub(super) soft: Vec<f64>,
}

impl Side {
    fn new(scores: &[f32], temperature: f64) -> Self {
        Self { plain: softened(scores, 1.0), soft: softened(scores, temperature) }
    }
}

/// Both models' class probabilities at T = 1 and at `temperature`; `gold` is the right class.
pub fn bars_ui(ui: &mut Ui, frame: &ProbeFrame, temperature: f64, gold: Option<usize>, look: Look) {
    bars_beside_ui(ui, frame, temperature, gold, look, |_| {});
}

/// The same, with `more` at the end of the row above them.
pub fn bars_beside_ui(
    ui: &mut Ui,
    frame: &ProbeFrame,
    temperature: f64,
    gold: Option<usize>,
    look: Look,
    more: impl FnOnce(&mut Ui),
) {
    if frame.student.scores.is_empty() {
        ui.label(
            RichText::new(look.t("Type or pick a text: its probabilities appear here")).color(look.palette().text_weak),
        );
        return;
    }
    let teacher = frame.teacher.as_ref().map(|side| Side::new(&side.scores, temperature));
    let student = Side::new(&frame.student.scores, temperature);
    let order = order_ui(ui, teacher.is_some(), look, more);
    figures_ui(ui, frame, teacher.as_ref(), temperature, look);
    row::head_ui(ui, temperature, teacher.is_some(), look);
    let all = frame.others().map_or(frame.classes.len(), |(place, _)| place);
    let mut classes = sorted(order, all, teacher.as_ref(), &student);
    // All others are no token that could be likelier than one: they stand behind.
    classes.extend(frame.others().map(|(place, _)| place));
    let height = row::height(teacher.is_some());
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().id_salt("probability bars").auto_shrink(false).show_rows(
        ui,
        height,
        classes.len(),
        |ui, visible| {
            for &class in classes.get(visible).unwrap_or_default() {
                let is_rest = frame.others().is_some_and(|(place, _)| place == class);
                let softened = temperature != 1.0;
                Row {
                    class,
                    name: &name(frame, class, look),
                    is_rest,
                    is_gold: gold == Some(class),
                    softened,
                    teacher: teacher.as_ref(),
                    student: &student,
                }
                .ui(ui, look);
            }
        },
    );
}

/// What a row is called: a class by its name, a token with its white space visible, all others in words.
pub fn name(frame: &ProbeFrame, class: usize, look: Look) -> String {
    let name = frame.classes.get(class).map_or("?", String::as_str);
    match (frame.others(), frame.whole_row) {
        (Some((place, count)), _) if place == class => {
            format!("{} ({})", look.t("all others"), grouped(count as u64))
        }
        (_, Some(_)) => visible(name),
        (_, None) => name.to_owned(),
    }
}

fn order_ui(ui: &mut Ui, has_teacher: bool, look: Look, more: impl FnOnce(&mut Ui)) -> Order {
    let mut order = order(ui);
    if !has_teacher {
        more(ui);
        return Order::Label;
    }
    ui.horizontal_wrapped(|ui| {
        for (choice, label) in ORDERS {
            ui.selectable_value(&mut order, choice, look.t(label)).on_hover_text(look.t("Order of the classes"));
        }
        more(ui);
    });
    set_order(ui, order);
    order
}

/// What is known of all outcomes, of which the likeliest are shown.
fn whole_row_ui(ui: &mut Ui, row: &WholeRow, look: Look) {
    let (Some(kl), Some(entropy)) = (row.kl, row.teacher_entropy) else { return };
    let of = look.t("teacher entropy");
    let text = format!("KL · T 1: {kl:.3} · {of} {entropy:.3}");
    ui.label(RichText::new(text).small().color(look.palette().text_weak)).on_hover_text(
        look.t(
            "Of all tokens of the vocabulary, in nats; shown are the likeliest of both models, and all others as one",
        ),
    );
    ui.add_space(GAP);
}

fn figures_ui(ui: &mut Ui, frame: &ProbeFrame, teacher: Option<&Side>, temperature: f64, look: Look) {
    let (Some(side), Some(theirs)) = (teacher, &frame.teacher) else { return };
    if let Some(row) = &frame.whole_row {
        return whole_row_ui(ui, row, look);
    }
    let at = |temperature| kl(&theirs.scores, &frame.student.scores, temperature);
    let rounded = (1000.0 * temperature).round() / 1000.0;
    let softened = if rounded == 1.0 { String::new() } else { format!(" · T {rounded}: {:.3}", at(temperature)) };
    let entropy = entropy(&side.soft);
    let text = format!("KL · T 1: {:.3}{softened} · {} {entropy:.3}", at(1.0), look.t("teacher entropy"));
    ui.label(RichText::new(text).small().color(look.palette().text_weak))
        .on_hover_text(look.t("How much the student's softened answer misses the teacher's, and the least a student can reach on the soft part, both in nats"));
    ui.add_space(GAP);
}

/// Class indices in the order of the rows. Equal keys keep the order of the classes.
fn sorted(order: Order, n_classes: usize, teacher: Option<&Side>, student: &Side) -> Vec<usize> {
    let mut classes: Vec<usize> = (0..n_classes).collect();
    let at = |side: &Side, class: usize| side.plain.get(class).copied().unwrap_or(0.0);
    let key = |class: usize| match (order, teacher) {
        (Order::Label, _) | (_, None) => 0.0,
        (Order::Teacher, Some(teacher)) => at(teacher, class),
        (Order::Difference, Some(teacher)) => (at(teacher, class) - at(student, class)).abs(),
    };
    classes.sort_by(|&a, &b| key(b).total_cmp(&key(a)));
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_ordered_as_asked() {
        let side = |p: [f32; 3]| Side::new(&p.map(f32::ln), 1.0);
        let (teacher, student) = (side([0.1, 0.7, 0.2]), side([0.5, 0.4, 0.1]));
        assert_eq!(sorted(Order::Teacher, 3, Some(&teacher), &student), [1, 2, 0]);
        assert_eq!(sorted(Order::Label, 3, Some(&teacher), &student), [0, 1, 2]);
        assert_eq!(sorted(Order::Difference, 3, Some(&teacher), &student), [0, 1, 2]);
        assert_eq!(sorted(Order::Teacher, 3, None, &student), [0, 1, 2]);
    }
}
