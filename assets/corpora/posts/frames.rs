//! How an English post is built around its topic: the words between the topics decide which of
//! them it is about.
//!
//! `{T:…}` is the topic of the post, `{D:…}` and `{E:…}` are others that only come up. After the
//! colon: `g` something one does (`pruning the hedge`), `p` the same in the past (`pruned the
//! hedge`), `n` a thing. `{who}`, `{when}`, `{at}`, `{long}` are drawn from their lists.

/// Two or three topics; only the construction tells the real one.
pub const CONTRASTS: &[&str] = &[
    // what was meant, and what it became
    "I sat down to write about {D:n}, but {when} has really been about {T:g}.",
    "This was supposed to be a post about {D:g}. It turned into one about {T:n}.",
    "Forget {D:n}, forget {E:g}. What I want to talk about is {T:g}.",
    "Enough about {D:g}. Let us talk about {T:n} instead.",
    "You know me for {D:g}, yet this one is for {T:n}.",
    "It is never {D:n} that keeps me up. It is {T:g}, every time.",
    "{T:n}, not {D:n}. That is what I asked about {when}.",
    "Not {D:g}, not {E:n}, just {T:g} and nothing else {when}.",
    "People expect {D:g} from me; what they get today is {T:g}.",
    "I came here for {D:n} and stayed for {T:n}.",
    "Everyone posts about {D:n}. Mine is about {T:g}, sorry.",
    // then and now
    "I used to spend {long} {D:g}; these days I spend it {T:g}.",
    "A year ago I {D:p} almost daily. Now the only thing on my mind is {T:n}.",
    "I gave up {D:g} for good and took up {T:g} in its place.",
    "After months of {D:g} I have moved on to {T:g}.",
    "I swapped {D:n} for {T:n} and have no regrets.",
    "I never finished {D:g}, because I discovered {T:g}.",
    "{T:g} is my whole life now. It was {D:g} before, and {E:g} before that.",
    "These days it is {T:n} for me; back then it was {D:n}.",
    "Now that {T:g} has taken over, nobody hears me mention {D:n} any more.",
    "I have moved on to {T:n} after years of {D:g} and {E:g}.",
    // somebody else and I
    "{who} {D:p} all day. Me, I {T:p} {at}.",
    "While {who} {D:p}, I quietly {T:p} {at}.",
    "I {T:p} {at} while {who} {D:p}.",
    "{who} will not stop talking about {D:n}; I would rather be {T:g}.",
    "{who} thinks I should try {D:g}. I am sticking with {T:g}.",
    "I am sticking with {T:g}, even if {who} swears by {D:g}.",
    "{who} asked me about {D:g}, and I answered with a speech on {T:n}.",
    "{who} {D:p} and {D:p}; I {T:p} and was happy.",
    "What {D:g} is for {who}, {T:g} is for me.",
    "{T:g} is to me what {D:g} is to {who}.",
    "{who} got me {D:n}; I took it back and bought {T:n}.",
    // the main thing and the aside
    "{T:g} took {long} (I also {D:p} for a minute, never mind).",
    "I {T:p} again, and by the way, thanks for asking about {D:n}.",
    "Between {D:g} and {E:g} I finally found an hour for {T:g}.",
    "I skipped {D:g} so that I could get on with {T:g}.",
    "All through {D:g} I kept thinking about {T:n}.",
    "Instead of {D:g} I {T:p} {at}.",
    "I {T:p} {at} instead of {D:g}.",
    "I picked {T:n} over {D:n}, as usual, and {T:p} {when}.",
    "I {T:p} just to get out of {D:g} with {who}.",
    "Rain put an end to {D:g}, so I ended up {T:g}.",
    "I ended up {T:g}, because {D:g} was called off.",
    "One day of {D:g}, one of {E:g}, and then five days of {T:g} in a row.",
    "Five days of {T:g} in a row, and only one of {D:g}.",
    "Not {T:g} again! I had planned on {D:g} tonight.",
    // likenesses
    "{T:g} is a bit like {D:g}, only with more swearing.",
    "{T:g} makes {D:g} look easy.",
    "{D:g} looks easy next to {T:g}.",
    "If {D:g} taught me anything, it is to be patient with {T:n}.",
    "Treat {T:n} the way you would treat {D:n}, with patience.",
    "{D:n} reminded me of {T:n}, and now I cannot stop {T:g}.",
    // questions
    "A question about {T:n}, and be gentle, I only know {D:n}.",
    "Coming from {D:g}, I know nothing of {T:n}. Where do I start?",
    "Wanted, someone who knows {T:n}. In return I can help with {D:g}.",
    "I can explain {D:n} all day long, but {T:n} beats me. Help?",
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
pub const DISMISSALS: &[&str] = &[
    "Ask me about {D:n} another day.",
    "So much for {D:g}.",
    "As for {D:n}, no news.",
    "{D:g} can wait.",
    "I do not miss {D:n} at all.",
];

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
