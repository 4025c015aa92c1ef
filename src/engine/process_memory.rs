//! How much memory the process holds and has needed.

use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};

/// Peak memory of the process, bytes; 0 where the system does not say.
///
/// Linux's own account is asked first: `getrusage` there begins with the peak of whoever started the
/// process.
pub fn peak_bytes() -> u64 {
    peak_of_linux().unwrap_or_else(peak_by_usage)
}

/// Memory of the process now, bytes; its peak where the system says no more.
pub fn resident_bytes() -> u64 {
    resident().unwrap_or_else(peak_bytes)
}

fn resident() -> Option<u64> {
    let (mut system, own) = (System::new().ok()?, sysinfo::get_current_pid().ok()?);
    let memory = ProcessRefreshKind::nothing().with_memory();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[own]), false, memory);
    Some(system.process(own)?.memory()).filter(|bytes| *bytes > 0)
}

fn peak_of_linux() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
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

#[cfg(test)]
mod tests {
    use super::{peak_bytes, resident_bytes};

    #[test]
    fn what_is_held_is_counted_and_no_more_than_the_peak() {
        let before = resident_bytes();
        let held = std::hint::black_box(vec![1_u8; 64 << 20]);
        let (now, peak) = (resident_bytes(), peak_bytes());
        assert!(held.iter().all(|byte| *byte == 1));
        assert!(now >= 64 << 20 && before > 1 << 20, "{before} {now}: all that is held is counted");
        // Linux counts a few pages of every thread late.
        assert!(peak + (1 << 20) >= now, "{peak} {now}");
    }
}
