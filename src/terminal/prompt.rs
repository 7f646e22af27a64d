//! Asking a yes-or-no question on stderr.

use std::io::BufRead;

use futures::channel::oneshot;

use super::Console;

/// Asks and waits for the answer; only `y` and `yes` are a yes, an end of input is a no. May be
/// dropped: the reading thread then ends with the process.
pub async fn ask(console: &Console, question: &str) -> bool {
    is_yes(&line(console, question).await)
}

/// Asks on stderr, and reads a line from stdin; an empty one where stdin has ended.
pub async fn line(console: &Console, question: &str) -> String {
    console.error(question);
    let (send, receive) = oneshot::channel();
    // A thread of its own: a read of stdin cannot be cancelled, and Ctrl-C must end the wait.
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        let _ = send.send(read.map(|_| line).unwrap_or_default());
    });
    let line = receive.await.unwrap_or_default();
    if !line.ends_with('\n') {
        console.error("\n");
    }
    line
}

fn is_yes(line: &str) -> bool {
    matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        for line in ["y\n", "Y\r\n", "yes\n", " YES "] {
            assert!(is_yes(line), "{line:?}");
        }
        for line in ["", "\n", "n\n", "yy\n", "yes please\n", "true\n"] {
            assert!(!is_yes(line), "{line:?}");
        }
    }
}
