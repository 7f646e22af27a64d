use http::{HeaderMap, HeaderValue, Method};

use super::super::super::answer::Ending;
use super::*;

const PATH: &str = "/api/v1/namespaces/shop/services/web:80/proxy/readyz";

fn said(status: u16, body: &str) -> Option<NoAnswer> {
    let mut headers = HeaderMap::new();
    headers.insert(AUDIT_ID, HeaderValue::from_static("1"));
    let answer = HttpAnswer { status, headers, body: body.into(), ending: Ending::Whole };
    by_api_server(&answer, &Asked::new(&Method::GET, PATH, false), &Peer::for_tests())
}

fn failure(code: u16, kind: &str, message: &str) -> String {
    serde_json::json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "details": {"name": "web", "kind": kind}, "code": code,
    })
    .to_string()
}

#[test]
fn what_the_api_server_says_is_no_answer_of_the_program() {
    let reached = |cause: &str| format!("error trying to reach service: {cause}");
    let rbac = r#"services "web:80" is forbidden: User "alice" cannot get resource "services/proxy" in API group """#;
    for (code, kind, message, why) in [
        (400, "", "address not allowed".to_owned(), Why::ProxyRefused),
        (401, "", "Unauthorized".to_owned(), Why::ApiServer),
        (403, "services", rbac.to_owned(), Why::Forbidden),
        (404, "services", r#"services "web" not found"#.to_owned(), Why::NotFound),
        (404, "endpoints", r#"endpoints "web" not found"#.to_owned(), Why::NotFound),
        (404, "pods", r#"pods "web-1" not found"#.to_owned(), Why::NotFound),
        (429, "", "the server has received too many requests".to_owned(), Why::ApiServer),
        (500, "", "etcdserver: request timed out".to_owned(), Why::ApiServer),
        (503, "", r#"no endpoints available for service "web:80""#.to_owned(), Why::NoEndpoints),
        (503, "", r#"no service port 80 found for service "web""#.to_owned(), Why::NoPort),
        (503, "", "apiserver is shutting down".to_owned(), Why::ApiServer),
        (503, "", reached("dial tcp 10.0.0.1:80: connect: connection refused"), Why::Refused),
        (503, "", reached("dial tcp 10.0.0.1:80: connect: no route to host"), Why::NotReached),
        (503, "", reached("dial tcp 10.0.0.1:80: i/o timeout"), Why::NotReached),
        (503, "", reached("No agent available"), Why::NotReached),
        (503, "", reached("EOF"), Why::Closed),
        (503, "", reached("read tcp 1:2->3:4: read: connection reset by peer"), Why::Closed),
        (503, "", reached(r#"malformed HTTP response "hello""#), Why::NotHttp),
        (503, "", reached("net/http: server response headers exceeded 1 bytes"), Why::HugeHeaders),
        (503, "", reached("http: server gave HTTP response to HTTPS client"), Why::Tls),
    ] {
        let no_answer = said(code, &failure(code, kind, &message)).expect(&message);
        assert_eq!(no_answer.why, why, "{message}");
    }
    let forbidden = said(403, &failure(403, "services", rbac)).unwrap();
    assert_eq!(forbidden.message, "not allowed to get services/proxy web:80 in namespace shop");
    let can_i = "kubectl auth can-i get services --subresource=proxy -n shop --context prod";
    assert_eq!(forbidden.hint.as_deref(), Some(can_i));
    assert_eq!(said(429, &format!("{THROTTLED}\n")).unwrap().why, Why::ApiServer);
}

#[test]
fn what_a_program_answers_is_its_own() {
    let anonymous = r#"forbidden: User "system:anonymous" cannot get path "/readyz""#;
    for (code, body) in [
        (200, String::new()),
        (200, failure(503, "", "no endpoints available")),
        (503, "no endpoints available".to_owned()),
        (503, r#"{"kind":"Status","status":"down"}"#.to_owned()),
        (429, "slow down".to_owned()),
        (401, "who are you?".to_owned()),
        (403, failure(403, "", anonymous)),
        (404, failure(404, "orders", "no such order")),
        (404, "404 page not found".to_owned()),
    ] {
        assert!(said(code, &body).is_none(), "{code} {body}");
    }
}

#[test]
fn a_balancer_before_the_api_server_is_not_the_program() {
    let answer = HttpAnswer {
        status: 502,
        headers: HeaderMap::new(),
        body: b"<html>Bad Gateway</html>".to_vec(),
        ending: Ending::Whole,
    };
    let asked = Asked::new(&Method::GET, PATH, false);
    let said = |answer: &HttpAnswer| by_api_server(answer, &asked, &Peer::for_tests());
    assert_eq!(said(&answer).unwrap().why, Why::ApiServer);
    assert!(said(&HttpAnswer { status: 500, ..answer }).is_none());
}
