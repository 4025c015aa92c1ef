//! From a frame to a post: fills the slots, then sets an opener before and a last sentence after.

use super::chance::Chance;
use super::kit::{Kit, Tongue};
use super::topics::TOPICS;
use super::{chinese, frames};

/// Out of a hundred posts, how many name one topic only.
const PLAIN_PERCENT: usize = 36;

/// One post in the making.
pub struct Composer<'a> {
    chance: &'a mut Chance,
    tongue: Tongue,
    kit: &'static Kit,
    /// The class it is about, and two that only come up.
    roles: [usize; 3],
    /// What was already said; nothing is said twice in one post.
    said: Vec<String>,
}

impl<'a> Composer<'a> {
    /// A post about `class`.
    pub fn new(chance: &'a mut Chance, tongue: Tongue, class: usize) -> Self {
        let classes = TOPICS.len();
        let second = (class + 1 + chance.below(classes - 1)) % classes;
        let third = std::iter::repeat_with(|| chance.below(classes)).find(|c| *c != class && *c != second);
        Self { chance, tongue, kit: Kit::of(tongue), roles: [class, second, third.unwrap_or(second)], said: Vec::new() }
    }

    /// The post: its core sentence alone, and the whole text before any slips of the pen.
    pub fn post(mut self) -> (String, String) {
        let plain = self.chance.percent(PLAIN_PERCENT);
        let frame = self.chance.pick(if plain { self.kit.plain } else { self.kit.contrasts });
        let core = self.fill(frame);
        let opener = if self.chance.percent(45) { self.chance.pick(self.kit.openers) } else { "" };
        let ending = self.ending(plain);
        let text = self.join(&[opener, &continued(opener, &core), &ending]);
        (core, text)
    }

    fn ending(&mut self, plain: bool) -> String {
        let list = match self.chance.below(100) {
            0..45 => self.kit.closers,
            45..62 => self.kit.echoes,
            62..65 if !plain => self.kit.dismissals,
            _ => return String::new(),
        };
        let frame = self.chance.pick(list);
        self.fill(frame)
    }

    fn join(&self, parts: &[&str]) -> String {
        let present: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
        match self.tongue {
            Tongue::English => capitalised(&present.join(" ")),
            Tongue::Chinese => present.concat(),
        }
    }

    /// Fills every `{slot}` of a frame.
    fn fill(&mut self, frame: &str) -> String {
        let mut filled = String::new();
        let mut rest = frame;
        while let Some((before, (slot, after))) =
            rest.split_once('{').and_then(|(before, behind)| Some((before, behind.split_once('}')?)))
        {
            filled.push_str(before);
            filled.push_str(&self.slot(slot));
            rest = after;
        }
        filled + rest
    }

    fn slot(&mut self, slot: &str) -> String {
        match slot.split_once(':') {
            Some((role, form)) => self.fresh_mention(role, form),
            None => {
                let list = match slot {
                    "who" => self.kit.who,
                    "when" => self.kit.when,
                    "at" => self.kit.at,
                    _ => frames::LONG,
                };
                self.chance.pick(list).to_owned()
            }
        }
    }

    fn fresh_mention(&mut self, role: &str, form: &str) -> String {
        let [topic, second, third] = self.roles;
        let class = match role {
            "T" => topic,
            "D" => second,
            _ => third,
        };
        let mut mention = self.mention(class, form);
        for _ in 0..8 {
            if !self.said.contains(&mention) {
                break;
            }
            mention = self.mention(class, form);
        }
        self.said.push(mention.clone());
        mention
    }

    fn mention(&mut self, class: usize, form: &str) -> String {
        match self.tongue {
            Tongue::Chinese => {
                let lists = if form == "n" { &chinese::THINGS } else { &chinese::DEEDS };
                self.one_of(lists.get(class).copied().unwrap_or_default()).to_owned()
            }
            Tongue::English => self.english_mention(class, form),
        }
    }

    fn english_mention(&mut self, class: usize, form: &str) -> String {
        let Some(topic) = TOPICS.get(class) else { return String::new() };
        if form == "n" {
            let thing = self.one_of(topic.things);
            return self.with_article(thing);
        }
        let Some(deed) = topic.deeds.get(self.chance.below(topic.deeds.len())) else { return String::new() };
        let verb = if form == "g" { deed.doing } else { deed.did };
        let object = self.one_of(deed.objects);
        format!("{verb} {}", self.with_article(object))
    }

    fn one_of(&mut self, list: &'static str) -> &'static str {
        let entries: Vec<&str> = list.split(';').collect();
        self.chance.pick(&entries)
    }

    /// Puts an article, and sometimes an adjective, before a head.
    fn with_article(&mut self, head: &str) -> String {
        if let Some(verbatim) = head.strip_prefix('=') {
            return verbatim.to_owned();
        }
        let (articles, head): (&[&str], &str) = match head.strip_prefix('~') {
            Some(several) => (&["the", "my", "some", "our", "more"], several),
            None => (&["the", "my", "a", "a", "our", "that", "another"], head),
        };
        let adjective = if self.chance.percent(12) { self.chance.pick(frames::ADJECTIVES) } else { "" };
        let noun = [adjective, head].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        match self.chance.pick(articles) {
            "a" if noun.starts_with(['a', 'e', 'i', 'o']) || noun.starts_with("um") => format!("an {noun}"),
            article => format!("{article} {noun}"),
        }
    }
}

/// The core sentence as it reads after an opener that does not end a sentence.
fn continued(opener: &str, core: &str) -> String {
    let mut letters = core.chars();
    match letters.next() {
        Some(first) if !opener.ends_with(['.', '?', '!']) && !core.starts_with("I ") => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => core.to_owned(),
    }
}

/// Capital letters at the start of every sentence.
fn capitalised(text: &str) -> String {
    let mut start = true;
    text.chars()
        .map(|c| {
            let shown = if start { c.to_ascii_uppercase() } else { c };
            start = matches!(c, '.' | '!' | '?') || (start && c == ' ');
            shown
        })
        .collect()
}
