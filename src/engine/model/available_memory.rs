//! How much memory there is.

use sysinfo::{MemoryRefreshKind, System};

/// Memory that could be used now, bytes; `None` where the system does not say. A container may have
/// been given less than its machine has.
pub fn available() -> Option<u64> {
    let mut system = System::new().ok()?;
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    let machine = Some(system.available_memory()).filter(|bytes| *bytes > 0);
    let given = system.cgroup_limits().map(|limits| limits.free_memory);
    machine.into_iter().chain(given).min()
}

#[cfg(test)]
mod tests {
    use super::available;

    #[test]
    fn there_is_memory_and_no_more_than_the_machine_has() {
        let mut system = sysinfo::System::new().unwrap();
        system.refresh_memory();
        let bytes = available().unwrap();
        assert!(bytes > 1 << 20 && bytes <= system.total_memory(), "{bytes} of {}", system.total_memory());
    }
}
