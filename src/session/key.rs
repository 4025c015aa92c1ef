//! Where the key to a server is kept, and to which server it may go. A session names the place; the key
//! itself is never in it, and where it may go is never the session's to say.

use crate::session::say::verbatim;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ServerOrigin;
use crate::session::{Sentence, say};

/// What stands before the name of an entry of the system's keyring.
const KEYRING: &str = "keyring:";
/// Longest name of an entry: enough for a host, too little for a key.
const LONGEST: usize = 32;
/// What a variable's name begins with that is meant for this program.
const OURS: &str = "RETORT_KEY_";

/// The variables in which makers of OpenAI-compatible servers have their keys put, and their hosts. Only
/// servers that give log-probabilities or have given them belong here.
const KNOWN: [(&str, &[&str]); 14] = [
    ("CEREBRAS_API_KEY", &["api.cerebras.ai"]),
    ("DASHSCOPE_API_KEY", &["dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com"]),
    ("DEEPINFRA_API_KEY", &["api.deepinfra.com"]),
    ("DEEPSEEK_API_KEY", &["api.deepseek.com"]),
    ("FIREWORKS_API_KEY", &["api.fireworks.ai"]),
    ("GEMINI_API_KEY", &["generativelanguage.googleapis.com"]),
    ("GROQ_API_KEY", &["api.groq.com"]),
    ("MISTRAL_API_KEY", &["api.mistral.ai"]),
    ("MOONSHOT_API_KEY", &["api.moonshot.cn", "api.moonshot.ai"]),
    ("NVIDIA_API_KEY", &["integrate.api.nvidia.com"]),
    ("OPENAI_API_KEY", &["api.openai.com"]),
    ("OPENROUTER_API_KEY", &["openrouter.ai"]),
    ("TOGETHER_API_KEY", &["api.together.xyz", "api.together.ai"]),
    ("XAI_API_KEY", &["api.x.ai"]),
];

/// Where the key to a server is kept, as a session writes it: `OPENAI_API_KEY` is an environment
/// variable, `keyring:openai` an entry of the system's keyring.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(from = "String", into = "String")]
pub enum KeyPlace {
    /// The environment variable of this name.
    Variable(String),
    /// The entry of this name in the system's keyring.
    Keyring(String),
}

impl KeyPlace {
    /// The name of the variable or of the entry.
    pub fn name(&self) -> &str {
        match self {
            Self::Variable(name) | Self::Keyring(name) => name,
        }
    }

    /// Why this cannot be a place, or `None`. The sentence never holds what was written: it may be
    /// the key itself.
    pub fn problem(&self) -> Option<Sentence> {
        match self {
            Self::Variable(name) if !is_variable(name) => Some(say!(
                "the session's key must be the name of an environment variable, such as OPENAI_API_KEY, or keyring:NAME for an entry of the system's keyring, never the key itself"
            )),
            Self::Keyring(name) if !is_entry(name) => Some(say!(
                "the name of a key in the system's keyring has at most 32 letters, digits, points, dashes and underscores, and is never the key itself"
            )),
            _ => None,
        }
    }

    /// Whether it may go to `origin` without anybody being asked: a well-known variable to its own host, and
    /// a variable that is named for this program to any.
    pub fn is_known_at(&self, origin: &ServerOrigin) -> bool {
        let Self::Variable(name) = self else { return false };
        let of = |(variable, hosts): &(&str, &[&str])| {
            variable == name && hosts.iter().any(|host| ServerOrigin::typed(host).is_ok_and(|host| host == *origin))
        };
        name.len() > OURS.len() && name.starts_with(OURS) || KNOWN.iter().any(of)
    }
}

/// That a key may go to a server: neither to another server nor another key to this one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Where the key is kept.
    pub key: KeyPlace,
    /// Where it may go.
    pub host: ServerOrigin,
}

/// `NAME@HOST`, the name as a session writes it.
impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", String::from(self.key.clone()), self.host)
    }
}

verbatim!(Grant);

/// Reads `NAME@HOST`. A name that cannot be a variable's is an entry of the keyring.
impl FromStr for Grant {
    type Err = Sentence;

