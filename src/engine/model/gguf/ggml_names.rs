//! Names of tensors: ggml's, Hugging Face's, and what the converter of llama.cpp does on the way.

use crate::engine::model::Architecture;
use crate::engine::model::tensor_layout::{GgufLayout, LayerNames, LayerStack};

/// What has to be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing.
    Plain,
    /// Rows of each query's head, which the file keeps as rotary pairs side by side.
    QueryRows,
    /// The same of keys.
    KeyRows,
    /// Rows and columns are swapped.
    Transposed,
}

/// How the tensors of one architecture are called, there and here.
#[derive(Clone, Copy)]
pub struct TensorNames {
    stack: &'static LayerStack,
    gguf: &'static GgufLayout,
}

/// ggml's names of a layer's parts, and Hugging Face's.
fn parts(LayerNames { attention, feed_forward, .. }: &LayerNames) -> Vec<(&'static str, &'static str)> {
    let mut parts = vec![
        ("attn_norm", attention.norm),
        ("attn_output", attention.output),
        ("ffn_norm", feed_forward.norm),
        ("ffn_up", feed_forward.up),
        ("ffn_down", feed_forward.down),
    ];
    if attention.query == attention.key {
        parts.push(("attn_qkv", attention.query));
    } else {
        parts.extend([("attn_q", attention.query), ("attn_k", attention.key), ("attn_v", attention.value)]);
    }
    let norms = attention.head_norms.map(|[query, key]| [("attn_q_norm", query), ("attn_k_norm", key)]);
    parts.extend(norms.into_iter().flatten());
    parts.extend(feed_forward.gate.map(|gate| ("ffn_gate", gate)));
    parts
}

impl TensorNames {
    /// Those of an architecture; `None` of one that is not read from such files.
    pub fn of(architecture: &'static Architecture) -> Option<Self> {
        Some(Self { stack: architecture.stacks.first()?, gguf: architecture.gguf.as_ref()? })
    }

    /// Hugging Face's name of a tensor and what has to be undone; `None` for one that this architecture
    /// does not have.
    pub fn translate(self, name: &str) -> Option<(String, Turn)> {
        let (path, end) = name.rsplit_once('.')?;
        if end != "weight" && end != "bias" {
            return None;
        }
        let Some(rest) = path.strip_prefix("blk.") else {
            let (_, theirs) = self.gguf.outside.iter().find(|(ours, _)| *ours == path)?;
            return Some((format!("{theirs}.{end}"), Turn::Plain));
        };
        let (layer, part) = rest.split_once('.')?;
        let layer: usize = layer.parse().ok()?;
        let (_, theirs) = parts(&self.stack.names).into_iter().find(|(ours, _)| *ours == part)?;
        Some((format!("{}{layer}.{theirs}.{end}", self.stack.marker), self.turn(part, end)))
    }

    /// ggml's name of a tensor of Hugging Face's: the way back.
    pub fn called(self, name: &str) -> Option<String> {
        let (path, end) = name.rsplit_once('.')?;
        let Some(rest) = path.strip_prefix(self.stack.marker) else {
            let (ours, _) = self.gguf.outside.iter().find(|(_, theirs)| *theirs == path)?;
            return Some(format!("{ours}.{end}"));
        };
        let (layer, part) = rest.split_once('.')?;
        let (ours, _) = parts(&self.stack.names).into_iter().find(|(_, theirs)| *theirs == part)?;
        Some(format!("blk.{layer}.{ours}.{end}"))
    }

    fn turn(self, part: &str, end: &str) -> Turn {
        match part {
            "attn_q" if self.gguf.paired => Turn::QueryRows,
            "attn_k" if self.gguf.paired => Turn::KeyRows,
            _ if part.ends_with("norm") => Turn::Plain,
            _ if self.stack.transposed && end == "weight" => Turn::Transposed,
            _ => Turn::Plain,
        }
    }
}

/// Tensors that are no weights: they went into the configuration, or every program makes them.
pub fn is_ignored(name: &str) -> bool {
    name == "rope_freqs.weight" || name.ends_with(".attn_rot_embd.weight")
}

/// Where row `to` of a head of `wide` rows stands in a file that keeps rotary pairs side by side:
/// Hugging Face's order has all first numbers of the pairs, then all second ones.
pub fn row_in_file(to: usize, wide: usize) -> usize {
    let (head, row) = (to / wide, to % wide);
    head * wide + if row < wide / 2 { 2 * row } else { 2 * (row - wide / 2) + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::model::ARCHITECTURES;

    #[test]
    fn rotary_pairs_are_taken_apart() {
        let order: Vec<usize> = (0..12).map(|to| row_in_file(to, 6)).collect();
        assert_eq!(order, [0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11]);
    }

    #[test]
    fn names_lead_to_the_place_in_hugging_face_s_layout() {
        let of = |id: &str| {
            let architecture = ARCHITECTURES.iter().find(|architecture| architecture.id == id);
            TensorNames::of(architecture.unwrap()).unwrap()
        };
        let (llama, qwen, gpt2) = (of("llama"), of("qwen2"), of("gpt2"));
        let query = ("model.layers.11.self_attn.q_proj.weight".to_owned(), Turn::QueryRows);
        assert_eq!(llama.translate("blk.11.attn_q.weight"), Some(query.clone()));
        assert_eq!(llama.called(&query.0).as_deref(), Some("blk.11.attn_q.weight"));
        assert_eq!(gpt2.called("transformer.wpe.weight").as_deref(), Some("position_embd.weight"));
        assert_eq!(qwen.translate("blk.11.attn_q.weight"), Some((query.0, Turn::Plain)));
        let up = ("transformer.h.0.mlp.c_fc.weight".to_owned(), Turn::Transposed);
        assert_eq!(gpt2.translate("blk.0.ffn_up.weight"), Some(up));
        assert_eq!(llama.translate("output.weight"), Some(("lm_head.weight".to_owned(), Turn::Plain)));
        for foreign in
            ["blk.0.ffn_gate_inp.weight", "blk.x.attn_q.weight", "blk.0.attn_q.scale", "position_embd.weight"]
        {
            assert_eq!(llama.translate(foreign), None, "{foreign}");
        }
    }
}
