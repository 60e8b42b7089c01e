//! Finds out whether everybody can write to a file or a folder. Somebody who can write there can end sessions and bring
//! back older states of them.

use std::io;
use std::path::Path;

/// Returns the mode of a file or a folder that everybody can write to, and `None` of another one. A link counts as what
/// it leads to.
#[cfg(unix)]
pub(super) fn mode_for_everybody(path: &Path) -> io::Result<Option<u32>> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path)?.permissions().mode() & 0o7777;
    Ok((mode & 0o002 != 0).then_some(mode))
}

/// Elsewhere there are no modes to look at.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "these are the results of the other half")]
pub(super) fn mode_for_everybody(_: &Path) -> io::Result<Option<u32>> {
    Ok(None)
}
