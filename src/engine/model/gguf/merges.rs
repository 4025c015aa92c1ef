//! SentencePiece's pieces and scores as the merges of a byte-pair encoding.

use std::collections::HashMap;

/// Every way to put a piece together from two others, best piece first: joining the two neighbours
/// whose union scores highest, again and again, is a byte-pair encoding with this order.
///
/// Of one piece the parts that come first in the vocabulary come first, as in the converter of
/// transformers.
///
/// # Source
/// Kudo & Richardson 2018 (arXiv 1808.06226), section 3; the order of equal scores as in
/// transformers' `generate_merges`.
pub fn merges<'a>(pieces: &[(usize, &'a str)], scores: &[f32]) -> Vec<(&'a str, &'a str)> {
    let known: HashMap<&str, usize> = pieces.iter().map(|(id, piece)| (*piece, *id)).collect();
    let score = |id: usize| scores.get(id).copied().unwrap_or(f32::MIN);
    let mut ranked: Vec<(f32, usize, usize, &str, &str)> = Vec::new();
    for (id, piece) in pieces {
        let cuts = piece.char_indices().skip(1).map(|(at, _)| piece.split_at(at));
        let mut parts: Vec<(usize, usize, &str, &str)> =
            cuts.filter_map(|(left, right)| Some((*known.get(left)?, *known.get(right)?, left, right))).collect();
        parts.sort_unstable_by_key(|(left, right, ..)| (*left, *right));
        ranked.extend(parts.into_iter().map(|(l, r, left, right)| (score(*id), l, r, left, right)));
    }
    // Stable: equal scores keep the order of the vocabulary.
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    ranked.into_iter().map(|(.., left, right)| (left, right)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_piece_is_joined_first() {
        let pieces = [(3, "a"), (4, "b"), (5, "ab"), (6, "bb"), (7, "abb"), (8, "€b")];
        let scores = [0.0, 0.0, 0.0, -9.0, -9.0, -2.0, -1.0, -3.0, -4.0];
        assert_eq!(merges(&pieces, &scores), [("b", "b"), ("a", "b"), ("a", "bb"), ("ab", "b")]);
    }
}
