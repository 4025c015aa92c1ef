//! Memory of a benchmark: from where the program takes it, and how much it has held.

#[global_allocator]
static ALLOCATOR: retort::engine::allocator::BySize = retort::engine::allocator::BySize;

/// The most memory this process has held, in megabytes; `None` where the system does not say.
pub fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}
