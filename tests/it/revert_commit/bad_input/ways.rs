//! The way to the server: who it is, what stands in between, and whether anybody is there.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use snapbox::str;

use super::scene::Shop;
use crate::git_network::skipped;
use crate::suite::{Test, pure};
use crate::testbed::git_server::{ConnectProxy, Entry, GitServer, Nginx, Sshd, authority};

pub(super) fn tests() -> Vec<Test> {
    pure![
        nobody_is_there,
        an_unknown_host_key,
        certificates_that_do_not_hold,
        a_proxy_that_refuses,
        behind_nginx,
    ]
}

fn nobody_is_there() {
    let mut shop = Shop::new();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("its address").to_string();
    drop(listener);
    let port = address.rsplit(':').next().expect("a port").to_owned();
    shop.names.add(&address, "CLOSED");
    shop.names.add(&port, "PORT");
    let ran =
        shop.refuses(shop.rb_at(&format!("http://{address}/shop.git"), "--way push"), 1, str![[r"
error: cannot fetch main (http://CLOSED/shop.git): the host refuses the connection
  cause: fatal: unable to access 'http://CLOSED/shop.git/': Failed to connect to 127.0.0.1 port PORT after N ms: Couldn't connect to server
  hint: git ls-remote http://CLOSED/shop.git

"]]);
    assert!(ran.stderr.contains("the host refuses the connection"), "{ran}");
    shop.refuses(shop.rb_at("http://nowhere.invalid/shop.git", "--way push"), 1, str![[r"
error: cannot fetch main (http://nowhere.invalid/shop.git): the host has no address
  cause: fatal: unable to access 'http://nowhere.invalid/shop.git/': Could not resolve host: nowhere.invalid
  hint: git ls-remote http://nowhere.invalid/shop.git

"]]);
}

fn an_unknown_host_key() {
    let mut shop = Shop::new();
    let sshd = match Sshd::start(&shop.ground).expect("sshd") {
        Ok(sshd) => sshd,
        Err(why) => return skipped(&why),
    };
    let url = sshd.url("shop").expect("a URL");
    shop.names.add(&format!("127.0.0.1:{}", sshd.port()), "HOST");
    shop.names.add(&sshd.port().to_string(), "SSHPORT");
    shop.names.add(&shop.ground.root().display().to_string(), "ROOT");
    let user = url.split_once("//").and_then(|(_, rest)| rest.split_once('@')).expect("a user").0;
    shop.names.add(&format!("{user}@"), "USER@");
    let with = |shop: &Shop, key, knows| {
        let command = sshd.command(key, knows).expect("a command");
        shop.rb_at(&url, "--way push").env("GIT_SSH_COMMAND", command)
    };
    shop.refuses(with(&shop, "user", false), 1, str![[r"
error: cannot fetch main (ssh://USER@HOSTROOT/shop.git): the host key of the server is not known, or it has changed
  cause: Host key verification failed.; fatal: Could not read from remote repository.
  hint: compare it with what the host publishes: ssh-keyscan -p SSHPORT 127.0.0.1 | ssh-keygen -lf -
  hint: and where it is the same: ssh-keyscan -p SSHPORT 127.0.0.1 >>~/.ssh/known_hosts

"]]);
    shop.refuses(with(&shop, "other", true), 1, str![[r"
error: cannot fetch main (ssh://USER@HOSTROOT/shop.git): the server does not accept the credentials, or wants some
  cause: USER@127.0.0.1: Permission denied (publickey).; fatal: Could not read from remote repository.
  hint: ssh -p SSHPORT -T USER@127.0.0.1
  hint: ssh-add -l

"]]);
    with(&shop, "user", true).run().ends_with(0).says("reverted: main is at ");
}

fn certificates_that_do_not_hold() {
    let shop = Shop::new();
    let (authority, identity) = authority().expect("an authority");
    let server = GitServer::start_with_tls(&shop.ground, &identity).expect("a server");
    let mut shop = Shop::of(Arc::clone(&shop.ground), server);
    shop.refuses(shop.rb("--way push"), 1, str![[r"
error: cannot fetch main (https://SERVER/shop.git): the certificate of the server cannot be verified
  cause: fatal: unable to access 'https://SERVER/shop.git/': server certificate verification failed. CAfile: none CRLfile: none
  hint: git config --global http.sslCAInfo /path/to/ca.pem
  hint: openssl s_client -connect SERVER </dev/null | openssl x509 -noout -issuer -dates

"]]);
    let file = shop.folder.path().join("ca.pem");
    std::fs::write(&file, authority.pem()).expect("a file");
    let expired = authority.issue_expired().expect("a certificate");
    let server = GitServer::start_with_tls(&shop.ground, &expired).expect("a server");
    shop.names.add(&server.address().to_string(), "EXPIRED");
    let call = shop.rb_at(&server.url("shop"), "--way push").env("GIT_SSL_CAINFO", &file);
    shop.refuses(call, 1, str![[r"
error: cannot fetch main (https://EXPIRED/shop.git): the certificate of the server cannot be verified
  cause: fatal: unable to access 'https://EXPIRED/shop.git/': server certificate verification failed. CAfile: FOLDER/ca.pem CRLfile: none
  hint: git config --global http.sslCAInfo /path/to/ca.pem
  hint: openssl s_client -connect EXPIRED </dev/null | openssl x509 -noout -issuer -dates

"]]);
    assert_eq!(server.requests(), [] as [&str; 0], "nothing was said to it");
    shop.rb("--way push").env("GIT_SSL_CAINFO", &file).run().ends_with(0);
}

fn a_proxy_that_refuses() {
    let shop = Shop::new();
    let (authority, identity) = authority().expect("an authority");
    let server = GitServer::start_with_tls(&shop.ground, &identity).expect("a server");
    let mut shop = Shop::of(Arc::clone(&shop.ground), server);
    let file = shop.folder.path().join("ca.pem");
    std::fs::write(&file, authority.pem()).expect("a file");
    let no = ConnectProxy::start_that_says_no().expect("a proxy");
    let closed = ConnectProxy::start(Entry::Basic("u", "pr0xy-pa55")).expect("a proxy");
    for proxy in [&no, &closed] {
        shop.names.add(&proxy.address().to_string(), "PROXY");
    }
    let through = |shop: &Shop, proxy: String| {
        shop.rb("--way push").env("GIT_SSL_CAINFO", &file).env("https_proxy", proxy)
    };
    shop.refuses(
        through(&shop, format!("http://{}", no.address())),
        1,
        str![[r"
error: cannot fetch main (https://SERVER/shop.git): the proxy does not let it through
  cause: fatal: unable to access 'https://SERVER/shop.git/': CONNECT tunnel failed, response 403
  hint: env | grep -i _proxy
  hint: git ls-remote https://SERVER/shop.git

"]],
    );
    let wrong = format!("http://u:wr0ng-pa55@{}", closed.address());
    let ran = shop.refuses(
        through(&shop, wrong),
        1,
        str![[r"
error: cannot fetch main (https://SERVER/shop.git): the proxy does not let it through
  cause: fatal: unable to access 'https://SERVER/shop.git/': CONNECT tunnel failed, response 407
  hint: env | grep -i _proxy
  hint: git ls-remote https://SERVER/shop.git

"]],
    );
    assert!(!ran.stderr.contains("wr0ng"), "{ran}");
    let right = format!("http://u:pr0xy-pa55@{}", closed.address());
    through(&shop, right).run().ends_with(0).says("reverted: main is at ");
    assert!(closed.tunnels() >= 2);
}

fn behind_nginx() {
    let mut shop = Shop::new();
    let nginx = match Nginx::start(&shop.ground).expect("nginx") {
        Ok(nginx) => nginx,
        Err(why) => return skipped(&why),
    };
    let url = nginx.url("shop");
    let place = url.split_once('@').and_then(|(_, rest)| rest.split_once('/')).expect("a place").0;
    shop.names.add(place, "NGINX");
    let wrong = url.replace("s3cret", "wr0ng-pa55");
    let ran = shop.refuses(shop.rb_at(&wrong, "--way push"), 1, str![[r"
error: cannot fetch main (http://NGINX/shop.git): the server does not accept the credentials, or wants some
  cause: fatal: Authentication failed for 'http://NGINX/shop.git/'
  hint: git ls-remote http://NGINX/shop.git
  hint: printf 'url=%s\n\n' http://NGINX/shop.git | git credential fill

"]]);
    assert!(!ran.stderr.contains("wr0ng"), "{ran}");
    shop.rb_at(&url, "--way push").run().ends_with(0).says("reverted: main is at ");
}
