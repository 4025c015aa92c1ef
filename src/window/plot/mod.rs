//! Pure pictures of a record or a frame.
