//! Joins the wings: parses arguments, opens the window or runs a command, prints errors.

use std::process::ExitCode;

use clap::Parser as _;
use retort::engine;
use retort::headless::{self, Arguments, CommandError, Task};

fn main() -> ExitCode {
    engine::allocator::tune();
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("error")).init();
    match work(Arguments::parse()) {
        Ok(words) => {
            if !words.is_empty() {
                println!("{words}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.code)
        }
    }
}

fn work(arguments: Arguments) -> Result<String, CommandError> {
    match &arguments.command {
        Some(Task::Run(run)) => headless::run(run),
        Some(Task::Probe(probe)) => headless::probe(probe),
        #[cfg(feature = "window")]
        Some(Task::BenchFrames(_)) => Err(CommandError::input("not yet")),
        None => open_window(arguments),
    }
}

fn open_window(_arguments: Arguments) -> Result<String, CommandError> {
    Err(CommandError::input("this program was built without its window; use retort run"))
}
