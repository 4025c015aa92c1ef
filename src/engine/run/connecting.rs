//! Looks at what is being chosen before it is taken: the table of the data, and whether a server answers. Each on a
//! thread of its own: a file may be large and a server far, and no order waits for them.

use std::time::Instant;

use super::super::data::preview::preview;
use super::super::teacher::ServerTeacher;
use super::Errands;
use crate::link::preview::bare;
use crate::link::{Connection, Live, Preview, Reach};
use crate::session::{DataSource, Say, Source, say};

impl Errands {
    /// Fills the cell of the table.
    pub(super) fn preview(&self, source: DataSource) {
        let Some(source) = bare(&source) else { return };
        let (cell, spare) = (self.cells.preview.clone(), source.clone());
        let look = move || {
            let found = preview(&source).map_err(|e| e.said());
            cell.store(Some(Preview { source, found }));
        };
        if let Err(e) = self.send("table", look) {
            let found = Err(say!("cannot look into the file: {e}; close other programs and look again", e));
            self.cells.preview.store(Some(Preview { source: spare, found }));
        }
    }

    /// Fills the cell of the server, to which its key may go.
    pub(super) fn connect(&self, source: &Source) {
        let Source::Server { url, key, .. } = source else { return };
        let (url, key) = (url.clone(), key.clone());
        let asked = Connection { url, key, state: Reach::Asking };
        self.cells.connection.store(Some(asked.clone()));
        let (cell, spare) = (self.cells.connection.clone(), asked.clone());
        if let Err(e) = self.send("server", move || answer(&cell, asked)) {
            let state = Reach::Failed(say!("cannot ask the server: {e}; close other programs and ask again", e));
            self.cells.connection.store(Some(Connection { state, ..spare }));
        }
    }
}

fn answer(cell: &Live<Option<Connection>>, asked: Connection) {
    let begun = Instant::now();
    let state = match ServerTeacher::models_at(&asked.url, asked.key.as_ref()) {
        Ok(models) => Reach::Answered { models, millis: begun.elapsed().as_millis() as u64 },
        Err(e) => Reach::Failed(e.said()),
    };
    // Another one may have been asked since.
    let now = cell.load();
    if now.as_ref().as_ref().is_some_and(|now| (&now.url, &now.key) == (&asked.url, &asked.key)) {
        cell.store(Some(Connection { state, ..asked }));
    }
}
