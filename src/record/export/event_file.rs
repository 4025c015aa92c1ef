//! Scalar events as TensorBoard reads them: a file of TFRecords, each an `Event` of the protocol buffers that
//! TensorFlow has published, written by hand because a few fields of three messages are all there is.
//!
//! A journal keeps no time of a step, so that equal runs leave equal bytes: exported events bear the time at which
//! their run was begun. Those that are written while a run goes on bear the time at which they were written.
//! TensorBoard's values have 32 bits.

use std::collections::BTreeMap;
use std::io::{Result, Write};
use std::path::{Path, PathBuf};

use super::ExportError;
use super::crc32c::masked;
use crate::link::{SeriesId, Step};
use crate::record::Series;

/// How the names of such files begin; TensorBoard knows them by it.
pub const PREFIX: &str = "events.out.tfevents.";

/// What the first event says, by which readers know the format.
const VERSION: &str = "brain.Event:2";

/// The wire types of protocol buffers.
const VARINT: u64 = 0;
const BITS_64: u64 = 1;
const BYTES: u64 = 2;
const BITS_32: u64 = 5;

/// What a file is called that was begun so many seconds after 1970 on a machine.
pub fn file_name(seconds: u64, host: &str) -> String {
    let plain = |sign: char| if sign.is_ascii_alphanumeric() || "-_.".contains(sign) { sign } else { '-' };
    format!("{PREFIX}{seconds}.{}", host.chars().map(plain).collect::<String>())
}

/// Refuses a folder that holds events already: TensorBoard would draw them and new ones as one run.
///
/// # Errors
/// [`ExportError::OtherEvents`].
pub fn refuse_events(folder: &Path) -> std::result::Result<(), ExportError> {
    refuse_other_events(&folder.join(PREFIX))
}

/// The same beside the place of a file, which itself may be there.
pub(super) fn refuse_other_events(place: &Path) -> std::result::Result<(), ExportError> {
    let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let is_other = |path: &PathBuf| name(path).starts_with(PREFIX) && path.file_name() != place.file_name();
    let beside = place.parent().and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    match beside.map(|entry| entry.path()).find(is_other) {
        Some(path) => Err(ExportError::OtherEvents { path }),
        None => Ok(()),
    }
}

/// Writes events one after the other.
pub struct EventWriter<W> {
    to: W,
}

impl<W: Write> EventWriter<W> {
    /// Begins a file at a time, seconds since 1970.
    ///
    /// # Errors
    /// The writer's.
    pub fn begin(to: W, time: f64) -> Result<Self> {
        let mut writer = Self { to };
        writer.event(time, 0, |event| field_bytes(event, 3, VERSION.as_bytes()))?;
        Ok(writer)
    }

    /// Says that a run goes on from `step`: what was told of it and the steps behind it does not count any more.
    ///
    /// # Errors
    /// The writer's.
    pub fn goes_on(&mut self, time: f64, step: Step) -> Result<()> {
        // A `SessionLog` whose status is `START`.
        self.event(time, step, |event| field_bytes(event, 7, &[key(1, VARINT) as u8, 1]))
    }

    /// The values of a step.
    ///
    /// # Errors
    /// The writer's.
    pub fn scalars<'a>(
        &mut self,
        time: f64,
        step: Step,
        values: impl IntoIterator<Item = (&'a SeriesId, f64)>,
    ) -> Result<()> {
        let mut summary = Vec::new();
        for (id, value) in values {
            let mut scalar = Vec::new();
            field_bytes(&mut scalar, 1, id.0.as_bytes());
            varint(&mut scalar, key(2, BITS_32));
            scalar.extend_from_slice(&(value as f32).to_le_bytes());
            field_bytes(&mut summary, 1, &scalar);
        }
        self.event(time, step, |event| field_bytes(event, 5, &summary))
    }

    /// Hands everything on.
    ///
    /// # Errors
    /// The writer's.
    pub fn flush(&mut self) -> Result<()> {
        self.to.flush()
    }

    fn event(&mut self, time: f64, step: Step, what: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
        let mut event = Vec::new();
        varint(&mut event, key(1, BITS_64));
        event.extend_from_slice(&time.to_le_bytes());
        varint(&mut event, key(2, VARINT));
        varint(&mut event, step);
        what(&mut event);
        self.record(&event)
    }

    /// Length, its checksum, data, their checksum.
    fn record(&mut self, data: &[u8]) -> Result<()> {
        let length = (data.len() as u64).to_le_bytes();
        self.to.write_all(&length)?;
        self.to.write_all(&masked(&length).to_le_bytes())?;
        self.to.write_all(data)?;
        self.to.write_all(&masked(data).to_le_bytes())
    }
}

/// Writes the curves of a run, step by step, all at the time at which it was begun.
///
/// # Errors
/// The writer's.
pub fn write_curves<'a>(
    to: impl Write,
    time: f64,
    curves: impl IntoIterator<Item = (&'a SeriesId, &'a Series)>,
) -> Result<()> {
    let mut steps: BTreeMap<Step, Vec<(&SeriesId, f64)>> = BTreeMap::new();
    for (id, series) in curves {
        series.points().for_each(|(step, value)| steps.entry(step).or_default().push((id, value)));
    }
    let mut writer = EventWriter::begin(to, time)?;
    for (step, values) in steps {
        writer.scalars(time, step, values)?;
    }
    writer.flush()
}

