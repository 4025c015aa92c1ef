//! The prompt lab: the template as it is typed, and at once what each model reads of it.

use egui::{Color32, Label, RichText, ScrollArea, TextEdit, Ui, vec2};

use super::{Scene, Section};
use crate::link::{PromptFrame, PromptSide, TokenChip, WordCheck};
use crate::session::{Chat, Prompt, Prompts, Scoring, Sentence, TaskKind};
use crate::window::control;
use crate::window::plot::token_chips::visible;
use crate::window::state::{Action, Back, UiState};
use crate::window::undo::Part;

pub(super) const SECTION: Section = Section {
    id: "prompt",
    title: "Prompt",
    help: "How a text becomes a question, and which words answer it",
    open: true,
    summary,
    draw: prompt_ui,
};

/// So many tokens are drawn; a page of chips helps nobody.
const CHIPS: usize = 96;

fn summary(scene: &Scene) -> String {
    if !scene.session.reads_prompt() {
        return scene.t("not used").to_owned();
    }
    let template = scene.session.prompt.teacher.template.replace('\n', " ↵ ");
    if scene.has_new_prompt() { format!("{} · {template}", scene.t(NEXT_RUN)) } else { template }
}

fn prompt_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState) {
    if !scene.session.reads_prompt() {
        let words = scene.t("Texts are read as they are, and conversations through the model's own chat template: a prompt stands before classes and completions.");
        ui.add(Label::new(RichText::new(words).small().weak()).wrap());
        // There is no field for it to stand beside, and nowhere else is it told.
        let problem = scene.prompt.and_then(|frame| frame.problem.as_ref().or(frame.student_problem.as_ref()));
        if let Some(problem) = problem {
            ui.add(Label::new(RichText::new(scene.says(problem)).small().color(ui.visuals().error_fg_color)).wrap());
        }
        return read_ui(ui, scene);
    }
    let mut prompt = scene.session.prompt.clone();
    let problem = scene.prompt.and_then(|frame| frame.problem.as_ref());
    let help = scene.t("{text} stands for the text, {answer} for the label word; each belongs in exactly once");
    template_ui(ui, scene, (scene.t("Template"), help), &mut prompt.teacher.template, problem);
    students_ui(ui, scene, &mut prompt);
    // Below the field: what appears while it is typed into must not take its place, nor the focus.
    if let Some(run) = scene.run_prompt().filter(|_| scene.has_new_prompt()) {
        run_ui(ui, scene, state, run);
    }
    read_ui(ui, scene);
    if scene.session.recipe.task.is_classes() {
        words_ui(ui, scene, &mut prompt);
    }
    chat_ui(ui, scene, &mut prompt);
    if prompt != scene.session.prompt {
        state.ask(Action::Set(Part::Prompt(prompt)));
    }
}

/// What the models read, once they are open.
fn read_ui(ui: &mut Ui, scene: &Scene) {
    match scene.prompt {
        Some(frame) => sides_ui(ui, scene, frame),
        None => {
            control::caption(ui, scene.t("What each model reads appears here once both are open."));
        }
    }
}

/// What is said of a prompt that the run on show does not use.
const NEXT_RUN: &str = "new prompt from the next run";

/// The prompt in force, below one that is being written.
fn run_ui(ui: &mut Ui, scene: &Scene, state: &mut UiState, run: &Prompts) {
    let next = RichText::new(scene.t(NEXT_RUN)).small().color(ui.visuals().warn_fg_color);
    ui.add(Label::new(next).wrap());
    let title = if scene.live { scene.t("This run uses") } else { scene.t("The run on show used") };
    control::card(ui, |ui| {
        control::caption(ui, title);
        ui.add(Label::new(RichText::new(&run.teacher.template).monospace().small()).wrap());
        for other in others(scene, run) {
            control::caption(ui, other);
        }
        let help = scene.t("Puts the run's prompt back into the editor; undo brings the new one back");
        if ui.button(scene.t("Back to the run's prompt")).on_hover_text(help).clicked() {
            state.ask(Action::BackToRun(Back::Prompt));
        }
    });
    let help = scene.t("Asks both models by the prompt in the editor under the lens; the run goes on with its own");
    ui.checkbox(&mut state.trial, scene.t("Try the new prompt under the lens")).on_hover_text(help);
}

