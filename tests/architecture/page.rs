//! Reads the two tables of `docs/architecture.md`: the ranks of the rooms, and where each outside thing may be met.

/// The rows of the two tables.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) rooms: Vec<Room>,
    pub(crate) guards: Vec<Guard>,
}

/// A row of the table of ranks: a folder of `src/`, or a file beside the folders.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) name: String,
    pub(crate) rank: u8,
    /// The line of the page.
    pub(crate) line: usize,
}

/// An outside thing, and the rooms that may name it.
#[derive(Debug)]
pub(crate) struct Guard {
    pub(crate) thing: Thing,
    pub(crate) rooms: Vec<String>,
    /// The thing as the page writes it.
    pub(crate) shown: String,
}

/// The name of an outside thing in code. The page's spelling decides which of these it is.
#[derive(Debug)]
pub(crate) enum Thing {
    /// `rand`: a crate.
    /// `std::env`: a module or an item of one.
    Path(Vec<String>),
    /// `SystemTime`: an identifier, wherever it stands.
    Name(String),
    /// `feature = "import"`: a feature of this crate, in a `cfg`.
    Feature(String),
}

impl Page {
    /// Reads the page. A row of ranks begins with a number and the room in code style; a row of outside things has code
    /// in its second and its third cell, under the heading that speaks of the outside.
    pub(crate) fn read(text: &str) -> Self {
        let mut page = Self { rooms: Vec::new(), guards: Vec::new() };
        let mut heading = "";
        for (line, text) in (1..).zip(text.lines()) {
            if let Some(title) = text.strip_prefix("## ") {
                heading = title;
            }
            let cells: Vec<&str> = text.trim().trim_matches('|').split('|').map(str::trim).collect();
            let [first, second, third, ..] = cells.as_slice() else { continue };
            if !text.starts_with('|') {
                continue;
            }
            if let (Ok(rank), Some(name)) = (first.parse(), code(second).next()) {
                page.rooms.push(Room { name: name.to_owned(), rank, line });
            } else if heading.contains("outside") {
                let rooms: Vec<String> = code(third).map(str::to_owned).collect();
                page.guards.extend(code(second).map(|shown| Guard {
                    thing: Thing::read(shown),
                    rooms: rooms.clone(),
                    shown: shown.to_owned(),
                }));
            }
        }
        page
    }

    /// Returns the rank of a room; `None` when the page does not list it.
    pub(crate) fn rank(&self, room: &str) -> Option<u8> {
        self.rooms.iter().find(|listed| listed.name == room).map(|listed| listed.rank)
    }
}

impl Thing {
    fn read(text: &str) -> Self {
        if let Some((_, feature)) = text.split_once('=') {
            return Self::Feature(feature.trim().trim_matches('"').to_owned());
        }
        if text.starts_with(char::is_uppercase) {
            return Self::Name(text.to_owned());
        }
        Self::Path(text.split("::").map(str::to_owned).collect())
    }
}

/// Returns what stands between backticks in a cell or a line.
pub(crate) fn code(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}
