//! The heads that are on screen as a drawing of their own, on light ground: every cell a square, whatever the window's
//! size, with the models' names, the heads' numbers, and the tokens of a head that is enlarged.

use super::AttentionMap;
use crate::link::{ProbeFrame, SideFrame};
use crate::record::export::canvas::{Anchor, Area, Canvas, Color, TextStyle, at, elided};
use crate::record::export::drawing::Drawing;
use crate::record::export::png::Picture;
use crate::record::export::svg::SvgCanvas;
use crate::window::theme::{ColorTable, Look};

/// Around everything, and between both models, points.
const MARGIN: f64 = 16.0;
/// Side of a tile, and of the only head where one is enlarged, points.
const TILE: f64 = 132.0;
const ENLARGED: f64 = 460.0;
/// Between tiles, and above each for its number.
const BETWEEN: f64 = 8.0;
const NUMBER: f64 = 16.0;
/// Above a model's heads, for its name.
const TITLE: f64 = 26.0;
/// To the left of an enlarged head, for its tokens.
const TOKENS: f64 = 96.0;
/// Tiles in a row.
const COLUMNS: usize = 4;
const INK: Color = Color::hex(0x2b3038);
const WEAK: Color = Color::hex(0x666d78);

/// What is drawn of a model.
struct Half<'a> {
    title: String,
    frame: &'a SideFrame,
    /// First head and how many.
    heads: (usize, usize),
}

impl Half<'_> {
    fn is_enlarged(&self) -> bool {
        self.heads.1 == 1 && self.frame.heads > 1
    }

    fn side(&self) -> f64 {
        if self.is_enlarged() { ENLARGED } else { TILE }
    }

    fn left(&self) -> f64 {
        if self.is_enlarged() { TOKENS } else { 0.0 }
    }

    fn columns(&self) -> usize {
        self.heads.1.clamp(1, COLUMNS)
    }

    fn size(&self) -> (f64, f64) {
        let rows = self.heads.1.div_ceil(self.columns()) as f64;
        let width = self.left() + self.columns() as f64 * (self.side() + BETWEEN) - BETWEEN;
        (width, TITLE + rows * (self.side() + BETWEEN + NUMBER))
    }
}

/// The heads that `map` shows; of a frame without attention the names alone.
pub fn drawing(frame: &ProbeFrame, map: &AttentionMap, look: Look) -> Drawing {
    let half = |name: &'static str, side, enlarged: Option<usize>| half(name, side, enlarged, look);
    let teacher = frame.teacher.as_ref().map(|side| half(look.t("Teacher"), side, map.teacher_head));
    let halves: Vec<Half> =
        teacher.into_iter().chain([half(look.t("Student"), &frame.student, map.student_head)]).collect();
    let width = halves.iter().map(|half| half.size().0 + MARGIN).sum::<f64>() + MARGIN;
    let height = halves.iter().map(|half| half.size().1).fold(0.0, f64::max) + 2.0 * MARGIN;
    let mut canvas = SvgCanvas::new(width.ceil() as u32, height.ceil() as u32);
    canvas.rect(Area { left: 0.0, top: 0.0, width: width.ceil(), height: height.ceil() }, Color::hex(0xffffff));
    let (mut pictures, mut left) = (Vec::new(), MARGIN);
    for half in &halves {
        put(&mut canvas, &mut pictures, half, left, map);
        left += half.size().0 + MARGIN;
    }
    Drawing { svg: canvas.finish(), pictures }
}

fn half<'a>(name: &str, frame: &'a SideFrame, enlarged: Option<usize>, look: Look) -> Half<'a> {
    let tokens = frame.tokens.len();
    let is_whole = tokens > 0 && frame.attention.len() == frame.heads * tokens * tokens;
    let heads = match enlarged.filter(|head| *head < frame.heads) {
        _ if !is_whole => (0, 0),
        Some(head) => (head, 1),
        None => (0, frame.heads),
    };
    Half { title: format!("{name} · {} {} / {}", look.t("layer"), frame.layer + 1, frame.layers), frame, heads }
}

fn put(canvas: &mut SvgCanvas, pictures: &mut Vec<Picture>, half: &Half, left: f64, map: &AttentionMap) {
    let title = TextStyle { color: INK, size: 14.0, anchor: Anchor::Left };
    canvas.text(at(left, MARGIN + 14.0), &half.title, title);
    let (first, count) = half.heads;
    let (side, colors) = (half.side(), map.colors.table(false));
    for nth in 0..count {
        let (column, row) = ((nth % half.columns()) as f64, (nth / half.columns()) as f64);
        let area = Area {
            left: left + half.left() + column * (side + BETWEEN),
            top: MARGIN + TITLE + row * (side + BETWEEN + NUMBER) + NUMBER,
            width: side,
            height: side,
        };
        let small = TextStyle { color: WEAK, size: 11.0, anchor: Anchor::Left };
        canvas.text(at(area.left, area.top - 4.0), &(first + nth + 1).to_string(), small);
        pictures.extend(head(half.frame, first + nth, area, map, &colors));
        if half.is_enlarged() {
            tokens(canvas, &half.frame.tokens, area);
        }
    }
}

