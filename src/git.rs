//! Reverts in Git, without a checkout: objects by libgit2 in a bare repository, in memory; the network
//! by the user's own `git`, so that credential helpers, SSH, agents, proxies and signing work as the
//! user has set them up.
