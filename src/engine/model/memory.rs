//! How much memory there is.

/// Memory that could be used now, bytes; `None` where the system does not say.
pub fn available() -> Option<u64> {
    said_by_linux().or_else(installed)
}

fn said_by_linux() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// All memory of the machine: the best guess where nobody says what is free.
fn installed() -> Option<u64> {
    #[cfg(unix)]
    {
        // SAFETY: sysconf only reads its argument and gives a number.
        let (pages, size) = unsafe { (libc::sysconf(libc::_SC_PHYS_PAGES), libc::sysconf(libc::_SC_PAGESIZE)) };
        u64::try_from(pages).ok()?.checked_mul(u64::try_from(size).ok()?)
    }
    #[cfg(not(unix))]
    None
}
