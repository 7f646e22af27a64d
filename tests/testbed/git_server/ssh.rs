//! The real OpenSSH server, for one user and one key.

use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::super::ports;
use super::super::wait::wait_until;
use super::{Ground, find_program};

/// A running one. It ends when it is dropped.
pub(crate) struct Sshd {
    child: Child,
    port: u16,
    folder: PathBuf,
    ground: Arc<Ground>,
}

impl Sshd {
    /// `Ok(Err(why))` where this machine has none, or it does not run here.
    pub(crate) fn start(ground: &Arc<Ground>) -> Result<Result<Self, String>> {
        let Some(sshd) = find_program("sshd") else {
            return Ok(Err("sshd is not installed".to_owned()));
        };
        let (Some(keygen), Some(_)) = (find_program("ssh-keygen"), find_program("ssh")) else {
            return Ok(Err("ssh is not installed".to_owned()));
        };
        let folder = ground.folder().join("ssh");
        fs::create_dir_all(&folder)?;
        for name in ["host", "user", "other"] {
            let made = Command::new(&keygen)
                .args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"])
                .arg(folder.join(name))
                .status()?;
            ensure!(made.success(), "ssh-keygen failed");
        }
        fs::copy(folder.join("user.pub"), folder.join("authorized"))?;
        let [port] = ports::free()?;
        let path = |name: &str| folder.join(name).display().to_string();
        let settings = [
            format!("Port {port}"),
            "ListenAddress 127.0.0.1".to_owned(),
            format!("HostKey {}", path("host")),
            format!("AuthorizedKeysFile {}", path("authorized")),
            format!("PidFile {}", path("pid")),
            "StrictModes no".to_owned(),
            "UsePAM no".to_owned(),
            "PasswordAuthentication no".to_owned(),
            "KbdInteractiveAuthentication no".to_owned(),
            "PermitRootLogin prohibit-password".to_owned(),
            "MaxStartups 100".to_owned(),
            "AcceptEnv GIT_PROTOCOL".to_owned(),
            String::new(),
        ];
        fs::write(folder.join("config"), settings.join("\n"))?;
        // As root it wants this folder; the package makes it at boot only.
        let _ = fs::create_dir_all("/run/sshd");
        let log = fs::File::create(folder.join("log"))?;
        let mut child = Command::new(sshd)
            .args(["-D", "-e", "-f"])
            .arg(folder.join("config"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .context("starting sshd")?;
        let up = wait_until("sshd listens", Duration::from_secs(30), || {
            let ended = child.try_wait()?.is_some();
            Ok(if ended || TcpStream::connect(("127.0.0.1", port)).is_ok() {
                Some(!ended)
            } else {
                None
            })
        })?;
        if !up {
            let log = fs::read_to_string(folder.join("log"))?;
            return Ok(Err(format!("sshd does not run here: {}", log.trim())));
        }
        Ok(Ok(Self { child, port, folder, ground: Arc::clone(ground) }))
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The URL of a repository on the ground.
    pub(crate) fn url(&self, name: &str) -> Result<String> {
        let path = self.ground.repository(name);
        Ok(format!("ssh://{}@127.0.0.1:{}{}", user_name()?, self.port, path.display()))
    }

    /// The command that logs in with this key, and knows the host or does not.
    pub(crate) fn command(&self, key: &str, knows_host: bool) -> Result<String> {
        let known = self.folder.join(if knows_host { "known" } else { "unknown" });
        if knows_host {
            let key = fs::read_to_string(self.folder.join("host.pub"))?;
            fs::write(&known, format!("[127.0.0.1]:{} {key}", self.port))?;
        }
        let key = self.folder.join(key);
        Ok(format!(
            "ssh -F none -i {} -o IdentitiesOnly=yes -o UserKnownHostsFile={}",
            key.display(),
            known.display()
        ))
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn user_name() -> Result<String> {
    let output = Command::new("id").arg("-un").output().context("running id")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
