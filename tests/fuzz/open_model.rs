//! The fuzz target: a model folder made of the fuzzer's bytes is opened as the program opens it.
//! How to run it stands in the README beside it.
#![no_main]

mod folder;
mod limit;
mod mutate;

use std::sync::{LazyLock, Once};

use folder::Folder;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

#[global_allocator]
static LIMITED: limit::Limited = limit::Limited;

static PLACE: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let memory = std::path::Path::new("/dev/shm");
    let place = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    place.expect("a folder to write models into")
});
static QUIET: Once = Once::new();

fuzz_target!(|data: &[u8]| {
    // A panic that the program itself catches is no fault; one that comes out ends the run here.
    QUIET.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            if std::env::var_os("RETORT_FUZZ_PANICS").is_some() {
                eprintln!("{info}\n{}", std::backtrace::Backtrace::force_capture());
            }
        }));
    });
    let folder = Folder::parse(data);
    folder.write(PLACE.path()).expect("the folder can be written");
    let result = folder.open(PLACE.path());
    if std::env::var_os("RETORT_FUZZ_SAY").is_some() {
        eprintln!("{:?}", result.map_err(|e| e.to_string()));
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::mutate(data, size, max_size, seed)
});
