//! `retort predict`: the probabilities of a model's classes for every text of a file of any size. Rows are
//! read, answered and written in blocks, so that neither the file nor its answers are ever in memory.
//!
//! *What is there when it ends early (2026-11).* A file of answers stands in its place only when it is whole:
//! half a file looks like a whole one. What was answered until a signal or a fault is kept beside it, as
//! `NAME.part`, and that is said. Into a pipe every block goes at once.

mod destination;
mod tally;

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use csv::WriterBuilder;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use self::destination::{Out, reason, unwritten};
use self::tally::Tally;
use super::asked::{Asked, Scores};
use super::interrupt::Interrupt;
use super::output::tell;
use super::{CommandError, PredictArguments, RowFormat};
use crate::engine::data;
use crate::engine::data::stream::{Format, Reading, RowStream, StreamRow};
use crate::link::grouped;
use crate::link::scores::likeliest;
use crate::session::run_folder::SESSION;
use crate::session::{Column, DataSource, Sentence, Session, file};

/// Rows of a block: enough for every core, little enough to see the answers come.
const ROWS: usize = 256;
/// Bytes of text after which a block is full with fewer rows.
const BYTES: usize = 4 << 20;
/// Time between two lines of a log.
const SILENCE: Duration = Duration::from_secs(30);

/// Answers every row of a file.
///
/// # Errors
/// [`CommandError`]: model or file cannot be read, the answers cannot be written, nobody reads them any more,
/// or a signal came.
pub fn predict(arguments: &PredictArguments) -> Result<String, CommandError> {
    let asked = opened(arguments)?;
    asked.remarks().into_iter().for_each(tell);
    let temperature = temperature(&asked, arguments)?;
    let input = input(&arguments.file)?;
    let reading = reading(arguments);
    let unreadable = |reason: Sentence| {
        CommandError::input(format!("cannot read the texts: {reason}: {}", arguments.file.display()))
    };
    let mut rows = RowStream::open(input, &reading).map_err(unreadable)?;
    rows.notes.iter().for_each(|note| tell(format!("note: {note}")));
    tell(format!("the text is {}", rows.text_columns().join(" and ")));
    let mut out = Out::begin(arguments)?;
    let interrupt = Interrupt::listen().map_err(CommandError::run)?;
    let mut progress = Progress::new();
    let mut ask = |texts: &[&str]| asked.scores_at(texts, temperature).map_err(CommandError::run);
    let mut job = Job { rows: &mut rows, classes: &asked.classes, block: ROWS, ask: &mut ask };
    let mut table = WriterBuilder::new().delimiter(out.delimiter()).from_writer(&mut out);
    let mut stopped = None;
    let done = job.answer_all(&mut table, &mut |tally| {
        progress.take(tally);
        stopped = interrupt.code();
        stopped.is_none()
    });
    progress.close();
    drop(table);
    match (done, stopped) {
        (Ok(tally), None) => {
            out.finish(&arguments.out)?;
            tally.lines(&rows.further_keys()).into_iter().for_each(tell);
            Ok(if arguments.json { tally.json(&arguments.out, temperature) } else { String::new() })
        }
        (Ok(tally), Some(code)) => {
            tell(format!("stopped; {}", out.keep(&arguments.out, tally.rows)));
            Err(CommandError::quiet(code))
        }
        (Err((error, _)), _) if error.message.is_empty() => Err(error),
        (Err((error, tally)), _) => {
            let kept = out.keep(&arguments.out, tally.rows);
            Err(CommandError { message: format!("{}; {kept}", error.message), code: error.code })
        }
    }
}

/// What the logits are divided by; says which probabilities are given.
fn temperature(asked: &Asked, arguments: &PredictArguments) -> Result<f64, CommandError> {
    let kept = asked.temperature;
    match (arguments.calibrated, kept) {
        (true, Some(kept)) => tell(format!("the probabilities are calibrated: at the fitted temperature {kept:.3}")),
        (true, None) => {
            return Err(CommandError::input(format!(
                "no temperature is kept beside {}, so there are no calibrated probabilities: a run with a validation part fits one and keeps it in retort.ron; leave out --calibrated for those the model gives itself",
                arguments.model
            )));
        }
        (false, Some(kept)) => tell(format!(
            "the probabilities are those the model gives itself; --calibrated gives them at the fitted temperature {kept:.3}"
        )),
        (false, None) => {}
    }
    Ok(kept.filter(|_| arguments.calibrated).unwrap_or(1.0))
}

