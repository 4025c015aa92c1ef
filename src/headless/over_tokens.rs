//! Commands about tasks over tokens: which session a model is measured by, and the pair that is opened for it. A
//! student that tells tokens has no `retort.ron`; how it was asked stands in the session of its run, beside it.

use std::path::Path;

use super::output::tell;
use super::predict::run_of;
use super::{CommandError, Consent, asked, consent};
use crate::engine::data::preview::preview;
use crate::engine::device;
use crate::engine::hub;
use crate::engine::model::{Kind, architecture};
use crate::engine::pair::Pair;
use crate::session::{Data, DataSource, Device, Files, Head, Limits, ModelChoice, Roles, Session, TaskKind};

/// The session over tokens that `model` is measured by: the one that `data` is, that of the model's own run, or one
/// for a file of texts and a model that names no classes. `None` where classes are meant.
///
/// # Errors
/// [`CommandError`] if model or file cannot be read.
pub fn session_for(
    model: &str,
    data: Option<&Path>,
    given: &Session,
    text: &[String],
) -> Result<Option<Session>, CommandError> {
    let own = run_of(Path::new(model)).filter(|session| !session.recipe.task.is_classes());
    match data {
        None => Ok(own),
        Some(path) if is_session(path) => Ok(Some(given.clone()).filter(|session| !session.recipe.task.is_classes())),
        Some(path) => {
            let Some(session) = own.map_or_else(|| by_kind(model), |own| Ok(Some(own)))? else { return Ok(None) };
            Ok(Some(Session { data: of_file(path, &session, text)?, ..session }))
        }
    }
}

/// Whether a file is a session and no data.
pub fn is_session(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "ron")
}

/// A session by which a model that names no classes is measured: by the task of its kind.
fn by_kind(model: &str) -> Result<Option<Session>, CommandError> {
    let files = hub::files(&ModelChoice::stored(asked::source(model))).map_err(CommandError::input)?;
    let config = files.configuration().map_err(CommandError::input)?.0;
    if config.classes().is_some() || files.usage().map_err(CommandError::input)?.is_some() {
        return Ok(None);
    }
    let kind = architecture(&config).map_err(CommandError::input)?.kind;
    let mut session = Session::built_in().map_err(CommandError::input)?;
    session.recipe.task = if kind == Kind::Decoder { TaskKind::NEXT_TOKEN } else { TaskKind::MASKED_TOKEN };
    session.name = model.to_owned();
    session.teachers.clear();
    session.student = ModelChoice::stored(asked::source(model));
    Ok(Some(session))
}

/// All rows of a file as data; its columns are those that are said, those of `session`, or what they are likely to be.
fn of_file(path: &Path, session: &Session, said: &[String]) -> Result<Data, CommandError> {
    let sheet = preview(&DataSource::from(Files::of(path))).map_err(CommandError::input)?;
    let learned = session.data.source.files().map(|files| files.roles.clone());
    let is_there = |roles: &Roles| {
        let mut read = roles.named().filter(|(role, _)| !["label", "weight", "text"].contains(role)).peekable();
        let columns = if read.peek().is_some() {
            read.map(|(_, column)| column).collect()
        } else {
            roles.texts().collect::<Vec<_>>()
        };
        columns.into_iter().all(|column| sheet.column(&column.title()).is_some())
    };
    let roles = match said {
        [] => learned.filter(is_there).unwrap_or_else(|| sheet.likely_roles()),
        said => Roles { text: said.iter().map(|name| sheet.as_column(name)).collect(), ..Roles::none() },
    };
    let read = [
        ("text", roles.text.first()),
        ("prompt", roles.prompt.as_ref()),
        ("completion", roles.completion.as_ref()),
        ("messages", roles.messages.as_ref()),
    ];
    let read = read.into_iter().filter_map(|(role, column)| Some(format!("{role} {}", column?.title())));
    tell(format!("read of it: {}", read.collect::<Vec<_>>().join(", ")));
    let roles = Roles { label: None, ..roles };
    let source = DataSource::from(Files { roles, ..Files::of(path) });
    let built_in = Session::built_in().map_err(CommandError::input)?.data;
    Ok(Data { source, validation: 0.0, test: 0.0, labelled: None, limit: Limits::default(), ..built_in })
}

/// Opens `session` with `model` in the place of its student, with its teacher where that is `asked` for.
///
/// # Errors
/// [`CommandError`] if one of them cannot be used so.
pub fn open(session: &Session, model: &str, fetch: bool, asked: bool) -> Result<Pair, CommandError> {
    let source = asked::source(model);
    let learned = run_of(Path::new(model)).filter(|session| !session.recipe.task.is_classes());
    let own = session.choices().find(|choice| asked::is_same(&choice.source, &source));
    // As long as it was trained to read.
    let max_tokens = learned.map(|run| run.student.max_tokens).or(own.map(|choice| choice.max_tokens)).unwrap_or(0);
    let mut session = session.clone();
    session.student = ModelChoice { max_tokens, head: Head::LabelWords, ..ModelChoice::stored(source) };
    if !asked {
        session.teachers.clear();
    }
    opened(&mut session, fetch, asked)
}

/// Opens `session` as it stands, without a teacher.
///
/// # Errors
/// As [`open`].
pub fn open_alone(session: &Session) -> Result<Pair, CommandError> {
    let mut session = session.clone();
    session.teachers.clear();
    opened(&mut session, false, false)
}

fn opened(session: &mut Session, fetch: bool, with_teacher: bool) -> Result<Pair, CommandError> {
    if let Err(e) = device::open(session.recipe.device) {
        tell(format!("note: {e}; measured on the processor"));
        session.recipe.device = Device::Cpu;
    }
    // What the teacher says is compared whatever the run learned from.
    session.recipe.terms = vec![if with_teacher { "soft_targets" } else { "hard_labels" }.to_owned()];
    consent::ensure_local(session, &Consent { fetch, ..Consent::default() })?;
    let pair = Pair::open(session, None).map_err(CommandError::input)?;
    pair.check().map_err(CommandError::input)?;
    Ok(pair)
}
