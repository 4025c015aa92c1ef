//! The graphics adapter that image tests draw with.
//!
//! Where there is none they say so and pass, so that the tests run on any machine; past the test runner,
//! which keeps what a passing test prints to itself. With `RETORT_NEED_ADAPTER=1`, as in CI, a missing
//! adapter is a failure.

use std::io::Write as _;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use eframe::egui_wgpu::{RenderState, RendererOptions, WgpuSetup};
use egui_kittest::wgpu::{WgpuTestRenderer, create_render_state, default_wgpu_setup};

/// Set to `1` where the adapter must be there.
const NEEDED: &str = "RETORT_NEED_ADAPTER";

/// A fresh graphics state, on a software adapter where there is one, or `None` (after saying so)
/// where there is no adapter at all. Each test harness needs its own.
pub fn graphics() -> Option<RenderState> {
    if has_adapter() {
        return Some(create_render_state(setup(), RendererOptions::PREDICTABLE));
    }
    let needed = std::env::var(NEEDED).is_ok_and(|value| value == "1");
    assert!(!needed, "no graphics adapter although {NEEDED} is set; install a software one (mesa-vulkan-drivers)");
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let words =
        format!("SKIPPED {test}: no graphics adapter to draw with (mesa-vulkan-drivers brings a software one)\n");
    // Not `eprintln!`, which the test runner swallows.
    let _ = std::io::stderr().write_all(words.as_bytes());
    None
}

/// What a test harness draws with: `HarnessBuilder::renderer(adapter::renderer(&graphics))`.
pub fn renderer(graphics: &RenderState) -> WgpuTestRenderer {
    WgpuTestRenderer::from_render_state(graphics.clone())
}

/// Vulkan unless `WGPU_BACKEND` says otherwise: the same driver for every image.
fn setup() -> WgpuSetup {
    let mut setup = default_wgpu_setup();
    if let WgpuSetup::CreateNew(new) = &mut setup {
        new.instance_descriptor.backends = wgpu::Backends::from_env().unwrap_or(wgpu::Backends::VULKAN);
    }
    setup
}

fn has_adapter() -> bool {
    let Some(instance) = at_once(setup().new_instance()) else { return false };
    at_once(instance.enumerate_adapters(wgpu::Backends::all())).is_some_and(|adapters| !adapters.is_empty())
}

/// The result of a future that has nothing to wait for, as both of these have outside a browser.
fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}
