//! The proof that a hold lasts: who could put the automation back at once has had the time to, and what
//! ran already has ended.

use std::time::Duration;

use futures::StreamExt as _;
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::Hand;
use crate::error::{Error, ErrorKind, Result};
use crate::reconciler::follow::sight::{self, How as Look};
use crate::reconciler::holding::{UnderWay, look, named};
use crate::rollback::model::hold::{Hold, How, Stored};
use crate::rollback::model::ownership::Owner;
use crate::rollback::model::record::FIELD_MANAGER;
use crate::rollback::model::target::Target;

/// Argo CD sees a change of what it applies at once and puts it back within a second; an `ApplicationSet`
/// takes a tenth of that.
const AT_ONCE: Duration = Duration::from_millis(2_500);
/// Within so many seconds counts as at once.
const SOON: u64 = 5;
/// How long a run may take that ends by itself.
const RUN: Duration = Duration::from_secs(15);

/// Watches the owner until it is clear that the hold lasts. What is to be known besides.
///
/// [`ErrorKind::Refused`] where it was wiped: by whom.
pub(super) async fn prove(hand: &Hand<'_>, hold: &Hold, chain: &[Owner]) -> Result<Option<String>> {
    let owner = &hand.address.target;
    let above: Vec<&Owner> = chain.iter().filter(|one| is_above(one, owner)).collect();
    let window = above.iter().map(|one| window(one)).max().unwrap_or_default();
    let mut running = runs(hand, &hand.object);
    check(hand, &hand.object, hold, &above)?;
    if window.is_zero() && running.is_none() {
        return Ok(None);
    }
    let deadline = hand.deadline.earlier(window.max(RUN));
    let quiet = Instant::now() + window;
    let mut sights = Box::pin(sight::of(hand.cluster, &hand.address, hand.deadline));
    loop {
        let end =
            if running.is_some() { deadline.instant() } else { quiet.min(deadline.instant()) };
        let seen = tokio::select! {
            seen = sights.next() => seen,
            () = sleep_until(end) => break,
        };
        match seen.map(|seen| seen.how) {
            Some(Look::There(object)) => {
                check(hand, &object, hold, &above)?;
                running = runs(hand, &object);
            }
            Some(Look::Polled) => {}
            Some(Look::Gone) => {
                let message = format!("{} was deleted while it was held", named(&hand.object));
                return Err(Error::new(ErrorKind::NotFound, message));
            }
            Some(Look::Ended(error)) => return Err(error),
            None => break,
        }
    }
    Ok(running.map(|run| format!("{run} goes on and may still write the workload")))
}

fn is_above(one: &Owner, owner: &Target) -> bool {
    one.counts() && one.of.as_ref() == Some(owner)
}

/// How long it takes until it has put a change back, where it does that at once.
fn window(above: &Owner) -> Duration {
    let is_argo = above.object.as_ref().is_some_and(|object| {
        object.api_version.split_once('/').is_some_and(|(group, _)| group == "argoproj.io")
    });
    let heals = above.automation.as_ref().is_none_or(|automation| automation.heals);
    match above.within {
        _ if is_argo && heals => AT_ONCE,
        Some(within) if within <= SOON => Duration::from_secs(within) + Duration::from_secs(1),
        _ => Duration::ZERO,
    }
}

fn runs(hand: &Hand<'_>, object: &Value) -> Option<String> {
    match hand.reconciler.under_way(object)? {
        UnderWay::Ends(what) => Some(what),
        UnderWay::CanBeEnded(_) | UnderWay::GoesOn(_) => None,
    }
}

