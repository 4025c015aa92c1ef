//! What a command may do that nobody has asked for yet: `--fetch` and `--allow-key`. Without a window there
//! is nobody to ask, so what is missing ends the command with the words to add.

use std::path::Path;

use super::output::tell;
use super::{CommandError, Consent, fetch};
use crate::engine::hub::{HubConfig, HubError};
use crate::engine::{checkpoint, pair, secret};
use crate::link::Missing;
use crate::record::recorder::SESSION;
use crate::session::{Grant, Session, file};

/// Takes note of the keys that may go out while this command runs.
///
/// # Errors
/// [`CommandError`] if one is not written `NAME@HOST`.
pub(super) fn allow_keys(consent: &Consent) -> Result<(), CommandError> {
    for text in &consent.allow_key {
        let grant: Grant = text.parse().map_err(|e| CommandError::input(format!("--allow-key: {e}")))?;
        secret::allow_here(grant);
    }
    Ok(())
}

/// Sees to it that the cache has what `session` needs of the Hub. Nothing is asked of the Hub unless it is to
/// be fetched.
///
/// # Errors
/// [`CommandError`] naming the first model that is missing, or why it did not come.
pub(super) fn ensure_local(session: &Session, consent: &Consent) -> Result<(), CommandError> {
    download(pair::missing(session).map_err(CommandError::input)?, consent.fetch)
}

/// The same for models that were looked up already.
///
/// # Errors
/// As [`ensure_local`].
pub(super) fn download(missing: impl IntoIterator<Item = Missing>, may: bool) -> Result<(), CommandError> {
    // Where fetching is forbidden, asking for it would not help: that is said instead.
    let offline = HubConfig::from_env().is_ok_and(|place| place.offline);
    for model in missing {
        if !may && !offline {
            return Err(CommandError::input(HubError::from(model)));
        }
        if !offline {
            tell(format!("fetching {} into {}", model.repo, model.place.display()));
        }
        fetch::download(&model)?;
    }
    Ok(())
}

/// The session of the run in `out`, as far as it can be read: of its last checkpoint, else as it was begun.
pub(super) fn session_of(out: &Path) -> Option<Session> {
    let state = checkpoint::find(out, None).ok().map(|found| found.checkpoint.state.session);
    state.or_else(|| file::open(&out.join(SESSION)).ok())
}
