//! The tables of docs/coexistence.md: below each heading `##` one, whose first column says whom a row
//! is about.

use std::fs;
use std::path::Path;

pub(super) struct Page {
    /// Heading and cells of each line of a table.
    lines: Vec<(String, Vec<String>)>,
}

impl Page {
    #[track_caller]
    pub(super) fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/coexistence.md");
        Self::of(&fs::read_to_string(path).expect("docs/coexistence.md"))
    }

    fn of(text: &str) -> Self {
        let (mut heading, mut lines) = (String::new(), Vec::new());
        for line in text.lines() {
            if let Some(new) = line.strip_prefix("## ") {
                new.clone_into(&mut heading);
            }
            let inner = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |"));
            if let Some(inner) = inner {
                let cells = inner.split(" | ").map(|cell| cell.trim().to_owned()).collect();
                lines.push((heading.clone(), cells));
            }
        }
        Self { lines }
    }

    fn table(&self, section: &str) -> Vec<&[String]> {
        let of_section = self.lines.iter().filter(|(heading, _)| heading == section);
        of_section.map(|(_, cells)| cells.as_slice()).collect()
    }

    /// Fails the test unless the table has these questions as columns and these rows, in this order.
    #[track_caller]
    pub(super) fn has_exactly(&self, section: &str, questions: &[&str], rows: &[&str]) {
        let table = self.table(section);
        let (head, body) = table.split_first().unwrap_or_else(|| panic!("no table {section:?}"));
        assert_eq!(head[1..], *questions, "the columns of {section:?}");
        let found: Vec<&str> = body.iter().map(|cells| cells[0].as_str()).collect();
        assert_eq!(found, rows, "the rows of {section:?}");
        for cells in body {
            assert_eq!(cells.len(), head.len(), "{section:?}: {cells:?}");
        }
    }

    /// What the page should say of a row where it says something else.
    fn wrong(&self, section: &str, row: &str, measured: &[String]) -> Option<String> {
        let found = self.table(section).into_iter().find(|cells| cells[0] == row);
        let is_right = found.is_some_and(|cells| cells[1..] == *measured);
        let said = found.map_or_else(|| "nothing".to_owned(), |cells| cells.join(" | "));
        (!is_right).then(|| {
            format!(
                "{section}:\n  said:     | {said} |\n  measured: | {row} | {} |\n",
                measured.join(" | ")
            )
        })
    }
}

/// Fails the test, with what was measured, unless the page says so, cell by cell.
#[track_caller]
pub(super) fn says(row: &str, measured: &[(&str, Vec<String>)]) {
    let page = Page::read();
    let wrong: String =
        measured.iter().filter_map(|(section, cells)| page.wrong(section, row, cells)).collect();
    assert!(wrong.is_empty(), "docs/coexistence.md is not true:\n{wrong}");
}
