//! Takes the values of variables and the contents of files. Each may be a key, so each is wiped when it is dropped.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::mem;

use zeroize::Zeroizing;

/// The value of a variable.
pub(super) struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Returns the text, or `None` when the value is not UTF-8.
    pub(super) fn to_str(&self) -> Option<&str> {
        str::from_utf8(&self.0).ok()
    }
}

/// Takes the value without a copy.
impl From<OsString> for Secret {
    fn from(value: OsString) -> Self {
        Self(Zeroizing::new(value.into_encoded_bytes()))
    }
}

/// Reads a file that is shorter than `limit`, in bytes. No more of it is read, since a path may be that of a device
/// without an end.
///
/// # Errors
/// The error of the operating system, [`ErrorKind::FileTooLarge`], and [`ErrorKind::InvalidData`] when the content is
/// not UTF-8.
pub(super) fn read(path: &str, limit: usize) -> io::Result<Zeroizing<String>> {
    let mut file = File::open(path)?;
    // A buffer that grew would leave copies behind, so it has its full size from the start.
    let mut bytes = Zeroizing::new(vec![0; limit]);
    let mut len = 0;
    while let Some(rest) = bytes.get_mut(len..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => {
                bytes.truncate(len);
                return text_of(mem::take(&mut *bytes)).ok_or_else(|| ErrorKind::InvalidData.into());
            }
            Ok(read) => len = len.saturating_add(read),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Err(ErrorKind::FileTooLarge.into())
}

/// Makes a text of the bytes without a copy. Returns `None` when they are not UTF-8, and they are wiped.
fn text_of(bytes: Vec<u8>) -> Option<Zeroizing<String>> {
    match String::from_utf8(bytes) {
        Ok(text) => Some(Zeroizing::new(text)),
        Err(error) => {
            drop(Zeroizing::new(error.into_bytes()));
            None
        }
    }
}
