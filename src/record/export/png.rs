//! A drawing as PNG: the SVG, rendered with the fonts that the program brings along, so that it looks the same on every
//! machine. Signs that these fonts lack are not drawn, and are told; the SVG has them.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{FilterQuality, IntSize, Pixmap, PixmapPaint, Transform};
use resvg::usvg::fontdb::{Database, Source};
use resvg::usvg::{Group, Node, Options, Tree};

use super::canvas::Area;
use crate::session::{Sentence, say};

/// Text in Latin, Greek and simplified Chinese, in the window as well.
pub static TEXT_FONT: &[u8] = include_bytes!("../../../assets/fonts/NotoSansCJK-SC-subset.otf");

/// What the font calls itself.
const FAMILY: &str = "Noto Sans CJK SC";

/// Opaque pixels on a drawing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// Where they lie, points.
    pub area: Area,
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Red, green, blue and 255, row by row.
    pub pixels: Vec<[u8; 4]>,
}

/// A picture as a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Png {
    /// The file.
    pub bytes: Vec<u8>,
    /// Signs of its text that the font has no shape for.
    pub lacking: Lacking,
}

/// Signs that are not drawn, each with how often it stands there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lacking(BTreeMap<String, usize>);

/// Signs that are named; of more, only how many there are.
const NAMED: usize = 8;

impl Lacking {
    /// How many signs are not drawn, and which; `None` where all are. `as_svg`: whether an SVG can hold the drawing.
    pub fn said(&self, as_svg: bool) -> Option<Sentence> {
        let count: usize = self.0.values().sum();
        let signs: Vec<&str> = self.0.keys().take(NAMED).map(String::as_str).collect();
        let more = self.0.len().saturating_sub(NAMED);
        let more = if more > 0 { say!(" and {more} more", more) } else { Sentence::default() };
        let signs = signs.join(" ");
        (count > 0).then(|| match as_svg {
            true => say!(
                "characters missing from the picture: {count}; its font has no {signs}{more}; export it as SVG, which keeps text as text",
                count,
                signs,
                more
            ),
            false => say!(
                "characters missing from the picture: {count}; its font has no {signs}{more}; read them in the window, which also uses the system's fonts",
                count,
                signs,
                more
            ),
        })
    }

    /// The glyph numbered 0 of every font stands for what the font has none for.
    fn look_at(&mut self, group: &Group) {
        for node in group.children() {
            match node {
                Node::Group(group) => self.look_at(group),
                Node::Text(text) => {
                    let glyphs = text.layouted().iter().flat_map(|span| &span.positioned_glyphs);
                    for glyph in glyphs.filter(|glyph| glyph.id.0 == 0) {
                        *self.0.entry(glyph.text.clone()).or_default() += 1;
                    }
                }
                Node::Path(_) | Node::Image(_) => {}
            }
        }
    }
}

/// Renders an SVG at its own size.
///
/// # Errors
/// The renderer's words, or that there is no memory for a picture of this size.
pub fn png_of_svg(svg: &str) -> Result<Png, Sentence> {
    png_of(svg, &[], 1.0)
}

/// Renders an SVG, so many pixels a point, with pictures on it.
///
/// # Errors
/// As [`png_of_svg`]; or that pixels are none of such a picture.
pub(super) fn png_of(svg: &str, pictures: &[Picture], scale: f32) -> Result<Png, Sentence> {
    static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
        let mut fonts = Database::new();
        fonts.load_font_source(Source::Binary(Arc::new(TEXT_FONT)));
        Arc::new(fonts)
    });
    let options = Options { fontdb: Arc::clone(&FONTS), font_family: FAMILY.to_owned(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|e| failed(&e.to_string()))?;
    let pixels = |points: f32| (points * scale).ceil() as u32;
    let pixmap = Pixmap::new(pixels(tree.size().width()), pixels(tree.size().height()));
    let mut pixmap = pixmap.ok_or_else(|| failed("it is too large"))?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    for picture in pictures {
        put(&mut pixmap, picture, scale)?;
    }
    let mut lacking = Lacking::default();
    lacking.look_at(tree.root());
    let bytes = pixmap.encode_png().map_err(|e| failed(&e.to_string()))?;
    Ok(Png { bytes, lacking })
}

fn failed(reason: &str) -> Sentence {
    say!("the picture could not be drawn: {reason}", reason)
}

