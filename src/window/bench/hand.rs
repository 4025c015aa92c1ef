//! A hand over a chart: it moves across, zooms in, pans, zooms out, a little in every frame, and at the end of a round
//! fits the chart to all there is.

use egui::{Event, Modifiers, PointerButton, Pos2, Rect, pos2};

/// Frames of one round.
const ROUND: u64 = 240;

/// What the hand does in a frame of its round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Moves,
    ZoomsIn,
    Presses,
    Drags,
    LetsGo,
    ZoomsOut,
    Fits,
}

fn doing(frame: u64) -> Doing {
    match frame % ROUND {
        80..120 => Doing::ZoomsIn,
        120 => Doing::Presses,
        121..180 => Doing::Drags,
        180 => Doing::LetsGo,
        181..221 => Doing::ZoomsOut,
        239 => Doing::Fits,
        _ => Doing::Moves,
    }
}

/// Where it is: to and fro across the chart, and up and down it.
fn place(frame: u64, chart: Rect) -> Pos2 {
    let swing = |period: f32| 0.5 - 0.5 * (frame as f32 / period).cos();
    pos2(chart.left() + swing(25.0) * chart.width(), chart.top() + swing(17.0) * chart.height())
}

/// The events of a frame.
pub(super) fn events(frame: u64, chart: Rect) -> Vec<Event> {
    let pos = place(frame, chart);
    let press =
        |pressed| Event::PointerButton { pos, button: PointerButton::Primary, pressed, modifiers: Modifiers::NONE };
    let more = match doing(frame) {
        Doing::Moves | Doing::Drags => vec![],
        Doing::ZoomsIn => vec![Event::Zoom(1.06)],
        Doing::ZoomsOut => vec![Event::Zoom(1.0 / 1.06)],
        Doing::Presses => vec![press(true)],
        Doing::LetsGo => vec![press(false)],
        Doing::Fits => vec![press(true), press(false), press(true), press(false)],
    };
    std::iter::once(Event::PointerMoved(pos)).chain(more).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_stays_over_the_chart_lets_go_what_it_takes_and_leaves_the_zoom_as_it_was() {
        let chart = Rect::from_min_max(pos2(100.0, 50.0), pos2(300.0, 90.0));
        let all: Vec<Event> = (0..ROUND).flat_map(|frame| events(frame, chart)).collect();
        let mut zoom = 1.0;
        let (mut down, mut up) = (0, 0);
        for event in &all {
            match event {
                Event::PointerMoved(pos) => assert!(chart.contains(*pos), "{pos:?}"),
                Event::Zoom(by) => zoom *= by,
                Event::PointerButton { pressed: true, .. } => down += 1,
                Event::PointerButton { .. } => up += 1,
                other => panic!("{other:?}"),
            }
        }
        // A drag, and the double click that fits.
        assert_eq!((down, up), (3, 3));
        let zooms = |what| (0..ROUND).filter(|frame| doing(*frame) == what).count();
        assert!(zooms(Doing::ZoomsIn) == 40 && (zoom - 1.0).abs() < 0.01, "{zoom}");
    }
}
