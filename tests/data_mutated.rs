//! Files of every form, damaged: bytes turned over, cut, doubled, mixed. Whatever comes of it is a data set or a
//! sentence that names the file, in the memory and the time that a small file may cost; never a panic.
//!
//! `RETORT_MUTATIONS` says how many are made, `RETORT_MUTATIONS_FROM` with which number they begin: the number of a
//! finding makes it again.

#![cfg(feature = "engine")]

#[path = "data_mutated/held.rs"]
mod held;
mod tables;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use parquet::basic::Compression;
use retort::engine::data::{self, DataError, Dataset};
use retort::session::{Column, Data, DataSource, Files, Roles};
use tables::{Cells, gz, parquet, tar, zip};

#[global_allocator]
static COUNTED: held::Counted = held::Counted;

/// Most bytes that reading a small file may hold.
const MOST: usize = 64 << 20;

/// Longest that reading a small file may take, in a debug build on a busy machine.
const LONGEST: Duration = Duration::from_secs(20);

/// Damaged files that are made where nobody asks for a number.
const COUNT: u64 = 20_000;

/// A sound file, before its last packing.
struct Seed {
    name: &'static str,
    bytes: Vec<u8>,
    /// Packs it, so that damage also happens inside.
    pack: fn(&[u8]) -> Vec<u8>,
    by_place: bool,
}

fn rows(mark: char, count: usize) -> String {
    let row = |i: usize| format!("\"text {i}{mark} \"\"of\"\"\nit\"{mark}{}\n", ["x", "y", ""][i % 3]);
    format!("text{mark}label\n{}", (0..count).map(row).collect::<String>())
}

fn columns() -> [(&'static str, Cells); 5] {
    let texts = |of: &str| Cells::Texts((0..40).map(|i| (i % 9 > 0).then(|| format!("{of} {i}"))).collect());
    [
        ("text", texts("a text of number")),
        ("label", Cells::Wholes((0..40).map(|i| i % 3).collect())),
        ("score", Cells::Numbers((0..40).map(f64::from).collect())),
        ("is_new", Cells::Truths((0..40).map(|i| i % 2 == 0).collect())),
        ("tags", Cells::Lists((0..40).map(|i| vec!["tag".to_owned(); i % 3]).collect())),
    ]
}

fn folders() -> Vec<(String, Vec<u8>)> {
    let file = |i: usize| {
        let (part, class) = (["train", "test"][i / 24], ["pos", "neg"][i % 2]);
        (format!("set/{part}/{class}/{i}.txt"), format!("A film, number {i}.").into_bytes())
    };
    (0..36).map(file).collect()
}

fn seeds() -> Vec<Seed> {
    let json = |i: usize| format!("{{\"text\": \"text {i} \\\"é\\\" \\u00e9\", \"label\": {}}}", i % 3);
    let lines: String = (0..40).map(|i| json(i) + "\n").collect();
    let array = format!("[{}]", (0..40).map(json).collect::<Vec<_>>().join(",\n"));
    let pairs = |count: usize| (0..count).map(|i| format!("[\"do {i}\", \"{}\"]", i % 3)).collect::<Vec<_>>().join(",");
    let parts = format!("{{\"train\": [{}], \"val\": [{}], \"test\": [{}]}}", pairs(30), pairs(6), pairs(6));
    let questions: String = (0..40).map(|i| format!("{} How far ?\n", ["NUM:dist", "LOC:city"][i % 2])).collect();
    let utf_16: Vec<u8> = rows(',', 20).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let gbk = encoding_rs::GBK.encode(&rows(',', 30).replace("text ", "这部电影非常好看")).0.into_owned();
    let plain: fn(&[u8]) -> Vec<u8> = <[u8]>::to_vec;
    let one: fn(&[u8]) -> Vec<u8> = |bytes| zip(&[("in/rows.csv".to_owned(), bytes.to_vec())]);
    let mut seeds = vec![
        ("rows.csv", rows(',', 40).into_bytes(), plain),
        ("rows.tsv", rows('\t', 40).into_bytes(), plain),
        ("rows.txt", rows(';', 40).into_bytes(), plain),
        ("rows.csv", utf_16, plain),
        ("rows.csv", gbk, plain),
        ("rows.jsonl", lines.clone().into_bytes(), plain),
        ("rows.json", array.into_bytes(), plain),
        ("parts.json", parts.into_bytes(), plain),
        ("TREC.train", questions.into_bytes(), plain),
        ("rows.csv.gz", rows(',', 40).into_bytes(), gz),
        ("rows.csv.gz", gz(rows(',', 40).as_bytes()), plain),
        ("rows.zip", rows(',', 40).into_bytes(), one),
        ("rows.zip", zip(&[("in/rows.jsonl".to_owned(), lines.into_bytes())]), plain),
        ("set.zip", zip(&folders()), plain),
        ("set.tar", tar(&folders()), plain),
        ("set.tar.gz", tar(&folders()), gz),
        ("set.tar.gz", gz(&tar(&folders())), plain),
        ("rows.parquet.gz", parquet(&columns(), Compression::SNAPPY, true), gz),
    ];
    let packings = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::LZ4,
        Compression::LZ4_RAW,
        Compression::GZIP(Default::default()),
        Compression::ZSTD(Default::default()),
    ];
    let made = packings.into_iter().flat_map(|packing| [true, false].map(|dictionary| (packing, dictionary)));
    seeds.extend(made.map(|(packing, dictionary)| ("rows.parquet", parquet(&columns(), packing, dictionary), plain)));
    let seed = |(name, bytes, pack)| Seed { name, bytes, pack, by_place: name == "parts.json" };
    seeds.into_iter().map(seed).collect()
}

