//! What a policy or a webhook of the cluster says, without what the API server says around it.

/// How the API server introduces the words of a webhook and of a policy.
const MARKS: [&str; 2] = ["denied the request: ", "denied request: "];

/// The words of whoever denied a request; `None` where nobody did.
#[must_use]
pub fn denial(causes: &[String]) -> Option<&str> {
    causes.iter().find_map(|cause| MARKS.iter().find_map(|mark| Some(cause.split_once(mark)?.1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_rule_says_is_left() {
        for (cause, words) in [
            (
                "deployments.apps \"web\" is forbidden: ValidatingAdmissionPolicy 'x' with binding \
                 'x' denied request: the payment team is on holiday",
                Some("the payment team is on holiday"),
            ),
            ("admission webhook \"w\" denied the request: no", Some("no")),
            ("exceeded quota: only", None),
        ] {
            assert_eq!(denial(&[cause.to_owned()]), words);
        }
    }
}
