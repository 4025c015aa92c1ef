//! The process-wide allocator setting.
