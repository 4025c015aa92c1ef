//! What charts are drawn on: a few shapes in points, the origin at the top left, y downwards. A drawing that is made
//! through this trait is the same in a file and on the screen.

/// A place, points.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}

/// The place `(x, y)`.
pub fn at(x: f64, y: f64) -> Point {
    Point { x, y }
}

/// A rectangle, points.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Area {
    /// Its left edge.
    pub left: f64,
    /// Its upper edge.
    pub top: f64,
    /// To the right.
    pub width: f64,
    /// Downwards.
    pub height: f64,
}

impl Area {
    /// Its right edge.
    pub fn right(self) -> f64 {
        self.left + self.width
    }

    /// Its lower edge.
    pub fn bottom(self) -> f64 {
        self.top + self.height
    }
}

/// A colour: red, green, blue, and how much it covers, gamma-encoded, not premultiplied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Color {
    /// Red.
    pub red: u8,
    /// Green.
    pub green: u8,
    /// Blue.
    pub blue: u8,
    /// 255 covers what is below.
    pub alpha: u8,
}

impl Color {
    /// An opaque one of six hexadecimal digits.
    pub const fn hex(hex: u32) -> Self {
        Self { red: (hex >> 16) as u8, green: (hex >> 8) as u8, blue: hex as u8, alpha: 255 }
    }

    /// The same, covering a share of what is below.
    #[must_use]
    pub fn covering(self, share: f64) -> Self {
        Self { alpha: (share.clamp(0.0, 1.0) * 255.0).round() as u8, ..self }
    }
}

/// How a line is broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dash {
    /// Not at all.
    #[default]
    Solid,
    /// Into long pieces.
    Dashed,
    /// Into dots.
    Dotted,
    /// Into long pieces with dots between them.
    DashDotted,
}

impl Dash {
    /// All of them, in the order in which curves take them.
    pub const ALL: [Self; 4] = [Self::Solid, Self::Dashed, Self::Dotted, Self::DashDotted];

    /// Lengths of pieces and gaps in turn, points; of an unbroken line none.
    pub fn pattern(self) -> &'static [f64] {
        match self {
            Self::Solid => &[],
            Self::Dashed => &[7.0, 4.0],
            Self::Dotted => &[2.0, 3.0],
            Self::DashDotted => &[8.0, 3.0, 2.0, 3.0],
        }
    }
}

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// Its colour.
    pub color: Color,
    /// Points.
    pub width: f64,
    /// How it is broken.
    pub dash: Dash,
}

/// Which side of a text lies at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its left end.
    Left,
    /// Its middle.
    Middle,
    /// Its right end.
    Right,
}

/// How a text looks. Its place is on its base line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TextStyle {
    /// Its colour.
    pub color: Color,
    /// Height of the em, points.
    pub size: f64,
    /// Which side lies at the place.
    pub anchor: Anchor,
}

/// What can be drawn on.
pub trait Canvas {
    /// A filled rectangle.
    fn rect(&mut self, area: Area, color: Color);

    /// A line through the points; of fewer than two nothing.
    fn polyline(&mut self, points: &[Point], stroke: Stroke);

    /// The area between two lines of the same points from left to right.
    fn band(&mut self, upper: &[Point], lower: &[Point], color: Color);

    /// A text of one line.
    fn text(&mut self, place: Point, text: &str, style: TextStyle);

    /// From now on nothing is drawn outside of an area; `None`: everywhere again.
    fn clip(&mut self, area: Option<Area>);

    /// How wide a text comes out, points.
    fn text_width(&self, text: &str, size: f64) -> f64 {
        text_width(text, size)
    }

    /// A straight line.
    fn line(&mut self, from: Point, to: Point, stroke: Stroke) {
        self.polyline(&[from, to], stroke);
    }
}

/// About how wide a text is, points: canvases that do not set text themselves know no better, and room is left for it.
pub fn text_width(text: &str, size: f64) -> f64 {
    let of = |sign: char| match sign {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '|' | '!' | '\'' | ' ' | '/' => 0.32,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.9,
        sign if sign >= '\u{2e80}' => 1.0,
        _ => 0.58,
    };
    text.chars().map(of).sum::<f64>() * size
}

/// A text that takes up so much room at most; of a longer one the beginning and an ellipsis.
pub fn elided(text: &str, size: f64, most: f64) -> String {
    elided_by(text, most, |text| text_width(text, size))
}

/// The same, by the width that a canvas gives a text.
pub fn elided_by(text: &str, most: f64, width: impl Fn(&str) -> f64) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let mut kept = String::new();
    for sign in text.chars() {
        if width(&kept) + width("w…") > most {
            break;
        }
        kept.push(sign);
    }
    kept + "…"
}
