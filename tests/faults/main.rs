//! The handed cases, run as their `case.md` says and held to its "Check". Ignored where a fresh clone lacks
//! them; `RETORT_SHARED` (default `../shared`) names the folder. Run with
//! `cargo test --test faults -- --ignored`.
#![cfg(feature = "engine")]

mod data;
mod headless;
mod models;
mod secrets;
mod servers;
mod words;

use std::path::{Path, PathBuf};

/// A copy of the case's folder that may be written to.
fn case(name: &str) -> tempfile::TempDir {
    let root = std::env::var_os("RETORT_SHARED").map(PathBuf::from);
    let root = root.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"));
    let folder = tempfile::tempdir().unwrap();
    copy(&root.join("faults").join(name), folder.path());
    folder
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::write(&target, std::fs::read(&path).unwrap()).unwrap();
        }
    }
}
