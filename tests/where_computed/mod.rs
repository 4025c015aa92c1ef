//! Where tests compute: on the processor, or on what `RETORT_TEST_DEVICE` names (`cuda`, `cuda:1`,
//! `metal`). Named and not there, it fails the test: one that was to run on a card must not pass without.
#![allow(dead_code, reason = "every test crate uses a part of it")]

use retort::session::Device;

/// The device a test's session is to name.
pub fn asked() -> Device {
    let name = std::env::var("RETORT_TEST_DEVICE").unwrap_or_else(|_| "cpu".to_owned());
    let (kind, number) = name.split_once(':').unwrap_or((&name, "0"));
    let number = number.parse().unwrap_or_else(|_| panic!("RETORT_TEST_DEVICE={name} has no number behind its colon"));
    match kind {
        "cpu" => Device::Cpu,
        "cuda" => Device::Cuda(number),
        "metal" => Device::Metal(number),
        _ => panic!("RETORT_TEST_DEVICE={name} is none of cpu, cuda and metal"),
    }
}

thread_local! {
    /// A card that is opened anew is another device to the tensor library.
    static OPENED: candle_core::Device = retort::engine::device::open(asked()).unwrap();
}

/// The same, opened: once for each thread.
pub fn opened() -> candle_core::Device {
    OPENED.with(Clone::clone)
}
