//! Getting to the API server and not getting there: kubeconfigs, networks, certificates; and how
//! little is asked on the way.

use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::thread;
use std::time::Duration;

use kubectl_rb::cluster::{Cluster, ConnectOptions, Deadline, Path as ApiPath};
use serde_json::{Value, json};

use crate::given::{Kubeconfig, commands, paste};
use crate::rb::{Ran, Rb};
use crate::scene::releases;
use crate::suite::{Test, on_bed, pure};
use crate::testbed::TestBed;

pub(crate) fn tests() -> Vec<Test> {
    [
        pure![
            no_kubeconfig_at_all_says_where_it_was_looked_for,
            a_named_file_that_is_missing_is_a_usage_error,
            a_file_that_is_no_kubeconfig_is_not_quoted,
            an_entry_that_is_missing_is_named,
            a_host_that_nobody_knows_is_not_found,
        ],
        on_bed![
            several_files_are_merged_as_kubectl_merges_them,
            an_unknown_context_is_answered_with_those_that_exist,
            a_refused_connection_names_host_and_port,
            a_server_that_says_nothing_is_given_up_in_time,
            a_server_without_tls_is_told_apart,
            a_certificate_of_another_authority_is_not_trusted,
            a_client_certificate_is_an_identity,
            credentials_that_have_expired_are_named_as_such,
            a_proxy_of_the_kubeconfig_is_gone_through,
            history_is_three_requests_at_once_on_one_connection,
            status_of_a_complete_rollout_watches_nothing,
            more_watches_than_one_connection_takes_hold_nothing_up,
        ],
    ]
    .concat()
}

fn no_kubeconfig_at_all_says_where_it_was_looked_for() {
    let ran = Rb::new(Path::new("")).words("history deploy/web").run().ends_with(2);
    let ran = ran.says("no kubeconfig and not inside a cluster").says("/.kube/config");
    ran.says("--kubeconfig FILE");
    let missing = Rb::new(Path::new("/no/such/config")).words("undo deploy/web").run();
    missing.ends_with(2).says("/no/such/config (no such file)");
}

fn a_named_file_that_is_missing_is_a_usage_error() {
    let call = Rb::new(Path::new("")).words("status deploy/web --kubeconfig /no/such/file");
    call.run().ends_with(2).says("cannot use the kubeconfig /no/such/file").says("No such file");
}

/// The place of the error is said; the text around it may be a token.
fn a_file_that_is_no_kubeconfig_is_not_quoted() {
    for text in [
        "users: [{name: a, user: {token: s3cret-token",
        "users: s3cret-token",
        "users:\n- name: u\n  user: s3cret-token\n",
        "\u{0}s3cret-token",
        "{{{ s3cret-token",
        "clusters: [{name: a, cluster: {server: [s3cret-token]}}]",
    ] {
        let config = Kubeconfig::text(text);
        let ran = Rb::new(config.path()).words("history deploy/web -o json").run().ends_with(2);
        let said = format!("{ran}");
        assert!(!said.contains("s3cret"), "{text}: {said}");
        let file = config.path().display().to_string();
        let ran = ran.says("cannot use the kubeconfig").says(&file);
        ran.says("kubectl config view --kubeconfig");
    }
}

