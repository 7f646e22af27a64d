//! Change requests (pull requests, merge requests) where a branch takes no pushes: one file and one
//! line per host.
