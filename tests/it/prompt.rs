//! The question, on a real terminal: what it says, and what each answer comes to.

use std::path::Path;
use std::process::Command;

use rexpect::process::WaitStatus;
use rexpect::session::{PtySession, spawn_command};
use serde_json::Value;

use crate::given::{commands, nothing_was_written, paste};
use crate::rb::{Rb, program, rb};
use crate::scene::{assert_live, release, releases};
use crate::suite::{Test, on_bed};
use crate::testbed::TestBed;

pub(crate) fn tests() -> Vec<Test> {
    on_bed![
        a_no_writes_nothing,
        a_no_is_a_document_too,
        a_yes_rolls_back,
        an_end_of_input_is_a_no,
        an_interrupt_at_the_question_writes_nothing,
        yes_on_the_command_line_asks_nothing,
        in_ci_nobody_is_asked_even_on_a_terminal,
        without_a_terminal_the_hint_does_it,
        a_release_during_the_question_is_asked_about_anew,
        going_further_back_is_asked_with_the_reason,
    ]
}

/// rb on a pseudo terminal. A test that waits in vain fails after this many milliseconds.
const PATIENCE: u64 = 30_000;

pub(crate) struct Terminal {
    session: PtySession,
    _home: tempfile::TempDir,
}

impl Terminal {
    pub(crate) fn start(kubeconfig: &Path, words: &str, variables: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().expect("a home folder");
        let mut command = Command::new(program());
        command
            .args(words.split(' '))
            .env_clear()
            .env("HOME", home.path())
            .env("KUBECONFIG", kubeconfig)
            .env("LANG", "C.UTF-8")
            .env("TERM", "xterm-256color")
            .env("USER", "tester")
            .envs(variables.iter().copied());
        let session = spawn_command(command, Some(PATIENCE)).expect("rb starts on a terminal");
        Self { session, _home: home }
    }

    /// What is shown until this text.
    #[track_caller]
    pub(crate) fn until(&mut self, text: &str) -> String {
        self.session.exp_string(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))
    }

    pub(crate) fn answer(&mut self, line: &str) {
        self.session.send_line(line).expect("a terminal that takes input");
    }

    pub(crate) fn press(&mut self, control: char) {
        self.session.send_control(control).expect("a terminal that takes input");
    }

    /// What is shown from now on, and the exit code.
    #[track_caller]
    pub(crate) fn end(mut self) -> (String, i32) {
        let rest = self.session.exp_eof().unwrap_or_else(|error| panic!("no end: {error}"));
        match self.session.process().wait() {
            Ok(WaitStatus::Exited(_, code)) => (rest, code),
            other => panic!("{other:?} after {rest}"),
        }
    }
}

const QUESTION: &str = "Roll deployment/web back to revision 1 in testbed? [y/N] ";

fn a_no_writes_nothing(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("no"), bed.proxy());
    releases(&namespace, 0, &["1.0", "2.0"]);
    for answer in ["n", "", "no", "yes please"] {
        let mut rb = Terminal::start(&proxy.kubeconfig(&namespace), "undo deploy/web", &[]);
        let card = rb.until(QUESTION);
        for part in ["namespace no-", "back to", "revision 1", "web:1.0", "changes"] {
            assert!(card.contains(part), "{part}: {card}");
        }
        rb.answer(answer);
        let (rest, code) = rb.end();
        assert_eq!(code, 10, "{answer:?}: {rest}");
        assert!(rest.contains("declined: nothing was written"), "{rest}");
        nothing_was_written(&proxy);
    }
}

fn a_no_is_a_document_too(bed: &TestBed) {
    let namespace = bed.namespace("no-json");
    releases(&namespace, 0, &["1.0", "2.0"]);
    for format in ["json", "jsonl"] {
        let words = format!("undo deploy/web -o {format}");
        let mut rb = Terminal::start(namespace.kubeconfig(), &words, &[]);
        rb.until(QUESTION);
        rb.answer("n");
        let (rest, code) = rb.end();
        assert_eq!(code, 10, "{rest}");
        // Both streams are this terminal.
        let document = rest.replace(": ", ":");
        assert!(document.contains("\"kind\":\"unconfirmed\""), "{rest}");
        assert!(rest.contains("declined: nothing was written"), "{rest}");
    }
}

fn a_yes_rolls_back(bed: &TestBed) {
    let namespace = bed.namespace("yes");
    releases(&namespace, 1, &["1.0", "2.0"]);
    let mut rb = Terminal::start(namespace.kubeconfig(), "undo deploy/web", &[]);
    rb.until(QUESTION);
    rb.answer("y");
    let (rest, code) = rb.end();
    assert_eq!(code, 0, "{rest}");
    assert!(rest.contains("rolled back:"), "{rest}");
    assert_live(&namespace, "1.0");
}