/// Small numbers drawn one behind the other (Marsaglia's xorshift).
struct Draw(u64);

impl Draw {
    fn new(number: u64) -> Self {
        let mut draw = Self(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        (0..3).for_each(|_| _ = draw.below(2));
        draw
    }

    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % most.max(1)
    }

    /// A piece of so many bytes, mostly a short one.
    fn piece(&mut self, length: usize) -> std::ops::Range<usize> {
        let (from, most) = (self.below(length), [4, 40, length][self.below(3)]);
        from..length.min(from + 1 + self.below(most))
    }

    fn byte(&mut self) -> u8 {
        const ODD: &[u8] = b"\0\x01\x7F\x80\xFE\xFF\",;\t|\r\n{}[]:\\' -0.e\xE9\xEF\xBB\xBFPK\x15";
        match self.below(2) {
            0 => ODD[self.below(ODD.len())],
            _ => self.below(256) as u8,
        }
    }
}

fn damaged(bytes: &[u8], other: &[u8], draw: &mut Draw) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=draw.below(3) {
        let (length, at) = (bytes.len(), draw.below(bytes.len()));
        match draw.below(8) {
            _ if length == 0 => bytes.push(draw.byte()),
            0 => bytes[at] ^= 1 << draw.below(8),
            1 | 2 => bytes[at] = draw.byte(),
            3 => bytes.truncate(at),
            4 => drop(bytes.drain(draw.piece(length))),
            5 => {
                let doubled = bytes[draw.piece(length)].to_vec();
                drop(bytes.splice(at..at, doubled));
            }
            6 => {
                let taken = other[draw.piece(other.len())].to_vec();
                drop(bytes.splice(draw.piece(length), taken));
            }
            _ => {
                let odd: Vec<u8> = (0..1 + draw.below(8)).map(|_| draw.byte()).collect();
                drop(bytes.splice(at..at, odd));
            }
        }
    }
    bytes
}

