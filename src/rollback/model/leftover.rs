//! Pods that a controller does not replace by itself after its workload was rolled back.

use serde::{Deserialize, Serialize};

use super::pod::PodState;

/// Pods that stay as they are until somebody deletes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Leftovers {
    /// Why they stay.
    pub why: WhyLeft,
    /// They, in the order in which they are best deleted.
    pub pods: Vec<LeftPod>,
}

/// Why pods stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WhyLeft {
    /// A `StatefulSet` waits for them to become ready before it goes on, which they never will.
    Stuck,
    /// The update strategy is `OnDelete`.
    OnDelete,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeftPod {
    /// Its name.
    pub name: String,
    /// Its uid: the pod that comes back under its name is another one.
    pub uid: String,
    /// Whether it serves: then it is deleted only while all others do.
    pub ready: bool,
}

impl From<&PodState> for LeftPod {
    fn from(pod: &PodState) -> Self {
        Self { name: pod.name.clone(), uid: pod.uid.clone(), ready: pod.ready }
    }
}

impl Leftovers {
    /// `pod web-2`, or `pods web-2, web-1`; more than a few are counted.
    #[must_use]
    pub fn words(&self) -> String {
        const SHOWN: usize = 5;
        let names: Vec<&str> = self.pods.iter().take(SHOWN).map(|pod| pod.name.as_str()).collect();
        let more = self.pods.len().saturating_sub(SHOWN);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let noun = if self.pods.len() == 1 { "pod" } else { "pods" };
        format!("{noun} {}{more}", names.join(", "))
    }

    /// All names.
    #[must_use]
    pub fn name_list(&self) -> Vec<String> {
        self.pods.iter().map(|pod| pod.name.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_are_named_and_the_rest_is_counted() {
        let left = |count: usize| Leftovers {
            why: WhyLeft::Stuck,
            pods: (0..count)
                .map(|n| LeftPod { name: format!("web-{n}"), uid: String::new(), ready: false })
                .collect(),
        };
        assert_eq!(left(1).words(), "pod web-0");
        assert_eq!(left(7).words(), "pods web-0, web-1, web-2, web-3, web-4 and 2 more");
        assert_eq!(left(2).name_list(), ["web-0", "web-1"]);
    }
}