/// A kubeconfig that leads nowhere, with a change.
fn nowhere(change: impl FnOnce(&mut Value)) -> Kubeconfig {
    let mut config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": "https://no-such-host.invalid:6443"}}],
        "users": [{"name": "u", "user": {"token": "s3cret-token"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
    });
    change(&mut config);
    Kubeconfig::text(&config.to_string())
}

fn history(config: &Path) -> Ran {
    Rb::new(config).words("history deploy/web").run()
}

/// A change of a kubeconfig.
type Change = fn(&mut Value);

fn an_entry_that_is_missing_is_named() {
    let cases: [(&str, &str, Change); 6] = [
        ("no context is selected", "get-contexts", |c| c["current-context"] = json!("")),
        ("no context named \"x\"", "get-contexts", |c| c["current-context"] = json!("x")),
        ("no cluster named \"c\"", "get-clusters", |c| c["clusters"] = json!([])),
        ("no user named \"u\"", "get-users", |c| c["users"] = json!([])),
        ("no usable server URL", "config view --minify", |c| {
            c["clusters"][0]["cluster"]["server"] = json!("ftp://x");
        }),
        ("certificate-authority /no/such/ca", "config view --minify", |c| {
            c["clusters"][0]["cluster"]["certificate-authority"] = json!("/no/such/ca");
        }),
    ];
    for (what, next, change) in cases {
        let ran = history(nowhere(change).path()).ends_with(2).says(what).says(next);
        assert!(!ran.stderr.contains("s3cret"), "{ran}");
    }
}

fn a_host_that_nobody_knows_is_not_found() {
    let ran = history(nowhere(|_| ()).path()).ends_with(1);
    ran.says("cannot find the host of no-such-host.invalid:6443").says("--context c");
}

/// Contexts here, clusters and users there, and a file that does not exist in between.
fn several_files_are_merged_as_kubectl_merges_them(bed: &TestBed) {
    let namespace = bed.namespace("merged");
    releases(&namespace, 0, &["1.0"]);
    let first = Kubeconfig::edited(namespace.kubeconfig(), |config| {
        config["clusters"] = json!([]);
        config["users"] = json!([]);
    });
    let second = Kubeconfig::edited(namespace.kubeconfig(), |config| {
        config["current-context"] = json!("not this one");
        config["contexts"] = json!([]);
    });
    let files = [first.path(), Path::new("/no/such/file"), second.path()];
    let list = std::env::join_paths(files).expect("a list of files");
    let call = Rb::new(Path::new("")).env("KUBECONFIG", list).words("history deploy/web -o json");
    let document = call.run().ends_with(0).json();
    assert_eq!(document["cluster"]["context"], "testbed");
    assert_eq!(document["target"]["namespace"], namespace.name());
}

fn an_unknown_context_is_answered_with_those_that_exist(bed: &TestBed) {
    let namespace = bed.namespace("which");
    let line = "undo deploy/web --yes --context prod";
    let ran = Rb::new(namespace.kubeconfig()).words(line).run().ends_with(2);
    let ran = ran.says("no context named \"prod\"").says("contexts in the kubeconfig: testbed");
    let [command] = commands(&ran).try_into().expect("one command");
    paste(bed, namespace.kubeconfig(), &command).ends_with(0).says("testbed");
}

fn server(config: &Kubeconfig, words: &str) -> Ran {
    Rb::new(config.path()).words(words).run().ends_with(1)
}

fn a_refused_connection_names_host_and_port(bed: &TestBed) {
    let namespace = bed.namespace("refused");
    let port = free_port();
    let config = Kubeconfig::edited(namespace.kubeconfig(), |config| {
        config["clusters"][0]["cluster"]["server"] = json!(format!("https://127.0.0.1:{port}"));
    });
    let ran = server(&config, "undo deploy/web --yes");
    let ran = ran.says(&format!("127.0.0.1:{port} refuses connections"));
    ran.says("hint: kubectl cluster-info --context testbed");
    let ran = server(&config, "status deploy/web -o json");
    assert_eq!(ran.json()["kind"], "unreachable");
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("its address").port()
}

fn a_server_that_says_nothing_is_given_up_in_time(bed: &TestBed) {
    let namespace = bed.namespace("silent");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("its address");
    let config = Kubeconfig::edited(namespace.kubeconfig(), |config| {
        config["clusters"][0]["cluster"]["server"] = json!(format!("https://{address}"));
    });
    let ran = server(&config, "undo deploy/web --yes --timeout=1s");
    ran.says(&format!("no connection to {address} in time")).says("firewall or VPN?");
}

fn a_server_without_tls_is_told_apart(bed: &TestBed) {
    let namespace = bed.namespace("plain");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("its address");
    let config = Kubeconfig::edited(namespace.kubeconfig(), |config| {
        config["clusters"][0]["cluster"]["server"] = json!(format!("https://{address}"));
    });
    let answering = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let _ = stream.read(&mut [0; 64]);
        let _ = std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let ran = server(&config, "history deploy/web");
    ran.says(&format!("{address} does not speak TLS"));
    answering.join().expect("an answer");
}

fn a_certificate_of_another_authority_is_not_trusted(bed: &TestBed) {
    let namespace = bed.namespace("authority");
    let other = rcgen::generate_simple_self_signed(["other".to_owned()]).expect("a certificate");
    let file = Kubeconfig::text(&other.cert.pem());
    let config = Kubeconfig::edited(namespace.kubeconfig(), |config| {
        config["clusters"][0]["cluster"]["certificate-authority"] = json!(file.path());
    });
    let ran = server(&config, "undo deploy/web --yes");
    ran.says("signed by an authority that certificate-authority in the kubeconfig does not hold")
        .says("127.0.0.1:")
        .says("hint: kubectl config view --minify --context testbed");
    let named = Kubeconfig::edited(namespace.kubeconfig(), |config| {
        config["clusters"][0]["cluster"]["tls-server-name"] = json!("api.example");
    });
    server(&named, "history deploy/web").says("is for other names: see tls-server-name");
}

/// The authority of the test bed signs it, and the common name is the user.
fn a_client_certificate_is_an_identity(bed: &TestBed) {
    let namespace = bed.namespace("certificate");
    releases(&namespace, 0, &["1.0"]);
    let identity = namespace.cluster().authority.issue().expect("a certificate");
    let config = |key: &str| {
        let key = Kubeconfig::text(key);
        let certificate = Kubeconfig::text(&identity.certificate_pem());
        let config = Kubeconfig::edited(namespace.kubeconfig(), |config| {
            config["users"][0]["user"] =
                json!({"client-certificate": certificate.path(), "client-key": key.path()});
        });
        (config, certificate, key)
    };
    let (good, _certificate, _key) = config(&identity.key_pem());
    let ran = history(good.path()).ends_with(3);
    ran.says("not allowed to get deployments.apps web").says("User \"127.0.0.1\" cannot get");
    let (bad, _certificate, _key) = config("no key");
    history(bad.path()).ends_with(2).says("cannot use the TLS settings of the kubeconfig");
}

fn credentials_that_have_expired_are_named_as_such(bed: &TestBed) {
    let namespace = bed.namespace("expired");
    for words in ["undo deploy/web --yes", "history deploy/web", "status deploy/web"] {
        let ran = Rb::new(&namespace.expired_credentials()).words(words).run().ends_with(1);
        let ran = ran.says("does not accept the credentials (testbed): expired or wrong");
        ran.says("hint: kubectl auth whoami --context testbed");
    }
}

/// One that carries bytes and notes for whom.
fn a_proxy_of_the_kubeconfig_is_gone_through(bed: &TestBed) {
    let namespace = bed.namespace("tunnel");
    releases(&namespace, 0, &["1.0"]);
    let tunnel = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = tunnel.local_addr().expect("its address");
    let config = Kubeconfig::edited(namespace.kubeconfig(), |config| {
        config["clusters"][0]["cluster"]["proxy-url"] = json!(format!("http://{address}"));
    });
    let host = bed.server().trim_start_matches("https://").to_owned();
    let asked = thread::scope(|scope| {
        let carrying = scope.spawn(|| carry_one(&tunnel, &host));
        history(config.path()).ends_with(0).says("current");
        carrying.join().expect("a tunnel")
    });
    assert!(asked.starts_with(&format!("CONNECT {host} HTTP/1.1\r\n")), "{asked}");
    drop(tunnel);
    let ran = history(config.path()).ends_with(1);
    ran.says(&host).says("proxy");
}

/// Takes one connection to the host; returns what the client asked for first.
fn carry_one(tunnel: &TcpListener, host: &str) -> String {
    let (mut near, _) = tunnel.accept().expect("a connection");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        near.read_exact(&mut byte).expect("a request");
        head.push(byte[0]);
    }
    let mut far = std::net::TcpStream::connect(host).expect("the API server");
    std::io::Write::write_all(&mut near, b"HTTP/1.1 200 OK\r\n\r\n").expect("an answer");
    let (mut from, mut to) =
        (far.try_clone().expect("a handle"), near.try_clone().expect("a handle"));
    thread::scope(|scope| {
        scope.spawn(|| {
            let _ = std::io::copy(&mut near, &mut far);
            let _ = far.shutdown(std::net::Shutdown::Both);
        });
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(std::net::Shutdown::Both);
    });
    String::from_utf8_lossy(&head).into_owned()
}

