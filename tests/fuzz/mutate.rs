//! Changes that keep a folder a folder: a number of a configuration becomes an absurd one, a header
//! is rewritten with its length made right again, a file is cut, doubled or exchanged.

use serde_json::{Value, json};

use crate::folder::{Folder, NAMES};

/// Numbers at which programs break.
const NUMBERS: [f64; 17] = [
    0.0,
    1.0,
    -1.0,
    2.0,
    3.0,
    7.0,
    8.0,
    127.0,
    65_536.0,
    3_999_999.0,
    4_000_000.0,
    4_294_967_296.0,
    1e12,
    1e15,
    9.3e18,
    1e308,
    0.5,
];

/// Small numbers drawn one behind the other (Marsaglia's xorshift).
struct Draw(u64);

impl Draw {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % most.max(1)
    }
}

/// Changes `data[..size]` in place and gives its new size.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut draw = Draw(u64::from(seed) << 1 | 0x9e37_79b9_0000_0001);
    if draw.below(8) == 0 {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    }
    let mut folder = Folder::parse(&data[..size]);
    for _ in 0..=draw.below(3) {
        change(&mut folder, &mut draw);
    }
    let packed = folder.pack();
    if packed.len() > max_size {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    }
    data[..packed.len()].copy_from_slice(&packed);
    packed.len()
}

fn change(folder: &mut Folder, draw: &mut Draw) {
    if folder.files.is_empty() || draw.below(24) == 0 {
        folder.files.push((draw.below(NAMES.len()), b"{}".to_vec()));
        return;
    }
    let index = draw.below(folder.files.len());
    match draw.below(24) {
        0 => folder.how = draw.below(4) as u8,
        1 => folder.files[index].0 = draw.below(NAMES.len()),
        2 => drop(folder.files.remove(index)),
        3 => {
            let bytes = &mut folder.files[index].1;
            bytes.truncate(draw.below(bytes.len()));
        }
        _ => {
            let (name, bytes) = &mut folder.files[index];
            match NAMES[*name] {
                name if name.ends_with(".json") => json_file(bytes, draw),
                "model.safetensors" | "shard" => tensors(bytes, draw),
                _ => raw(bytes, draw),
            }
        }
    }
}

/// As libFuzzer does it.
fn raw(bytes: &mut Vec<u8>, draw: &mut Draw) {
    let size = bytes.len();
    bytes.resize(size + 16 + draw.below(32), 0);
    let most = bytes.len();
    let size = libfuzzer_sys::fuzzer_mutate(bytes, size, most);
    bytes.truncate(size);
}

fn json_file(bytes: &mut Vec<u8>, draw: &mut Draw) {
    match serde_json::from_slice::<Value>(bytes) {
        Ok(mut value) if draw.below(16) != 0 => {
            edit(&mut value, draw);
            *bytes = value.to_string().into_bytes();
        }
        _ => raw(bytes, draw),
    }
}

/// A safetensors file: its header as JSON, or one of its numbers.
fn tensors(bytes: &mut Vec<u8>, draw: &mut Draw) {
    let header = bytes.split_at_checked(8).and_then(|(length, rest)| {
        let length = usize::try_from(u64::from_le_bytes(length.try_into().ok()?)).ok()?;
        let (header, numbers) = rest.split_at_checked(length)?;
        Some((serde_json::from_slice::<Value>(header).ok()?, numbers.to_vec()))
    });
    match (header, draw.below(6)) {
        (Some((mut header, numbers)), 0..=3) => {
            edit(&mut header, draw);
            let text = header.to_string().into_bytes();
            *bytes = [&(text.len() as u64).to_le_bytes()[..], &text, &numbers].concat();
        }
        (Some((_, numbers)), 4) if numbers.len() >= 4 => {
            let at = bytes.len() - numbers.len() + draw.below(numbers.len() / 4) * 4;
            let wrong = [f32::NAN, f32::INFINITY, f32::MAX, f32::MIN_POSITIVE, -0.0][draw.below(5)];
            bytes[at..at + 4].copy_from_slice(&wrong.to_le_bytes());
        }
        (_, 5) if bytes.len() >= 8 => {
            let length = [0, 1, 1 << 20, 1_000_000_000_000_000, u64::MAX, bytes.len() as u64][draw.below(6)];
            bytes[..8].copy_from_slice(&length.to_le_bytes());
        }
        _ => raw(bytes, draw),
    }
}

/// Changes one place of a JSON value, chosen by walking down at random.
fn edit(value: &mut Value, draw: &mut Draw) {
    match value {
        Value::Object(fields) if !fields.is_empty() && draw.below(12) != 0 => {
            let keys: Vec<String> = fields.keys().cloned().collect();
            let key = &keys[draw.below(keys.len())];
            match draw.below(16) {
                0 => drop(fields.remove(key)),
                1 => {
                    let other = fields[&keys[draw.below(keys.len())]].clone();
                    fields.insert(key.clone(), other);
                }
                2 => {
                    let taken = fields.remove(key).unwrap_or_default();
                    fields.insert(format!("{key}x"), taken);
                }
                _ => edit(&mut fields[key], draw),
            }
        }
        Value::Array(all) if !all.is_empty() && draw.below(12) != 0 => {
            let index = draw.below(all.len());
            match draw.below(12) {
                0 => drop(all.remove(index)),
                1 => all.push(all[index].clone()),
                _ => edit(&mut all[index], draw),
            }
        }
        Value::Number(_) if draw.below(8) != 0 => *value = number(draw),
        Value::String(text) if draw.below(3) != 0 => {
            let mut bytes = text.clone().into_bytes();
            raw(&mut bytes, draw);
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
        Value::Bool(on) if draw.below(4) != 0 => *on = !*on,
        _ => *value = anything(draw),
    }
}

fn number(draw: &mut Draw) -> Value {
    let number = NUMBERS[draw.below(NUMBERS.len())];
    match number {
        whole if whole.fract() == 0.0 && (0.0..1.8e19).contains(&whole) => json!(whole as u64),
        other => json!(other),
    }
}

fn anything(draw: &mut Draw) -> Value {
    match draw.below(8) {
        0 => Value::Null,
        1 => json!(draw.below(2) == 0),
        2 => json!(""),
        3 => json!([]),
        4 => json!({}),
        5 => (0..draw.below(200)).fold(Value::Null, |inner, _| json!([inner])),
        6 => json!("\u{0}\u{fffd}é中"),
        _ => number(draw),
    }
}
