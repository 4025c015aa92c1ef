//! Room on the disk of the cache, asked before gigabytes are fetched in vain.

use std::path::Path;

/// Bytes that can still be written where `folder` is or will be; `None` where the system does not say.
pub fn free(folder: &Path) -> Option<u64> {
    let there = folder.ancestors().find(|folder| folder.is_dir())?;
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        let path = std::ffi::CString::new(there.as_os_str().as_bytes()).ok()?;
        // SAFETY: the path ends in a zero byte, and statvfs writes into the struct it is given.
        let stats = unsafe {
            let mut stats = std::mem::zeroed::<libc::statvfs>();
            if libc::statvfs(path.as_ptr(), &mut stats) != 0 {
                return None;
            }
            stats
        };
        #[allow(clippy::unnecessary_cast, reason = "the widths differ between systems")]
        (stats.f_bavail as u64).checked_mul(stats.f_frsize as u64)
    }
    #[cfg(not(unix))]
    {
        let _ = there;
        None
    }
}
