//! Which layers a map takes of a stack.

use super::StudentInitError;
use crate::session::{LayerMap, say};

/// Layers of the published DistilBERT's teacher, of its training scripts' `extract_distilbert`.
const DISTILBERT: [usize; 6] = [0, 2, 4, 7, 9, 11];

/// The layers, counted from 0, that `map` takes of a stack of `layers`; none for embeddings only.
///
/// # Errors
/// [`StudentInitError::Layers`] if the map names a layer that is not there, or is for another depth.
pub fn picked(map: &LayerMap, layers: usize) -> Result<Vec<usize>, StudentInitError> {
    match map {
        LayerMap::EveryOther => Ok((0..layers).step_by(2).collect()),
        LayerMap::FirstAndLast if layers > 1 => Ok(vec![0, layers - 1]),
        LayerMap::FirstAndLast => Ok((0..layers).collect()),
        LayerMap::DistilBert if layers == 12 => Ok(DISTILBERT.to_vec()),
        LayerMap::DistilBert => Err(StudentInitError::Layers(say!(
            "DistilBERT's map is for 12 layers and the source has {layers}; choose EveryOther, or Pick with layers by hand",
            layers
        ))),
        LayerMap::Pick(list) => by_hand(list, layers),
        LayerMap::EmbeddingsOnly => Ok(Vec::new()),
    }
}

fn by_hand(list: &[usize], layers: usize) -> Result<Vec<usize>, StudentInitError> {
    let wrong = list.iter().find(|layer| **layer >= layers);
    match wrong {
        Some(layer) => Err(StudentInitError::Layers(say!(
            "layer {layer} is picked but the source has {layers} layers, 0 to {last}; pick among those",
            layer,
            layers,
            last = layers.saturating_sub(1)
        ))),
        None if list.is_empty() => {
            Err(StudentInitError::Layers(say!("Pick names no layer; name some, or choose EmbeddingsOnly")))
        }
        None => Ok(list.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_maps_take_the_layers_of_the_literature() {
        assert_eq!(picked(&LayerMap::EveryOther, 12).unwrap(), [0, 2, 4, 6, 8, 10]);
        assert_eq!(picked(&LayerMap::DistilBert, 12).unwrap(), [0, 2, 4, 7, 9, 11]);
        assert_eq!(picked(&LayerMap::FirstAndLast, 12).unwrap(), [0, 11]);
        assert_eq!(picked(&LayerMap::FirstAndLast, 1).unwrap(), [0]);
        assert_eq!(picked(&LayerMap::Pick(vec![3, 1]), 4).unwrap(), [3, 1]);
    }

    #[test]
    fn a_map_that_does_not_fit_says_why() {
        let text = |map: LayerMap| picked(&map, 6).unwrap_err().to_string();
        assert!(text(LayerMap::DistilBert).contains("12 layers and the source has 6"));
        assert!(text(LayerMap::Pick(vec![0, 6])).contains("layer 6"));
        assert!(text(LayerMap::Pick(Vec::new())).contains("no layer"));
    }
}