fn opened(arguments: &PredictArguments) -> Result<Asked, CommandError> {
    let Some(path) = &arguments.session else { return Asked::open(&arguments.model, arguments.fetch) };
    let session = file::open(path).map_err(CommandError::input)?;
    if !session.recipe.task.is_classes() {
        return Err(CommandError::input(
            "the session is over tokens, and only classes are predicted for a file; retort probe shows how a model goes on with a text, retort evaluate how well it tells tokens",
        ));
    }
    let data = data::open_with(&session.data, &session.prompt.columns(), session.recipe.seed, data::Goal::Classes)
        .map_err(CommandError::input)?;
    Asked::open_for(&arguments.model, arguments.fetch, &session, &data.classes)
}

fn input(path: &Path) -> Result<Box<dyn Read>, CommandError> {
    if path == Path::new("-") {
        return Ok(Box::new(std::io::stdin().lock()));
    }
    let file = File::open(path)
        .and_then(|file| if file.metadata()?.is_dir() { Err(ErrorKind::IsADirectory.into()) } else { Ok(file) });
    let file = file.map_err(|e| CommandError::input(format!("cannot read the texts: {e}: {}", path.display())))?;
    Ok(Box::new(file))
}

fn reading(arguments: &PredictArguments) -> Reading {
    let said = arguments.format.map(|format| match format {
        RowFormat::Csv => Format::Delimited { tab: false },
        RowFormat::Tsv => Format::Delimited { tab: true },
        RowFormat::Jsonl => Format::JsonLines,
        RowFormat::Lines => Format::Lines,
    });
    Reading {
        format: said.unwrap_or_else(|| Format::of(&arguments.file)),
        header: !arguments.no_header,
        text: arguments.text.clone(),
        preferred: learned_from(Path::new(&arguments.model)),
        encoding: arguments.encoding.clone(),
    }
}

/// The columns of the text that a run's student has learned from; the run's session lies beside it.
pub(super) fn learned_from(model: &Path) -> Vec<String> {
    let source = run_of(model).map(|session| session.data.source);
    let files = source.as_ref().and_then(DataSource::files);
    files.map_or_else(Vec::new, |files| files.roles.texts().map(Column::title).collect())
}

/// The session of the run that has left a model.
pub(super) fn run_of(model: &Path) -> Option<Session> {
    let run = model.canonicalize().ok()?.parent()?.to_owned();
    file::open(&run.join(SESSION)).ok()
}

/// Rows and who answers them.
struct Job<'a, 'b> {
    rows: &'a mut RowStream<'b>,
    classes: &'a [String],
    /// Rows asked about at once; no answer depends on it.
    block: usize,
    ask: &'a mut Ask<'a>,
}

/// Answers texts, in their order.
type Ask<'a> = dyn FnMut(&[&str]) -> Result<Vec<Scores>, CommandError> + 'a;

impl Job<'_, '_> {
    /// Writes all answers, block by block; `watch` hears of each and says whether to go on.
    ///
    /// # Errors
    /// What failed, and how far it came.
    fn answer_all<W: Write>(
        &mut self,
        table: &mut csv::Writer<W>,
        watch: &mut dyn FnMut(&Tally) -> bool,
    ) -> Result<Tally, (CommandError, Tally)> {
        let mut tally = Tally::default();
        let head = header(self.rows.columns(), self.classes);
        let begun = table.write_record(&head).map_err(|e| unwritten(&reason(e), &None));
        begun.map_err(|e| (e, tally.clone()))?;
        loop {
            let (block, ended) = self.next_block(&mut tally).map_err(|e| (e, tally.clone()))?;
            self.answer(&block, table, &mut tally).map_err(|e| (e, tally.clone()))?;
            if !watch(&tally) || ended {
                return Ok(tally);
            }
        }
    }

    fn next_block(&mut self, tally: &mut Tally) -> Result<(Vec<StreamRow>, bool), CommandError> {
        let (mut block, mut bytes) = (Vec::new(), 0);
        while block.len() < self.block && bytes < BYTES {
            match self.rows.next_row().map_err(|reason| CommandError::input(format!("cannot read on: {reason}")))? {
                None => return Ok((block, true)),
                Some(Err(bad)) => tally.leave_out(bad),
                Some(Ok(row)) => {
                    bytes += row.cells.iter().map(String::len).sum::<usize>();
                    block.push(row);
                }
            }
        }
        Ok((block, false))
    }