/// Lays pixels on a picture; each stays a rectangle.
fn put(on: &mut Pixmap, picture: &Picture, scale: f32) -> Result<(), Sentence> {
    let Picture { area, width, height, pixels } = picture;
    let size = IntSize::from_wh(*width, *height);
    let pixmap = size.and_then(|size| Pixmap::from_vec(pixels.concat(), size));
    let wrong = || say!("{pixels} pixels are no picture of {width} × {height}", pixels = pixels.len(), width, height);
    let pixmap = pixmap.ok_or_else(wrong)?;
    let across = area.width as f32 * scale / *width as f32;
    let down = area.height as f32 * scale / *height as f32;
    let place = Transform::from_row(across, 0.0, 0.0, down, area.left as f32 * scale, area.top as f32 * scale);
    let paint = PixmapPaint { quality: FilterQuality::Nearest, ..PixmapPaint::default() };
    on.draw_pixmap(0, 0, pixmap.as_ref(), &paint, place, None);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::canvas::{Anchor, Canvas as _, Color, TextStyle, at};
    use super::super::svg::SvgCanvas;
    use super::*;

    fn png(text: &str) -> Png {
        let mut canvas = SvgCanvas::new(80, 30);
        let style = TextStyle { color: Color::hex(0x000000), size: 20.0, anchor: Anchor::Left };
        canvas.text(at(4.0, 24.0), text, style);
        png_of_svg(&canvas.finish()).unwrap()
    }

    fn drawn(text: &str) -> Pixmap {
        Pixmap::decode_png(&png(text).bytes).unwrap()
    }

    #[test]
    fn signs_that_the_font_lacks_are_counted_and_named_and_no_others() {
        for whole in ["loss", "准确率 α=0.9 ± σ", "★ a & b < c", ""] {
            assert_eq!(png(whole).lacking.said(true), None, "{whole}");
        }
        let said = png("run 🦀🦀 ש").lacking.said(true).unwrap().to_string();
        assert!(said.contains("picture: 3;") && said.contains("no ש 🦀;") && said.contains("as SVG"), "{said}");
        let said = png("🦀").lacking.said(false).unwrap().to_string();
        assert!(said.contains("picture: 1;") && !said.contains("SVG"), "{said}");
        let said = png("🐀🐁🐂🐃🐄🐅🐆🐇🐈🐉").lacking.said(true).unwrap().to_string();
        assert!(said.contains("picture: 10;") && said.contains("🐇 and 2 more;") && !said.contains('🐈'), "{said}");
    }

    #[test]
    fn text_is_drawn_in_latin_and_chinese_at_the_size_of_the_svg() {
        let inked = |text: &str| drawn(text).pixels().iter().filter(|pixel| pixel.alpha() > 128).count();
        assert_eq!((drawn("a").width(), drawn("a").height(), inked(" ")), (80, 30, 0));
        assert!(inked("loss") > 60 && inked("准确率") > 200, "{} {}", inked("loss"), inked("准确率"));
    }

    #[test]
    fn pixels_lie_on_a_drawing_where_they_are_put_each_as_a_rectangle() {
        let (red, blue) = ([255, 0, 0, 255], [0, 0, 255, 255]);
        let area = Area { left: 2.0, top: 1.0, width: 4.0, height: 2.0 };
        let picture = Picture { area, width: 2, height: 1, pixels: vec![red, blue] };
        let svg = SvgCanvas::new(8, 4).finish();
        let read = Pixmap::decode_png(&png_of(&svg, std::slice::from_ref(&picture), 2.0).unwrap().bytes).unwrap();
        assert_eq!((read.width(), read.height()), (16, 8));
        for y in 0..8 {
            for x in 0..16 {
                let pixel = read.pixel(x, y).unwrap();
                let inside = (2..6).contains(&y) && (4..12).contains(&x);
                let expected = if !inside {
                    [0; 4]
                } else if x < 8 {
                    red
                } else {
                    blue
                };
                assert_eq!([pixel.red(), pixel.green(), pixel.blue(), pixel.alpha()], expected, "{x} {y}");
            }
        }
        let wrong = Picture { height: 2, ..picture };
        assert!(png_of(&svg, &[wrong], 1.0).unwrap_err().contains("2 pixels are no picture of 2 × 2"));
    }

    #[test]
    fn what_is_no_svg_says_so() {
        assert!(png_of_svg("no svg").unwrap_err().contains("could not be drawn"));
    }
}