/// Whether the hold is there still.
fn check(hand: &Hand<'_>, object: &Value, hold: &Hold, above: &[&Owner]) -> Result<()> {
    let stored = match Stored::on(object) {
        Stored::Holds(holds) if holds.by_id(&hold.id).is_some() => Some(holds),
        _ => None,
    };
    let how = match (&stored, Stored::on(&hand.object)) {
        (Some(holds), _) if holds.is_in_force(object) => return Ok(()),
        (Some(holds), _) => Some(holds.how),
        (None, Stored::Holds(holds)) => Some(holds.how),
        _ => None,
    };
    let wiped = if stored.is_some() { "its automation on again" } else { "the hold away" };
    let names: Vec<&str> = above.iter().map(|one| one.name.as_str()).collect();
    let name = named(object);
    let who = match (how.and_then(|how| writer(object, how)), names.as_slice()) {
        (Some(writer), []) => writer,
        (Some(writer), names) => format!("{} (by {writer})", names.join(" or ")),
        (None, []) => "somebody".to_owned(),
        (None, names) => names.join(" or "),
    };
    let verb = if stored.is_some() { "turned" } else { "took" };
    let message = format!("{name} cannot be held: {who} {verb} {wiped}");
    Err(Error::new(ErrorKind::Refused, message)
        .hint("without --now the commit is reverted in Git, and nothing has to be held")
        .hint(look(object)))
}

/// Who has written the field, or the object that it is in, last.
fn writer(object: &Value, how: How) -> Option<String> {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array)?;
    let parent = how.pointer().rsplit_once('/').map(|(parent, _)| parent).unwrap_or_default();
    [how.pointer(), parent].into_iter().find_map(|place| {
        let place: String = place.split('/').skip(1).map(|word| format!("/f:{word}")).collect();
        let others = entries.iter().filter(|entry| {
            entry.get("manager").and_then(Value::as_str) != Some(FIELD_MANAGER)
                && entry.get("fieldsV1").is_some_and(|fields| fields.pointer(&place).is_some())
        });
        // Times are RFC 3339 in UTC: in their order as texts.
        let last = others.max_by_key(|entry| entry.get("time").and_then(Value::as_str))?;
        last.get("manager")?.as_str().map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rollback::model::ownership::{Automation, Proof};

    fn owner(api_version: &str, heals: bool, within: Option<u64>) -> Owner {
        Owner {
            object: Some(Target { api_version: api_version.into(), ..Target::default() }),
            of: Some(Target::default()),
            within,
            automation: Some(Automation { heals, ..Automation::default() }),
            ..Owner::default()
        }
    }

    #[test]
    fn who_puts_it_back_at_once_is_waited_for() {
        for (above, window_of) in [
            (owner("argoproj.io/v1alpha1", true, Some(300)), AT_ONCE),
            (owner("argoproj.io/v1alpha1", false, None), Duration::ZERO),
            (owner("kustomize.toolkit.fluxcd.io/v1", true, Some(3_600)), Duration::ZERO),
            (owner("kustomize.toolkit.fluxcd.io/v1", true, Some(5)), Duration::from_secs(6)),
            (owner("other.io/v1", true, None), Duration::ZERO),
        ] {
            assert_eq!(window(&above), window_of, "{above:?}");
        }
        let refuted = Owner { proof: Proof::Refuted(String::new()), ..owner("a/v1", true, None) };
        assert!(!is_above(&refuted, &Target::default()));
    }

    #[test]
    fn the_last_writer_of_the_field_is_named() {
        let entry = |manager: &str, time: &str, fields: Value| json!({"manager": manager, "time": time, "fieldsV1": {"f:spec": fields}});
        let object = json!({"metadata": {"managedFields": [
            entry("rb", "2026-01-01T00:00:03Z", json!({"f:suspend": {}})),
            entry("old", "2026-01-01T00:00:01Z", json!({"f:suspend": {}})),
            entry("flux", "2026-01-01T00:00:02Z", json!({"f:suspend": {}})),
            entry("late", "2026-01-01T00:00:09Z", json!({"f:path": {}})),
        ]}});
        assert_eq!(writer(&object, How::Suspend).as_deref(), Some("flux"));
        assert_eq!(writer(&object, How::Enabled), None);
        // Nobody owns a field that is away: then the one around it tells.
        let policy = json!({"f:syncPolicy": {"f:automated": {"f:prune": {}}}});
        let object = json!({"metadata": {"managedFields":
            [entry("argocd-applicationset-controller", "2026-01-01T00:00:00Z", policy)]}});
        let writer = writer(&object, How::Enabled);
        assert_eq!(writer.as_deref(), Some("argocd-applicationset-controller"));
    }
}
