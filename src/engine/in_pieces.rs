//! Going through many things in pieces of about a tenth of a second, so that it can be watched and called off.

use std::time::{Duration, Instant};

use super::EngineError;

/// How long a piece may take, about; whoever stops the measuring waits no longer.
const PIECE: Duration = Duration::from_millis(100);

/// Hears how many texts were measured since it was told last, and whether to go on.
pub type Watch<'a> = dyn FnMut(u64) -> bool + 'a;

/// Goes through `all` in pieces, the size of which follows from how long the last one took.
///
/// # Errors
/// Those of `ask`; [`EngineError::Cancelled`] where the watch says so.
pub fn in_pieces<T>(
    all: &[T],
    watch: &mut Watch,
    mut ask: impl FnMut(&[T]) -> Result<(), EngineError>,
) -> Result<(), EngineError> {
    let (mut rest, mut most) = (all, rayon::current_num_threads());
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(most.min(rest.len()));
        let begun = Instant::now();
        ask(piece)?;
        most = next_size(most, begun.elapsed());
        rest = behind;
        if !watch(piece.len() as u64) && !rest.is_empty() {
            return Err(EngineError::Cancelled);
        }
    }
    Ok(())
}

/// The texts of the next piece, if so many took so long.
fn next_size(texts: usize, took: Duration) -> usize {
    let fitting = texts as f64 * PIECE.as_secs_f64() / took.as_secs_f64().max(1e-6);
    (fitting as usize).clamp(1, 2 * texts.max(1)).min(4096)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_everything_once_in_order_and_grow_and_shrink_with_the_time_they_take() {
        let all: Vec<usize> = (0..1000).collect();
        let (mut seen, mut told) = (Vec::new(), 0);
        in_pieces(
            &all,
            &mut |texts| {
                told += texts;
                true
            },
            |piece| {
                seen.extend_from_slice(piece);
                Ok(())
            },
        )
        .unwrap();
        assert_eq!((seen, told), (all.clone(), 1000));
        assert_eq!(next_size(8, Duration::from_secs(8)), 1);
        assert_eq!(next_size(8, Duration::ZERO), 16);
        assert_eq!(next_size(64, Duration::from_millis(200)), 32);
    }

    #[test]
    fn what_is_called_off_ends_behind_its_piece_and_a_whole_one_is_never_called_off() {
        let mut asked = 0;
        let ended = in_pieces(&[0; 5000], &mut |_| false, |piece| {
            asked += piece.len();
            Ok(())
        });
        assert!(matches!(ended, Err(EngineError::Cancelled)) && asked < 100, "{asked}");
        in_pieces(&[0], &mut |_| false, |_| Ok(())).unwrap();
    }
}
