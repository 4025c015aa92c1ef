//! Models: forward passes with every attention probability in reach.
//!
//! *Why leaves, not trunks (2026-11).* Attention, feed-forward, norm and linear are shared as plain
//! structs whose differences are data; each architecture file spells out its own layer and forward
//! in full, readable beside its paper. One transformer with fourteen flags was rejected.
//!
//! *Why Hugging Face names and layouts in memory (2026-11).* A saved student opens in Python
//! unchanged, and a golden test compares tensors by name. The price, GPT-2's `[in, out]` matrices,
//! is paid by one linear that knows its layout.
//!
//! Not here: losses, optimisers, tokens to text for people, knobs.

mod architecture;
pub mod attention;
pub mod available_memory;
pub mod bert;
pub mod chat_template;
pub mod config;
pub mod distilbert;
pub mod encoder_layer;
pub mod feed_forward;
pub mod files;
pub mod frozen;
pub mod generate;
pub mod gguf;
pub mod gpt2;
mod identity;
pub mod init;
mod kinds;
pub mod kv_cache;
pub mod layers;
pub mod llama;
mod mapped;
mod model_error;
pub mod names;
mod network;
mod opened;
pub mod ops;
pub mod outputs;
pub mod pickle;
pub mod plain_text;
pub mod plan;
pub mod position;
mod registry;
pub mod roberta;
pub mod save;
pub mod shards;
mod shelter;
pub mod special_tokens;
pub mod stored;
pub mod t5;
pub mod tensor_layout;
pub mod text;
mod tokenizer_class;
pub mod tokenizer_config;
pub mod tokens;
pub mod trace;
pub mod vocabulary;
pub mod weights;

use crate::session::knob::Entry;
pub use architecture::{Architecture, Build, HeadKind, Kind, Place};
pub use config::Config;
pub use files::ModelFiles;
pub use kv_cache::KvCache;
pub use layers::DropoutRng;
pub use model_error::{ModelError, tensor_trouble};
pub use names::Names;
pub use network::{Input, InputIds, Network};
pub use opened::{Classes, Model, Parts, config_asks_several, open, open_files, open_for, open_parts, output_names};
pub use outputs::Outputs;
pub use plan::Plan;
pub use registry::{ARCHITECTURES, architecture};
pub use save::StudentFiles;
pub use stored::Stored;
pub use tensor_layout::Heads;
pub use tokens::Tokens;
pub use trace::Trace;
pub use weights::{HeadRows, LoadReport, Weights};

/// The built-in models.
pub const BUILT_IN: &[Entry] = files::BUILT_IN;