fn open(path: &Path, by_place: bool) -> Result<Dataset, DataError> {
    let roles = if by_place { Roles::new([Column::Index(0)], Some(Column::Index(1))) } else { Roles::default() };
    let source = DataSource::from(Files { roles, ..Files::of(path) });
    let (labels, limit) = Default::default();
    data::open(&Data { source, labels, validation: 0.1, test: 0.1, split_seed: 0, labelled: None, limit }, 7)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Runs `work` with panics unprinted: the reader of Parquet catches those of the library on purpose.
fn quietly<T>(work: impl FnOnce() -> T) -> T {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let done = work();
    std::panic::set_hook(hook);
    done
}

/// What is wrong with the outcome, if something is.
fn wrong(seed: &Seed, bytes: &[u8], folder: &Path) -> Result<bool, String> {
    let path = folder.join(seed.name);
    // A file system may wait for the disk where a file is written over.
    let _ = std::fs::remove_file(&path);
    std::fs::write(&path, bytes).unwrap();
    let (started, before) = (Instant::now(), held::begin());
    let opened = catch_unwind(AssertUnwindSafe(|| open(&path, seed.by_place).map_err(|e| e.to_string())));
    let (took, most) = (started.elapsed(), held::most() - before);
    let opened = opened.map_err(|_| "it panics".to_owned())?;
    match &opened {
        _ if took > LONGEST => Err(format!("it takes {took:?}")),
        _ if most > MOST => Err(format!("it holds {most} bytes")),
        Ok(set) if set.train.iter().any(|example| example.text().is_empty()) => Err("a text is empty".to_owned()),
        Err(said) if !said.contains(seed.name) => Err(format!("no file is named: {said}")),
        opened => Ok(opened.is_ok()),
    }
}

#[test]
fn a_damaged_file_is_read_or_refused_by_name_and_costs_no_more_than_its_size_warrants() {
    let _alone = held::alone();
    let (seeds, folder) = (seeds(), tempfile::tempdir().unwrap());
    let (from, count) = (number("RETORT_MUTATIONS_FROM").unwrap_or(0), number("RETORT_MUTATIONS").unwrap_or(COUNT));
    let (mut read, mut found) = (0, Vec::new());
    for seed in &seeds {
        let sound = (seed.pack)(&seed.bytes);
        assert_eq!(wrong(seed, &sound, folder.path()), Ok(true), "{}", seed.name);
    }
    quietly(|| {
        for number in from..from + count {
            let mut draw = Draw::new(number);
            let (seed, other) = (&seeds[number as usize % seeds.len()], &seeds[draw.below(seeds.len())]);
            let bytes = (seed.pack)(&damaged(&seed.bytes, &other.bytes, &mut draw));
            match wrong(seed, &bytes, folder.path()) {
                Ok(is_read) => read += u64::from(is_read),
                Err(what) => found.push(format!("number {number}, {}: {what}", seed.name)),
            }
        }
    });
    eprintln!("{read} of {count} damaged files could be read");
    found.truncate(40);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_file_that_claims_gigabytes_is_refused_without_them() {
    let _alone = held::alone();
    let folder = tempfile::tempdir().unwrap();
    let seed = |name| Seed { name, bytes: Vec::new(), pack: <[u8]>::to_vec, by_place: false };
    let mut claims = parquet(&columns(), Compression::SNAPPY, false);
    // The first page begins behind the mark: kind of page, then its size unpacked, a number of two bytes or three.
    let size = 4 + claims[4..].iter().skip(2).position(|byte| *byte == 0x15).unwrap() + 2;
    let end = size + 1 + claims[size + 1..].iter().position(|byte| *byte < 0x80).unwrap() + 1;
    claims.splice(size + 1..end, [0xFE, 0xFF, 0xFF, 0xFF, 0x0F]);
    let mut wide = zip(&folders());
    let directory = wide.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    wide[directory + 24..directory + 28].copy_from_slice(&0xFFFF_FFF0_u32.to_le_bytes());
    let mut long = tar(&folders());
    long[124..136].copy_from_slice(b"77777777777\0");
    let sum: u32 =
        long[..512].iter().enumerate().map(|(i, b)| if (148..156).contains(&i) { 32 } else { u32::from(*b) }).sum();
    long[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    for (name, bytes) in [("rows.parquet", claims), ("set.zip", wide), ("set.tar", long)] {
        let outcome = quietly(|| wrong(&seed(name), &bytes, folder.path()));
        assert!(outcome.is_ok(), "{name}: {outcome:?}");
    }
    let said = open(&folder.path().join("rows.parquet"), false).unwrap_err().to_string();
    assert!(said.contains("claims to unpack to 2147483647 bytes"), "{said}");
}
