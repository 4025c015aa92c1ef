//! Files written whole or not at all, with the mode that any other program of the person would give
//! them. What must stay private (keys, grants) is not written here.

use std::fs::{File, Permissions};
use std::io::Write;
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
    let mut file = WholeFile::create(path)?;
    file.write_all(bytes)?;
    file.finish()
}

/// A file that is written piece by piece and takes its place when it is whole, as [`write_atomically`]
/// does; dropped before, it leaves what was there.
pub struct WholeFile {
    place: PathBuf,
    file: Place,
}

/// Where the bytes go meanwhile.
enum Place {
    /// Beside the file's place.
    Beside(NamedTempFile),
    /// Into a pipe or a device at once.
    Straight(File),
}

impl WholeFile {
    /// Begins the file that will stand at `path`; folders are made.
    ///
    /// # Errors
    /// The operating system's.
    pub fn create(path: &Path) -> std::io::Result<Self> {
        let place = led_to(path);
        let old = std::fs::metadata(&place).ok();
        if old.as_ref().is_some_and(|old| !old.is_file()) {
            let file = Place::Straight(File::options().write(true).open(&place)?);
            return Ok(Self { place, file });
        }
        let folder = match place.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        std::fs::create_dir_all(folder)?;
        let file = Place::Beside(temporary_file(folder, old.map(|old| old.permissions()))?);
        Ok(Self { place, file })
    }

    /// Whether nothing is to be seen of it before it is whole: not so of a pipe or a device.
    pub fn is_hidden(&self) -> bool {
        matches!(self.file, Place::Beside(_))
    }

    /// Forgets what was written behind so many bytes; not possible of a pipe or a device, where it stays.
    ///
    /// # Errors
    /// The operating system's.
    pub fn cut_to(&self, bytes: u64) -> std::io::Result<()> {
        if let Place::Beside(file) = &self.file { file.as_file().set_len(bytes) } else { Ok(()) }
    }

    /// Puts the file into its place.
    ///
    /// # Errors
    /// The operating system's; the place then holds what it held before.
    pub fn finish(self) -> std::io::Result<()> {
        let place = self.place.clone();
        self.finish_as(&place)
    }

    /// Puts what was written so far into another place than was planned.
    ///
    /// # Errors
    /// As [`Self::finish`].
    pub fn finish_as(self, place: &Path) -> std::io::Result<()> {
        match self.file {
            Place::Straight(mut file) => file.flush(),
            Place::Beside(file) => {
                file.as_file().sync_all()?;
                file.persist(place).map(drop).map_err(|e| e.error)
            }
        }
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match &mut self.file {
            Place::Beside(file) => file.write(bytes),
            Place::Straight(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match &mut self.file {
            Place::Beside(file) => file.flush(),
            Place::Straight(file) => file.flush(),
        }
    }
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
    fn a_file_that_is_written_in_pieces_is_seen_when_it_is_whole_and_never_before() {
        let home = tempfile::tempdir().unwrap();
        let (path, part) = (home.path().join("new/file"), home.path().join("new/part"));
        let mut file = WholeFile::create(&path).unwrap();
        file.write_all(b"one ").unwrap();
        assert!(file.is_hidden() && !path.exists());
        file.write_all(b"two").unwrap();
        file.finish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one two");
        let mut other = WholeFile::create(&path).unwrap();
        other.write_all(b"half").unwrap();
        drop(other);
        assert_eq!(std::fs::read(&path).unwrap(), b"one two", "given up, it is as if it had never been");
        assert_eq!(std::fs::read_dir(home.path().join("new")).unwrap().count(), 1);
        let mut other = WholeFile::create(&path).unwrap();
        other.write_all(b"half and more").unwrap();
        other.cut_to(4).unwrap();
        other.finish_as(&part).unwrap();
        assert_eq!(
            (std::fs::read(&path).unwrap(), std::fs::read(&part).unwrap()),
            (b"one two".to_vec(), b"half".to_vec())
        );
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
