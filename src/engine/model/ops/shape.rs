//! Shapes as this room sees them: rows of a last dimension.

/// `dims` with its last entry replaced.
pub fn with_last(dims: &[usize], last: usize) -> Vec<usize> {
    let mut dims = dims.to_vec();
    if let Some(end) = dims.last_mut() {
        *end = last;
    }
    dims
}
