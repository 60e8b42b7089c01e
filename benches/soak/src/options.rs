//! [`Options`]: what the command line says.

use crate::places::Place;

pub struct Options {
    pub minutes: u32,
    /// The number of requests that are due in a second, over all connections.
    pub rate: u32,
    pub connections: u32,
    /// The machine and the date, as a text.
    pub about: String,
    pub place: Place,
}

impl Options {
    /// Reads the arguments. `None` if they are not as they must be.
    pub fn read(arguments: impl Iterator<Item = String>) -> Option<Self> {
        let (mut minutes, mut rate, mut connections, mut about) = (20, 400, 16, String::new());
        let mut arguments = arguments.peekable();
        while let Some(option) = arguments.next_if(|argument| argument.starts_with("--")) {
            let value = arguments.next()?;
            let number = || value.parse().ok().filter(|number| *number > 0);
            match option.as_str() {
                "--minutes" => minutes = number()?,
                "--rate" => rate = number()?,
                "--connections" => connections = number()?,
                "--about" => about = value,
                _ => return None,
            }
        }
        Some(Self { minutes, rate, connections, about, place: Place::read(arguments)? })
    }
}