/// The cells of a head in their colours, a pixel a cell, as the window's shader colours them.
fn head(frame: &SideFrame, head: usize, area: Area, map: &AttentionMap, colors: &ColorTable) -> Option<Picture> {
    let tokens = frame.tokens.len();
    let cells = frame.attention.get(head * tokens * tokens..(head + 1) * tokens * tokens)?;
    let largest = if map.relative { cells.iter().copied().fold(0.0, f32::max).max(1e-12) } else { 1.0 };
    let gamma = map.gamma.clamp(0.05, 4.0);
    let color = |value: &f32| {
        let shade = (value / largest).clamp(0.0, 1.0).powf(gamma);
        colors[(shade * 255.0 + 0.5) as usize % colors.len()]
    };
    let side = u32::try_from(tokens).ok()?;
    Some(Picture { area, width: side, height: side, pixels: cells.iter().map(color).collect() })
}

/// The tokens that read, from the top, as long as there is room for each.
fn tokens(canvas: &mut SvgCanvas, tokens: &[String], area: Area) {
    let step = area.height / tokens.len().max(1) as f64;
    let size = (0.8 * step).clamp(6.0, 12.0);
    let every = (size / step).ceil().max(1.0) as usize;
    let style = TextStyle { color: INK, size, anchor: Anchor::Right };
    for (place, token) in tokens.iter().enumerate().step_by(every) {
        let y = area.top + (place as f64 + 0.5) * step + 0.35 * size;
        canvas.text(at(area.left - 6.0, y), &elided(token, size, TOKENS - 10.0), style);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::session::{Prompts, Session};
    use crate::window::preferences::Language;

    fn side(heads: usize, tokens: &[&str]) -> SideFrame {
        let cells = heads * tokens.len() * tokens.len();
        let attention: Vec<f32> = (0..cells).map(|cell| (cell % 7) as f32 / 10.0).collect();
        SideFrame {
            tokens: tokens.iter().map(|token| (*token).to_owned()).collect(),
            scores: Vec::new(),
            layer: 1,
            layers: 4,
            heads,
            attention: Arc::from(attention),
        }
    }

    fn frame(teacher: Option<SideFrame>, student: SideFrame) -> ProbeFrame {
        let prompt: Prompts = Session::built_in().unwrap().prompt;
        ProbeFrame {
            identity: None,
            frame: 1,
            revision: 1,
            step: 0,
            text: String::new(),
            prompt,
            classes: Arc::from([]),
            whole_row: None,
            tokens: None,
            teacher,
            student,
        }
    }

    #[test]
    fn every_head_is_a_picture_in_the_colours_of_the_window() {
        let look = Look { language: Language::English, dark: true };
        let frame = frame(Some(side(6, &["a", "b", "c"])), side(2, &["a", "<b>"]));
        let map = AttentionMap { relative: false, gamma: 1.0, ..AttentionMap::default() };
        let drawn = drawing(&frame, &map, look);
        assert_eq!(drawn.pictures.len(), 8);
        assert!(!drawn.is_svg() && drawn.svg.contains(">Teacher · layer 2 / 4</text>"), "{}", drawn.svg);
        let table = map.colors.table(false);
        assert_eq!(drawn.pictures[0].pixels[3], table[(0.3f32 * 255.0 + 0.5) as usize]);
        assert_eq!((drawn.pictures[7].width, drawn.pictures[7].pixels.len()), (2, 4));
        let one = AttentionMap { student_head: Some(1), ..map };
        let drawn = drawing(&frame, &one, look);
        assert_eq!(drawn.pictures.len(), 7);
        assert!(drawn.svg.contains(">&lt;b&gt;</text>"), "tokens stand beside the enlarged head: {}", drawn.svg);
        let inside = |picture: &Picture| picture.area.right() > 0.0 && picture.area.width > 100.0;
        assert!(drawn.pictures.iter().all(inside));
    }

    #[test]
    fn a_frame_without_attention_has_no_pictures() {
        let look = Look { language: Language::English, dark: true };
        let bare = SideFrame { attention: Arc::from([]), ..side(2, &["a"]) };
        assert!(drawing(&frame(None, bare), &AttentionMap::default(), look).pictures.is_empty());
    }
}
