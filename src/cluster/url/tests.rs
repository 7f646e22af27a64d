//! Through a proxy; everything else about URLs is tested by the probes that ask them.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use http::{HeaderMap, Method};

use super::*;

/// Answers one request, whatever it is, and gives it back.
fn once(answer: &'static str) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let request = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
            head.extend(byte);
        }
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(head).unwrap()
    });
    (address, request)
}

async fn ask(url: &'static str, proxy: &str) -> Result<HttpAnswer, NoAnswer> {
    let url = Uri::from_static(url);
    let proxy = proxy::choose(Some(proxy), &url).unwrap();
    let ask = HttpAsk { method: Method::GET, headers: &HeaderMap::new(), body: &[], limit: 100 };
    ask_through(&url, &ask, proxy.as_ref(), Deadline::after(Duration::from_secs(60))).await
}

#[tokio::test]
async fn a_plain_request_is_handed_to_the_proxy() {
    let (address, request) = once("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    let answer = ask("http://shop.invalid/x?y=z", &format!("http://u:p@{address}")).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (200, b"ok".as_slice()));
    let request = request.join().unwrap();
    assert!(request.starts_with("GET http://shop.invalid/x?y=z HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("proxy-authorization: Basic dTpw\r\n"), "{request}");
    assert!(request.contains("host: shop.invalid\r\n"), "{request}");
}

#[tokio::test]
async fn a_tunnel_that_is_refused_says_nothing_of_the_program() {
    let (address, request) = once("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
    let no_answer = ask("https://shop.invalid/", &format!("http://{address}")).await.unwrap_err();
    assert_eq!(no_answer.why, Why::ProxyRefused, "{no_answer:?}");
    assert!(!no_answer.why.is_of_the_program());
    assert!(request.join().unwrap().starts_with("CONNECT shop.invalid:443 HTTP/1.1\r\n"));
}

#[tokio::test]
async fn a_body_is_sent_as_it_is() {
    let (address, request) =
        once("HTTP/1.1 201 Created\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let url: Uri = format!("http://{address}/pulls").parse().unwrap();
    let ask =
        HttpAsk { method: Method::POST, headers: &HeaderMap::new(), body: b"{\"a\":1}", limit: 9 };
    let answer = ask_through(&url, &ask, None, Deadline::after(Duration::from_secs(60))).await;
    assert_eq!(answer.unwrap().status, 201);
    let request = request.join().unwrap();
    assert!(request.starts_with("POST /pulls HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("content-length: 7\r\n"), "{request}");
}