    fn answer<W: Write>(
        &mut self,
        block: &[StreamRow],
        table: &mut csv::Writer<W>,
        tally: &mut Tally,
    ) -> Result<(), CommandError> {
        let texts: Vec<&str> = block.iter().map(|row| row.text.as_str()).filter(|text| !text.is_empty()).collect();
        let mut answers = (self.ask)(&texts)?.into_iter();
        for row in block {
            let answer = if row.text.is_empty() { None } else { answers.next() };
            tally.empty += u64::from(answer.is_none());
            tally.cut += u64::from(answer.as_ref().is_some_and(|answer| answer.cut > 0));
            let cells = row.cells.iter().cloned().chain(cells(answer.as_ref(), self.classes));
            table.write_record(cells.collect::<Vec<_>>()).map_err(|e| unwritten(&reason(e), &None))?;
            tally.rows += 1;
        }
        table.flush().map_err(|e| unwritten(&e, &None))
    }
}

/// The input's columns, the likeliest class, and one column for each class; no name twice.
fn header(columns: &[String], classes: &[String]) -> Vec<String> {
    let ours = std::iter::once("answer".to_owned()).chain(classes.iter().map(|class| format!("p:{class}")));
    let mut head = columns.to_vec();
    for mut name in ours {
        while head.contains(&name) {
            name.push('_');
        }
        head.push(name);
    }
    head
}

/// The cells of an answer; empty ones of none.
fn cells(answer: Option<&Scores>, classes: &[String]) -> Vec<String> {
    let Some(Scores { log_probabilities: scores, .. }) = answer else { return vec![String::new(); classes.len() + 1] };
    let class = classes.get(likeliest(scores)).cloned().unwrap_or_default();
    let probability = |place: usize| scores.get(place).map_or(String::new(), |score| score.exp().to_string());
    std::iter::once(class).chain((0..classes.len()).map(probability)).collect()
}

/// How far it is, on stderr: a line that moves on a terminal, now and then a line in a log.
struct Progress {
    bar: ProgressBar,
    begun: Instant,
    told: Instant,
}

impl Progress {
    fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(
            ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        Self { bar, begun: Instant::now(), told: Instant::now() }
    }

    fn take(&mut self, tally: &Tally) {
        let pace = tally.rows as f64 / self.begun.elapsed().as_secs_f64().max(1e-3);
        let line = format!("{} rows · {pace:.0} a second", grouped(tally.rows));
        self.bar.set_message(line.clone());
        self.bar.tick();
        if self.bar.is_hidden() && self.told.elapsed() >= SILENCE {
            self.told = Instant::now();
            tell(line);
        }
    }

