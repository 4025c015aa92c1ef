//! A pointer that rests over a part of a long run of which only extremes are kept.

use egui::pos2;

use super::*;

const STEPS: u64 = 60_000;

/// Rising, and no two steps near each other alike.
fn value(step: u64) -> f64 {
    step as f64 / STEPS as f64 + (step * 37 % 101) as f64 / 20_000.0
}

/// A window in which a run of so many steps is open.
fn long_run() -> Play {
    let folder = tempfile::tempdir().unwrap();
    let (out, session) = (folder.path().join("runs/long"), Session::built_in().unwrap());
    std::fs::create_dir_all(&out).unwrap();
    file::save(&session, &out.join("session.ron")).unwrap();
    let mut journal = Journal::create(&out.join(journal::FILE)).unwrap();
    journal.write(&Fact::Started { session: Box::new(session.clone()), out: out.clone(), step: 0 });
    let scalars = |step| Fact::Scalars { step, values: vec![("loss/total".into(), value(step))] };
    (0..STEPS).for_each(|step| journal.write(&scalars(step)));
    let mut play = Play::within(folder, session, None);
    play.harness.state_mut().ask(Action::Open(out));
    play.wait_until(|app| app.workspace().shown().step == STEPS);
    play
}

impl Play {
    /// Puts the pointer where steps of the left part of the chart are read.
    fn over_the_past(&mut self) {
        let top = self.harness.get_by_label("Fit and follow").rect().bottom();
        let left = self.harness.get_by_label("How to move in the curves").rect().left().min(500.0);
        for y in (0..80).map(|place| top + 10.0 + 6.0 * place as f32) {
            self.harness.hover_at(pos2(left + 60.0, y));
            self.look(2);
            if self.read_steps().is_some_and(|steps| steps.contains('…')) {
                return;
            }
        }
        panic!("no steps are read");
    }

    /// What the readout says of its steps; the bar, which sets off thousands, says only where the run is.
    fn read_steps(&self) -> Option<String> {
        let nodes = self.harness.root().children_recursive();
        let words = nodes.flat_map(|node| [node.accesskit_node().value(), node.accesskit_node().label()]).flatten();
        let mut told = words.filter_map(|words| words.strip_prefix("step ").map(str::to_owned));
        told.find(|words| !words.contains('\u{a0}'))
    }

    /// Whether a label is this number, as far as it is told.
    fn tells(&self, number: f64) -> bool {
        let near = |words: String| words.parse::<f64>().is_ok_and(|told| (told - number).abs() < 2e-4);
        let nodes = self.harness.root().children_recursive();
        nodes.filter_map(|node| node.accesskit_node().value()).any(near)
    }
}

#[test]
fn the_point_of_a_step_long_past_is_read_from_the_journal_once_the_pointer_rests() {
    let mut play = long_run();
    assert!(!play.app().workspace().shown().series.values().next().unwrap().is_whole());
    play.over_the_past();
    play.look(1);
    assert!(!play.says("as the run's journal has it"), "not before it rests");
    for _ in 0..400 {
        if play.says("as the run's journal has it") {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
        play.look(1);
    }
    let step: u64 = play.read_steps().unwrap().parse().expect("one step is read");
    assert!(step < 30_000 && play.tells(value(step)), "step {step} has {}", value(step));
    // The journal is gone, and another place is pointed at.
    std::fs::remove_file(play.folder.path().join("runs/long").join(journal::FILE)).unwrap();
    play.over_the_past();
    assert!(play.read_steps().is_some());
}
