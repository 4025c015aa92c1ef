//! A drawing as PNG: the SVG, rendered with the fonts that the program brings along, so that it looks the same on every
//! machine. Signs that these fonts lack are not drawn; the SVG has them.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{IntSize, Pixmap, Transform};
use resvg::usvg::fontdb::{Database, Source};
use resvg::usvg::{Options, Tree};

use crate::session::{Sentence, say};

/// Text in Latin, Greek and simplified Chinese, in the window as well.
pub static TEXT_FONT: &[u8] = include_bytes!("../../../assets/fonts/NotoSansCJK-SC-subset.otf");

/// What the font calls itself.
const FAMILY: &str = "Noto Sans CJK SC";

/// Renders an SVG at its own size.
///
/// # Errors
/// The renderer's words, or that there is no memory for a picture of this size.
pub fn png_of_svg(svg: &str) -> Result<Vec<u8>, Sentence> {
    static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
        let mut fonts = Database::new();
        fonts.load_font_source(Source::Binary(Arc::new(TEXT_FONT)));
        Arc::new(fonts)
    });
    let options = Options { fontdb: Arc::clone(&FONTS), font_family: FAMILY.to_owned(), ..Options::default() };
    let failed = |reason: String| say!("the picture could not be drawn: {reason}; export it as SVG", reason);
    let tree = Tree::from_str(svg, &options).map_err(|e| failed(e.to_string()))?;
    let size = tree.size().to_int_size();
    let pixmap = Pixmap::new(size.width(), size.height());
    let mut pixmap = pixmap.ok_or_else(|| failed("it is too large".to_owned()))?;
    resvg::render(&tree, Transform::identity(), &mut pixmap.as_mut());
    pixmap.encode_png().map_err(|e| failed(e.to_string()))
}

/// A picture of opaque pixels, `[red, green, blue, alpha]`, row by row.
///
/// # Errors
/// That the pixels are none of such a picture.
pub fn png_of_pixels(width: u32, height: u32, pixels: &[[u8; 4]]) -> Result<Vec<u8>, Sentence> {
    let size = IntSize::from_wh(width, height);
    let pixmap = size.and_then(|size| Pixmap::from_vec(pixels.concat(), size));
    let wrong = || say!("{pixels} pixels are no picture of {width} × {height}", pixels = pixels.len(), width, height);
    pixmap
        .ok_or_else(wrong)?
        .encode_png()
        .map_err(|e| say!("the picture could not be written: {reason}", reason = e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::super::canvas::{Anchor, Canvas as _, Color, TextStyle, at};
    use super::super::svg::SvgCanvas;
    use super::*;

    fn drawn(text: &str) -> Pixmap {
        let mut canvas = SvgCanvas::new(80, 30);
        let style = TextStyle { color: Color::hex(0x000000), size: 20.0, anchor: Anchor::Left };
        canvas.text(at(4.0, 24.0), text, style);
        Pixmap::decode_png(&png_of_svg(&canvas.finish()).unwrap()).unwrap()
    }

    #[test]
    fn text_is_drawn_in_latin_and_chinese_at_the_size_of_the_svg() {
        let inked = |text: &str| drawn(text).pixels().iter().filter(|pixel| pixel.alpha() > 128).count();
        assert_eq!((drawn("a").width(), drawn("a").height(), inked(" ")), (80, 30, 0));
        assert!(inked("loss") > 60 && inked("准确率") > 200, "{} {}", inked("loss"), inked("准确率"));
    }

    #[test]
    fn pixels_come_back_as_they_were() {
        let pixels =
            [[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255], [9, 8, 7, 255], [1, 2, 3, 255], [0, 0, 0, 255]];
        let png = png_of_pixels(3, 2, &pixels).unwrap();
        let read = Pixmap::decode_png(&png).unwrap();
        assert_eq!((read.width(), read.height(), read.data()), (3, 2, pixels.concat().as_slice()));
        assert!(png_of_pixels(2, 2, &pixels).unwrap_err().contains("6 pixels"));
    }

    #[test]
    fn what_is_no_svg_says_so() {
        assert!(png_of_svg("no svg").unwrap_err().contains("could not be drawn"));
    }
}
