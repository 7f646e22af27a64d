//! Against a program of the test on the loopback address.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::*;
use crate::rollback::model::check::CheckStatus;
use crate::rollback::model::http_probe::{HttpMethod, Via};

#[path = "../../../../tests/testbed/program.rs"]
#[allow(dead_code, reason = "each program that includes it uses a part of it")]
mod program;

use program::Program;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn program() -> Program {
    Program::start(HERE).unwrap()
}

/// Patient enough for a busy machine; answers that never come are asked for with less.
fn probe(program: &Program, path: &str) -> HttpProbe {
    HttpProbe {
        via: Via::Url(format!("http://{}", program.address())),
        path: path.to_owned(),
        timeout: Duration::from_secs(60),
        ..HttpProbe::default()
    }
}

async fn ask(probe: &HttpProbe) -> Finding {
    round(probe, Deadline::after(Duration::from_secs(120))).await
}

#[tokio::test]
async fn good_answers_in_a_row_are_good() {
    let program = program();
    for path in ["/ok", "/http10", "/chunked", "/version/2.8.0"] {
        let probe = HttpProbe { body_contains: Some("ok".into()), ..probe(&program, path) };
        let finding = ask(&probe).await;
        assert_eq!(finding.status, CheckStatus::Pass, "{path}: {finding:?}");
    }
    assert_eq!(program.requests().len(), 4 * 3);
    let finding = ask(&HttpProbe { consecutive: 1, ..probe(&program, "/ok?token=abc") }).await;
    let address = program.address();
    assert_eq!(finding.message, format!("GET http://{address}/ok?...: 1 good answer"));
    assert!(program.requests()[12].starts_with("GET /ok?token=abc HTTP/1.1\r\n"));
}

#[tokio::test]
async fn a_bad_answer_ends_the_row() {
    let program = program();
    let finding = ask(&HttpProbe { consecutive: 5, ..probe(&program, "/flaky/3") }).await;
    assert_eq!((finding.status, finding.reason), (CheckStatus::Fail, "Status"));
    let end = ": status 503, expected 200 to 299 (answer 3 of 5)";
    assert!(finding.message.ends_with(end), "{}", finding.message);
    assert_eq!(finding.evidence, ["body: not this time"]);
    let curl = format!("curl -sSi -m 60 http://{}/flaky/3", program.address());
    assert_eq!(finding.hint, Some(curl));
    assert_eq!(program.requests().len(), 3);
}

#[tokio::test]
async fn each_failure_has_its_word() {
    let program = program();
    for (path, reason, part) in [
        ("/status/500", "Status", "status 500"),
        ("/redirect", "Redirect", "status 302, a redirect to /login?..., expected"),
        ("/truncated", "Truncated", "the body breaks off"),
        ("/garbage", "NotHttp", "not HTTP"),
        ("/headers", "HugeHeaders", "headers are too big"),
        ("/close", "Closed", "closes the connection"),
        ("/reset", "Closed", "the connection"),
    ] {
        let before = program.requests().len();
        let finding = ask(&probe(&program, path)).await;
        assert_eq!((finding.status, finding.reason), (CheckStatus::Fail, reason), "{finding:?}");
        assert!(finding.message.contains(part), "{path}: {}", finding.message);
        assert!(!finding.message.contains("token=abc"), "{}", finding.message);
        assert_eq!(program.requests().len(), before + 1, "{path}: asked once");
    }
}

#[tokio::test]
async fn what_never_ends_is_cut_off() {
    let program = program();
    for path in ["/hang", "/begin"] {
        let probe = HttpProbe { timeout: Duration::from_millis(300), ..probe(&program, path) };
        let finding = ask(&probe).await;
        assert_eq!((finding.status, finding.reason), (CheckStatus::Fail, "Timeout"), "{path}");
        assert!(finding.message.contains("within 300ms"), "{}", finding.message);
    }
    // The time of all checks is nobody's fault.
    let deadline = Deadline::after(Duration::from_millis(300));
    let finding = round(&probe(&program, "/hang"), deadline).await;
    assert_eq!((finding.status, finding.reason), (CheckStatus::Unknown, "OutOfTime"));
    assert_eq!(program.requests().len(), 3);
}

