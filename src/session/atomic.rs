//! Files written whole or not at all, with the mode that any other program of the person would give
//! them. What must stay private (keys, grants) is not written here.

use std::fs::{File, Permissions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile, TempDir};

/// Replaces the file at `path` by `bytes`, or leaves it as it was: a temporary file in the same
/// folder, flushed to disk, then renamed. A new file has the mode that the person's umask gives, an
/// old one keeps its own. A link stays a link, and the file it leads to is replaced; a pipe or a
/// device is written to.
///
/// # Errors
/// The operating system's; `path` then holds what it held before.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let path = &led_to(path);
    let old = std::fs::metadata(path).ok();
    if old.as_ref().is_some_and(|old| !old.is_file()) {
        return File::options().write(true).open(path)?.write_all(bytes);
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(folder)?;
    let mut file = temporary_file(folder, old.map(|old| old.permissions()))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}

/// A new folder in `home` under a name that starts with `prefix`, removed when dropped; to be renamed
/// once it is whole.
///
/// # Errors
/// The operating system's.
pub fn temporary_folder(home: &Path, prefix: &str) -> std::io::Result<TempDir> {
    let mut builder = Builder::new();
    builder.prefix(prefix);
    #[cfg(unix)]
    builder.permissions(mode(0o777));
    builder.tempdir_in(home)
}

/// A file that will take the place of one with the mode `old`; it is never readable by more people.
#[cfg(unix)]
fn temporary_file(folder: &Path, old: Option<Permissions>) -> std::io::Result<NamedTempFile> {
    let file = Builder::new().permissions(old.clone().unwrap_or(mode(0o666))).tempfile_in(folder)?;
    if let Some(old) = old {
        // The umask has taken its bits from it. A disk without modes refuses, and has nothing to keep.
        let _ = file.as_file().set_permissions(old);
    }
    Ok(file)
}

/// Elsewhere than on Unix a file has no mode that the folder does not give it.
#[cfg(not(unix))]
fn temporary_file(folder: &Path, _old: Option<Permissions>) -> std::io::Result<NamedTempFile> {
    Builder::new().tempfile_in(folder)
}

/// The mode from which the umask takes its bits.
#[cfg(unix)]
fn mode(bits: u32) -> Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(bits)
}

/// The file a link leads to; any other path as it is, also a link to nothing, which is replaced.
fn led_to(path: &Path) -> PathBuf {
    let is_link = std::fs::symlink_metadata(path).is_ok_and(|seen| seen.file_type().is_symlink());
    let target = is_link.then(|| std::fs::canonicalize(path).ok()).flatten();
    target.unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};

    use super::*;

    fn mode_of(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_new_file_and_a_new_folder_have_the_mode_that_any_other_would_have() {
        let home = tempfile::tempdir().unwrap();
        let path = |name: &str| home.path().join(name);
        File::create(path("plain")).unwrap();
        std::fs::create_dir(path("folder")).unwrap();
        write_atomically(&path("ours"), b"text").unwrap();
        let folder = temporary_folder(home.path(), "writing-").unwrap();
        assert_eq!(mode_of(&path("ours")), mode_of(&path("plain")));
        assert_eq!(mode_of(folder.path()), mode_of(&path("folder")));
    }

    #[test]
    fn a_file_that_is_replaced_keeps_its_mode() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        for bits in [0o600, 0o640, 0o664, 0o444] {
            write_atomically(&path, b"old").unwrap();
            std::fs::set_permissions(&path, mode(bits)).unwrap();
            write_atomically(&path, b"new").unwrap();
            assert_eq!((mode_of(&path), std::fs::read(&path).unwrap()), (bits, b"new".to_vec()), "{bits:o}");
        }
    }

    #[test]
    fn a_link_stays_a_link_and_what_is_no_file_is_not_replaced_by_one() {
        let home = tempfile::tempdir().unwrap();
        let path = |name: &str| home.path().join(name);
        std::fs::create_dir(path("elsewhere")).unwrap();
        symlink("elsewhere/file", path("link")).unwrap();
        std::fs::write(path("elsewhere/file"), "old").unwrap();
        write_atomically(&path("link"), b"new").unwrap();
        assert!(std::fs::symlink_metadata(path("link")).unwrap().file_type().is_symlink());
        assert_eq!(std::fs::read(path("elsewhere/file")).unwrap(), b"new");
        symlink("/dev/null", path("nothing")).unwrap();
        write_atomically(&path("nothing"), b"text").unwrap();
        assert!(std::fs::metadata(path("nothing")).unwrap().file_type().is_char_device());
        assert!(write_atomically(home.path(), b"text").is_err(), "a folder is no file");
    }
}
