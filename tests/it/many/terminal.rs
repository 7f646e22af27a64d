//! The question about several workloads.

use crate::given::{commands, nothing_was_written, paste};
use crate::prompt::Terminal;
use crate::rb::Rb;
use crate::suite::{Test, on_bed};
use crate::testbed::TestBed;

use super::{deploy, live, written};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        the_question_names_how_many_and_where,
        without_a_terminal_the_command_is_printed,
        nobody_is_asked_about_nothing,
    ]
}

const WEBS: [&str; 2] = ["web-a", "web-b"];

fn the_question_names_how_many_and_where(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("ask-many"), bed.proxy());
    deploy(&namespace, &WEBS, 1, &["1.0", "2.0"]);
    let words = "undo deploy web-a web-none web-b";
    let question = "Roll 2 workloads back in testbed? [y/N] ";
    for (answer, code, said) in [
        ("n", 10, "declined: nothing was written"),
        ("^C", 130, "interrupted: nothing was written"),
    ] {
        let mut rb = Terminal::start(&proxy.kubeconfig(&namespace), words, &[]);
        let table = rb.until(question);
        for part in ["2 of 3 workloads to roll back", namespace.name(), "web-b:1.0", "not found"] {
            assert!(table.contains(part), "{part}: {table}");
        }
        if answer == "^C" {
            rb.press('c');
        } else {
            rb.answer(answer);
        }
        let (rest, ended) = rb.end();
        assert_eq!(ended, code, "{rest}");
        assert!(rest.contains(said), "{rest}");
        nothing_was_written(&proxy);
    }
    // Nobody is asked about a table that -q or a document has swallowed.
    for words in ["undo deploy --all -q", "undo deploy --all -o json"] {
        let mut rb = Terminal::start(&proxy.kubeconfig(&namespace), words, &[]);
        assert!(rb.until(question).contains("web-b:1.0"));
        rb.answer("n");
        assert_eq!(rb.end().1, 10);
    }
    let mut rb = Terminal::start(&proxy.kubeconfig(&namespace), words, &[]);
    rb.until(question);
    rb.answer("y");
    let (rest, code) = rb.end();
    assert_eq!(code, 4, "{rest}");
    assert!(rest.contains("2 rolled back"), "{rest}");
    assert_eq!(live(&namespace, &WEBS), ["1.0", "1.0"]);
}

fn without_a_terminal_the_command_is_printed(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("unasked-many"), bed.proxy());
    deploy(&namespace, &WEBS, 1, &["1.0", "2.0"]);
    let words = "undo deploy -l";
    let call = Rb::new(&proxy.kubeconfig(&namespace)).words(words).arg("part-of in (shop, x)");
    let ran = call.run().ends_with(10).says("nobody can be asked, since this is no terminal");
    let ran = ran.says("2 of 2 workloads to roll back");
    nothing_was_written(&proxy);
    let [command] = commands(&ran).try_into().expect("one command");
    paste(bed, namespace.kubeconfig(), &command).ends_with(0);
    assert_eq!(live(&namespace, &WEBS), ["1.0", "1.0"]);
}

fn nobody_is_asked_about_nothing(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("nothing-many"), bed.proxy());
    deploy(&namespace, &WEBS, 0, &["1.0"]);
    let rb = Terminal::start(&proxy.kubeconfig(&namespace), "undo deploy --all", &[]);
    let (shown, code) = rb.end();
    assert_eq!(code, 4, "{shown}");
    assert!(!shown.contains("[y/N]") && shown.contains("2 no revision"), "{shown}");
    assert!(written(&proxy).is_empty());
}
