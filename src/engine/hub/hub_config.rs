//! Where the cache is and how the Hub is reached: the environment variables that all of Hugging
//! Face's tools obey.
//!
//! Source: the environment variables documented for `huggingface_hub`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::HubError;
use crate::engine::environment::{path, word};
use crate::link::Secret;
use crate::session::{Sentence, ServerOrigin, say};

/// Cache, address and token.
#[derive(Clone)]
pub struct HubConfig {
    /// The folder of the cache.
    pub cache: PathBuf,
    /// Address of the Hub or of a mirror, without a slash at the end.
    pub endpoint: String,
    /// The person's token; goes to the endpoint and nowhere else, and only where nobody can read it on the
    /// way.
    pub token: Option<Arc<Secret>>,
    /// Whether fetching is forbidden.
    pub offline: bool,
    /// Wait before the first repetition of a failed request; doubles from there.
    pub pause: Duration,
}

impl HubConfig {
    /// What the environment says.
    ///
    /// # Errors
    /// [`HubError::NoCache`], [`HubError::Endpoint`].
    pub fn from_env() -> Result<Self, HubError> {
        let endpoint = word("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".to_owned());
        let endpoint = address(&endpoint)?;
        let yes = |value: String| ["1", "on", "yes", "true"].contains(&value.to_ascii_lowercase().as_str());
        let offline = word("HF_HUB_OFFLINE").is_some_and(yes);
        Ok(Self { cache: cache()?, endpoint, token: token(), offline, pause: Duration::from_millis(500) })
    }
}

/// The address without a slash at the end, as it was understood.
fn address(text: &str) -> Result<String, HubError> {
    let (host, path) = ServerOrigin::split(text).map_err(|reason| {
        let text = if text.contains('@') { say!("not repeated here") } else { Sentence::verbatim(format!("{text:?}")) };
        HubError::Endpoint(text, reason)
    })?;
    Ok(format!("{host}{}", path.trim_end_matches('/')))
}

/// `HF_HOME`, else `huggingface` in the user's cache folder.
fn home() -> Option<PathBuf> {
    let base = || path("XDG_CACHE_HOME").or_else(|| Some(directories::UserDirs::new()?.home_dir().join(".cache")));
    path("HF_HOME").or_else(|| Some(base()?.join("huggingface")))
}

fn cache() -> Result<PathBuf, HubError> {
    let named = path("HF_HUB_CACHE").or_else(|| path("HUGGINGFACE_HUB_CACHE"));
    named.or_else(|| Some(home()?.join("hub"))).ok_or(HubError::NoCache)
}

fn token() -> Option<Arc<Secret>> {
    let file = || std::fs::read_to_string(path("HF_TOKEN_PATH").or_else(|| Some(home()?.join("token")))?).ok();
    let variable = |name: &str| std::env::var(name).ok();
    let wiped = |text: Option<String>| text.map(Zeroizing::new).filter(|text| !text.trim().is_empty());
    let token = wiped(variable("HF_TOKEN")).or_else(|| wiped(variable("HUGGING_FACE_HUB_TOKEN")));
    let token = token.or_else(|| wiped(file()))?;
    // Anything else could not be sent as a header.
    let token = token.trim();
    let sound = !token.is_empty() && token.chars().all(|c| c.is_ascii_graphic());
    sound.then(|| Arc::new(Secret::new(token.to_owned())))
}
