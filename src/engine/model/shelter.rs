//! A roof over libraries that panic on damaged files instead of refusing them.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What `call` gives, or `None` if it panicked. For calls that leave nothing half done behind: what
/// they were building is dropped with them.
pub(super) fn sheltered<T>(call: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(call)).ok()
}
