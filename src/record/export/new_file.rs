//! Files that are written whole or not at all, and replace nothing unasked.

use std::io::{BufWriter, Result, Write};
use std::path::{Path, PathBuf};

use super::ExportError;
use crate::session::Say as _;
use crate::session::atomic::WholeFile;

/// Whether something that would be replaced is there.
pub(super) fn refuse(path: &Path, replace: bool) -> std::result::Result<(), ExportError> {
    match path.try_exists() {
        Ok(true) if path.is_dir() || !replace => Err(ExportError::Exists { path: path.to_owned() }),
        _ => Ok(()),
    }
}

/// Writes a file by `write`; gives its place.
pub(super) fn written(
    path: &Path,
    replace: bool,
    write: impl FnOnce(&mut dyn Write) -> Result<()>,
) -> std::result::Result<Vec<PathBuf>, ExportError> {
    refuse(path, replace)?;
    let whole = || {
        let mut file = BufWriter::with_capacity(1 << 16, WholeFile::create(path)?);
        write(&mut file)?;
        file.into_inner().map_err(std::io::IntoInnerError::into_error)?.finish()
    };
    let failed = |e: std::io::Error| ExportError::Io { reason: e.said(), path: path.to_owned() };
    whole().map(|()| vec![path.to_owned()]).map_err(failed)
}

/// Writes a file of these bytes; gives its place.
pub(super) fn write_new(path: &Path, bytes: &[u8], replace: bool) -> std::result::Result<Vec<PathBuf>, ExportError> {
    written(path, replace, |file| file.write_all(bytes))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_there_is_replaced_only_where_that_was_asked_and_a_folder_never() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("new/curves.csv");
        write_new(&path, b"one", false).unwrap();
        let refused = write_new(&path, b"two", false).unwrap_err().to_string();
        assert!(refused.contains("already") && refused.contains("curves.csv"), "{refused}");
        assert_eq!(fs::read(&path).unwrap(), b"one");
        write_new(&path, b"two", true).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert!(write_new(home.path(), b"three", true).is_err());
    }

    #[test]
    fn half_a_file_is_none() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("curves.csv");
        let failed = written(&path, false, |file| {
            file.write_all(&[0; 200_000])?;
            Err(std::io::Error::other("the pen broke"))
        });
        let words = failed.unwrap_err().to_string();
        assert!(words.contains("the pen broke"), "{words}");
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    }
}