    fn from_str(text: &str) -> Result<Self, Sentence> {
        let form = say!("it is written NAME@HOST, such as MY_KEY@https://api.example.com or keyring:NAME@HOST");
        let (name, host) = text.split_once('@').ok_or_else(|| form.clone())?;
        let key = match KeyPlace::from(name.trim()) {
            KeyPlace::Variable(name) if !is_variable(&name) => KeyPlace::Keyring(name),
            place => place,
        };
        if let Some(problem) = key.problem() {
            return Err(problem);
        }
        let host: ServerOrigin = host.parse().map_err(|e| say!("its host cannot be used: {e}; {form}", e, form))?;
        Ok(Self { key, host })
    }
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

fn is_entry(name: &str) -> bool {
    let fits = (1..=LONGEST).contains(&name.len()) && !name.starts_with("sk-");
    fits && name.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c))
}

impl From<String> for KeyPlace {
    fn from(text: String) -> Self {
        match text.strip_prefix(KEYRING) {
            Some(name) => Self::Keyring(name.to_owned()),
            None => Self::Variable(text),
        }
    }
}

impl From<&str> for KeyPlace {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<KeyPlace> for String {
    fn from(place: KeyPlace) -> Self {
        match place {
            KeyPlace::Variable(name) => name,
            KeyPlace::Keyring(name) => format!("{KEYRING}{name}"),
        }
    }
}

/// A key that was written in place of its name is not shown.
impl fmt::Debug for KeyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.problem().is_some() { "…" } else { self.name() };
        match self {
            Self::Variable(_) => f.debug_tuple("Variable").field(&name).finish(),
            Self::Keyring(_) => f.debug_tuple("Keyring").field(&name).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_well_known_variable_goes_to_its_own_host_alone() {
        let known = |name: &str, url: &str| KeyPlace::from(name).is_known_at(&ServerOrigin::split(url).unwrap().0);
        assert!(known("OPENAI_API_KEY", "https://api.openai.com/v1"));
        assert!(known("TOGETHER_API_KEY", "HTTPS://api.together.ai:443"));
        for url in [
            "http://api.openai.com/v1",
            "https://api.openai.com:8443",
            "https://api.openai.com.evil.example",
            "https://openai.com",
            "https://api.groq.com",
            "http://localhost:8000",
        ] {
            assert!(!known("OPENAI_API_KEY", url), "{url}");
        }
        assert!(known("RETORT_KEY_MINE", "https://anywhere.example"));
        for name in
            ["RETORT_KEY_", "RETORT_KEYS", "AWS_SECRET_ACCESS_KEY", "keyring:OPENAI_API_KEY", "keyring:RETORT_KEY_A"]
        {
            assert!(!known(name, "https://api.openai.com"), "{name}");
        }
    }

    #[test]
    fn a_grant_is_written_as_name_and_host_and_read_back() {
        for (text, same) in [
            ("MY_KEY@api.example.com", "MY_KEY@https://api.example.com"),
            ("mine@http://localhost:8000/v1", "keyring:mine@http://localhost:8000"),
            ("keyring:MINE@HTTPS://API.example.com:443", "keyring:MINE@https://api.example.com"),
        ] {
            let grant: Grant = text.parse().unwrap();
            assert_eq!(grant.to_string(), same);
            assert_eq!(same.parse::<Grant>().unwrap(), grant);
        }
        for text in ["MY_KEY", "@host", "MY_KEY@", "MY_KEY@user@host", "sk-TheKeyItself@host", "a b@host"] {
            let said = text.parse::<Grant>().unwrap_err();
            assert!(!said.contains("TheKey"), "{said}");
        }
    }

    #[test]
    fn a_place_is_written_as_one_text_and_read_back() {
        for text in ["OPENAI_API_KEY", "keyring:api.example.com"] {
            let place = KeyPlace::from(text);
            assert_eq!(place.problem(), None);
            assert_eq!(String::from(place), text);
        }
        assert_eq!(KeyPlace::from("keyring:a"), KeyPlace::Keyring("a".into()));
    }

    #[test]
    fn a_key_is_no_place_and_is_never_shown() {
        let long = "a1b2c3d4".repeat(6);
        for text in ["sk-TheKeyItself", "keyring:sk-TheKeyItself", "", "keyring:", &format!("keyring:{long}")] {
            let place = KeyPlace::from(text);
            let said = place.problem().unwrap();
            let shown = format!("{said} {place:?}");
            assert!(!shown.contains("TheKey") && !shown.contains("a1b2"), "{shown}");
        }
    }
}
