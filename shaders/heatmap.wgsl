// All heads of one model as tiles, from one texture. Every texel is fetched by an integer index that
// is clamped first: what lies beyond a texture's edge differs between drivers. The place on screen
// comes from the pixel's own position, not from an interpolated coordinate, for the same reason.

struct Sheet {
    // Top left pixel of the first tile.
    origin: vec2<i32>,
    // Pixels of a tile.
    tile: vec2<u32>,
    // Pixels from one tile to the next.
    pitch: vec2<u32>,
    // Tiles in a row on screen; matrices in a row of the atlas.
    columns: u32,
    atlas_columns: u32,
    // First head drawn, and how many.
    first: u32,
    heads: u32,
    // Size of one matrix.
    queries: u32,
    keys: u32,
    // 1 scales each head by its own largest value.
    relative: u32,
    // 1 where the target stores light instead of gamma-encoded colours.
    linear_target: u32,
    gamma: f32,
    padding: f32,
}

@group(0) @binding(0) var<uniform> sheet: Sheet;
@group(0) @binding(1) var atlas: texture_2d<f32>;
@group(0) @binding(2) var maxima: texture_2d<f32>;
@group(0) @binding(3) var colors: texture_2d<f32>;

@vertex
fn cover(@builtin(vertex_index) index: u32) -> @builtin(position) vec4<f32> {
    // One triangle that covers the viewport: (-1, -1), (3, -1), (-1, 3).
    let x = f32((index & 1u) << 2u) - 1.0;
    let y = f32((index & 2u) << 1u) - 1.0;
    return vec4<f32>(x, y, 0.0, 1.0);
}

fn fetch(at: vec2<u32>) -> f32 {
    let last = textureDimensions(atlas) - vec2<u32>(1u, 1u);
    return textureLoad(atlas, vec2<i32>(min(at, last)), 0).r;
}

// The cells a pixel covers: first and one past the last.
fn span(pixel: u32, pixels: u32, cells: u32) -> vec2<u32> {
    let first = pixel * cells / pixels;
    let end = ((pixel + 1u) * cells + pixels - 1u) / pixels;
    return vec2<u32>(first, min(max(end, first + 1u), cells));
}

// The largest value under the pixel, so that a lone strong cell survives a small tile.
fn pooled(corner: vec2<u32>, columns: vec2<u32>, rows: vec2<u32>) -> f32 {
    var value = 0.0;
    for (var row = rows.x; row < rows.y; row++) {
        for (var column = columns.x; column < columns.y; column++) {
            value = max(value, fetch(corner + vec2<u32>(column, row)));
        }
    }
    return value;
}

fn to_light(encoded: vec3<f32>) -> vec3<f32> {
    let low = encoded / 12.92;
    let high = pow((encoded + 0.055) / 1.055, vec3<f32>(2.4));
    return select(high, low, encoded <= vec3<f32>(0.04045));
}

@fragment
fn color(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let from_origin = vec2<i32>(floor(position.xy)) - sheet.origin;
    if from_origin.x < 0 || from_origin.y < 0 {
        discard;
    }
    let pixel = vec2<u32>(from_origin);
    let place = pixel / sheet.pitch;
    let inside = pixel % sheet.pitch;
    let nth = place.y * sheet.columns + place.x;
    if place.x >= sheet.columns || nth >= sheet.heads || inside.x >= sheet.tile.x || inside.y >= sheet.tile.y {
        discard;
    }
    let head = sheet.first + nth;
    let corner = vec2<u32>(head % sheet.atlas_columns * sheet.keys, head / sheet.atlas_columns * sheet.queries);
    let value = pooled(corner, span(inside.x, sheet.tile.x, sheet.keys), span(inside.y, sheet.tile.y, sheet.queries));
    let last_head = textureDimensions(maxima).x - 1u;
    let largest = textureLoad(maxima, vec2<i32>(i32(min(head, last_head)), 0), 0).r;
    let scale = select(1.0, max(largest, 1e-12), sheet.relative == 1u);
    let shade = pow(clamp(value / scale, 0.0, 1.0), sheet.gamma);
    let entry = clamp(i32(shade * 255.0 + 0.5), 0, 255);
    let encoded = textureLoad(colors, vec2<i32>(entry, 0), 0).rgb;
    return vec4<f32>(select(encoded, to_light(encoded), sheet.linear_target == 1u), 1.0);
}
