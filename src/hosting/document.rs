//! Reading documents of hosts: what is not as it should be is not there. Pure.

use serde_json::Value;

use crate::rollback::model::change_request::{Checks, ChecksState};
use crate::text::sanitize;

/// How many failing checks are named.
const NAMED: usize = 10;

/// A text that is not empty.
pub(super) fn text<'a>(document: &'a Value, pointer: &str) -> Option<&'a str> {
    document.pointer(pointer)?.as_str().filter(|text| !text.is_empty())
}

pub(super) fn number(document: &Value, pointer: &str) -> Option<u64> {
    document.pointer(pointer)?.as_u64()
}

pub(super) fn flag(document: &Value, pointer: &str) -> Option<bool> {
    document.pointer(pointer)?.as_bool()
}

/// The id of a commit, in full.
pub(super) fn commit(document: &Value, pointer: &str) -> Option<String> {
    let id = text(document, pointer)?;
    let is_id = matches!(id.len(), 40 | 64) && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then(|| id.to_ascii_lowercase())
}

/// A URL for people.
pub(super) fn url(document: &Value, pointer: &str) -> Option<String> {
    let url = text(document, pointer)?;
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    is_web.then(|| sanitize(url).into_owned())
}

/// The members of a list; none where it is no list.
pub(super) fn members<'a>(document: &'a Value, pointer: &str) -> &'a [Value] {
    document.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The texts of one field of the members of a list.
pub(super) fn texts(document: &Value, list: &str, field: &str) -> Vec<String> {
    let one = |member: &Value| text(member, field).map(str::to_owned);
    members(document, list).iter().filter_map(one).collect()
}

/// All checks together, from name and state of each; `None` where there are none.
pub(super) fn checks<'a>(all: impl IntoIterator<Item = (&'a str, ChecksState)>) -> Option<Checks> {
    let mut checks: Option<Checks> = None;
    for (name, state) in all {
        let sum = checks.get_or_insert(Checks { state, failing: Vec::new() });
        sum.state = sum.state.max(state);
        if state == ChecksState::Failed && sum.failing.len() < NAMED {
            sum.failing.push(sanitize(name).into_owned());
        }
    }
    checks
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_as_it_should_be_is_not_there() {
        let id = "9F3C2AB".to_owned() + &"0".repeat(33);
        let document = json!({"id": id, "short": "9f3c2ab", "url": "javascript:x", "none": null,
            "web": "https://x/\u{1b}[31m", "empty": "", "list": [1, 2]});
        assert_eq!(commit(&document, "/id"), Some(id.to_ascii_lowercase()));
        for pointer in ["/short", "/url", "/none", "/nothing", "/list"] {
            assert_eq!(commit(&document, pointer), None, "{pointer}");
            assert_eq!(url(&document, pointer), None, "{pointer}");
        }
        assert_eq!(url(&document, "/web").as_deref(), Some("https://x/\\x1b[31m"));
        assert_eq!(text(&document, "/empty"), None);
        assert_eq!((members(&document, "/list").len(), members(&document, "/id").len()), (2, 0));
    }

    #[test]
    fn the_worst_check_counts() {
        use ChecksState::{Failed, Passed, Pending};
        let sum = |states: &[ChecksState]| checks(states.iter().map(|state| ("build", *state)));
        assert_eq!(sum(&[]), None);
        assert_eq!(sum(&[Passed, Passed]).unwrap().state, Passed);
        assert_eq!(sum(&[Passed, Pending]).unwrap().state, Pending);
        let failed = sum(&[Failed, Pending, Passed]).unwrap();
        assert_eq!((failed.state, failed.failing), (Failed, vec!["build".to_owned()]));
        assert_eq!(sum(&[Failed; 20]).unwrap().failing.len(), NAMED);
    }
}
