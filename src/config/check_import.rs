//! Checks the settings of imports: the Set-Cookie line that deletes an old cookie keeps to the same rules as our own
//! cookie's.

use std::sync::Arc;

use super::options::Options;
use super::problems::{IS_TAKEN, Problems, conflict, invalid};
use crate::cookie::syntax::{strip_prefix, without_prefix};
use crate::cookie::{Attributes, CookieDomain, CookieName, CookiePath, CookieSettings};
use crate::import::{ImportSettings, PrivateImport};
use crate::time::UnixTime;

/// Checks every import. Those without a problem are returned if our own cookie, `ours`, has no problem either, since an
/// import takes attributes from it. `taken` are the names of the cookies beside our own.
pub(super) fn imports(
    options: &Options,
    ours: Option<&CookieSettings>,
    taken: &[CookieName],
    problems: &mut Problems,
) -> Vec<ImportSettings> {
    let is_free = |source: &Arc<PrivateImport>| taken.iter().all(|name| name.as_str() != source.name());
    problems.require(options.imports.iter().all(is_free), "import name", conflict(IS_TAKEN));
    let checked = options.imports.iter().filter_map(|source| import(source, options, ours, problems)).collect();
    // An old cookie does not say when it was created, so with a cut-off no session is imported.
    if options.not_before > UnixTime::MIN { Vec::new() } else { checked }
}

fn import(
    source: &Arc<PrivateImport>,
    options: &Options,
    ours: Option<&CookieSettings>,
    problems: &mut Problems,
) -> Option<ImportSettings> {
    let text = source.name();
    let is_plain = |byte: u8| !b"#%^`|".contains(&byte);
    let name = CookieName::parse(text).filter(|name| name.as_str().bytes().all(is_plain));
    let takes = "1 to 256 letters, digits and !$&'*+-._~, which no framework encodes";
    problems.require(name.is_some(), "import name", invalid(takes));
    let (path, secure) = source.overrides();
    let path_text = path.unwrap_or(&options.path);
    let path = CookiePath::parse(path_text);
    problems.require(path.is_some(), "import path", invalid("a path that begins with `/`, as for `path`"));
    let domain = source.domain_beside(options.domain.as_deref()).map(CookieDomain::parse);
    problems.require(!matches!(domain, Some(None)), "import domain", invalid("a host name, as for `domain`"));
    let secure = secure.unwrap_or(options.secure);
    let host = strip_prefix(text, "__Host-").is_some();
    let rule = conflict("must be `/` with a `__Host-` cookie name");
    problems.require(!host || path_text == "/", "import path", rule);
    let rule = conflict("must not be set with a `__Host-` cookie name");
    problems.require(!host || domain.is_none(), "import domain", rule);
    problems.require(
        secure || without_prefix(text) == text,
        "import secure",
        conflict("must be on with a cookie name that begins with `__Host-`, `__Secure-` or `__Http-`"),
    );
    let attributes = ours?.attributes.clone();
    let attributes = Attributes { path: path?, domain: domain.flatten(), secure, ..attributes };
    Some(ImportSettings { source: Arc::clone(source), name: name?, attributes })
}
