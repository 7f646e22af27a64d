//! Who may call the API server: a static token for each. `admin` may do everything (group
//! `system:masters`); the others have no rights until a test binds a Role to them in its own
//! namespace.

use anyhow::{Result, bail};

pub(crate) const ADMIN: &str = "admin";
pub(crate) const ORDINARY: [&str; 8] =
    ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"];

/// The token of a user. These servers listen on the loopback address, live for minutes and hold
/// nothing.
pub(crate) fn token(user: &str) -> Result<String> {
    if user != ADMIN && !ORDINARY.contains(&user) {
        bail!("the test bed has no user {user:?}; it has {ADMIN} and {}", ORDINARY.join(", "));
    }
    Ok(format!("{user}-token"))
}

/// A token that no user has: what is left of credentials that have expired.
pub(crate) const REFUSED_TOKEN: &str = "expired-token";

/// The content of the file for the API server's `--token-auth-file`.
pub(crate) fn token_file() -> String {
    let mut lines = vec![format!("{ADMIN}-token,{ADMIN},{ADMIN},\"system:masters\"")];
    lines.extend(ORDINARY.map(|user| format!("{user}-token,{user},{user}")));
    lines.join("\n")
}