fn history_is_three_requests_at_once_on_one_connection(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("budget"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0"]);
    Rb::new(&proxy.kubeconfig(&namespace)).words("history deploy/web -o wide").run().ends_with(0);
    let requests = proxy.requests();
    assert_eq!(requests.len(), 3, "{requests:?}");
    assert_eq!(proxy.round_trips(|_| true), 1, "{requests:?}");
    assert_eq!(proxy.connections(), 1);
}

fn status_of_a_complete_rollout_watches_nothing(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("quiet"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0"]);
    let ran = Rb::new(&proxy.kubeconfig(&namespace)).words("status deploy/web").run().ends_with(0);
    ran.says("deployment \"web\" successfully rolled out");
    let requests = proxy.requests();
    assert_eq!(requests.len(), 3, "{requests:?}");
    assert!(!requests.iter().any(|record| record.request.is_watch()), "{requests:?}");
    assert_eq!((proxy.round_trips(|_| true), proxy.connections()), (1, 1));
}

/// The API server takes 100 streams on a connection; each watch is one.
fn more_watches_than_one_connection_takes_hold_nothing_up(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("streams"), bed.proxy());
    let kubeconfig = Some(proxy.kubeconfig(&namespace));
    let options = ConnectOptions { kubeconfig, ..ConnectOptions::default() };
    let pods = ApiPath::namespaced("api/v1", namespace.name(), "pods");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let deadline = Deadline::after(Duration::from_secs(60));
        let cluster = Cluster::connect(&options, deadline).await.expect("a connection");
        let mut watches = Vec::new();
        for _ in 0..150 {
            watches.push(cluster.watch(&pods, "", deadline).await.expect("a watch"));
        }
        cluster.get(&pods, deadline).await.expect("an answer beside 150 watches");
        assert_eq!(proxy.connections(), 3);
        drop(watches.split_off(10));
        for _ in 0..140 {
            watches.push(cluster.watch(&pods, "", deadline).await.expect("a watch"));
        }
        assert_eq!(proxy.connections(), 3, "what is closed makes room");
    });
}