fn an_end_of_input_is_a_no(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("eof"), bed.proxy());
    releases(&namespace, 0, &["1.0", "2.0"]);
    let mut rb = Terminal::start(&proxy.kubeconfig(&namespace), "undo deploy/web", &[]);
    rb.until(QUESTION);
    rb.press('d');
    let (rest, code) = rb.end();
    assert_eq!(code, 10, "{rest}");
    nothing_was_written(&proxy);
}

fn an_interrupt_at_the_question_writes_nothing(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("interrupt"), bed.proxy());
    releases(&namespace, 0, &["1.0", "2.0"]);
    let mut rb = Terminal::start(&proxy.kubeconfig(&namespace), "undo deploy/web", &[]);
    rb.until(QUESTION);
    rb.press('c');
    let (rest, code) = rb.end();
    assert_eq!(code, 130, "{rest}");
    assert!(rest.contains("interrupted: nothing was written"), "{rest}");
    nothing_was_written(&proxy);
}

fn yes_on_the_command_line_asks_nothing(bed: &TestBed) {
    let namespace = bed.namespace("unasked");
    releases(&namespace, 1, &["1.0", "2.0"]);
    let rb = Terminal::start(namespace.kubeconfig(), "undo deploy/web -y", &[]);
    let (shown, code) = rb.end();
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains("[y/N]"), "{shown}");
    assert_live(&namespace, "1.0");
}

/// Many CI runners give their jobs a terminal, and nobody sits at it.
fn in_ci_nobody_is_asked_even_on_a_terminal(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("ci"), bed.proxy());
    releases(&namespace, 0, &["1.0", "2.0"]);
    let kubeconfig = proxy.kubeconfig(&namespace);
    let rb = Terminal::start(&kubeconfig, "undo deploy/web", &[("CI", "true")]);
    let (shown, code) = rb.end();
    assert_eq!(code, 10, "{shown}");
    assert!(!shown.contains("[y/N]") && shown.contains("--yes"), "{shown}");
    nothing_was_written(&proxy);
    // What people set to say that it is none.
    let mut rb = Terminal::start(&kubeconfig, "undo deploy/web", &[("CI", "false")]);
    rb.until(QUESTION);
    rb.answer("n");
    assert_eq!(rb.end().1, 10);
}

fn without_a_terminal_the_hint_does_it(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("pasted"), bed.proxy());
    releases(&namespace, 0, &["1.0", "2.0"]);
    let words = ["undo deploy/web --reason", "undo --reason"];
    let calls = [
        Rb::new(&proxy.kubeconfig(&namespace)).words(words[0]).arg("it's slow; really"),
        Rb::new(&proxy.kubeconfig(&namespace)).words(words[1]).arg("a -- b").words("-- deploy/web"),
    ];
    let hints = calls.map(|call| {
        let ran = call.run().ends_with(10).says("nobody can be asked, since this is no terminal");
        nothing_was_written(&proxy);
        let [command] = commands(&ran).try_into().expect("one command");
        command
    });
    assert!(hints[0].contains(&format!("-n {} --context testbed", namespace.name())), "{hints:?}");
    paste(bed, namespace.kubeconfig(), &hints[1]).ends_with(0);
    assert_live(&namespace, "1.0");
    // The other one comes second: a retry.
    paste(bed, namespace.kubeconfig(), &hints[0]).ends_with(0).says("already rolled back");
    assert_live(&namespace, "1.0");
}

fn a_release_during_the_question_is_asked_about_anew(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("meanwhile"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0"]);
    let mut rb = Terminal::start(&proxy.kubeconfig(&namespace), "undo deploy/web", &[]);
    rb.until(QUESTION);
    release(&namespace, "3.0");
    rb.answer("y");
    let second = rb.until("Roll deployment/web back to revision 2 in testbed? [y/N] ");
    assert!(second.contains("another release went live meanwhile"), "{second}");
    assert!(second.contains("web:3.0"), "{second}");
    rb.answer("n");
    let (rest, code) = rb.end();
    assert_eq!(code, 10, "{rest}");
    assert_live(&namespace, "3.0");
}

fn going_further_back_is_asked_with_the_reason(bed: &TestBed) {
    let namespace = bed.namespace("further");
    releases(&namespace, 1, &["1.0", "2.0-crash", "3.0"]);
    let words = "undo deploy/web --yes --no-wait --to-revision=2.0-crash";
    rb(&namespace, words).ends_with(0);
    namespace.wait_until("the pod crashes again", |namespace| {
        namespace.pods("web").iter().any(is_crashing)
    });
    let mut rb = Terminal::start(namespace.kubeconfig(), "undo deploy/web", &[]);
    let asked = rb.until("? [y/N] ");
    assert!(asked.contains("by tester") && asked.contains("is not healthy"), "{asked}");
    rb.answer("y");
    let (rest, code) = rb.end();
    assert_eq!(code, 0, "{rest}");
    assert_live(&namespace, "1.0");
}

fn is_crashing(pod: &Value) -> bool {
    pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "CrashLoopBackOff"
}
