//! What this process takes of the machine, as Linux tells it; nothing where it does not.

/// CPU time of all threads so far, in ticks of the system's clock: hundredths of a second.
pub(super) fn cpu_ticks() -> Option<u64> {
    ticks_in(&std::fs::read_to_string("/proc/self/stat").ok()?)
}

/// The fields behind the name of the program, which may hold anything: utime is the 12th of them, stime the 13th.
fn ticks_in(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let mut tick = || fields.next()?.parse::<u64>().ok();
    Some(tick()? + tick()?)
}

/// Memory of the process now, MiB.
pub(super) fn resident_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok().map(|kib| kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_those_of_user_and_system_whatever_the_program_is_called() {
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 250 30 0 0 20 0 4 0 99 1000 50";
        assert_eq!(ticks_in(stat), Some(280));
        assert_eq!(ticks_in("7 (a) S 1 2 3"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_takes_something() {
        let before = resident_mib().unwrap();
        let held = std::hint::black_box(vec![1_u8; 64 << 20]);
        assert!(resident_mib().unwrap() > before + 32.0 && held.len() == 64 << 20);
        assert!(cpu_ticks().is_some());
    }
}
