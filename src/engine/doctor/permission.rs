//! Whether the key that the session names may go to its server. The key itself is not fetched, and the server is
//! not asked.

use crate::engine::secret::permit;
use crate::link::{Finding, Subject};
use crate::session::{Say, ServerOrigin, Session, Source, say};

const SUBJECT: Subject = Subject::Key;

/// The row on the key; `None` where no server or no key is named.
pub fn row(session: &Session) -> Option<Finding> {
    let teacher = session.teacher()?;
    let Source::Server { url, key: Some(key), .. } = &teacher.source else { return None };
    // A key in the place of its name was refused before, with the session.
    let name = String::from(key.clone());
    let host = match ServerOrigin::split(url) {
        Ok((host, _)) => host,
        Err(e) => return Some(Finding::red(SUBJECT, say!("the server's address: {e}", e), say!("mend the address"))),
    };
    Some(match permit::check(key, &host) {
        Ok(()) => Finding::green(SUBJECT, say!("the key {name} may go to {host} and nowhere else", name, host)),
        Err(e) => Finding::red(SUBJECT, e.said(), say!("allow it, or name another key or another server")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::Grade;
    use crate::session::ServerMode;

    #[test]
    fn the_row_says_where_a_key_may_go_and_stands_only_where_there_is_one() {
        let row = |url: &str, key: Option<&str>| {
            let mut session = Session::built_in().unwrap();
            let (url, model, mode) = (url.to_owned(), "big".to_owned(), ServerMode::Chat);
            let key = key.map(Into::into);
            session.teacher_mut().unwrap().source =
                Source::Server { url, model, mode, key, token_limit: None, per_minute: None };
            row(&session)
        };
        assert_eq!(super::row(&Session::built_in().unwrap()), None);
        assert_eq!(row("https://api.openai.com/v1", None), None);
        let known = row("https://api.openai.com/v1", Some("OPENAI_API_KEY")).unwrap();
        assert!(known.grade == Grade::Green && known.says.contains("https://api.openai.com"), "{known:?}");
        for (url, part) in
            [("http://api.openai.com/v1", "plain http"), ("https://api.openai.com@evil.example/v1", "address")]
        {
            let wrong = row(url, Some("OPENAI_API_KEY")).unwrap();
            assert!(wrong.grade == Grade::Red && wrong.says.contains(part), "{wrong:?}");
        }
    }
}
