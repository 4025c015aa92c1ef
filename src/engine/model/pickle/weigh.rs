//! How much a pickle would make of itself, found out without making it. A few hundred bytes can
//! name one value twice, that twice again and so on, or nest a million tuples; a reader that copies
//! or recurses dies of either. This walk keeps for every value only its size and depth.
//!
//! Source: the protocol as in CPython's `pickletools`, of it what PyTorch writes and candle reads.

use std::collections::BTreeMap;

use crate::session::{Sentence, say};

/// Most values a description may come to. A model of 1000 tensors has some 50 000.
const LARGEST: u64 = 20_000_000;
/// Deepest nesting; PyTorch needs about 8.
const DEEPEST: u32 = 64;
/// What weights are made of; everything else is not asked for by weights.
const MODULES: [&str; 4] = ["torch", "collections", "numpy", "_codecs"];

#[derive(Clone, Copy)]
struct Weight {
    size: u64,
    depth: u32,
    mark: bool,
}

const ONE: Weight = Weight { size: 1, depth: 1, mark: false };

struct Walk<'a> {
    rest: &'a [u8],
    stack: Vec<Weight>,
    memo: BTreeMap<u32, Weight>,
    made: u64,
}

/// Refuses a pickle that is longer than `most`, grows or nests beyond reason, is cut off, or names
/// code that weights do not need.
///
/// # Errors
/// The reason, in words.
pub fn weigh(bytes: &[u8], most: usize) -> Result<(), Sentence> {
    if bytes.len() > most {
        return Err(say!("its description has more than {most} MB", most = most >> 20));
    }
    let mut walk = Walk { rest: bytes, stack: Vec::new(), memo: BTreeMap::new(), made: 0 };
    while !walk.step()? {}
    Ok(())
}

