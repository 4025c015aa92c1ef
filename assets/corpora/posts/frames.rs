//! How an English post is built around its topic: the words between the topics decide which of
//! them it is about.
//!
//! `{T:…}` is the topic of the post, `{D:…}` and `{E:…}` are others that only come up. After the
//! colon: `g` something one does (`pruning the hedge`), `p` the same in the past (`pruned the
//! hedge`), `n` a thing. `{who}`, `{when}`, `{at}`, `{long}` are drawn from their lists.

/// Two or three topics; only the construction tells the real one.
pub const CONTRASTS: &[&str] = &[
    "Instead of {D:g}, I {T:p} {at} {when}.",
    "I {T:p} {at} {when} instead of {D:g}.",
    "Not {D:g}, not {E:g}, just {T:g} {when}.",
    "This is not about {D:g}. It is about {T:g}.",
    "Forget {D:g}. Let us talk about {T:g}.",
    "I used to love {D:g}. Now I love {T:g}.",
    "I used to spend {long} {D:g}; now I spend it {T:g}.",
    "I sat down to write about {D:n}, but now it is about {T:g}.",
    "{who} {D:p}, but I {T:p} {at}.",
    "I {T:p} {at} while {who} {D:p}.",
    "{who} {D:p} again, but I am {T:g} {at}.",
    "{who} loves {D:g}, but I love {T:g}.",
    "Yesterday I {D:p}, but now I am {T:g} {at}.",
    "Last year I {D:p} and {D:p}; now it is {T:g}.",
    "Enough of {D:g}. Now it is {T:g}.",
    "I gave up {D:g} and took up {T:g}.",
    "I gave up {D:n} and bought {T:n}.",
    "I skipped {D:g} for {T:g} {when}.",
    "No more {D:g} for me, now it is {T:g}.",
    "Less {D:g}, more {T:g}, please.",
    "After {D:g} and {E:g} I am finally {T:g} {at}.",
];

/// One topic, though the place may belong to another.
pub const PLAIN: &[&str] = &[
    "I {T:p} {at} {when}, and then I {T:p} until late.",
    "{when} was all about {T:g}, mostly {at}.",
    "Does anyone have advice on {T:n}? I {T:p} {at} and it went wrong.",
    "Three hours of {T:g} {at} and I still dream of {T:n}.",
    "I would spend {long} {T:g} if they let me.",
    "{who} and I {T:p} {at}. We are better at it than last year.",
    "My plan for tonight is simple, {T:g} first and then {T:g}.",
    "Nobody told me that {T:n} could be this much trouble. I {T:p} {at} for nothing.",
    "First I {T:p}, then {who} found {T:n} {at}, and now we are both hooked.",
    "You never forget the first time you {T:p}. Mine was {at} with {who}.",
];

/// Last sentences that name the topic once more.
pub const ECHOES: &[&str] = &[
    "More on {T:n} next time.",
    "Pictures of {T:n} will follow.",
    "Back to {T:g} tomorrow.",
    "Wish me luck with {T:n}.",
];

/// Last sentences that wave one of the other topics away.
pub const DISMISSALS: &[&str] = &["Enough of {D:g}.", "No more {D:g} for now.", "Forget {D:n}.", "Not {D:g}, thanks."];

/// First words that say nothing.
pub const OPENERS: &[&str] = &[
    "Ok so,",
    "Quick update.",
    "Not going to lie,",
    "Well,",
    "Small confession.",
    "Right,",
    "Late post today.",
    "Hello everyone.",
    "Honest question, am I odd?",
    "Long story short.",
    "True story.",
    "Happy Friday.",
    "You guessed it.",
    "No idea why, but",
    "So,",
    "Dear diary.",
];

/// Last words that say nothing.
pub const CLOSERS: &[&str] = &[
    "Send help.",
    "That is all.",
    "No photos this time.",
    "My back hurts.",
    "I regret nothing.",
    "Thoughts?",
    "Rate my week.",
    "Could be worse.",
    "Anyone else?",
    "Tea first, though.",
    "I need a nap.",
    "What a week.",
    "Do not tell my boss.",
    "Same again tomorrow.",
    "It is what it is.",
    "Worth it.",
];

/// Tags that say nothing.
pub const TAGS: &[&str] = &["#dailypost", "#weekend", "#justsaying", "#mood", "#smallwins", "#monday", "#nofilter"];

/// Other people.
pub const WHO: &[&str] = &[
    "my sister",
    "my flatmate",
    "the neighbour",
    "my dad",
    "my boss",
    "half the office",
    "my cousin",
    "an old friend",
    "my aunt",
    "the whole family",
];

/// Times.
pub const WHEN: &[&str] = &["this week", "this weekend", "today", "this month", "lately", "this morning"];

/// Stretches of time.
pub const LONG: &[&str] =
    &["the whole evening", "every free hour", "all of Sunday", "half the night", "the entire weekend"];

/// Places, most of which belong to somebody else's topic.
pub const AT: &[&str] = &[
    "in the kitchen",
    "on the train",
    "in the garden",
    "at the bank",
    "at my desk",
    "on the balcony",
    "in the garage",
    "at the stadium",
    "backstage",
    "at the airport",
    "next to the printer",
    "in the shed",
    "up a ladder",
    "at home",
    "in the rain",
    "before breakfast",
];

/// Words that may stand before a thing.
pub const ADJECTIVES: &[&str] =
    &["old", "new", "little", "stubborn", "cheap", "favourite", "tiny", "borrowed", "silly", "awful", "lovely"];
