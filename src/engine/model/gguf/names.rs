//! Names of tensors: ggml's, Hugging Face's, and what the converter of llama.cpp does on the way.

/// The families whose names are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `llama`, which is Mistral's name too: rows of queries and keys are reordered.
    Llama,
    /// `qwen2`, `qwen3`: Llama's names, nothing reordered.
    Qwen,
    /// `gpt2`: its own names, matrices turned round.
    Gpt2,
}

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

/// Llama's parts of a layer.
const LLAMA: &[(&str, &str)] = &[
    ("attn_norm", "input_layernorm"),
    ("attn_q", "self_attn.q_proj"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("attn_q_norm", "self_attn.q_norm"),
    ("attn_k_norm", "self_attn.k_norm"),
    ("ffn_norm", "post_attention_layernorm"),
    ("ffn_gate", "mlp.gate_proj"),
    ("ffn_up", "mlp.up_proj"),
    ("ffn_down", "mlp.down_proj"),
];

/// GPT-2's parts of a layer.
const GPT2: &[(&str, &str)] = &[
    ("attn_norm", "ln_1"),
    ("attn_qkv", "attn.c_attn"),
    ("attn_output", "attn.c_proj"),
    ("ffn_norm", "ln_2"),
    ("ffn_up", "mlp.c_fc"),
    ("ffn_down", "mlp.c_proj"),
];

impl Family {
    /// The family of an architecture as GGUF names it.
    pub fn of(architecture: &str) -> Option<Self> {
        match architecture {
            "llama" => Some(Self::Llama),
            "qwen2" | "qwen3" => Some(Self::Qwen),
            "gpt2" => Some(Self::Gpt2),
            _ => None,
        }
    }

    /// Hugging Face's name of a tensor and what has to be undone; `None` for one that this family
    /// does not have.
    pub fn translate(self, name: &str) -> Option<(String, Turn)> {
        let (path, end) = name.rsplit_once('.')?;
        if end != "weight" && end != "bias" {
            return None;
        }
        let Some(rest) = path.strip_prefix("blk.") else {
            return Some((format!("{}.{end}", self.outside(path)?), Turn::Plain));
        };
        let (layer, part) = rest.split_once('.')?;
        let layer: usize = layer.parse().ok()?;
        let (trunk, parts) = if self == Self::Gpt2 { ("transformer.h", GPT2) } else { ("model.layers", LLAMA) };
        let (_, theirs) = parts.iter().find(|(ours, _)| *ours == part)?;
        Some((format!("{trunk}.{layer}.{theirs}.{end}"), self.turn(part, end)))
    }

    /// ggml's name of a tensor of Hugging Face's: the way back.
    pub fn called(self, name: &str) -> Option<String> {
        let (path, end) = name.rsplit_once('.')?;
        let (trunk, parts) = if self == Self::Gpt2 { ("transformer.h.", GPT2) } else { ("model.layers.", LLAMA) };
        let Some(rest) = path.strip_prefix(trunk) else {
            let known = ["output", "token_embd", "position_embd", "output_norm"];
            return known.iter().find(|ours| self.outside(ours) == Some(path)).map(|ours| format!("{ours}.{end}"));
        };
        let (layer, part) = rest.split_once('.')?;
        let (ours, _) = parts.iter().find(|(_, theirs)| *theirs == part)?;
        Some(format!("blk.{layer}.{ours}.{end}"))
    }

    /// What stands outside the layers.
    fn outside(self, path: &str) -> Option<&'static str> {
        match (self, path) {
            (_, "output") => Some("lm_head"),
            (Self::Gpt2, "token_embd") => Some("transformer.wte"),
            (Self::Gpt2, "position_embd") => Some("transformer.wpe"),
            (Self::Gpt2, "output_norm") => Some("transformer.ln_f"),
            (_, "token_embd") => Some("model.embed_tokens"),
            (_, "output_norm") => Some("model.norm"),
            _ => None,
        }
    }

    fn turn(self, part: &str, end: &str) -> Turn {
        match (self, part) {
            (Self::Llama, "attn_q") => Turn::QueryRows,
            (Self::Llama, "attn_k") => Turn::KeyRows,
            (Self::Gpt2, "attn_qkv" | "attn_output" | "ffn_up" | "ffn_down") if end == "weight" => Turn::Transposed,
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

    #[test]
    fn rotary_pairs_are_taken_apart() {
        let order: Vec<usize> = (0..12).map(|to| row_in_file(to, 6)).collect();
        assert_eq!(order, [0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11]);
    }

    #[test]
    fn names_lead_to_the_place_in_hugging_face_s_layout() {
        let name = |family: Family, name: &str| family.translate(name);
        let query = ("model.layers.11.self_attn.q_proj.weight".to_owned(), Turn::QueryRows);
        assert_eq!(name(Family::Llama, "blk.11.attn_q.weight"), Some(query.clone()));
        assert_eq!(Family::Llama.called(&query.0).as_deref(), Some("blk.11.attn_q.weight"));
        assert_eq!(Family::Gpt2.called("transformer.wpe.weight").as_deref(), Some("position_embd.weight"));
        assert_eq!(name(Family::Qwen, "blk.11.attn_q.weight"), Some((query.0, Turn::Plain)));
        let up = ("transformer.h.0.mlp.c_fc.weight".to_owned(), Turn::Transposed);
        assert_eq!(name(Family::Gpt2, "blk.0.ffn_up.weight"), Some(up));
        assert_eq!(name(Family::Llama, "output.weight"), Some(("lm_head.weight".to_owned(), Turn::Plain)));
        for foreign in
            ["blk.0.ffn_gate_inp.weight", "blk.x.attn_q.weight", "blk.0.attn_q.scale", "position_embd.weight"]
        {
            assert_eq!(name(Family::Llama, foreign), None, "{foreign}");
        }
    }
}
