//! `git http-backend`, run as a web server runs it.

use std::io::{self, BufReader, Read as _, Write};
use std::path::Path;
use std::process::{ChildStdout, Command, Stdio};
use std::thread;

use super::http::{self, Request};

pub(super) struct Backend<'a> {
    pub(super) root: &'a Path,
    pub(super) home: &'a Path,
    pub(super) protocol: Option<&'a str>,
}

impl Backend<'_> {
    /// All that it says.
    pub(super) fn run(&self, request: &Request) -> io::Result<Vec<u8>> {
        let mut said = Vec::new();
        self.read(request, |out| out.read_to_end(&mut said).map(drop))?;
        Ok(said)
    }

    /// Passes on what it says, as it says it.
    pub(super) fn pass(&self, request: &Request, stream: &mut impl Write) -> io::Result<()> {
        self.read(request, |out| http::pass_on(stream, BufReader::new(out)))
    }

    fn read(
        &self,
        request: &Request,
        take: impl FnOnce(&mut ChildStdout) -> io::Result<()>,
    ) -> io::Result<()> {
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
        let (input, out) = (child.stdin.take(), child.stdout.take());
        let taken = thread::scope(|scope| {
            // It may begin to answer before it has read everything.
            scope.spawn(move || input.map(|mut input| input.write_all(&request.body)));
            // Dropped at the end: it does not go on for nobody.
            out.map_or(Ok(()), |mut out| take(&mut out))
        });
        child.wait()?;
        taken
    }
}
