//! Scheme, host and port of a server: where a secret may go. Two addresses of one server give the same
//! origin, and an address that could be read in two ways gives none.
//!
//! *Why strict (2026-11).* What is allowed is compared here, and the connection is made elsewhere. Were the
//! two to read an address differently, a key would go where nobody has allowed it: hence no user before
//! an `@`, no backslash, no escapes, no letters beyond ASCII, no numbers that only some systems take for
//! an address. The client is given what was read here, never what was written.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::session::say::verbatim;
use crate::session::{Say, Sentence, say, spoken};
use serde::{Deserialize, Serialize};

/// Longest name of a host.
const LONGEST: usize = 253;

/// A server, whatever is asked of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServerOrigin {
    secure: bool,
    /// As addresses write it: lower case, without a last dot, an IPv6 address in brackets.
    host: String,
    port: u16,
}

/// Why an address has no origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct OriginError(Sentence);

verbatim!(ServerOrigin);

impl Say for OriginError {
    fn said(&self) -> Sentence {
        self.0.clone()
    }
}

spoken!(OriginError);

impl ServerOrigin {
    /// The origin of an address and the rest of it, which begins with `/` or is empty.
    ///
    /// # Errors
    /// [`OriginError`] says what is wrong with it and repeats nothing of it.
    pub fn split(url: &str) -> Result<(Self, &str), OriginError> {
        let url = url.trim();
        let scheme = || OriginError(say!("it does not begin with http:// or https://"));
        let (name, rest) = url.split_once("://").ok_or_else(scheme)?;
        let secure = match name.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(scheme()),
        };
        if url.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
            return Err(OriginError(say!("it has a space, a control character or a backslash")));
        }
        if url.contains(['?', '#']) {
            return Err(OriginError(say!("it has a ? or a #, behind which nothing can be asked")));
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = read(authority)?;
        Ok((Self { secure, host, port: port.unwrap_or(usual_port(secure)) }, path))
    }

    /// The origin of a host as a person types it: without a scheme it is https, or http on this machine.
    ///
    /// # Errors
    /// [`OriginError`].
    pub fn typed(text: &str) -> Result<Self, OriginError> {
        let text = text.trim();
        if text.contains("://") {
            return Ok(Self::split(text)?.0);
        }
        let (plain, _) = Self::split(&format!("http://{text}"))?;
        if plain.is_loopback() { Ok(plain) } else { Ok(Self::split(&format!("https://{text}"))?.0) }
    }

    /// Whether it is this machine, by a name or number that can mean no other.
    pub fn is_loopback(&self) -> bool {
        let inner = self.host.trim_start_matches('[').trim_end_matches(']');
        let v6 = inner.parse::<Ipv6Addr>().is_ok_and(|ip| ip.to_canonical().is_loopback());
        self.host == "localhost" || v6 || inner.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// Whether what is sent there can be read by nobody on the way.
    pub fn is_private(&self) -> bool {
        self.secure || self.is_loopback()
    }

    /// The host alone.
    pub fn host(&self) -> &str {
        &self.host
    }
}

fn usual_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

/// Host and port of `host[:port]`.
fn read(authority: &str) -> Result<(String, Option<u16>), OriginError> {
    if authority.contains('@') {
        return Err(OriginError(say!("it names a user before an @, which hides the host")));
    }
    let cut = match authority.strip_prefix('[') {
        Some(inner) => inner.find(']').map(|end| end + 2).ok_or_else(|| OriginError(say!("its [ has no ]")))?,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at(cut);
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => None,
        Some("") => None,
        Some(digits) => Some(number(digits)?),
        None => return Err(OriginError(say!("something stands behind its ]"))),
    };
    Ok((if host.starts_with('[') { v6(host)? } else { name(host)? }, port))
}

fn number(digits: &str) -> Result<u16, OriginError> {
    let plain = digits.chars().all(|c| c.is_ascii_digit());
    let port = digits.parse().ok().filter(|port| plain && *port > 0);
    port.ok_or_else(|| OriginError(say!("its port is no number from 1 to 65535")))
}

fn v6(host: &str) -> Result<String, OriginError> {
    let inner = host.trim_start_matches('[').trim_end_matches(']');
    let ip: Ipv6Addr = inner.parse().map_err(|_| OriginError(say!("what stands in [ ] is no IPv6 address")))?;
    Ok(format!("[{ip}]"))
}

