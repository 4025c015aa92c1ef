//! Where memory comes from: small pieces and large blocks, each from an allocator that is made for them.
//!
//! *Why the C library's for large blocks (2026-11).* A training step frees and takes the same large blocks over and
//! over; glibc by default returns each to the kernel and has it zeroed again, which was about half of a step's time.
//! Told to keep them, it is as quick as any. We would reconsider if candle pooled its buffers.
//!
//! *Why another one for small pieces (2026-11).* A tokenizer takes and frees some hundred small pieces a text, and
//! with a million texts in memory glibc spent a third of the time in its own lists. A run over them was at its 20th step
//! after 32 s, and after 20 s since.

use std::alloc::{GlobalAlloc, Layout, System};

use mimalloc::MiMalloc;

/// Small pieces from mimalloc, large ones from the C library. A program names it as its own; a library must not.
pub struct BySize;

/// Bytes of the largest small piece.
const SMALL: usize = 1024;

/// Whose a piece is; its layout alone says so, and comes back with the piece.
fn is_small(layout: Layout) -> bool {
    layout.size() <= SMALL && layout.align() <= SMALL
}

// SAFETY: every piece is given back to the allocator it came from: both are asked by the same layout.
unsafe impl GlobalAlloc for BySize {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: handed on as it came.
        unsafe { if is_small(layout) { MiMalloc.alloc(layout) } else { System.alloc(layout) } }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: handed on as it came.
        unsafe { if is_small(layout) { MiMalloc.alloc_zeroed(layout) } else { System.alloc_zeroed(layout) } }
    }

    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        // SAFETY: the layout is the one that it was taken with.
        unsafe { if is_small(layout) { MiMalloc.dealloc(piece, layout) } else { System.dealloc(piece, layout) } }
    }

    unsafe fn realloc(&self, piece: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller holds that `size` fits the alignment; what is copied fits both pieces.
        unsafe {
            let new = Layout::from_size_align_unchecked(size, layout.align());
            match (is_small(layout), is_small(new)) {
                (true, true) => MiMalloc.realloc(piece, layout, size),
                (false, false) => System.realloc(piece, layout, size),
                _ => {
                    let moved = self.alloc(new);
                    if !moved.is_null() {
                        std::ptr::copy_nonoverlapping(piece, moved, layout.size().min(size));
                        self.dealloc(piece, layout);
                    }
                    moved
                }
            }
        }
    }
}

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

/// Gives freed memory back that large blocks have left, once: where something has been read that was far larger than
/// what is kept of it.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn give_back() {
    // SAFETY: works on the allocator's own state, under its locks.
    unsafe { libc::malloc_trim(0) };
}

/// Gives freed memory back; this C library does so by itself.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn give_back() {}
