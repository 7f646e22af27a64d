//! A small HTTP server for a host to be: it hands requests over, sends what comes back, and breaks it
//! where a test wants that. A connection for each request, a thread for each connection.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use serde_json::Value;

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// As it stands in the request, without the query.
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) ending: Ending,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Whole,
    /// The connection ends in the middle of the body.
    Cut,
    /// The connection ends before the answer.
    None,
    /// There is no answer for as long as the other side waits.
    Hang,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { status, headers, body: body.to_string(), ending: Ending::Whole }
    }

    pub(crate) fn text(status: u16, body: &str) -> Self {
        let headers = vec![("content-type".to_owned(), "text/html".to_owned())];
        Self { status, headers, body: body.to_owned(), ending: Ending::Whole }
    }

    pub(crate) fn broken(ending: Ending) -> Self {
        Self { ending, ..Self::text(200, "{\"number\": 1, \"state\":") }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// Something that goes wrong.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) method: &'static str,
    /// A part of the path.
    pub(crate) part: &'static str,
    /// How often.
    pub(crate) times: usize,
    /// Whether it is done all the same.
    pub(crate) is_done: bool,
    pub(crate) reply: Reply,
}

type Answers = dyn Fn(&Request) -> Reply + Send + Sync;

/// A running one. It ends when it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    listener: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

struct Shared {
    answers: Box<Answers>,
    requests: Mutex<Vec<Request>>,
    faults: Mutex<Vec<Fault>>,
    is_over: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Server {
    pub(crate) fn start(answers: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            answers: Box::new(answers),
            requests: Mutex::default(),
            faults: Mutex::default(),
            is_over: AtomicBool::default(),
        });
        let state = Arc::clone(&shared);
        let listener = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if state.is_over.load(Ordering::Relaxed) {
                    return;
                }
                let state = Arc::clone(&state);
                // What the other side does not take is its own affair.
                thread::spawn(move || state.serve(stream).ok());
            }
        });
        Self { address, listener: Some(listener), shared }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was asked so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).clone()
    }

    /// How often this was asked for.
    pub(crate) fn count(&self, method: &str, part: &str) -> usize {
        let requests = self.requests();
        requests.iter().filter(|r| r.method == method && r.path.contains(part)).count()
    }

    pub(crate) fn fail(&self, fault: Fault) {
        lock(&self.shared.faults).push(fault);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        // Wakes the thread that listens.
        let _ = TcpStream::connect(self.address);
        let _ = self.listener.take().map(JoinHandle::join);
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let request = read(&mut stream)?;
        lock(&self.requests).push(request.clone());
        let reply = match self.fault(&request) {
            Some(fault) => {
                if fault.is_done {
                    (self.answers)(&request);
                }
                fault.reply
            }
            None => (self.answers)(&request),
        };
        write(&mut stream, &reply)
    }

    fn fault(&self, request: &Request) -> Option<Fault> {
        let mut faults = lock(&self.faults);
        let is_hit = |fault: &&mut Fault| {
            fault.times > 0 && fault.method == request.method && request.path.contains(fault.part)
        };
        let fault = faults.iter_mut().find(is_hit)?;
        fault.times -= 1;
        Some(fault.clone())
    }
}

fn read(stream: &mut TcpStream) -> io::Result<Request> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? == 1 {
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: BTreeMap<_, _> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    };
    Ok(Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.split('&').filter(|part| !part.is_empty()).map(pair).collect(),
        headers,
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    })
}

/// `%2F` and the like.
pub(crate) fn decode(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).expect("two digits"));
        bytes.extend(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).expect("UTF-8")
}

fn write(stream: &mut TcpStream, reply: &Reply) -> io::Result<()> {
    match reply.ending {
        Ending::None => return Ok(()),
        Ending::Hang => {
            while stream.read(&mut [0; 64])? > 0 {}
            return Ok(());
        }
        Ending::Whole | Ending::Cut => {}
    }
    let more = if reply.ending == Ending::Cut { 100 } else { 0 };
    let mut text = format!("HTTP/1.1 {} Whatever\r\nconnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        text += &format!("{name}: {value}\r\n");
    }
    if reply.status != 304 {
        text += &format!("content-length: {}\r\n", reply.body.len() + more);
    }
    stream.write_all(format!("{text}\r\n{}", reply.body).as_bytes())?;
    stream.flush()
}
