//! `git http-backend`, run as a web server runs it.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use super::http::Request;

pub(super) struct Backend<'a> {
    pub(super) root: &'a Path,
    pub(super) home: &'a Path,
    pub(super) protocol: Option<&'a str>,
}

impl Backend<'_> {
    /// All that it says.
    pub(super) fn run(&self, request: &Request) -> io::Result<Vec<u8>> {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let mut command = Command::new("git");
        command
            .arg("http-backend")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_PROJECT_ROOT", self.root)
            .env("GIT_HTTP_EXPORT_ALL", "1")
            .env("REQUEST_METHOD", &request.method)
            .env("PATH_INFO", path)
            .env("QUERY_STRING", query)
            .env("REMOTE_ADDR", "127.0.0.1")
            .env("CONTENT_LENGTH", request.body.len().to_string())
            .env("CONTENT_TYPE", request.header("content-type").unwrap_or_default())
            .env("HTTP_CONTENT_ENCODING", request.header("content-encoding").unwrap_or_default())
            .env("GIT_PROTOCOL", self.protocol.unwrap_or_default())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn()?;
        let input = child.stdin.take();
        let output = thread::scope(|scope| {
            // It may begin to answer before it has read everything.
            scope.spawn(move || input.map(|mut input| input.write_all(&request.body)));
            child.wait_with_output()
        })?;
        Ok(output.stdout)
    }
}
