//! nginx with fcgiwrap before `git http-backend`: the way that most servers of one's own are set up.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::super::ports;
use super::super::wait::wait_until;
use super::{Ground, find_program};

/// A running pair. It ends when it is dropped.
pub(crate) struct Nginx {
    children: Vec<Child>,
    port: u16,
}

impl Nginx {
    /// With the password `s3cret` for `ann`. `Ok(Err(why))` where this machine has none.
    pub(crate) fn start(ground: &Arc<Ground>) -> Result<Result<Self, String>> {
        let (Some(nginx), Some(fcgiwrap)) = (find_program("nginx"), find_program("fcgiwrap"))
        else {
            return Ok(Err("nginx and fcgiwrap are not installed".to_owned()));
        };
        let folder = ground.folder().join("nginx");
        fs::create_dir_all(&folder)?;
        // {PLAIN} is one of the ways in which nginx takes passwords.
        fs::write(folder.join("passwords"), "ann:{PLAIN}s3cret\n")?;
        let exec = super::git(&ground.home(), ground.folder(), &["--exec-path"])?;
        let [port] = ports::free()?;
        let socket = folder.join("socket");
        let config = config(&folder, &ground.root(), exec.trim(), &socket, port);
        fs::write(folder.join("nginx.conf"), config)?;
        let mut wrapper = Command::new(fcgiwrap);
        wrapper.arg("-s").arg(format!("unix:{}", socket.display())).arg("-c").arg("2");
        wrapper.env("HOME", ground.home()).env("GIT_CONFIG_NOSYSTEM", "1");
        let log = fs::File::create(folder.join("log"))?;
        let mut server = Command::new(nginx);
        server.arg("-p").arg(&folder).arg("-c").arg(folder.join("nginx.conf"));
        server.arg("-e").arg(folder.join("errors"));
        let mut children = Vec::new();
        for mut command in [wrapper, server] {
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log.try_clone()?);
            children.push(command.spawn().context("starting nginx and fcgiwrap")?);
        }
        let running = Self { children, port };
        wait_until("nginx listens", Duration::from_secs(30), || {
            Ok(TcpStream::connect(("127.0.0.1", port)).is_ok() && socket.exists())
        })?;
        Ok(Ok(running))
    }

    pub(crate) fn url(&self, name: &str) -> String {
        format!("http://ann:s3cret@127.0.0.1:{}/{name}.git", self.port)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn config(folder: &Path, root: &Path, exec: &str, socket: &Path, port: u16) -> String {
    let (folder, root, socket) = (folder.display(), root.display(), socket.display());
    format!(
        "daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/errors;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  fastcgi_temp_path {folder}/fastcgi;
  proxy_temp_path {folder}/proxy;
  scgi_temp_path {folder}/scgi;
  uwsgi_temp_path {folder}/uwsgi;
  client_max_body_size 0;
  server {{
    listen 127.0.0.1:{port};
    auth_basic git;
    auth_basic_user_file {folder}/passwords;
    location / {{
      fastcgi_pass unix:{socket};
      fastcgi_param SCRIPT_FILENAME {exec}/git-http-backend;
      fastcgi_param GIT_PROJECT_ROOT {root};
      fastcgi_param GIT_HTTP_EXPORT_ALL 1;
      fastcgi_param PATH_INFO $uri;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
      fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
      fastcgi_param GIT_PROTOCOL $http_git_protocol;
      fastcgi_param REMOTE_USER $remote_user;
      fastcgi_param REMOTE_ADDR $remote_addr;
    }}
  }}
}}
"
    )
}
