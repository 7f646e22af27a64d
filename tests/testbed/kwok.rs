//! The configuration of kwok: the stages of `kwok/stages.yaml` with the parts that they share put
//! in, the logs of the pods, and the kind of object that says which pod has which log. The rules
//! are in the data files; here is only how they get to kwok.

const STAGES: &str = include_str!("kwok/stages.yaml");
const BEHAVIOUR: &str = include_str!("kwok/behaviour.jq");
const STATE: &str = include_str!("kwok/state.jq");
const STATUS: &str = include_str!("kwok/status.gotmpl");

/// Logs as a container runtime writes them. Stages name them by their place below kwok's own
/// working directory.
pub(crate) const LOGS: [(&str, &str); 3] = [
    ("well.log", include_str!("kwok/well.log")),
    ("crash.log", include_str!("kwok/crash.log")),
    ("oom.log", include_str!("kwok/oom.log")),
];

/// The kind `Logs`, which must be there before kwok starts.
pub(crate) const LOGS_CRD: &str = include_str!("kwok/logs-crd.json");

/// What goes into the file for `--config`.
pub(crate) fn configuration() -> String {
    let stages =
        STAGES.replace("<behaviour>", &one_line(BEHAVIOUR)).replace("<state>", &one_line(STATE));
    let mut text = String::new();
    for line in stages.lines() {
        match line.split_once("<status>") {
            Some((indent, "")) if indent.trim().is_empty() => {
                for status_line in STATUS.lines() {
                    text.extend([indent, status_line, "\n"]);
                }
            }
            _ => text.extend([line, "\n"]),
        }
    }
    text
}

/// A jq program on one line, fit for a quoted YAML string: without its comments.
fn one_line(program: &str) -> String {
    let lines = program.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    lines.collect::<Vec<_>>().join(" ")
}
