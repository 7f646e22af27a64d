//! Comparing the ids of migrations: `43`, `0043_add_email`, `2026-01-01T12:00:00Z`, `V43__email`.

use std::cmp::Ordering;

use jiff::Timestamp;

/// Which of the two is newer; `None` where that cannot be told.
pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (a.trim(), b.trim());
    if a == b {
        return Some(Ordering::Equal);
    }
    if let (Ok(a), Ok(b)) = (a.parse::<Timestamp>(), b.parse::<Timestamp>()) {
        return Some(a.cmp(&b));
    }
    let (a, b) = (numbers(a), numbers(b));
    (!a.is_empty() && a.len() == b.len()).then(|| a.cmp(&b))
}

/// The numbers that it begins with: `[2026, 1, 1]` of `2026-01-01-add-email`.
fn numbers(id: &str) -> Vec<u128> {
    let id = id.strip_prefix(['v', 'V']).unwrap_or(id);
    let parts = id.split(|c: char| "._-:T ".contains(c));
    parts.map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_compared_as_numbers_where_both_are() {
        use Ordering::{Equal, Greater, Less};
        for (a, b, order) in [
            ("42", "42", Some(Equal)),
            ("9", "10", Some(Less)),
            ("0042", "42", Some(Equal)),
            ("0043_add_email", "42", Some(Greater)),
            ("0042_add_email", "0042_merge", Some(Equal)),
            ("V43__email", "V9__first", Some(Greater)),
            ("1.2.10", "1.2.9", Some(Greater)),
            ("20260101120000", "20251231235959_x", Some(Greater)),
            ("20260101_1200_a", "20260101_1159_b", Some(Greater)),
            ("2026-01-01T12:00:00Z", "2026-01-01T13:00:00+02:00", Some(Greater)),
            ("2026-01-02-a", "2026-01-01-b", Some(Greater)),
            ("add-email", "add-email", Some(Equal)),
            ("add-email", "add-name", None),
            ("a1b2c3", "42", None),
            ("20260101", "2026-01-01", None),
            ("1.2", "1.2.0", None),
            ("", "1", None),
        ] {
            assert_eq!(compare(a, b), order, "{a} {b}");
            assert_eq!(compare(b, a), order.map(Ordering::reverse), "{b} {a}");
        }
    }
}