fn key(field: u64, wire: u64) -> u64 {
    field << 3 | wire
}

fn varint(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

fn field_bytes(to: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    varint(to, key(field, BYTES));
    varint(to, bytes.len() as u64);
    to.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record's data, its checksums held against those it brings.
    fn records(mut file: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        while !file.is_empty() {
            let (length, rest) = file.split_at(8);
            let (check, rest) = rest.split_at(4);
            assert_eq!(masked(length).to_le_bytes(), check);
            let (data, rest) = rest.split_at(u64::from_le_bytes(length.try_into().unwrap()) as usize);
            let (check, rest) = rest.split_at(4);
            assert_eq!(masked(data).to_le_bytes(), check);
            found.push(data.to_vec());
            file = rest;
        }
        found
    }

    /// Every field of a message, `(number, wire type, content)`: numbers as their eight lowest bytes.
    fn fields(mut message: &[u8]) -> Vec<(u64, u64, Vec<u8>)> {
        let mut found = Vec::new();
        while !message.is_empty() {
            let key = read_varint(&mut message);
            let length = match key & 7 {
                VARINT => {
                    let value = read_varint(&mut message);
                    found.push((key >> 3, VARINT, value.to_le_bytes().to_vec()));
                    continue;
                }
                BITS_64 => 8,
                BITS_32 => 4,
                BYTES => read_varint(&mut message) as usize,
                other => panic!("wire type {other}"),
            };
            let (content, rest) = message.split_at(length);
            found.push((key >> 3, key & 7, content.to_vec()));
            message = rest;
        }
        found
    }

    fn read_varint(message: &mut &[u8]) -> u64 {
        let mut value = 0;
        for place in 0.. {
            let (byte, rest) = message.split_first().unwrap();
            value |= u64::from(byte & 0x7f) << (7 * place);
            *message = rest;
            if byte & 0x80 == 0 {
                break;
            }
        }
        value
    }

    #[test]
    fn the_first_record_is_the_one_that_every_writer_of_this_version_begins_with() {
        let mut file = Vec::new();
        EventWriter::begin(&mut file, 0.0).unwrap();
        // Length 26, then 09 and the time, 10 and the step, 1a and the version.
        let expected = [&[0x09][..], &[0; 8], &[0x10, 0x00, 0x1a, 0x0d], b"brain.Event:2"].concat();
        assert_eq!(records(&file), std::slice::from_ref(&expected));
        assert_eq!(file.len(), 8 + 4 + expected.len() + 4);
        assert_eq!(&file[..8], &(expected.len() as u64).to_le_bytes());
    }

    #[test]
    fn every_value_comes_back_with_its_step_its_tag_and_its_time() {
        let (mut loss, mut accuracy) = (Series::default(), Series::default());
        (0..300).for_each(|step| loss.push(step, 1.5 / (step as f64 + 1.0)));
        [(99, 0.25), (299, f64::NAN)].iter().for_each(|(step, value)| accuracy.push(*step, *value));
        let ids = ["loss/total", "measure/准确率"].map(SeriesId::from);
        let mut file = Vec::new();
        write_curves(&mut file, 1_795_721_465.5, [(&ids[0], &loss), (&ids[1], &accuracy)]).unwrap();
        let mut read = Vec::new();
        for record in records(&file).iter().skip(1) {
            let event = fields(record);
            assert_eq!(event[0], (1, BITS_64, 1_795_721_465.5f64.to_le_bytes().to_vec()));
            let step = u64::from_le_bytes(event[1].2.clone().try_into().unwrap());
            assert_eq!((event[1].0, event[2].0, event.len()), (2, 5, 3));
            for (number, _, scalar) in fields(&event[2].2) {
                let scalar = fields(&scalar);
                assert_eq!((number, scalar[0].0, scalar[1].0, scalar.len()), (1, 1, 2, 2));
                let value = f32::from_le_bytes(scalar[1].2.clone().try_into().unwrap());
                read.push((step, String::from_utf8(scalar[0].2.clone()).unwrap(), value.to_bits()));
            }
        }
        let of = |id: &SeriesId, series: &Series| {
            series.points().map(|(step, value)| (step, id.to_string(), (value as f32).to_bits())).collect::<Vec<_>>()
        };
        let mut expected = [of(&ids[0], &loss), of(&ids[1], &accuracy)].concat();
        expected.sort_by_key(|(step, ..)| *step);
        assert_eq!(read, expected);
    }

    #[test]
    fn a_run_that_goes_on_says_so_at_its_step() {
        let mut file = Vec::new();
        EventWriter::begin(&mut file, 1.0).unwrap().goes_on(2.0, 600).unwrap();
        let event = fields(&records(&file)[1]);
        assert_eq!(event[1].2, 600u64.to_le_bytes());
        assert_eq!((event[2].0, fields(&event[2].2)), (7, vec![(1, VARINT, 1u64.to_le_bytes().to_vec())]));
    }

    #[test]
    fn a_file_is_called_as_tensorboard_looks_for_it() {
        assert_eq!(file_name(1_795_721_465, "host.example"), "events.out.tfevents.1795721465.host.example");
        assert_eq!(file_name(7, "a/b c"), "events.out.tfevents.7.a-b-c");
    }
}
