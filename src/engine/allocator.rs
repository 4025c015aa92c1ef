//! The process-wide allocator setting.
//!
//! *Why (2026-11).* A training step frees and takes the same large blocks over and over; glibc by
//! default returns each to the kernel and has it zeroed again, which was about half of a step's
//! time. Chosen over bringing another allocator, which is C. We would reconsider if candle pooled
//! its buffers.

/// Keeps freed blocks in the process instead of giving them back. Called once, at the start of
/// `main`; does nothing where the C library is not glibc.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn tune() {
    // SAFETY: mallopt only stores numbers in the allocator's own state, under its lock.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGEST);
        libc::mallopt(libc::M_TRIM_THRESHOLD, LARGEST);
    }
}

/// Blocks up to here come from the heap and stay in it, in bytes: the largest that glibc takes.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGEST: libc::c_int = libc::c_int::MAX;

/// Keeps freed blocks in the process instead of giving them back; this C library needs no telling.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn tune() {}