/// What differs beside the template.
fn others(scene: &Scene, run: &Prompts) -> Vec<&'static str> {
    let now = &scene.session.prompt;
    let differing = [
        (now.label_words != run.label_words, scene.t("with other label words")),
        (now.scoring != run.scoring, scene.t("with another score of label words")),
        (now.chat != run.chat, scene.t("with another use of the chat template")),
        (now.teacher.variants != run.teacher.variants, scene.t("with other variants")),
        (now.student != run.student, scene.t("with another prompt of the student")),
    ];
    differing.into_iter().filter_map(|(differs, words)| differs.then_some(words)).collect()
}

fn template_ui(ui: &mut Ui, scene: &Scene, (name, help): (&str, &str), template: &mut String, told: Option<&Sentence>) {
    let edit = TextEdit::multiline(template).desired_rows(2).desired_width(f32::INFINITY);
    // Not `code_editor`, which takes every Tab for itself: a tab in a prompt would be seen by nobody.
    ui.add(edit.font(egui::TextStyle::Monospace)).accessible_name(name).on_hover_text(help);
    let problem = Prompt::problem(template);
    if let Some(problem) = problem.as_ref().or(told) {
        ui.add(Label::new(RichText::new(scene.says(problem)).small().color(ui.visuals().error_fg_color)).wrap());
    }
}

/// Whether the student reads a prompt of its own, and which.
fn students_ui(ui: &mut Ui, scene: &Scene, prompt: &mut Prompts) {
    let help = scene
        .t("It is trained on this one and asked by it later on, unless it is a classifier, which reads the bare text");
    let mut own = prompt.student.is_some();
    if ui.checkbox(&mut own, scene.t("The student reads a prompt of its own")).on_hover_text(help).changed() {
        // It begins as what was read until now.
        prompt.student = own.then(|| prompt.teacher.clone());
    }
    if let Some(student) = &mut prompt.student {
        let problem = scene.prompt.and_then(|frame| frame.student_problem.as_ref());
        template_ui(ui, scene, (scene.t("Student's template"), help), &mut student.template, problem);
    }
}

fn sides_ui(ui: &mut Ui, scene: &Scene, frame: &PromptFrame) {
    let palette = scene.look.palette();
    let (teacher_color, student_color) = (palette.teacher, palette.student);
    let former = (!scene.belonging.open()).then(|| scene.t("by the former pair and data"));
    if let Some(words) = former.or_else(|| scene.made_by(&frame.prompt)) {
        control::caption(ui, words);
    }
    if let Some(teacher) = &frame.teacher {
        side_ui(ui, scene, scene.t("Teacher reads"), teacher, teacher_color);
    }
    let is_shared = frame.over_tokens && !scene.session.teachers.is_empty();
    let title = if is_shared { scene.t("Both models read") } else { scene.t("Student reads") };
    side_ui(ui, scene, title, &frame.student, student_color);
}

fn side_ui(ui: &mut Ui, scene: &Scene, title: &str, side: &PromptSide, color: Color32) {
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        ui.add(Label::new(RichText::new(title).small().color(color)).selectable(false));
        control::caption(ui, &format!("{} {}", side.tokens.len(), scene.t("tokens")));
        if side.cut > 0 {
            let cut = format!("{} {}", side.cut, scene.t("cut"));
            ui.add(Label::new(RichText::new(cut).small().color(ui.visuals().warn_fg_color)))
                .on_hover_text(scene.t("Tokens of the text that did not fit"));
        }
    });
    if !side.unread.is_empty() {
        let words = format!("{} {}", scene.t("does not read what stands behind the answer:"), side.unread);
        ui.add(Label::new(RichText::new(words).small().color(ui.visuals().warn_fg_color)).wrap());
    }
    let id = if title == scene.t("Teacher reads") { "teacher chips" } else { "student chips" };
    ScrollArea::vertical().id_salt(id).max_height(116.0).auto_shrink([false, true]).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(2.0, 2.0);
            for chip in shown(side) {
                chip_ui(ui, scene, chip, color);
            }
            if side.tokens.len() > CHIPS {
                control::caption(ui, "…");
            }
        });
    });
}

/// The first tokens, but always with the place of the answer.
fn shown(side: &PromptSide) -> impl Iterator<Item = &TokenChip> {
    let late = side.tokens.iter().skip(CHIPS).filter(|chip| chip.answer || !chip.from_text);
    side.tokens.iter().take(CHIPS).chain(late.take(CHIPS))
}