#[tokio::test]
async fn a_body_is_read_as_far_as_it_is_wanted() {
    let program = program();
    let finding = ask(&probe(&program, "/huge")).await;
    assert_eq!(finding.status, CheckStatus::Pass, "{finding:?}");
    let probe = HttpProbe { body_contains: Some("ok".into()), ..probe(&program, "/huge") };
    let finding = ask(&probe).await;
    assert_eq!(finding.reason, "Body");
    assert!(finding.message.contains("first 64 KiB"), "{}", finding.message);
    assert!(finding.evidence.concat().len() < 3 * 1024);
    // What is under way in the buffers of the system.
    assert!(program.sent() < 64 * 1024 * 1024, "{} bytes were sent", program.sent());
}

#[tokio::test]
async fn what_is_expected_is_asked_for() {
    let program = program();
    let any = || probe(&program, "/status/401");
    let finding = ask(&HttpProbe { status: vec![401], ..any() }).await;
    assert_eq!(finding.status, CheckStatus::Pass);
    let version = |value: &str| vec![("x-version".to_owned(), value.to_owned())];
    let any = || probe(&program, "/version/2.8.0");
    let finding = ask(&HttpProbe { expect_headers: version("2.8.0"), ..any() }).await;
    assert_eq!(finding.status, CheckStatus::Pass);
    let finding = ask(&HttpProbe { expect_headers: version("2.8.1"), ..any() }).await;
    assert_eq!(finding.reason, "Header");
    let finding = ask(&HttpProbe { method: HttpMethod::Head, ..any() }).await;
    assert_eq!(finding.status, CheckStatus::Pass, "{finding:?}");
    assert!(program.requests().last().unwrap().starts_with("HEAD /version/2.8.0 "));
}

#[tokio::test]
async fn headers_are_sent_and_not_told() {
    let program = program();
    let headers = vec![
        ("Authorization".to_owned(), "Bearer abcdef".to_owned()),
        ("Host".to_owned(), "shop.example.com".to_owned()),
    ];
    let echo = HttpProbe { headers: headers.clone(), ..probe(&program, "/echo") };
    let finding = ask(&HttpProbe { body_contains: Some("Bearer abcdef".into()), ..echo }).await;
    assert_eq!(finding.status, CheckStatus::Pass, "{finding:?}");
    let request = program.requests().remove(0).to_ascii_lowercase();
    assert_eq!(request.matches("host: ").count(), 1, "{request}");
    assert!(request.contains("host: shop.example.com\r\n"), "{request}");
    assert!(request.contains("user-agent: rb/"), "{request}");
    let finding = ask(&HttpProbe { headers, ..probe(&program, "/status/500") }).await;
    assert!(!format!("{finding:?}").contains("abcdef"), "{finding:?}");
}

#[tokio::test]
async fn tls_is_what_this_machine_trusts() {
    let program = Program::start_with_tls(HERE).unwrap();
    let https = format!("https://{}", program.address());
    let secure = HttpProbe { via: Via::Url(https), ..probe(&program, "/ok") };
    let finding = ask(&secure).await;
    assert_eq!((finding.status, finding.reason), (CheckStatus::Fail, "Tls"), "{finding:?}");
    assert!(finding.message.contains("does not trust"), "{}", finding.message);
    // Plain to TLS, and TLS to plain.
    let finding = ask(&probe(&program, "/ok")).await;
    assert_eq!(finding.status, CheckStatus::Fail, "{finding:?}");
    let plain = self::program();
    let https = format!("https://{}", plain.address());
    let finding = ask(&HttpProbe { via: Via::Url(https), ..probe(&plain, "/ok") }).await;
    assert_eq!(finding.reason, "Tls", "{finding:?}");
    assert!(finding.message.contains("does not speak TLS"), "{}", finding.message);
}

#[tokio::test]
async fn where_nobody_is() {
    let address = program().address();
    let nobody = HttpProbe { via: Via::Url(format!("http://{address}")), ..HttpProbe::default() };
    let finding = ask(&nobody).await;
    assert_eq!((finding.status, finding.reason), (CheckStatus::Fail, "Refused"), "{finding:?}");
}
