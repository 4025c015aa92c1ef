//! Curves of many runs, and the pictures of all listed ones: sides told apart, a baseline, axes, lines, knob lanes,
//! brushes.

use egui::{Pos2, Rect, pos2};

use super::*;

impl Play {
    /// A window whose workspace has runs of three seeds with alpha at 0.1, 0.5 and 1, and one whose journal does not
    /// tell how large its data are.
    fn with_curves() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, alpha) in [("low", 0.1), ("middle", 0.5), ("high", 1.0)] {
            for seed in 1..=3 {
                stage::run_with_curves(folder.path(), &format!("{name}-{seed}"), seed, alpha, true);
            }
        }
        stage::run_with_curves(folder.path(), "untold", 1, 0.2, false);
        Self::at_the_runs(folder)
    }

    fn at_the_runs(folder: tempfile::TempDir) -> Self {
        let mut play = Self::within(folder, Session::built_in().unwrap(), None);
        play.click("Runs");
        play.wait_until(|app| app.runs().table.is_some());
        play.look(4);
        play
    }

    fn choose_rows(&mut self, rows: &[&str]) {
        for row in rows {
            // Of many rows not all are in sight.
            if self.harness.query_by_role_and_label(Role::Button, row).is_none() {
                self.harness.state_mut().filter_runs(row);
                self.look(4);
            }
            self.harness.get_by_role_and_label(Role::Button, row).click_accesskit();
            self.look(4);
        }
        self.harness.state_mut().filter_runs("");
        self.wait_until(|app| app.runs().compared.is_some());
        // Another comparison may have been under way.
        for _ in 0..400 {
            if !self.says("comparing…") {
                return self.look(4);
            }
            std::thread::sleep(Duration::from_millis(5));
            self.look(1);
        }
        panic!("it is still compared");
    }

    fn place_of(&self, label: &str) -> Rect {
        self.harness.get_by_label(label).rect()
    }

    fn drag(&mut self, from: Pos2, to: Pos2) {
        self.harness.hover_at(from);
        self.look(2);
        self.harness.drag_at(from);
        self.look(2);
        for share in [0.3, 0.7, 1.0] {
            self.harness.hover_at(from + share * (to - from));
            self.look(1);
        }
        self.harness.drop_at(to);
        self.look(6);
    }

    fn rows(&self) -> usize {
        let names =
            ["low-1", "low-2", "low-3", "middle-1", "middle-2", "middle-3", "high-1", "high-2", "high-3", "untold"];
        names.iter().filter(|name| self.harness.query_by_role_and_label(Role::Button, name).is_some()).count()
    }
}

#[test]
fn more_than_two_sides_show_the_settings_that_differ_and_their_curves_over_each_other() {
    let mut play = Play::with_curves();
    play.choose_rows(&["low-1", "middle-1"]);
    assert!(play.says("95 % interval") && play.harness.query_by_label("Figures").is_some());
    play.choose_rows(&["high-1"]);
    assert!(play.says("mixture.alpha") && play.says("A · Posts (low-1)") && play.says("C · Posts (high-1)"));
    assert!(!play.says("95 % interval") && play.harness.query_by_label("Figures").is_none());
    play.click("Curves");
    assert!(play.says("A · Posts (low-1) · n 1") && play.says("C · Posts (high-1) · n 1"));
    assert!(play.says("A · labels' share α 0.1 → 0.9 · step 60") && !play.says("C · labels' share α"));
}

#[test]
fn twelve_sides_are_told_apart_and_a_thirteenth_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (1..=13).map(|seed| format!("run-{seed:02}")).collect();
    for (seed, name) in (1..).zip(&names) {
        stage::run_with_curves(folder.path(), name, seed, 0.5, true);
    }
    let mut play = Play::at_the_runs(folder);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    play.choose_rows(&names[..12]);
    assert!(play.says("no setting differs") && !play.says("12 sides can be told apart"));
    play.choose_rows(&names[12..]);
    assert!(play.says("12 sides can be told apart at most"));
    play.click("Curves");
    assert!(play.says("L · Posts (run-12) · n 1") && !play.says("run-13) · n 1"));
    play.choose_rows(&names[..1]);
    play.choose_rows(&names[12..]);
    assert!(play.says("L · Posts (run-13) · n 1") && !play.says("12 sides can be told apart"));
}

