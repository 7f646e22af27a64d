//! What the commit of a revert says, as the command line and the configuration want it.

use std::fs;

use crate::suite::{Test, pure};

use super::commits;
use super::repository::GitOps;

pub(super) fn tests() -> Vec<Test> {
    pure![
        the_configuration_has_a_template,
        the_command_line_comes_before_the_configuration,
        a_template_with_an_unknown_place_is_refused,
    ]
}

fn configured(text: &str) -> (GitOps, String) {
    let gitops = GitOps::new();
    let bad = gitops.release("checkout", "2.8.1");
    fs::write(gitops.work().join(".rb.yaml"), text).expect("a file");
    (gitops, bad)
}

const TEMPLATE: &str = "\
version: 1
git:
  message: |
    rollback({paths}): {subject} [{incident}]

    Asked for because of: {reason}
  signOff: true
";

fn the_configuration_has_a_template() {
    let (gitops, bad) = configured(TEMPLATE);
    let words = format!("{bad} --path apps/checkout --yes --reason late --incident INC-1");
    gitops.rb(&words).run().ends_with(0);
    let message = gitops.in_origin(&["log", "-1", "--format=%B", "main"]);
    let lines: Vec<&str> = message.lines().collect();
    assert_eq!(lines[0], "rollback(apps/checkout): Bump checkout to 2.8.1 [INC-1]", "{message}");
    for line in [
        "Asked for because of: late",
        &format!("Rb-Reverts: {bad}"),
        "Signed-off-by: Ada Ops <ada@example.test>",
    ] {
        assert!(lines.contains(&line), "{line}:\n{message}");
    }
    // The checkout is nobody's but the user's: the file that is not committed is still there.
    assert_eq!(gitops.git(&["status", "--porcelain"]), "?? .rb.yaml");
}

fn the_command_line_comes_before_the_configuration() {
    let (gitops, bad) = configured(TEMPLATE);
    gitops.rb(&format!("{bad} --yes --conventional")).run().ends_with(0);
    let subject = || gitops.in_origin(&["log", "-1", "--format=%s", "main"]);
    assert_eq!(subject(), "revert: Bump checkout to 2.8.1");
    let second = gitops.in_origin(&["rev-parse", "main"]);
    gitops.rb(&format!("{second} --yes --config none")).run().ends_with(0);
    assert_eq!(subject(), "Revert \"revert: Bump checkout to 2.8.1\"");
    let message = gitops.in_origin(&["log", "-1", "--format=%B", "main"]);
    assert!(!message.contains("Signed-off-by"), "{message}");
}

fn a_template_with_an_unknown_place_is_refused() {
    let (gitops, bad) = configured("version: 1\ngit:\n  message: \"{title} {ticket}\"\n");
    gitops.rb(&format!("{bad} --yes")).run().ends_with(2).says("{ticket}");
    assert_eq!(commits(&gitops), 2);
    let (gitops, bad) = configured("version: 1\ngit:\n  mesage: x\n");
    gitops.rb(&format!("{bad} --yes")).run().ends_with(2).says(".rb.yaml:3:3");
    assert_eq!(commits(&gitops), 2);
}
