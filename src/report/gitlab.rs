//! What GitLab CI reads in a log: sections that can be folded. Texts only; `terminal` puts them out.

use jiff::Timestamp;

/// Begins a section. `name` is the same at its end, and no other section of the job has it.
#[must_use]
pub fn section_start(at: Timestamp, name: &str, title: &str) -> String {
    format!("\u{1b}[0Ksection_start:{}:{name}\r\u{1b}[0K{title}\n", at.as_second())
}

/// Ends it.
#[must_use]
pub fn section_end(at: Timestamp, name: &str) -> String {
    format!("\u{1b}[0Ksection_end:{}:{name}\r\u{1b}[0K\n", at.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_written_as_its_reader_wants_it() {
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        assert_eq!(
            section_start(at, "rb_plan_1", "Plan"),
            "\u{1b}[0Ksection_start:1700000000:rb_plan_1\r\u{1b}[0KPlan\n"
        );
        assert_eq!(
            section_end(at, "rb_plan_1"),
            "\u{1b}[0Ksection_end:1700000000:rb_plan_1\r\u{1b}[0K\n"
        );
    }
}