#[test]
fn a_side_is_pinned_as_baseline_and_the_pointer_reads_all_sides_with_their_differences() {
    let mut play = Play::with_curves();
    play.click("Seeds together");
    let group = |play: &Play, name: &str| {
        let rows = (1..=3).map(|seed| format!("{name}-{seed}"));
        rows.into_iter().find(|row| play.harness.query_by_role_and_label(Role::Button, row).is_some()).unwrap()
    };
    let sides = ["low", "high", "middle"].map(|name| group(&play, name));
    play.choose_rows(&sides.each_ref().map(String::as_str));
    play.click("Curves");
    let legend = format!("B · Posts ({}) · 3 runs · n 3", sides[1]);
    assert!(play.says(&legend), "{legend}");
    let chart = play.place_of("Curves of the sides");
    play.harness.hover_at(pos2(chart.right() - 30.0, chart.center().y));
    play.look(6);
    assert!(play.says("step 119") && play.says("0.929 ± 0.01") && !play.says("-0.18"));
    play.click(&legend);
    assert!(play.says(&format!("{legend} · baseline")));
    play.harness.hover_at(pos2(chart.right() - 30.0, chart.center().y));
    play.look(6);
    assert!(play.says("+0.18") && play.says("+0.1"), "differences from the baseline");
    play.click("differences");
    play.click(&format!("{legend} · baseline"));
    assert!(!play.says("· baseline"), "it is let go");
}

#[test]
fn a_run_whose_axis_is_not_known_is_left_out_and_that_is_said() {
    let mut play = Play::with_curves();
    play.choose_rows(&["low-1", "middle-1", "untold"]);
    play.click("Curves");
    assert!(play.says("C · Posts (untold) · n 1") && !play.says("left out"));
    play.click("By epoch");
    assert!(!play.says("C · Posts (untold) · n 1") && play.says("C left out: its journal does not tell this axis"));
    let chart = play.place_of("Curves of the sides");
    play.harness.hover_at(pos2(chart.right() - 30.0, chart.center().y));
    play.look(6);
    // 6400 texts are 100 batches of 64.
    assert!(play.says("epoch 1.19"), "the last step is 119");
    play.click("By time");
    assert!(play.says("C · Posts (untold) · n 1") && !play.says("left out"));
}

#[test]
fn a_line_is_typed_with_its_name_and_taken_away() {
    let mut play = Play::with_curves();
    play.choose_rows(&["low-1", "middle-1"]);
    play.click("Curves");
    let typed = |play: &mut Play, text: &str| {
        play.harness.get_by_role_and_label(Role::TextInput, "Reference line").focus();
        play.look(2);
        play.harness.event(egui::Event::Text(text.into()));
        play.look(2);
        play.press(Modifiers::NONE, Key::Enter);
    };
    typed(&mut play, "best so far");
    assert!(play.says("begins with no number"));
    typed(&mut play, "0.9 best so far");
    assert!(!play.says("begins with no number"));
    play.click("✖ 0.9 best so far");
    assert!(!play.says("0.9 best so far"), "the line is gone");
}

#[test]
fn what_is_brushed_on_an_axis_filters_the_table_and_can_be_taken_back_or_written_down() {
    let mut play = Play::with_curves();
    play.click("Parallel coordinates");
    assert!(play.says("10 of 10 runs"));
    let axis = play.place_of("Brush accuracy");
    let upper = |play: &mut Play| {
        let from = pos2(axis.center().x, axis.top() + 2.0);
        play.drag(from, pos2(from.x, axis.top() + 0.35 * axis.height()));
    };
    upper(&mut play);
    assert!(play.says("4 of 10 runs") && play.says("brushed test.accuracy >= "), "low and untold are the best");
    play.click("Brush accuracy");
    assert!(play.says("10 of 10 runs"), "a click takes the brush of its axis away");
    upper(&mut play);
    play.click("Clear the brushes");
    assert!(play.says("10 of 10 runs") && !play.says("brushed"));
    upper(&mut play);
    play.click("Write into the filter");
    assert!(play.says("4 of 10 runs") && !play.says("brushed test"));
    play.harness.state_mut().filter_runs("");
    play.look(4);
    assert!(play.says("10 of 10 runs"));
    play.click("Hide the picture");
    assert!(play.harness.query_by_label("Brush accuracy").is_none() && play.rows() == 10);
}

