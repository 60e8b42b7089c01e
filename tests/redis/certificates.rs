//! Certificates that one test makes for itself, by the program `openssl`.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::helpers::new_id;

/// An authority, with certificates that it signed. The folder is deleted when this value is dropped.
pub(crate) struct Certificates {
    folder: PathBuf,
}

impl Certificates {
    /// Makes an authority with a certificate for the server, which names the subjects of `names` (`DNS:redis.test`),
    /// and one for a client.
    pub(crate) fn new(names: &str) -> Self {
        let made = Self { folder: std::env::temp_dir().join(format!("sealed-session-tls-{}", new_id())) };
        fs::create_dir(&made.folder).unwrap();
        made.openssl(
            "req -x509 -subj /CN=authority -addext basicConstraints=critical,CA:TRUE -keyout ca.key -out ca.crt",
            &[],
        );
        made.sign("server", names);
        made.sign("client", "DNS:client.test");
        made
    }

    fn sign(&self, name: &str, names: &str) {
        let files = format!("-keyout {name}.key -out {name}.crt -CA ca.crt -CAkey ca.key");
        let subject = format!("subjectAltName={names}");
        self.openssl(
            &format!("req -x509 -subj /CN={name} {files} -addext"),
            &[&subject, "-addext", "basicConstraints=CA:FALSE"],
        );
    }

    fn openssl(&self, args: &str, more: &[&str]) {
        let status = Command::new("openssl")
            .args(args.split(' '))
            .args(more)
            .args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
            .current_dir(&self.folder)
            .stderr(Stdio::null())
            .status();
        assert!(status.unwrap().success(), "openssl {args} {more:?}");
    }

    pub(crate) fn path(&self, file: &str) -> String {
        self.folder.join(file).to_str().unwrap().to_owned()
    }

    pub(crate) fn pem(&self, file: &str) -> Vec<u8> {
        fs::read(self.folder.join(file)).unwrap()
    }

    /// Returns the options of a server that shows its certificate, and asks clients for theirs if `mutual`.
    pub(crate) fn options(&self, mutual: bool) -> Vec<String> {
        let [ca, cert, key] = ["ca.crt", "server.crt", "server.key"].map(|file| self.path(file));
        let auth = if mutual { "yes" } else { "no" };
        ["--tls-ca-cert-file", &ca, "--tls-cert-file", &cert, "--tls-key-file", &key, "--tls-auth-clients", auth]
            .map(str::to_owned)
            .to_vec()
    }
}

impl Drop for Certificates {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
