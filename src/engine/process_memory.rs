//! How much memory the process holds and has needed.

/// Peak memory of the process, bytes; 0 where the system does not say.
///
/// Linux's own account is asked first: `getrusage` there begins with the peak of whoever started the
/// process.
pub fn peak_bytes() -> u64 {
    said_by_linux("VmHWM:").unwrap_or_else(peak_by_usage)
}

/// Memory of the process now, bytes; its peak where the system says no more.
pub fn resident_bytes() -> u64 {
    said_by_linux("VmRSS:").unwrap_or_else(peak_bytes)
}

fn said_by_linux(name: &str) -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

fn peak_by_usage() -> u64 {
    #[cfg(unix)]
    {
        // SAFETY: getrusage writes into the struct it is given and nothing else.
        let usage = unsafe {
            let mut usage = std::mem::zeroed::<libc::rusage>();
            if libc::getrusage(libc::RUSAGE_SELF, &mut usage) != 0 {
                return 0;
            }
            usage
        };
        let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
        usage.ru_maxrss as u64 * unit
    }
    #[cfg(not(unix))]
    0
}
