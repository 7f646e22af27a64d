//! Edits of the text of manifests.

pub(super) fn with_tag(text: &str, version: usize) -> String {
    let line = |line: &str| match line.strip_prefix("  newTag: ") {
        Some(_) => format!("  newTag: 1.{version}\n"),
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

pub(super) fn replace_line(text: &str, at: usize, new: &str) -> String {
    let end = if text.contains('\r') { "\r\n" } else { "\n" };
    text.lines()
        .enumerate()
        .map(|(index, line)| format!("{}{end}", if index == at + 3 { new } else { line }))
        .collect()
}

pub(super) fn insert_line(text: &str, at: usize, new: &str) -> String {
    let end = if text.contains('\r') { "\r\n" } else { "\n" };
    text.lines()
        .enumerate()
        .map(|(index, line)| {
            if index == at + 3 { format!("{new}{end}{line}{end}") } else { format!("{line}{end}") }
        })
        .collect()
}

pub(super) fn remove_line(text: &str, at: usize) -> String {
    let end = if text.contains('\r') { "\r\n" } else { "\n" };
    let kept = text.lines().enumerate().filter(|(index, _)| *index != at + 3);
    kept.map(|(_, line)| format!("{line}{end}")).collect()
}
