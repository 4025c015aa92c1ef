//! How a [`Sentence`] is made: what can stand in one, and the macros that make one of a template and of what
//! stands in its places.

use std::fmt;
use std::path::{Path, PathBuf};

use super::{Argument, Sentence};

/// What can be said to a person, or stand within what is said.
pub trait Say {
    /// The sentence.
    fn said(&self) -> Sentence;
}

impl Say for Sentence {
    fn said(&self) -> Sentence {
        self.clone()
    }
}

impl<T: Say + ?Sized> Say for &T {
    fn said(&self) -> Sentence {
        (**self).said()
    }
}

impl<T: Say + ?Sized> Say for Box<T> {
    fn said(&self) -> Sentence {
        (**self).said()
    }
}

/// Types whose display is the same in every language.
macro_rules! verbatim {
    ($($type:ty),* $(,)?) => {
        $(impl $crate::session::Say for $type {
            fn said(&self) -> $crate::session::Sentence {
                $crate::session::Sentence::verbatim(self.to_string())
            }
        })*
    };
}
pub(crate) use verbatim;

verbatim!(str, String, std::borrow::Cow<'_, str>, char, bool, u8, u16, u32, u64, usize, i32, i64, f32, f64);
verbatim!(
    std::path::Display<'_>,
    fmt::Arguments<'_>,
    std::io::Error,
    serde_json::Error,
    std::num::ParseIntError,
    std::string::FromUtf8Error,
    ron::Error
);

impl Say for Path {
    fn said(&self) -> Sentence {
        self.display().said()
    }
}

impl Say for PathBuf {
    fn said(&self) -> Sentence {
        self.as_path().said()
    }
}

/// What `value` is as a part of another sentence.
pub fn argument(value: &(impl Say + ?Sized)) -> Argument {
    let sentence = value.said();
    match sentence.argument("parts") {
        Some(list) if sentence.key() == "{parts}" => list.clone(),
        _ if sentence.is_verbatim() || sentence.is_empty() => Argument::Text(sentence.to_string()),
        _ => Argument::Said(sentence),
    }
}

/// `say!("cannot read {what}: {reason}", what, reason = error)`: a [`Sentence`] of a template and of what stands
/// in the place of its names, each of which can [`Say`] itself.
macro_rules! say {
    ($key:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::session::Sentence::new(
            $key,
            [$((stringify!($name), $crate::session::say::said!($name $(= $value)?))),*],
        )
    };
}
pub(crate) use say;

/// One argument of `say!`.
macro_rules! said {
    ($name:ident) => {
        $crate::session::say::argument(&$name)
    };
    ($name:ident = $value:expr) => {
        $crate::session::say::argument(&$value)
    };
}
pub(crate) use said;

/// Lets an error be displayed as what it says.
macro_rules! spoken {
    ($type:ty) => {
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&$crate::session::Say::said(self))
            }
        }
    };
}
pub(crate) use spoken;
