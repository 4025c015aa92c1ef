//! A file of weights, mapped into memory.

use std::path::Path;

use super::{ModelError, text};
use crate::session::{Say, say};

/// Maps a file of weights into memory.
///
/// # Errors
/// [`ModelError::File`].
pub(super) fn map(path: &Path) -> Result<memmap2::Mmap, ModelError> {
    let failed =
        |e: std::io::Error| ModelError::File { what: say!("the weights"), reason: e.said(), path: path.to_owned() };
    let file = text::open(path, say!("the weights"))?;
    // SAFETY: the map is only read; a file that is cut while mapped ends the process on every
    // platform, as with any memory-mapped checkpoint.
    unsafe { memmap2::Mmap::map(&file) }.map_err(failed)
}
