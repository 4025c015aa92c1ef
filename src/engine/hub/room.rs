//! Room on the disk of the cache, asked before gigabytes are fetched in vain.

use std::path::Path;

/// Bytes that can still be written where `folder` is or will be; `None` where the system does not say.
pub fn free(folder: &Path) -> Option<u64> {
    let there = folder.ancestors().find(|folder| folder.is_dir())?;
    #[cfg(unix)]
    {
        let stats = rustix::fs::statvfs(there).ok()?;
        stats.f_bavail.checked_mul(stats.f_frsize)
    }
    #[cfg(not(unix))]
    {
        let _ = there;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::free;

    #[cfg_attr(not(unix), ignore = "no system but Unix is asked")]
    #[test]
    fn a_folder_that_is_yet_to_be_made_has_the_room_of_the_one_it_will_lie_in() {
        let folder = tempfile::tempdir().unwrap();
        let room = free(folder.path()).unwrap();
        let later = free(&folder.path().join("not/yet/there")).unwrap();
        // Others write meanwhile.
        assert!(room > 0 && room.abs_diff(later) < 1 << 30, "{room} and {later}");
    }
}