impl Walk<'_> {
    /// One operation; true at the end.
    fn step(&mut self) -> Result<bool, Sentence> {
        match self.number(1)? as u8 {
            b'.' => return Ok(true),
            0x80 => drop(self.number(1)?),
            b'c' => self.global()?,
            b'N' | 0x88 | 0x89 | b')' | b']' | b'}' | b'd' => self.push(ONE)?,
            b'(' => self.push(Weight { mark: true, ..ONE })?,
            b'K' => self.skip(1)?,
            b'M' => self.skip(2)?,
            b'J' => self.skip(4)?,
            b'G' => self.skip(8)?,
            b'X' => {
                let length = self.number(4)?;
                self.skip(length as usize)?;
            }
            0x8a => match self.number(1)? {
                length @ 0..=8 => self.skip(length as usize)?,
                _ => return Err(say!("it holds a number beyond 64 bits")),
            },
            b'Q' | 0x85 => self.wrap(1)?,
            b'R' | b'b' | 0x81 | 0x86 => self.wrap(2)?,
            0x87 => self.wrap(3)?,
            b't' => {
                let inner = self.above_mark()?;
                self.push(around(inner))?;
            }
            b'a' => self.put_in(1)?,
            b's' => self.put_in(2)?,
            b'e' | b'u' => {
                let inner = self.above_mark()?;
                self.grow(inner)?;
            }
            b'q' => self.remember(1)?,
            b'r' => self.remember(4)?,
            b'h' => self.recall(1)?,
            b'j' => self.recall(4)?,
            other => return Err(say!("its description uses operation {other}, which PyTorch's weights do not", other)),
        }
        Ok(false)
    }

    /// The next `bytes` bytes, little-endian.
    fn number(&mut self, bytes: usize) -> Result<u64, Sentence> {
        let (now, rest) = self.rest.split_at_checked(bytes).ok_or(say!("its description is cut off"))?;
        self.rest = rest;
        Ok(now.iter().rev().fold(0, |n, &byte| n << 8 | u64::from(byte)))
    }

    /// Goes over the `bytes` bytes of a plain value.
    fn skip(&mut self, bytes: usize) -> Result<(), Sentence> {
        self.rest = self.rest.get(bytes..).ok_or(say!("its description is cut off"))?;
        self.push(ONE)
    }

    fn line(&mut self) -> Result<String, Sentence> {
        let end = self.rest.iter().position(|&byte| byte == b'\n').ok_or(say!("its description is cut off"))?;
        let line = String::from_utf8_lossy(&self.rest[..end]).trim_end_matches('\r').to_owned();
        self.rest = &self.rest[end + 1..];
        Ok(line)
    }

    fn global(&mut self) -> Result<(), Sentence> {
        let (module, name) = (self.line()?, self.line()?);
        if !MODULES.contains(&module.split('.').next().unwrap_or_default()) {
            return Err(say!(
                "it asks for {module}.{name}, which weights do not need (nothing was run); do not trust it, look for safetensors",
                module,
                name
            ));
        }
        self.push(ONE)
    }

    fn made(&mut self, weight: Weight) -> Result<(), Sentence> {
        self.made = self.made.saturating_add(weight.size);
        if self.made > LARGEST || weight.depth > DEEPEST {
            return Err(say!("its description grows or nests beyond all reason; do not trust it"));
        }
        Ok(())
    }

    fn push(&mut self, weight: Weight) -> Result<(), Sentence> {
        self.made(ONE)?;
        self.made(Weight { size: 0, ..weight })?;
        self.stack.push(weight);
        Ok(())
    }

    fn pop(&mut self) -> Result<Weight, Sentence> {
        self.stack.pop().ok_or_else(|| say!("its description is malformed"))
    }

    /// Everything above the last mark, taken together.
    fn above_mark(&mut self) -> Result<Weight, Sentence> {
        let mut inner = Weight { size: 0, depth: 0, mark: false };
        loop {
            let next = self.pop()?;
            if next.mark {
                return Ok(inner);
            }
            inner = both(inner, next);
        }
    }

    /// `count` values become one around them.
    fn wrap(&mut self, count: usize) -> Result<(), Sentence> {
        let mut inner = self.pop()?;
        for _ in 1..count {
            inner = both(inner, self.pop()?);
        }
        self.push(around(inner))
    }

    /// `count` values go into the container below them.
    fn put_in(&mut self, count: usize) -> Result<(), Sentence> {
        let mut inner = self.pop()?;
        for _ in 1..count {
            inner = both(inner, self.pop()?);
        }
        self.grow(inner)
    }

    fn grow(&mut self, inner: Weight) -> Result<(), Sentence> {
        let container = self.pop()?;
        self.push(both(container, around(inner)))
    }

    fn remember(&mut self, bytes: usize) -> Result<(), Sentence> {
        let id = self.number(bytes)? as u32;
        let top = *self.stack.last().ok_or(say!("its description is malformed"))?;
        self.made(top)?;
        self.memo.insert(id, top);
        Ok(())
    }

    fn recall(&mut self, bytes: usize) -> Result<(), Sentence> {
        let id = self.number(bytes)? as u32;
        let weight = *self.memo.get(&id).ok_or(say!("its description is malformed"))?;
        self.made(weight)?;
        self.push(weight)
    }
}

fn both(a: Weight, b: Weight) -> Weight {
    Weight { size: a.size.saturating_add(b.size), depth: a.depth.max(b.depth), mark: false }
}

fn around(inner: Weight) -> Weight {
    Weight { size: inner.size.saturating_add(1), depth: inner.depth.saturating_add(1), mark: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(bytes: &[u8]) -> String {
        weigh(bytes, 1 << 20).unwrap_err().to_string()
    }

    #[test]
    fn what_doubles_nests_or_runs_code_is_refused() {
        assert!(weigh(b"\x80\x02}q\x00X\x01\x00\x00\x00aK\x01s.", 100).is_ok());
        let mut doubling = b"\x80\x02)".to_vec();
        (0..64).for_each(|_| doubling.extend(b"q\x00h\x00\x86"));
        assert!(refusal(&[&doubling[..], b"."].concat()).contains("grows"));
        let nested = [b"\x80\x02)".to_vec(), vec![0x85; 1000], b".".to_vec()].concat();
        assert!(refusal(&nested).contains("nests"));
        assert!(refusal(b"cposix\nsystem\n(X\x02\x00\x00\x00lstR.").contains("posix.system"));
        assert!(refusal(b"X\xff\xff\xff\xffshort").contains("cut off"));
        assert!(refusal(b"R.").contains("malformed"));
        assert!(refusal(&[0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, b'.']).contains("64 bits"));
    }
}
