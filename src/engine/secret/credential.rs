//! A secret together with the one server it may be sent to. The header that carries a secret is made here and
//! nowhere else, from the address that the client will really connect to.

use ureq::http::{HeaderValue, Uri};
use zeroize::Zeroizing;

use super::{SecretError, fetch, permit, sound};
use crate::link::Secret;
use crate::session::{KeyPlace, ServerOrigin};

/// A secret and where it may go.
pub struct Credential {
    secret: Secret,
    host: ServerOrigin,
}

impl Credential {
    /// The key that is kept at `key`, for the server at `host`.
    ///
    /// # Errors
    /// [`SecretError`]: it may not go there, or cannot be had.
    pub fn of_key(key: &KeyPlace, host: &ServerOrigin) -> Result<Self, SecretError> {
        permit::check(key, host)?;
        let secret = match key {
            KeyPlace::Variable(name) => of_variable(name)?,
            KeyPlace::Keyring(name) => fetch(name)?,
        };
        Ok(Self { secret, host: host.clone() })
    }

    /// The Hub's token, for the Hub at `host`; `None` where everybody on the way could read it.
    pub fn of_hub(token: &Secret, host: &ServerOrigin) -> Option<Self> {
        let secret = || Secret::new(token.expose().to_owned());
        host.is_private().then(|| Self { secret: secret(), host: host.clone() })
    }

    /// The header of a request to `uri`; `None` if that is another server.
    pub fn header(&self, uri: &Uri) -> Option<HeaderValue> {
        let address = format!("{}://{}", uri.scheme_str()?, uri.authority()?);
        let (host, _) = ServerOrigin::split(&address).ok()?;
        if host != self.host || !host.is_private() {
            return None;
        }
        let words = Zeroizing::new(["Bearer ", self.secret.expose()].concat());
        let mut value = HeaderValue::from_str(&words).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

fn of_variable(name: &str) -> Result<Secret, SecretError> {
    let value = std::env::var(name).map(Zeroizing::new).ok();
    let missing = || SecretError::Unset { name: name.to_owned() };
    sound(name, value.ok_or_else(missing)?.trim()).map_err(|_| missing())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header(host: &str, uri: &str) -> Option<String> {
        let credential = Credential { secret: Secret::new("sk-a".into()), host: ServerOrigin::typed(host).unwrap() };
        let value = credential.header(&uri.parse().unwrap())?;
        assert!(value.is_sensitive() && !format!("{value:?}").contains("sk-a"));
        Some(value.to_str().unwrap().to_owned())
    }

    #[test]
    fn the_header_is_made_for_the_one_server_alone() {
        for uri in
            ["https://api.example.com/v1/completions?x=1", "https://API.example.com:443", "https://api.example.com./"]
        {
            assert_eq!(header("api.example.com", uri).as_deref(), Some("Bearer sk-a"), "{uri}");
        }
        for uri in [
            "http://api.example.com/v1",
            "https://api.example.com:8443/v1",
            "https://evil.example/v1",
            "https://api.example.com@evil.example/v1",
            "https://api.example.com.evil.example/",
            "/v1",
        ] {
            assert_eq!(header("api.example.com", uri), None, "{uri}");
        }
        assert_eq!(header("http://10.0.0.5", "http://10.0.0.5/v1"), None);
        assert!(header("http://localhost:80", "http://localhost/v1").is_some());
    }

    /// An address in the pieces that make two readers disagree.
    fn address() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "http",
            "https",
            "://",
            "//",
            "/",
            ":",
            "@",
            "\\",
            "#",
            "?",
            "%",
            "%2e",
            "%40",
            ".",
            "..",
            "[",
            "]",
            "[::1]",
            "::",
            "api.openai.com",
            "evil.example",
            "localhost",
            "127.0.0.1",
            "1",
            "0x7f",
            "443",
            "80",
            "65536",
            " ",
            "\t",
            "а",
            "。",
            "xn--a",
            "-",
            "_",
            "v1",
            "",
        ]);
        let end = prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat());
        (prop::sample::select(vec!["https://", "http://", ""]), end).prop_map(|(head, end)| format!("{head}{end}"))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn what_is_allowed_is_what_the_client_connects_to(text in address()) {
            let Ok((host, path)) = ServerOrigin::split(&text) else { return Ok(()) };
            let Ok(uri) = format!("{host}{path}/chat").parse::<Uri>() else { return Ok(()) };
            let secure = host.to_string().starts_with("https://");
            prop_assert_eq!(uri.scheme_str(), Some(if secure { "https" } else { "http" }));
            prop_assert_eq!(uri.host(), Some(host.host()));
            let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
            let again = format!("{}://{}:{port}", if secure { "https" } else { "http" }, host.host());
            prop_assert_eq!(ServerOrigin::split(&again).map(|(again, _)| again), Ok(host.clone()));
            // And as it was written, where the client takes that too, it means no other host.
            if let Some(written) = text.trim().parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned)) {
                let same = |name: &str| name.trim_end_matches('.').to_ascii_lowercase();
                let numeric = host.host().starts_with('[');
                prop_assert!(numeric || same(&written) == host.host(), "{} is {}", written, host);
            }
        }
    }

    #[test]
    fn the_hubs_token_is_held_back_where_it_could_be_read() {
        let token = Secret::new("hf_a".into());
        let held = |host: &str| Credential::of_hub(&token, &ServerOrigin::typed(host).unwrap()).is_none();
        assert!(held("http://mirror.example") && held("http://10.0.0.5:80"));
        assert!(!held("https://mirror.example") && !held("http://127.0.0.1:5000"));
    }
}
