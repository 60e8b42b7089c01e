//! Reads a list of claims.

/// The claims of one page.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) page: String,
    pub(crate) claims: Vec<Claim>,
}

/// A sentence of a page, in one line, and what shows that it is true.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) sentence: String,
    pub(crate) proofs: Vec<String>,
}

impl List {
    pub(crate) fn read(text: &str) -> Self {
        let (page, rest) = text.split_once('\n').unwrap_or((text, ""));
        let claims = rest.split("\n\n").filter(|block| !block.trim().is_empty()).map(Claim::read).collect();
        Self { page: page.trim().to_owned(), claims }
    }
}

impl Claim {
    fn read(block: &str) -> Self {
        let (proofs, words): (Vec<_>, Vec<_>) = block.lines().partition(|line| line.starts_with("    "));
        let sentence = words.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
        Self { sentence, proofs: proofs.iter().map(|line| line.trim().to_owned()).collect() }
    }

    /// Returns whether a test shows it.
    pub(crate) fn is_tested(&self) -> bool {
        self.proofs.iter().any(|proof| !proof.starts_with('('))
    }
}
