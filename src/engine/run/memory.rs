//! How much memory the process has needed.

/// Peak memory of the process, bytes; 0 where the system does not say.
pub fn peak_bytes() -> u64 {
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