fn name(host: &str) -> Result<String, OriginError> {
    if !host.is_ascii() {
        return Err(OriginError(say!("its host has letters beyond ASCII; write it as it is registered, with xn--")));
    }
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let word = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if host.len() > LONGEST || !host.split('.').all(word) {
        return Err(OriginError(say!("its host is no name and no number")));
    }
    // `127.1`, `0x7f000001` and `2130706433` are this machine to some systems and a name to others.
    let last = host.rsplit('.').next().unwrap_or_default();
    let numeric = last.chars().all(|c| c.is_ascii_digit()) || last.starts_with("0x");
    if numeric && host.parse::<Ipv4Addr>().is_err() {
        return Err(OriginError(say!("its host is a number but no IPv4 address; write all four parts")));
    }
    Ok(host)
}

/// As an address without a path; the usual port is left out.
impl fmt::Display for ServerOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.secure { "https" } else { "http" }, self.host)?;
        if self.port == usual_port(self.secure) { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

impl FromStr for ServerOrigin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        Self::typed(text)
    }
}

impl TryFrom<String> for ServerOrigin {
    type Error = OriginError;

    fn try_from(text: String) -> Result<Self, OriginError> {
        text.parse()
    }
}

impl From<ServerOrigin> for String {
    fn from(origin: ServerOrigin) -> Self {
        origin.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> String {
        ServerOrigin::split(url).map_or_else(|e| e.to_string(), |(origin, path)| format!("{origin} {path}"))
    }

    #[test]
    fn every_spelling_of_an_address_gives_one_origin() {
        let same = [
            ("https://api.example.com", "https://api.example.com "),
            (" HTTPS://API.Example.COM:443/v1 ", "https://api.example.com /v1"),
            ("https://api.example.com./v1", "https://api.example.com /v1"),
            ("https://api.example.com:0443", "https://api.example.com "),
            ("https://api.example.com:", "https://api.example.com "),
            ("https://api.example.com:8443/", "https://api.example.com:8443 /"),
            ("http://LOCALHOST:80/v1", "http://localhost /v1"),
            ("http://[0:0:0:0:0:0:0:1]:8000", "http://[::1]:8000 "),
            ("http://[::FFFF:127.0.0.1]", "http://[::ffff:127.0.0.1] "),
            ("https://evil.example/@api.example.com", "https://evil.example /@api.example.com"),
        ];
        for (url, origin) in same {
            assert_eq!(of(url), origin, "{url}");
        }
        assert_ne!(of("https://api.example.com"), of("http://api.example.com"));
        assert_ne!(of("https://api.example.com"), of("https://api.example.com.evil.example"));
    }

    #[test]
    fn an_address_that_can_be_read_in_two_ways_is_refused_and_not_repeated() {
        let wrong = [
            "https://api.openai.com@evil.example",
            "https://api.openai.com:443@evil.example/v1",
            "https://user:Password@evil.example",
            "https://evil.example\\@api.openai.com",
            "https://evil.example\\.api.openai.com",
            "https://api.openai.com#.evil.example",
            "https://api.openai.com?.evil.example",
            "https://api.openai.com/v1?to=evil",
            "https://api.openai.com%2eevil.example",
            "https://аpi.openai.com",
            "https://api。openai.com",
            "https://api.openai.com\u{200b}",
            "https://api.openai.com\t.evil.example",
            "https://api..openai.com",
            "https://.openai.com",
            "https://",
            "https:///v1",
            "http://2130706433",
            "http://0x7f.1",
            "http://0x7f000001",
            "http://127.1",
            "http://0177.0.0.1",
            "http://[::1",
            "http://[::1]evil",
            "http://[fe80::1%25eth0]",
            "https://host:0",
            "https://host:65536",
            "https://host:+443",
            "ftp://host",
            "api.openai.com",
            "://host",
            "",
        ];
        for url in wrong {
            let said = ServerOrigin::split(url).map(|(origin, _)| origin).expect_err(url).to_string();
            assert!(!said.is_empty() && !said.contains("evil") && !said.contains("Password"), "{url}: {said}");
        }
        assert!(ServerOrigin::split(&format!("https://{}", "a".repeat(300))).is_err());
    }

    #[test]
    fn only_what_can_mean_no_other_machine_is_this_one() {
        let here = ["localhost", "localhost.", "LocalHost:8000", "127.0.0.1", "127.8.9.1:80", "[::1]:1"];
        for host in here {
            let origin = ServerOrigin::typed(host).unwrap();
            assert!(origin.is_loopback() && origin.is_private() && origin.to_string().starts_with("http://"), "{host}");
        }
        let elsewhere = [
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "127.evil.example",
            "evil.localhost",
            "0.0.0.0",
            "10.0.0.1",
            "[::]",
            "[::2]",
            "notlocalhost",
        ];
        for host in elsewhere {
            let plain = ServerOrigin::split(&format!("http://{host}/v1")).unwrap().0;
            assert!(!plain.is_loopback() && !plain.is_private(), "{host}");
            assert!(ServerOrigin::typed(host).unwrap().to_string().starts_with("https://"), "{host}");
        }
    }
}
