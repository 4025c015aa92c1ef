//! The parts a post is made of, by language.

use super::{chinese, frames};

/// Language of a post.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tongue {
    /// English words, split by spaces.
    English,
    /// Chinese characters.
    Chinese,
}

/// The parts a post is made of, in one language.
pub struct Kit {
    /// Frames of two or three topics.
    pub contrasts: &'static [&'static str],
    /// Frames of one topic.
    pub plain: &'static [&'static str],
    /// First words that say nothing.
    pub openers: &'static [&'static str],
    /// Last sentences that name the topic again.
    pub echoes: &'static [&'static str],
    /// Last sentences that wave another topic away.
    pub dismissals: &'static [&'static str],
    /// Last words that say nothing.
    pub closers: &'static [&'static str],
    /// Other people.
    pub who: &'static [&'static str],
    /// Times.
    pub when: &'static [&'static str],
    /// Places.
    pub at: &'static [&'static str],
}

impl Kit {
    /// The parts of a post in `tongue`.
    pub fn of(tongue: Tongue) -> &'static Self {
        match tongue {
            Tongue::English => &ENGLISH,
            Tongue::Chinese => &CHINESE,
        }
    }
}

const ENGLISH: Kit = Kit {
    contrasts: frames::CONTRASTS,
    plain: frames::PLAIN,
    openers: frames::OPENERS,
    echoes: frames::ECHOES,
    dismissals: frames::DISMISSALS,
    closers: frames::CLOSERS,
    who: frames::WHO,
    when: frames::WHEN,
    at: frames::AT,
};

const CHINESE: Kit = Kit {
    contrasts: chinese::CONTRASTS,
    plain: chinese::PLAIN,
    openers: chinese::OPENERS,
    echoes: chinese::ECHOES,
    dismissals: chinese::DISMISSALS,
    closers: chinese::CLOSERS,
    who: chinese::WHO,
    when: chinese::WHEN,
    at: chinese::AT,
};
