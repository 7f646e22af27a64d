use super::*;

fn url(url: &str) -> HttpProbe {
    HttpProbe { via: Via::Url(url.to_owned()), ..HttpProbe::default() }
}

fn header(name: &str) -> Vec<(String, String)> {
    vec![(name.to_owned(), "x".to_owned())]
}

#[test]
fn a_path_cannot_leave_the_program() {
    for path in [
        "/..",
        "../x",
        "/a/../b",
        "/a/%2e%2E/b",
        "/a/.%2e",
        "/..%2fb",
        "/a%2f..%2fb",
        "/%252e%252e/b",
        "/%25252e%25252e/b",
        "/a/..\\b",
        "/a/..;x=1/b",
        "/./a",
        "/a%5c..%5cb",
    ] {
        assert!(encode(path).is_err(), "{path}");
    }
    for (path, wire) in [
        ("", "/"),
        ("healthz", "/healthz"),
        ("/healthz/", "/healthz/"),
        ("/a//b", "/a//b"),
        ("/...", "/..."),
        ("/a..b", "/a..b"),
        ("/x?next=../y&z=%20", "/x?next=../y&z=%20"),
        ("/ä b", "/%C3%A4%20b"),
        ("/a%2Fb", "/a%2Fb"),
        ("/[x]", "/%5Bx%5D"),
    ] {
        assert_eq!(encode(path).as_deref(), Ok(wire), "{path}");
    }
    for path in ["/a\r\nHost: x", "/a#b", "/100%", "/a%zz"] {
        assert!(encode(path).is_err(), "{path}");
    }
}

#[test]
fn mistakes_are_found_before_anything_is_asked() {
    let probe = HttpProbe::default;
    let pod = || HttpProbe { via: Via::Pod, ..probe() };
    let body = Some("ok".to_owned());
    for (flawed, part) in [
        (
            HttpProbe { method: HttpMethod::Head, body_contains: body, ..probe() },
            "HEAD has no body",
        ),
        (HttpProbe { body_contains: Some(String::new()), ..probe() }, "every body"),
        (HttpProbe { consecutive: 0, ..probe() }, "consecutive"),
        (HttpProbe { consecutive: 101, ..probe() }, "consecutive"),
        (HttpProbe { timeout: Duration::ZERO, ..probe() }, "timeout"),
        (HttpProbe { status: vec![2000], ..probe() }, "status"),
        (HttpProbe { port: Some("70000".into()), ..probe() }, "port"),
        (HttpProbe { port: Some("http/x".into()), ..probe() }, "port"),
        (HttpProbe { path: "/../x".into(), ..probe() }, "path"),
        (HttpProbe { headers: header("Authorization"), ..pod() }, "API server"),
        (HttpProbe { headers: header("Impersonate-User"), ..probe() }, "API server"),
        (HttpProbe { headers: header("Host"), ..probe() }, "API server"),
        (HttpProbe { headers: header("Connection"), ..url("https://shop") }, "connection"),
        (HttpProbe { headers: header("a b"), ..probe() }, "name of a header"),
        (HttpProbe { expect_headers: header(""), ..probe() }, "name of a header"),
        (HttpProbe { headers: vec![("a".into(), "b\r\nc".into())], ..probe() }, "impossible value"),
        (HttpProbe { port: Some("80".into()), ..url("https://shop") }, "belongs into the url"),
        (
            HttpProbe {
                via: Via::Service { service: None, namespace: Some("mesh".into()) },
                ..probe()
            },
            "namespace",
        ),
        (url("shop.example.com"), "http://"),
        (url("ftp://shop"), "http://"),
        (url("https://jane:secret@shop"), "password"),
        (url("https://shop/#top"), "#"),
        (HttpProbe { path: "/x".into(), ..url("https://shop/?a=b") }, "query"),
    ] {
        let flaw = flawed.flaw().unwrap_or_default();
        assert!(flaw.contains(part), "{part}: {flaw}");
        assert!(!flaw.contains("secret@"), "{flaw}");
    }
    for good in [
        probe(),
        pod(),
        HttpProbe { headers: header("Authorization"), ..url("https://shop") },
        HttpProbe { headers: header("Host"), ..url("http://192.0.2.1:8080") },
        HttpProbe { method: HttpMethod::Head, ..probe() },
    ] {
        assert_eq!(good.flaw(), None, "{good:?}");
    }
}

#[test]
fn the_path_is_appended_to_the_url() {
    for (base, path, whole) in [
        ("https://shop", "/", "https://shop/"),
        ("https://shop", "", "https://shop/"),
        ("https://shop/base/", "/healthz", "https://shop/base/healthz"),
        ("https://shop/a?b=c", "/", "https://shop/a?b=c"),
        ("http://[::1]:8080", "x?y=z", "http://[::1]:8080/x?y=z"),
    ] {
        let probe = HttpProbe { path: path.to_owned(), ..url(base) };
        assert_eq!(probe.url().unwrap().unwrap().to_string(), whole);
    }
    assert_eq!(HttpProbe::default().url(), Ok(None));
}

#[test]
fn values_of_headers_are_not_shown() {
    let headers = vec![("Authorization".to_owned(), "Bearer abc".to_owned())];
    let probe = HttpProbe { headers, path: "/x?token=abc".into(), ..url("https://shop") };
    let text = format!("{probe:?}");
    assert!(text.contains("Authorization") && !text.contains("abc"), "{text}");
    for (name, secret) in [
        ("Set-Cookie", true),
        ("X-API-Key", true),
        ("x-auth-request-user", true),
        ("X-Amz-Security-Token", true),
        ("X-Version", false),
        ("Content-Type", false),
    ] {
        assert_eq!(is_secret(name), secret, "{name}");
    }
}

#[test]
fn statuses_from_200_to_299_are_good_where_none_is_named() {
    let probe = HttpProbe::default();
    assert!(probe.accepts(200) && probe.accepts(299) && !probe.accepts(302));
    let probe = HttpProbe { status: vec![401, 404], ..probe };
    assert!(probe.accepts(404) && !probe.accepts(200));
}