#[test]
fn lines_brushes_and_baseline_are_there_at_the_next_start_each_in_its_workspace() {
    let closed = |play: Play| {
        let Play { harness, folder, .. } = play;
        drop(harness);
        folder
    };
    let mut play = Play::with_curves();
    play.click("Parallel coordinates");
    let axis = play.place_of("Brush accuracy");
    play.drag(axis.center_top() + egui::vec2(0.0, 2.0), axis.center_top() + egui::vec2(0.0, 0.35 * axis.height()));
    assert!(play.says("4 of 10 runs"));
    play.choose_rows(&["low-1", "low-2"]);
    play.click("Curves");
    play.harness.get_by_role_and_label(Role::TextInput, "Reference line").focus();
    play.look(2);
    play.harness.event(egui::Event::Text("0.9 to be reached".into()));
    play.press(Modifiers::NONE, Key::Enter);
    play.click("B · Posts (low-2) · n 1");
    assert!(play.says("B · Posts (low-2) · n 1 · baseline"));

    let mut play = Play::at_the_runs(closed(play));
    assert!(play.says("4 of 10 runs") && play.says("brushed test.accuracy >= "));
    let elsewhere = tempfile::tempdir().unwrap();
    play.harness.state_mut().open_workspace(elsewhere.path());
    play.wait_until(|app| app.runs().table.is_some());
    assert!(!play.says("brushed test"), "another workspace has other runs");

    let mut play = Play::at_the_runs(closed(play));
    play.choose_rows(&["low-1", "low-3"]);
    play.click("Curves");
    assert!(play.says("✖ 0.9 to be reached") && !play.says("· baseline"), "it is not among them");
    play.choose_rows(&["low-2"]);
    assert!(play.says("C · Posts (low-2) · n 1 · baseline"), "and is again once it is");
    play.click("✖ 0.9 to be reached");
    play.click("Clear the brushes");

    let folder = closed(play);
    let kept = std::fs::read_to_string(folder.path().join("run_pictures.ron")).unwrap();
    assert!(kept.contains("low-2") && !kept.contains("reached") && !kept.contains("test.accuracy"), "{kept}");
    std::fs::write(folder.path().join("run_pictures.ron"), &kept[..kept.len() / 2]).unwrap();
    let play = Play::at_the_runs(folder);
    let notices = play.notices();
    assert!(notices.iter().any(|notice| notice.contains("baselines cannot be read")), "{notices:?}");
    assert!(play.says("10 of 10 runs"));
}

#[test]
fn a_run_of_the_scatter_is_chosen_by_a_click_and_a_rectangle_brushes_both_columns() {
    let mut play = Play::with_curves();
    play.click("Scatter");
    play.click("Run Posts (low-2)");
    assert!(play.says("Choose a second row") || play.harness.query_by_label("Notes").is_some());
    play.click("Run Posts (high-1)");
    play.wait_until(|app| app.runs().compared.is_some());
    play.click("Figures");
    assert!(play.says("A: Posts (low-2)") && play.says("B: Posts (high-1)"));
    play.click("Scatter");
    let low = [1, 2, 3].map(|seed| play.place_of(&format!("Run Posts (low-{seed})")));
    let around = low.into_iter().reduce(Rect::union).unwrap().expand(6.0);
    play.drag(around.left_top(), around.right_bottom());
    assert!(play.says("3 of 10 runs") && play.says("seconds >= "), "a rectangle around three of them");
    play.click("Clear the brushes");
    assert!(play.says("10 of 10 runs"));
}