    fn close(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::output::NOBODY_READS;
    use super::tally::NAMED;
    use super::*;

    const CLASSES: [&str; 2] = ["x", "answer"];

    fn reading() -> Reading {
        Reading {
            format: Format::Delimited { tab: false },
            header: true,
            text: Vec::new(),
            preferred: Vec::new(),
            encoding: None,
        }
    }

    /// A model that answers by the length of a text, and cuts what is longer than 8 bytes.
    fn by_length(texts: &[&str]) -> Result<Vec<Scores>, CommandError> {
        let score = |text: &&str| {
            let p = 1.0 / (2.0 + text.len() as f32);
            Scores { log_probabilities: vec![p.ln(), (1.0 - p).ln()], cut: text.len().saturating_sub(8) }
        };
        Ok(texts.iter().map(score).collect())
    }

    fn answered(content: &str, block: usize) -> (String, Tally) {
        let classes = CLASSES.map(str::to_owned);
        let mut rows = RowStream::open(content.as_bytes(), &reading()).unwrap();
        let mut table = csv::Writer::from_writer(Vec::new());
        let mut job = Job { rows: &mut rows, classes: &classes, block, ask: &mut by_length };
        let tally = job.answer_all(&mut table, &mut |_| true).map_err(|(e, _)| e).unwrap();
        (String::from_utf8(table.into_inner().unwrap()).unwrap(), tally)
    }

    #[test]
    fn answers_do_not_depend_on_the_block_and_rows_are_carried_through_and_counted() {
        let content = "id,text,answer\n1,\"a, b\",old\n2,,\nonly\n3,a long text,x\n4,b,\n";
        let (whole, tally) = answered(content, 256);
        for block in 1..=5 {
            assert_eq!(answered(content, block), (whole.clone(), tally.clone()), "blocks of {block}");
        }
        let lines: Vec<&str> = whole.lines().collect();
        assert_eq!(lines[0], "id,text,answer,answer_,p:x,p:answer");
        assert_eq!(
            lines[1],
            format!("1,\"a, b\",old,answer,{},{}", (1.0f32 / 6.0).ln().exp(), (1.0f32 - 1.0 / 6.0).ln().exp())
        );
        assert_eq!((lines[2], lines.len()), ("2,,,,,", 5));
        assert_eq!((tally.rows, tally.empty, tally.cut, tally.bad, tally.named[0].line), (4, 1, 1, 1, 4));
        let said = tally.lines(&["more"]).join("\n");
        for part in [
            "3 rows answered",
            "1 texts are longer",
            "1 rows have no text",
            "line 4: it has 1 cells where the first row has 3",
            "left out: more",
        ] {
            assert!(said.contains(part), "{part:?} is not in {said}");
        }
    }

    #[test]
    fn bad_rows_are_all_counted_and_the_first_named() {
        let (_, tally) = answered(&format!("text,n\n{}", "only\n".repeat(300)), 7);
        assert_eq!((tally.bad, tally.named.len(), tally.rows), (300, NAMED, 0));
        assert!(tally.lines(&[])[1].contains("and 290 more"), "{:?}", tally.lines(&[]));
    }

    /// A reader that knows how far the writer is.
    struct Endless<'a>(&'a std::cell::Cell<u64>);

    impl Read for Endless<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let row = b"a text,1\n";
            let whole = buffer.len() / row.len() * row.len();
            buffer[..whole].chunks_mut(row.len()).for_each(|piece| piece.copy_from_slice(row));
            self.0.set(self.0.get() + whole as u64);
            Ok(whole)
        }
    }

    #[test]
    fn a_file_without_an_end_is_answered_block_by_block_and_never_held() {
        let read = std::cell::Cell::new(0);
        let input = std::io::Cursor::new(b"text,n\n").chain(Endless(&read));
        let mut rows = RowStream::open(input, &reading()).unwrap();
        let classes = CLASSES.map(str::to_owned);
        let mut table = csv::Writer::from_writer(std::io::sink());
        let mut job = Job { rows: &mut rows, classes: &classes, block: ROWS, ask: &mut by_length };
        let mut most = 0;
        let tally = job.answer_all(&mut table, &mut |tally| {
            most = most.max(read.get() - 9 * tally.rows);
            tally.rows < 100_000
        });
        assert!(tally.map_err(|(e, _)| e).unwrap().rows >= 100_000);
        assert!(most < 256 << 10, "{most} bytes were read ahead of their answers");
    }

    /// A place that takes so many bytes.
    struct Full(usize, ErrorKind);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            if self.0 == 0 {
                return Err(self.1.into());
            }
            let count = bytes.len().min(self.0);
            self.0 -= count;
            Ok(count)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_who_has_gone_ends_it_without_a_word_and_a_full_disk_with_its_reason() {
        for (kind, code, words) in
            [(ErrorKind::BrokenPipe, NOBODY_READS, ""), (ErrorKind::StorageFull, super::super::RUN, "make room")]
        {
            let content = format!("text,n\n{}", "a text,1\n".repeat(5_000));
            let mut rows = RowStream::open(content.as_bytes(), &reading()).unwrap();
            let classes = CLASSES.map(str::to_owned);
            let mut table = csv::Writer::from_writer(Full(10_000, kind));
            let mut job = Job { rows: &mut rows, classes: &classes, block: 64, ask: &mut by_length };
            let (error, tally) = job.answer_all(&mut table, &mut |_| true).unwrap_err();
            assert_eq!(
                (error.code, error.message.contains(words), error.message.is_empty()),
                (code, true, words.is_empty())
            );
            assert!(tally.rows < 1_000, "it went on to answer {} rows for nobody", tally.rows);
        }
    }
}
