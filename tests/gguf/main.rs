//! GGUF files as teachers: the same answers as the safetensors they were made of, the same ids as
//! the `tokenizer.json`, and damaged files refused in words. Every file is written by the test
//! itself, but for those of `tests/golden/gguf`, which Python's gguf package wrote.
#![cfg(feature = "engine")]

mod chat;
mod damage;
mod golden;
mod logits;
mod models;
mod parts;
mod teaching;
#[path = "../tiny/mod.rs"]
mod tiny;
mod vocabulary;
mod writer;