fn chip_ui(ui: &mut Ui, scene: &Scene, chip: &TokenChip, color: Color32) {
    let ink = ui.visuals().text_color();
    let plain = ui.visuals().widgets.inactive.weak_bg_fill;
    let text = visible(&chip.text);
    let response = if chip.answer {
        control::chip(ui, &text, color, ui.visuals().extreme_bg_color)
    } else {
        let ground = if chip.from_text { color.gamma_multiply(0.22) } else { plain };
        control::chip(ui, &text, ground, ink)
    };
    response.on_hover_ui(|ui| {
        ui.label(format!("{} {}", scene.t("Token"), chip.id));
        if chip.answer {
            ui.label(scene.t("The answer is read here"));
        } else {
            ui.label(scene.t(origin(scene, chip)));
        }
    });
}

/// Where a token comes from, or what becomes of it.
fn origin(scene: &Scene, chip: &TokenChip) -> &'static str {
    let tells_next = matches!(scene.session.recipe.task, TaskKind::NextToken { .. });
    match (chip.from_text, tells_next) {
        (true, true) => "Learned: the loss counts it",
        (false, true) => "Read, and not learned",
        (true, false) => "From the text",
        (false, false) => "From the template",
    }
}

fn words_ui(ui: &mut Ui, scene: &Scene, prompt: &mut Prompts) {
    let Some(opened) = &scene.workspace.opened else { return };
    ui.add_space(6.0);
    ui.horizontal(|ui| {
        control::caption(ui, scene.t("Label words"))
            .on_hover_text(scene.t("The word or words that stand for a class in the answer"));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| scoring_ui(ui, scene, prompt));
    });
    for class in &opened.classes {
        word_ui(ui, scene, prompt, class);
    }
    // Below all fields: what appears while one is typed into must not move the next from under the pointer.
    for check in scene.prompt.iter().flat_map(|frame| &frame.words) {
        check_ui(ui, scene, check);
    }
}

fn scoring_ui(ui: &mut Ui, scene: &Scene, prompt: &mut Prompts) {
    let all = [
        (
            Scoring::Mean,
            scene.t("mean"),
            scene.t("The mean of the tokens' log-probabilities: long words are not punished"),
        ),
        (Scoring::Sum, scene.t("sum"), scene.t("The sum of the tokens' log-probabilities: the whole string")),
    ];
    if let Some(scoring) = control::segments(ui, prompt.scoring, &all) {
        prompt.scoring = scoring;
    }
}

fn chat_ui(ui: &mut Ui, scene: &Scene, prompt: &mut Prompts) {
    let all = [
        (Chat::Off, scene.t("off"), scene.t("The prompt stands as it is written")),
        (Chat::Auto, scene.t("if any"), scene.t("The prompt is the user's message to an instruct model")),
        (Chat::On, scene.t("always"), scene.t("A teacher without a chat template is refused")),
    ];
    let help = scene.t("Whether an instruct model is asked through the template it was trained with");
    let picked = control::choices(ui, scene.t("Chat template"), help, |ui| control::segments(ui, prompt.chat, &all));
    prompt.chat = picked.unwrap_or(prompt.chat);
}

fn word_ui(ui: &mut Ui, scene: &Scene, prompt: &mut Prompts, class: &str) {
    let now = prompt.word_for(class).to_owned();
    let typed = control::row(ui, class, scene.t("The word that stands for this class"), |ui| {
        if check(scene, class).is_some_and(|check| check.problem.is_some()) {
            ui.visuals_mut().override_text_color = Some(ui.visuals().error_fg_color);
        }
        control::line(ui, &now, class)
    });
    match typed {
        Some(word) if word == class => {
            prompt.label_words.remove(class);
        }
        Some(word) => {
            prompt.set_word(class, word);
        }
        None => {}
    }
}

/// The check of a class's word, once it was made.
fn check<'a>(scene: &Scene<'a>, class: &str) -> Option<&'a WordCheck> {
    scene.prompt?.words.iter().find(|check| check.class == class)
}

/// Nothing where a word is one token and fine; else its tokens, and in red what is wrong.
fn check_ui(ui: &mut Ui, scene: &Scene, check: &WordCheck) {
    if let Some(problem) = &check.problem {
        let words = format!("{}: {}", check.word, scene.says(problem));
        ui.add(Label::new(RichText::new(words).small().color(ui.visuals().error_fg_color)).wrap());
    }
    if check.tokens.len() > 1 {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(2.0, 2.0);
            control::caption(ui, &check.class);
            ui.add_space(4.0);
            let (ground, ink) = (ui.visuals().widgets.inactive.weak_bg_fill, ui.visuals().weak_text_color());
            for token in &check.tokens {
                control::chip(ui, &visible(token), ground, ink)
                    .on_hover_text(scene.t("This label word has several tokens"));
            }
        });
    }
}
