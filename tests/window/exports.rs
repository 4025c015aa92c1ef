//! Curves exported by mouse: of the run on show and of those in the table.

use super::*;

impl Play {
    /// Chooses a kind in the menu and writes it.
    fn exports(&mut self, kind: &str, path: &Path, replace: bool) {
        self.asks_to_export(kind);
        self.writes(path, replace);
    }

    /// Types a path over the one that is proposed, and waits for the notice.
    fn writes(&mut self, path: &Path, replace: bool) {
        self.harness.event(egui::Event::Text(path.display().to_string()));
        self.look(3);
        if replace {
            self.click("Replace what is there");
        }
        let before = self.notices().len();
        self.click("Write the export");
        self.wait_until(|app| app.workspace().notices.len() > before);
        self.look(4);
    }

    fn asks_to_export(&mut self, kind: &str) {
        self.click("Export…");
        self.click(kind);
        assert!(self.says("Export curves"), "{kind}");
    }
}

#[test]
fn the_curves_on_show_are_written_where_they_are_asked_for_and_nothing_is_replaced_unasked() {
    let folder = tempfile::tempdir().unwrap();
    stage::finished_run(folder.path(), "taught-1", 1, 0.1, 12);
    let run = folder.path().join("runs/taught-1");
    let table = folder.path().join("mine.csv");
    std::fs::write(&table, "mine").unwrap();
    let mut play = Play::within(folder, Session::built_in().unwrap(), None);
    play.harness.state_mut().ask(Action::Open(run));
    play.wait_until(|app| !app.record().series.is_empty());
    play.look(4);
    play.exports("Table (CSV)…", &table, false);
    assert!(play.notices().last().unwrap().contains("is there already"), "{:?}", play.notices());
    assert_eq!(std::fs::read_to_string(&table).unwrap(), "mine");
    play.exports("Table (CSV)…", &table, true);
    assert!(play.notices().last().unwrap().contains("1 runs were written"), "{:?}", play.notices());
    assert!(std::fs::read_to_string(&table).unwrap().starts_with("run,curve,step,value\ntaught-1,"));
    // A name without an ending gets that of its kind.
    let chart = play.folder.path().join("chart");
    play.exports("Chart (SVG)…", &chart, false);
    assert!(std::fs::read_to_string(chart.with_extension("svg")).unwrap().contains(">taught-1</text>"));
    play.exports("Picture (PNG)…", &chart, false);
    assert!(std::fs::read(chart.with_extension("png")).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn the_runs_that_are_chosen_are_exported_and_else_all_that_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    for seed in 1..=3 {
        stage::finished_run(folder.path(), &format!("taught-{seed}"), seed, 0.1, 12);
    }
    let mut play = Play::within(folder, Session::built_in().unwrap(), None);
    play.click("Runs");
    play.wait_until(|app| app.runs().table.is_some());
    play.look(4);
    let events = play.folder.path().join("tb");
    play.exports("TensorBoard events…", &events, false);
    let written = |run: &str| events.join(run).read_dir().map_or(0, Iterator::count);
    assert_eq!((written("taught-1"), written("taught-2"), written("taught-3")), (1, 1, 1));
    assert!(play.notices().last().unwrap().contains("3 files"), "{:?}", play.notices());
    play.click("taught-2");
    let table = play.folder.path().join("one.csv");
    play.exports("Table (CSV)…", &table, false);
    let text = std::fs::read_to_string(&table).unwrap();
    assert!(text.contains("taught-2,") && !text.contains("taught-1,"), "{text}");
    play.click("taught-2");
    play.click("Seeds together");
    let chart = play.folder.path().join("seeds.svg");
    play.exports("Chart (SVG)…", &chart, false);
    assert!(std::fs::read_to_string(&chart).unwrap().contains("(n = 3)</text>"));
}

#[test]
fn a_picture_that_lacks_signs_of_a_name_says_which_and_a_drawing_has_them() {
    let folder = tempfile::tempdir().unwrap();
    stage::finished_run(folder.path(), "学习-🦀", 1, 0.1, 12);
    let mut play = Play::within(folder, Session::built_in().unwrap(), None);
    play.click("Runs");
    play.wait_until(|app| app.runs().table.is_some());
    play.look(4);
    let chart = play.folder.path().join("chart");
    play.exports("Chart (SVG)…", &chart, false);
    assert!(std::fs::read_to_string(chart.with_extension("svg")).unwrap().contains("学习-🦀"));
    let lacks = |play: &Play| play.notices().iter().any(|notice| notice.contains("missing from the picture"));
    assert!(!lacks(&play), "{:?}", play.notices());
    play.exports("Picture (PNG)…", &chart, false);
    play.wait_until(|app| app.workspace().notices.iter().any(|told| told.notice.text.contains("were written")));
    assert!(lacks(&play) && play.notices().iter().any(|notice| notice.contains("no 🦀;")), "{:?}", play.notices());
}

#[test]
fn an_export_that_is_thought_better_of_writes_nothing_and_one_without_curves_says_so() {
    let mut play = Play::new();
    play.click("Runs");
    play.wait_until(|app| app.runs().table.is_some());
    play.look(4);
    play.harness.state_mut().ask(Action::AskExport(ExportKind::Csv, Box::default()));
    play.look(4);
    assert!(play.notices().last().unwrap().contains("no curves to export"), "{:?}", play.notices());
    assert!(!play.says("Export curves"));
}

#[test]
fn heatmaps_and_bars_are_saved_as_they_are_drawn() {
    let mut play = Play::running(5);
    play.engine.put(|cells| &cells.probe, stage::probe());
    play.look(4);
    let mut kinds = Vec::new();
    for place in 0..2 {
        play.harness.get_all_by_label("Save as a picture").nth(place).unwrap().click();
        play.look(4);
        let is_bars = play.says("Chart (SVG)…");
        kinds.push(is_bars);
        play.click(if is_bars { "Chart (SVG)…" } else { "Picture (PNG)…" });
        let path = play.folder.path().join(format!("picture {place}"));
        play.writes(&path, false);
        assert!(play.notices().last().unwrap().contains("the picture was written"), "{:?}", play.notices());
        if is_bars {
            let svg = std::fs::read_to_string(path.with_extension("svg")).unwrap();
            assert!(
                svg.contains(">★</text>") && svg.contains(">cooking</text>") && svg.contains(">teacher</text>"),
                "{svg}"
            );
        } else {
            assert!(std::fs::read(path.with_extension("png")).unwrap().starts_with(b"\x89PNG"));
        }
    }
    kinds.sort_unstable();
    assert_eq!(kinds, [false, true]);
}
