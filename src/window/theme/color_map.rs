//! Colours of heatmaps: from "nothing here" (the background) to "everything here". Lightness moves
//! in one direction along every map, so a map read in grey still says the same.

use std::sync::{Arc, OnceLock};

use egui::Color32;

/// 256 opaque colours, `[red, green, blue, alpha]`, gamma-encoded.
pub type ColorTable = [[u8; 4]; 256];

/// The colour maps to pick from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorMap {
    /// Violet, red, yellow.
    #[default]
    Ember,
    /// Blue, green.
    Lagoon,
    /// Grey only.
    Grey,
}

impl ColorMap {
    /// All of them, in the order a picker shows them.
    pub const ALL: [Self; 3] = [Self::Ember, Self::Lagoon, Self::Grey];

    /// What the window calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Ember => "Ember",
            Self::Lagoon => "Lagoon",
            Self::Grey => "Grey",
        }
    }

    fn stops(self, dark: bool) -> [u32; 5] {
        match (self, dark) {
            (Self::Ember, true) => [0x10141a, 0x3a2a72, 0x9c3582, 0xef7b5b, 0xfff2c2],
            (Self::Ember, false) => [0xffffff, 0xf8cf9b, 0xe2704f, 0x8f2a6c, 0x220f3d],
            (Self::Lagoon, true) => [0x10141a, 0x1b3f73, 0x1d7f97, 0x5cc8a0, 0xf2fbd0],
            (Self::Lagoon, false) => [0xffffff, 0xbfe3cf, 0x52aeb0, 0x22639b, 0x0f1f4d],
            (Self::Grey, true) => [0x10141a, 0x3c434c, 0x717a85, 0xaeb5be, 0xf6f8fa],
            (Self::Grey, false) => [0xffffff, 0xc9ccd1, 0x8c9199, 0x50555d, 0x111418],
        }
    }

    /// The colours of the values 0 to 1 on a dark or a light background, made once.
    pub fn table(self, dark: bool) -> Arc<ColorTable> {
        static TABLES: OnceLock<Vec<Arc<ColorTable>>> = OnceLock::new();
        let make = || {
            let both = ColorMap::ALL.iter().flat_map(|map| [false, true].map(|dark| (map, dark)));
            both.map(|(map, dark)| Arc::new(blend(map.stops(dark)))).collect()
        };
        let place = self.version(dark) as usize;
        TABLES.get_or_init(make).get(place).cloned().unwrap_or_else(|| Arc::new(blend(self.stops(dark))))
    }

    /// A number that differs for every table.
    pub fn version(self, dark: bool) -> u64 {
        2 * self as u64 + u64::from(dark)
    }

    /// The colour of one value.
    pub fn color(self, dark: bool, value: f32) -> Color32 {
        let table = self.table(dark);
        let [r, g, b, _] = table[(value.clamp(0.0, 1.0) * 255.0).round() as usize];
        Color32::from_rgb(r, g, b)
    }
}

/// Blends the stops in Oklab, in which equal steps look equal.
fn blend(stops: [u32; 5]) -> ColorTable {
    let stops = stops.map(|hex| oklab([(hex >> 16) as u8, (hex >> 8) as u8, hex as u8]));
    let mut table = [[0; 4]; 256];
    for (i, entry) in table.iter_mut().enumerate() {
        let place = i as f32 / 255.0 * 4.0;
        let left = (place as usize).min(3);
        let (a, b, t) = (stops[left], stops[left + 1], place - left as f32);
        let [r, g, b] = rgb([0, 1, 2].map(|c| a[c] + (b[c] - a[c]) * t));
        *entry = [r, g, b, 255];
    }
    table
}

/// # Source
/// B. Ottosson, "A perceptual color space for image processing" (2020).
fn oklab(rgb: [u8; 3]) -> [f32; 3] {
    let light = rgb.map(|v| {
        let v = f32::from(v) / 255.0;
        if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    });
    let cone = |weights: [f32; 3]| (0..3).map(|i| weights[i] * light[i]).sum::<f32>().cbrt();
    let l = cone([0.412_221_46, 0.536_332_55, 0.051_445_995]);
    let m = cone([0.211_903_5, 0.680_699_5, 0.107_396_96]);
    let s = cone([0.088_302_46, 0.281_718_85, 0.629_978_7]);
    [
        0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_047 * s,
        1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
        0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
    ]
}

/// The inverse of [`oklab`].
fn rgb([l, a, b]: [f32; 3]) -> [u8; 3] {
    let cube = |v: f32| v * v * v;
    let long = cube(l + 0.396_337_78 * a + 0.215_803_76 * b);
    let medium = cube(l - 0.105_561_346 * a - 0.063_854_17 * b);
    let short = cube(l - 0.089_484_18 * a - 1.291_485_5 * b);
    let light = [
        4.076_741_7 * long - 3.307_711_6 * medium + 0.230_969_94 * short,
        -1.268_438 * long + 2.609_757_4 * medium - 0.341_319_4 * short,
        -0.004_196_086 * long - 0.703_418_6 * medium + 1.707_614_7 * short,
    ];
    light.map(|v| {
        let encoded = if v <= 0.003_130_8 { 12.92 * v } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 };
        (encoded.clamp(0.0, 1.0) * 255.0).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::theme::palette::lightness;

    #[test]
    fn every_map_moves_in_one_direction_of_lightness() {
        for map in ColorMap::ALL {
            for dark in [true, false] {
                let light = |i: u8| lightness(map.color(dark, f32::from(i) / 255.0));
                let step = if dark { 1.0 } else { -1.0 };
                let steady = (0..255).all(|i| step * (light(i + 1) - light(i)) > -0.005);
                assert!(steady, "{map:?} dark {dark}");
                assert!((light(255) - light(0)).abs() > 0.75, "{map:?} dark {dark}");
            }
        }
    }
}
