//! Starts an example on a port of its own, and ends it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::Value;

use crate::client::{self, Response};

pub const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
pub const OTHER_KEY: &str = "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f";

/// An example: the name of its framework, and the path of its program.
pub struct Framework {
    pub name: &'static str,
    pub program: &'static str,
}

impl Framework {
    /// Starts the example under [`KEY`] with these variables, and no others.
    pub fn start(&self, vars: &[(&str, &str)]) -> Result<Server, String> {
        self.run(self.command(vars))
    }

    /// Starts the example without a key, so that it makes one.
    pub fn start_without_key(&self) -> Result<Server, String> {
        let mut command = self.command(&[]);
        command.env_remove("TIDEWAY_SESSION_ENCRYPTION_KEY");
        self.run(command)
    }

    fn run(&self, mut command: Command) -> Result<Server, String> {
        let mut child = command.spawn().map_err(|error| format!("{}: {error}", self.program))?;
        let mut stdout = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        let mut line = String::new();
        let found = stdout.read_line(&mut line);
        let mut server = Server { child, stdout, address: String::new() };
        match line.trim_end().strip_prefix("Listening on http://") {
            Some(address) => server.address = address.to_owned(),
            None => return Err(format!("did not start ({found:?}): {line}{}", server.stop())),
        }
        Ok(server)
    }

    /// Runs the example with variables that it must refuse, and returns its output.
    pub fn refuse(&self, vars: &[(&str, &str)]) -> Result<Output, String> {
        self.command(vars).output().map_err(|error| error.to_string())
    }

    fn command(&self, vars: &[(&str, &str)]) -> Command {
        let mut command = Command::new(self.program);
        command.env_clear().env("PORT", "0").env("TIDEWAY_SESSION_ENCRYPTION_KEY", KEY).envs(vars.iter().copied());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// A running example. It ends when the value is dropped.
pub struct Server {
    pub address: String,
    child: Child,
    /// The read end of the server's standard output. It stays open, so that the server may write.
    #[expect(dead_code, reason = "it is held, not read")]
    stdout: BufReader<ChildStdout>,
}

impl Server {
    pub fn get(&self, path: &str, cookies: &[impl AsRef<[u8]>]) -> Result<Response, String> {
        client::send(&self.address, "GET", path, cookies, "")
    }

    pub fn post(&self, path: &str, cookies: &[impl AsRef<[u8]>], form: &str) -> Result<Response, String> {
        client::send(&self.address, "POST", path, cookies, form)
    }

    /// Returns the session as `GET /api/session` shows it.
    pub fn session(&self, cookie: &str) -> Result<Value, String> {
        self.get("/api/session", &[cookie])?.json()
    }

    /// Logs a visitor in and returns the Cookie header.
    pub fn logged_in(&self) -> Result<String, String> {
        self.post("/login", client::NO_COOKIE, "name=Ada")?.cookie()
    }

    /// Ends the server and returns the text that it wrote to standard error.
    pub fn stop(mut self) -> String {
        let _ = self.child.kill();
        let mut text = String::new();
        let read = self.child.stderr.take().map(|mut stderr| stderr.read_to_string(&mut text));
        if let Some(Err(error)) = read {
            text.push_str(&error.to_string());
        }
        text
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
