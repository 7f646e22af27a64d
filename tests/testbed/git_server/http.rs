//! As much of HTTP/1.1 as `git` speaks: one request for each connection.

use std::io::{self, BufRead, BufReader, Read, Write};

/// More than any test sends.
const BODY_LIMIT: u64 = 64 * 1024 * 1024;

pub(super) struct Request {
    pub(super) head: String,
    pub(super) method: String,
    /// Path and query.
    pub(super) target: String,
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn read<S: Read + Write>(stream: &mut BufReader<S>) -> io::Result<Self> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let mut words = head.split_whitespace().map(str::to_owned);
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut request = Self { method, target, body: Vec::new(), head };
        if request.header("expect").is_some() {
            stream.get_mut().write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            stream.get_mut().flush()?;
        }
        let length = request.header("content-length").and_then(|length| length.parse().ok());
        request.body = if request.header("transfer-encoding").is_some() {
            read_chunks(stream)?
        } else {
            let mut body = Vec::new();
            stream.take(length.unwrap_or(0).min(BODY_LIMIT)).read_to_end(&mut body)?;
            body
        };
        Ok(request)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let found = lines.find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim())
    }

    pub(super) fn first_line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }
}

fn read_chunks(stream: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let length = u64::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        stream.take(length.min(BODY_LIMIT)).read_to_end(&mut body)?;
        stream.read_line(&mut line)?;
        if length == 0 {
            return Ok(body);
        }
    }
}

/// A whole answer of the server itself.
pub(super) fn answer(
    stream: &mut impl Write,
    status: u16,
    headers: &str,
    body: &str,
) -> io::Result<()> {
    let length = body.len();
    write!(stream, "HTTP/1.1 {status} Whatever\r\n{headers}connection: close\r\n")?;
    write!(stream, "content-length: {length}\r\n\r\n{body}")?;
    stream.flush()
}

/// What a CGI program says, as it says it: in chunks, because nobody knows how much it will be.
pub(super) fn pass_on(stream: &mut impl Write, mut program: impl BufRead) -> io::Result<()> {
    let (mut status, mut headers) = ("200 OK".to_owned(), String::new());
    loop {
        let mut line = String::new();
        program.read_line(&mut line)?;
        match line.trim_end() {
            "" => break,
            line => match line.strip_prefix("Status: ") {
                Some(said) => said.clone_into(&mut status),
                None if line.to_ascii_lowercase().starts_with("content-length:") => {}
                None => headers += &format!("{line}\r\n"),
            },
        }
    }
    write!(stream, "HTTP/1.1 {status}\r\nconnection: close\r\n{headers}")?;
    write!(stream, "transfer-encoding: chunked\r\n\r\n")?;
    loop {
        let chunk = program.fill_buf()?;
        let length = chunk.len();
        write!(stream, "{length:x}\r\n")?;
        stream.write_all(chunk)?;
        write!(stream, "\r\n")?;
        stream.flush()?;
        if length == 0 {
            return Ok(());
        }
        program.consume(length);
    }
}

/// What a CGI program said, as far as `limit` bytes of its body. A limit cuts: the length that is promised
/// is that of the whole.
pub(super) fn pass(stream: &mut impl Write, said: &[u8], limit: usize) -> io::Result<()> {
    let end = said.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(said.len());
    let (head, body) = said.split_at(end);
    let body = body.get(4..).unwrap_or_default();
    let head = String::from_utf8_lossy(head);
    let status = head.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK");
    write!(stream, "HTTP/1.1 {status}\r\nconnection: close\r\n")?;
    for line in head.lines().filter(|line| !line.starts_with("Status: ")) {
        write!(stream, "{line}\r\n")?;
    }
    write!(stream, "content-length: {}\r\n\r\n", body.len())?;
    stream.write_all(body.get(..limit.min(body.len())).unwrap_or_default())?;
    stream.flush()
}
