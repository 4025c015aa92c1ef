//! Whether a key may go to a server. Asked before the key is even fetched from where it is kept.

use std::sync::{Mutex, PoisonError};

use super::grants::{GrantError, Grants};
use crate::session::{Grant, KeyPlace, Say, Sentence, ServerOrigin, say, spoken};

/// Why a key may not go to a server.
#[derive(Debug, thiserror::Error)]
pub enum PermitError {
    /// It would be read on the way. No grant changes that.
    Plain {
        /// Where the key is kept.
        key: String,
        /// The server.
        host: ServerOrigin,
    },
    /// Nobody has allowed it.
    Unasked(Grant),
    /// What has been allowed is not known.
    Grants(#[from] GrantError),
}

impl Say for PermitError {
    fn said(&self) -> Sentence {
        match self {
            Self::Plain { key, host } => say!(
                "the key {key} is never sent over plain http to another machine, where everybody on the way can read it: {host}; use https, or reach the server by a tunnel to this machine (http://localhost:PORT)",
                key,
                host
            ),
            Self::Unasked(reason) => say!(
                "the key {key} has not been allowed to go to {host}; if it should, add --allow-key {grant} for this run{more}, or say so where the window asks",
                key = String::from(reason.key.clone()),
                host = reason.host,
                grant = reason,
                more = lasting(reason)
            ),
            Self::Grants(e) => e.said(),
        }
    }
}

spoken!(PermitError);

/// How a key of the keyring is allowed for good.
fn lasting(Grant { key, host }: &Grant) -> Sentence {
    match key {
        KeyPlace::Keyring(name) => say!(", store it with: retort key set {name} --host {host}", name, host),
        KeyPlace::Variable(_) => Sentence::default(),
    }
}

/// What is allowed as long as this process lives.
static HERE: Mutex<Vec<Grant>> = Mutex::new(Vec::new());

/// Allows what `grant` says as long as this process lives, and writes nothing down.
pub fn allow_here(grant: Grant) {
    HERE.lock().unwrap_or_else(PoisonError::into_inner).push(grant);
}

/// Whether the key that is kept at `key` may go to `host`.
///
/// # Errors
/// [`PermitError`] says why not, with the next step.
pub fn check(key: &KeyPlace, host: &ServerOrigin) -> Result<(), PermitError> {
    let here = HERE.lock().unwrap_or_else(PoisonError::into_inner).clone();
    decide(key, host, &here, || Grants::of_person()?.list())
}

fn decide(
    key: &KeyPlace,
    host: &ServerOrigin,
    here: &[Grant],
    remembered: impl FnOnce() -> Result<Vec<Grant>, GrantError>,
) -> Result<(), PermitError> {
    if !host.is_private() {
        return Err(PermitError::Plain { key: key.clone().into(), host: host.clone() });
    }
    let asked = Grant { key: key.clone(), host: host.clone() };
    if key.is_known_at(host) || here.contains(&asked) {
        return Ok(());
    }
    if remembered()?.contains(&asked) { Ok(()) } else { Err(PermitError::Unasked(asked)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(key: &str, url: &str, here: &[&str], remembered: &[&str]) -> String {
        let grants = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<Grant>>();
        let host = ServerOrigin::split(url).unwrap().0;
        decide(&key.into(), &host, &grants(here), || Ok(grants(remembered)))
            .map_or_else(|e| e.to_string(), |()| String::new())
    }

    #[test]
    fn a_key_goes_only_where_it_was_allowed_to_go() {
        let grant = ["AWS_SECRET_ACCESS_KEY@https://mine.example:8443", "keyring:mine@https://mine.example"];
        for (key, url) in
            [("AWS_SECRET_ACCESS_KEY", "https://mine.example:8443/v1"), ("keyring:mine", "HTTPS://Mine.Example./v2")]
        {
            assert_eq!(said(key, url, &grant, &[]), "");
            assert_eq!(said(key, url, &[], &grant), "");
        }
        for (key, url) in [
            ("AWS_SECRET_ACCESS_KEY", "https://mine.example/v1"),
            ("AWS_SECRET_ACCESS_KEY", "https://evil.example:8443"),
            ("AWS_SECRET_ACCESS_KEY", "https://mine.example.evil.example:8443"),
            ("keyring:AWS_SECRET_ACCESS_KEY", "https://mine.example:8443"),
            ("keyring:mine", "https://mine.example:8443"),
            ("keyring:min", "https://mine.example"),
            ("OPENAI_API_KEY", "https://evil.example"),
            ("HOME", "http://localhost:8000"),
        ] {
            let words = said(key, url, &grant, &grant);
            let host = ServerOrigin::split(url).unwrap().0;
            assert!(words.contains(&format!("--allow-key {key}@{host}")), "{key} {url}: {words}");
        }
    }

    #[test]
    fn nothing_lets_a_key_go_over_plain_http_to_another_machine() {
        for key in ["OPENAI_API_KEY", "RETORT_KEY_MINE", "keyring:mine"] {
            let grant = [format!("{key}@http://10.0.0.5:8000")];
            let grant = grant.each_ref().map(String::as_str);
            let words = said(key, "http://10.0.0.5:8000/v1", &grant, &grant);
            assert!(words.contains("plain http") && words.contains("https") && words.contains(key), "{words}");
        }
        assert_eq!(said("RETORT_KEY_MINE", "http://127.0.0.1:8000", &[], &[]), "");
    }

    #[test]
    fn what_cannot_be_read_allows_nothing() {
        let host = ServerOrigin::typed("mine.example").unwrap();
        let refused = decide(&"keyring:mine".into(), &host, &[], || Err(GrantError::NoFolder));
        assert!(matches!(refused, Err(PermitError::Grants(_))));
    }
}
