//! A drawing as SVG, text as text: it can be searched, and set anew in another font.

use std::fmt::Write as _;

use super::canvas::{Anchor, Area, Canvas, Color, Point, Stroke, TextStyle};

/// The families that are asked for a text, the one that the program brings along first.
pub const FONTS: &str = "Noto Sans CJK SC, Noto Sans, DejaVu Sans, sans-serif";

/// A drawing that grows.
pub struct SvgCanvas {
    text: String,
    clips: usize,
    is_clipped: bool,
}

impl SvgCanvas {
    /// An empty one, points.
    pub fn new(width: u32, height: u32) -> Self {
        let text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"{FONTS}\">\n"
        );
        Self { text, clips: 0, is_clipped: false }
    }

    /// The whole file.
    pub fn finish(mut self) -> String {
        self.clip(None);
        self.text + "</svg>\n"
    }

    fn put(&mut self, element: std::fmt::Arguments<'_>) {
        // A text takes in whatever is written to it.
        let _ = self.text.write_fmt(element);
        self.text.push('\n');
    }
}

impl Canvas for SvgCanvas {
    fn rect(&mut self, area: Area, color: Color) {
        let [x, y, width, height] = [area.left, area.top, area.width, area.height].map(short);
        self.put(format_args!("<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"{}/>", fill(color)));
    }

    fn polyline(&mut self, points: &[Point], stroke: Stroke) {
        if points.len() < 2 {
            return;
        }
        let dash = stroke.dash.pattern().iter().map(|length| short(*length)).collect::<Vec<_>>().join(" ");
        let dash = if dash.is_empty() { dash } else { format!(" stroke-dasharray=\"{dash}\"") };
        self.put(format_args!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\"{} stroke-width=\"{}\" stroke-linejoin=\"round\"{dash}/>",
            places(points.iter()),
            hex(stroke.color),
            covers("stroke", stroke.color),
            short(stroke.width),
        ));
    }

    fn band(&mut self, upper: &[Point], lower: &[Point], color: Color) {
        if upper.len() > 1 {
            let around = places(upper.iter().chain(lower.iter().rev()));
            self.put(format_args!("<polygon points=\"{around}\"{}/>", fill(color)));
        }
    }

    fn text(&mut self, place: Point, text: &str, style: TextStyle) {
        let anchor = match style.anchor {
            Anchor::Left => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::Right => " text-anchor=\"end\"",
        };
        self.put(format_args!(
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\"{}{anchor}>{}</text>",
            short(place.x),
            short(place.y),
            short(style.size),
            fill(style.color),
            escaped(text),
        ));
    }

    fn clip(&mut self, area: Option<Area>) {
        if std::mem::take(&mut self.is_clipped) {
            self.text.push_str("</g>\n");
        }
        let Some(area) = area else { return };
        let (number, [x, y, width, height]) = (self.clips, [area.left, area.top, area.width, area.height].map(short));
        (self.clips, self.is_clipped) = (number + 1, true);
        self.put(format_args!(
            "<clipPath id=\"clip{number}\"><rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/></clipPath>"
        ));
        self.put(format_args!("<g clip-path=\"url(#clip{number})\">"));
    }
}

/// A number to a hundredth of a point.
fn short(number: f64) -> String {
    let text = format!("{number:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

fn places<'a>(points: impl Iterator<Item = &'a Point>) -> String {
    let mut text = String::new();
    for point in points {
        let between = if text.is_empty() { "" } else { " " };
        let _ = write!(text, "{between}{},{}", short(point.x), short(point.y));
    }
    text
}

fn hex(color: Color) -> String {
    format!("#{:02x}{:02x}{:02x}", color.red, color.green, color.blue)
}

fn fill(color: Color) -> String {
    format!(" fill=\"{}\"{}", hex(color), covers("fill", color))
}

fn covers(what: &str, color: Color) -> String {
    let share = short(f64::from(color.alpha) / 255.0);
    if color.alpha == 255 { String::new() } else { format!(" {what}-opacity=\"{share}\"") }
}

/// A text as XML has it; signs that XML does not know become U+FFFD.
fn escaped(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => whole.push_str("&amp;"),
            '<' => whole.push_str("&lt;"),
            '>' => whole.push_str("&gt;"),
            '"' => whole.push_str("&quot;"),
            '\t' | '\n' | '\r' => whole.push(' '),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => whole.push('\u{fffd}'),
            sign => whole.push(sign),
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::super::canvas::{Dash, at};
    use super::*;

    #[test]
    fn shapes_are_written_as_svg_has_them_and_text_stays_text() {
        let mut canvas = SvgCanvas::new(100, 50);
        let red = Color::hex(0xff0000);
        let area = Area { left: 1.0, top: 2.0, width: 10.005, height: 4.0 };
        canvas.rect(area, red.covering(0.5));
        canvas.clip(Some(area));
        canvas.line(at(0.0, -0.001), at(1.25, 3.0), Stroke { color: red, width: 1.5, dash: Dash::Dashed });
        canvas.polyline(&[at(0.0, 0.0)], Stroke { color: red, width: 1.0, dash: Dash::Solid });
        canvas.clip(None);
        canvas.band(&[at(0.0, 1.0), at(2.0, 1.0)], &[at(0.0, 3.0), at(2.0, 4.0)], red);
        let style = TextStyle { color: red, size: 12.0, anchor: Anchor::Right };
        canvas.text(at(9.0, 8.0), "a<b & \"准确率\"\u{1}", style);
        let expected = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"100\" height=\"50\" viewBox=\"0 0 100 50\" \
             font-family=\"Noto Sans CJK SC, Noto Sans, DejaVu Sans, sans-serif\">",
            "<rect x=\"1\" y=\"2\" width=\"10.01\" height=\"4\" fill=\"#ff0000\" fill-opacity=\"0.5\"/>",
            "<clipPath id=\"clip0\"><rect x=\"1\" y=\"2\" width=\"10.01\" height=\"4\"/></clipPath>",
            "<g clip-path=\"url(#clip0)\">",
            "<polyline points=\"0,0 1.25,3\" fill=\"none\" stroke=\"#ff0000\" stroke-width=\"1.5\" \
             stroke-linejoin=\"round\" stroke-dasharray=\"7 4\"/>",
            "</g>",
            "<polygon points=\"0,1 2,1 2,4 0,3\" fill=\"#ff0000\"/>",
            "<text x=\"9\" y=\"8\" font-size=\"12\" fill=\"#ff0000\" text-anchor=\"end\">\
             a&lt;b &amp; &quot;准确率&quot;\u{fffd}</text>",
            "</svg>\n",
        ];
        assert_eq!(canvas.finish(), expected.join("\n"));
    }

    #[test]
    fn what_is_clipped_to_the_end_is_closed() {
        let mut canvas = SvgCanvas::new(1, 1);
        canvas.clip(Some(Area::default()));
        assert!(canvas.finish().ends_with("</g>\n</svg>\n"));
    }
}
