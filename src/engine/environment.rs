//! Paths and words from environment variables. A path may begin with `~` or hold variables that no shell has
//! expanded, as those of environment files, services and containers do: the Python tools that share them
//! expand both, and a folder that is really called `~` helps nobody.
//!
//! Source: `posixpath.expanduser` and `posixpath.expandvars`, in the order `huggingface_hub` applies them.

use std::path::PathBuf;

/// The path in a variable; `None` where it is not set or empty.
pub fn path(name: &str) -> Option<PathBuf> {
    let value = std::env::var_os(name).filter(|value| !value.is_empty())?;
    Some(match value.into_string() {
        Ok(text) => expanded(&text, &|user| home(user), &|name| std::env::var(name).ok()).into(),
        Err(raw) => raw.into(),
    })
}

/// The word in a variable, without the spaces around it; `None` where it is not set or blank.
pub fn word(name: &str) -> Option<String> {
    std::env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// `text` with its first `~` or `~user` and then its `$NAME` and `${NAME}` replaced; what is not known stays
/// as it is.
fn expanded(text: &str, home: &dyn Fn(&str) -> Option<String>, variable: &dyn Fn(&str) -> Option<String>) -> String {
    let text = with_home(text, home);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        let (name, length) = named(behind);
        match name.and_then(variable) {
            Some(value) => out.push_str(&value),
            None => out.push_str(&rest[at..at + 1 + length]),
        }
        rest = &behind[length..];
    }
    out + rest
}

fn with_home(text: &str, home: &dyn Fn(&str) -> Option<String>) -> String {
    let Some(behind) = text.strip_prefix('~') else { return text.to_owned() };
    let (user, rest) = behind.split_at(behind.find(std::path::is_separator).unwrap_or(behind.len()));
    match home(user) {
        Some(home) => match format!("{}{rest}", home.trim_end_matches('/')).as_str() {
            "" => "/".to_owned(),
            path => path.to_owned(),
        },
        None => text.to_owned(),
    }
}

/// The variable's name that `text` begins with, and how many bytes it takes there.
fn named(text: &str) -> (Option<&str>, usize) {
    if let Some(inner) = text.strip_prefix('{') {
        return match inner.find('}') {
            Some(end) => (Some(&inner[..end]), end + 2),
            None => (None, 0),
        };
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    ((end > 0).then(|| &text[..end]), end)
}

/// The home folder of a user, or of the one who runs the program where none is named.
fn home(user: &str) -> Option<String> {
    if user.is_empty() {
        return directories::UserDirs::new()?.home_dir().to_str().map(str::to_owned);
    }
    home_of(user)
}

#[cfg(unix)]
fn home_of(user: &str) -> Option<String> {
    let name = std::ffi::CString::new(user).ok()?;
    let mut words = vec![0u8; 16 * 1024];
    // SAFETY: the name ends in a zero byte; the call writes into the entry and the buffer it is given, and what
    // the entry points to is read while both still stand.
    unsafe {
        let mut entry = std::mem::zeroed::<libc::passwd>();
        let mut found = std::ptr::null_mut();
        let status = libc::getpwnam_r(name.as_ptr(), &mut entry, words.as_mut_ptr().cast(), words.len(), &mut found);
        if status != 0 || found.is_null() || entry.pw_dir.is_null() {
            return None;
        }
        std::ffi::CStr::from_ptr(entry.pw_dir).to_str().ok().map(str::to_owned)
    }
}

#[cfg(not(unix))]
fn home_of(_: &str) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homes_and_variables_are_expanded_as_python_does_and_the_unknown_stays() {
        let home = |user: &str| match user {
            "" => Some("/home/me/".to_owned()),
            "root" => Some("/".to_owned()),
            _ => None,
        };
        let variable = |name: &str| match name {
            "HOME" => Some("/home/me".to_owned()),
            "A_1" => Some("~/$HOME".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        for (text, path) in [
            ("~", "/home/me"),
            ("~/hf", "/home/me/hf"),
            ("~root", "/"),
            ("~root/hf", "/hf"),
            ("~nobody-here/hf", "~nobody-here/hf"),
            ("a/~/b", "a/~/b"),
            ("/a~b", "/a~b"),
            ("$HOME/hf", "/home/me/hf"),
            ("${HOME}/hf", "/home/me/hf"),
            ("/x/${HOME}y$HOME", "/x//home/mey/home/me"),
            ("$HOMELESS/hf", "$HOMELESS/hf"),
            ("${UNSET}/hf", "${UNSET}/hf"),
            ("${HOME", "${HOME"),
            ("${}", "${}"),
            ("$", "$"),
            ("$$HOME", "$/home/me"),
            ("a$-b", "a$-b"),
            ("$A_1", "~/$HOME"),
            ("$EMPTY/hf", "/hf"),
            ("$HOME-ä", "/home/me-ä"),
            ("$ä", "$ä"),
            ("", ""),
        ] {
            assert_eq!(expanded(text, &home, &variable), path, "{text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_users_home_is_the_systems_to_tell() {
        assert_eq!(home_of("root").as_deref().map(|home| home.starts_with('/')), Some(true));
        assert_eq!(home_of("no-such-user-here"), None);
        assert_eq!(home_of("\0"), None);
    }
}
