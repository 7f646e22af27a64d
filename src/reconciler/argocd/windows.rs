//! Sync windows of an `AppProject`: times at which an Application may sync, or may not.
//!
//! Argo CD blocks its own syncs without a word while a window says no, so this is worked out here.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::rollback::model::ownership::Owner;
use crate::text::shorten;

use super::fields::{flag, items, text, texts};
use super::selection::fits;

/// After a window, the next look at the Application makes up for it: at the next poll.
const NEXT_LOOK: u64 = 180;

/// A window that is for the Application.
struct Window<'p> {
    settings: &'p Value,
    /// `None`: it cannot be worked out here.
    times: Option<Times>,
}

/// When a window is open, seen from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Times {
    /// Until then.
    Open(Timestamp),
    /// From then on.
    Closed(Timestamp),
}

/// Whether the windows let an Application sync.
enum Verdict<'w> {
    /// They do.
    Free,
    /// Not by itself until then; by hand if `by_hand`.
    Blocked { by: &'w Window<'w>, until: Timestamp, by_hand: bool },
    /// Nobody here can tell, because of this one.
    Unknown(&'w Window<'w>),
}

/// Adds what the windows of its project make of an Application's owner.
pub(super) fn apply(owner: &mut Owner, application: &Value, project: &Value, now: Timestamp) {
    let windows = all(application, project, now);
    match verdict(&windows) {
        Verdict::Free if windows.is_empty() => {}
        Verdict::Free => {
            owner.notes.push(format!("{}, and lets it sync now", listed(&windows)));
        }
        Verdict::Unknown(window) => owner.notes.push(unknown(window)),
        Verdict::Blocked { by, until, by_hand } => block(owner, by, until, by_hand, now),
    }
}

/// Why an Application may not sync by itself now, as a sentence about it.
pub(super) fn hindrance(application: &Value, project: &Value, now: Timestamp) -> Option<String> {
    let windows = all(application, project, now);
    match verdict(&windows) {
        Verdict::Free => None,
        Verdict::Unknown(window) => Some(unknown(window)),
        Verdict::Blocked { by, until, by_hand } => Some(blocked(by, until, by_hand)),
    }
}

/// The windows of a project that are for an Application.
fn all<'p>(application: &Value, project: &'p Value, now: Timestamp) -> Vec<Window<'p>> {
    items(project, "/spec/syncWindows")
        .iter()
        .filter(|window| is_for(window, application))
        .map(|settings| Window { settings, times: times(settings, now) })
        .collect()
}

fn unknown(window: &Window<'_>) -> String {
    format!("whether it may sync now cannot be told: {} is not understood", window.words())
}

fn blocked(by: &Window<'_>, until: Timestamp, by_hand: bool) -> String {
    let hand = if by_hand { "by itself, only by hand," } else { "at all" };
    let until = until.strftime("%Y-%m-%dT%H:%M:%SZ");
    let word = if by.is_deny() { "open" } else { "closed" };
    format!("it may not sync {hand} until {until}: {} is {word}", by.words())
}

fn block(owner: &mut Owner, by: &Window<'_>, until: Timestamp, by_hand: bool, now: Timestamp) {
    owner.notes.push(blocked(by, until, by_hand));
    // What nobody but a person starts is not held up further.
    let acts = owner.automation.as_ref().is_some_and(|automation| automation.syncs);
    if let (Some(within), true) = (owner.within, acts) {
        let left = until.duration_since(now).as_secs();
        let left = u64::try_from(left).unwrap_or_default();
        owner.within = Some(left.saturating_add(within).saturating_add(NEXT_LOOK));
    }
    if acts {
        owner.would = format!("{}, but not while its sync windows forbid it", owner.would);
    }
}

/// As Argo CD decides: an open window that denies, then one that allows, then closed ones that allow.
fn verdict<'w>(windows: &'w [Window<'w>]) -> Verdict<'w> {
    // One that Argo CD cannot read stops everything there, and one that is not read here may.
    if let Some(window) = windows.iter().find(|window| window.times.is_none()) {
        return Verdict::Unknown(window);
    }
    let open = windows.iter().filter_map(|window| Some((window, window.open_until()?)));
    let denied: Vec<_> = open.clone().filter(|(window, _)| window.is_deny()).collect();
    if let Some((by, until)) = denied.iter().max_by_key(|(_, until)| *until) {
        let by_hand = denied.iter().all(|(window, _)| window.is_for_hands());
        return Verdict::Blocked { by, until: *until, by_hand };
    }
    if open.clone().any(|(window, _)| window.is_allow()) {
        return Verdict::Free;
    }
    let closed = windows.iter().filter_map(|window| Some((window, window.closed_until()?)));
    let closed: Vec<_> = closed.filter(|(window, _)| window.is_allow()).collect();
    match closed.iter().min_by_key(|(_, until)| *until) {
        None => Verdict::Free,
        Some((by, until)) => {
            let by_hand = closed.iter().all(|(window, _)| window.is_for_hands());
            Verdict::Blocked { by, until: *until, by_hand }
        }
    }
}

impl Window<'_> {
    fn is_deny(&self) -> bool {
        text(self.settings, "/kind") == "deny"
    }

    fn is_allow(&self) -> bool {
        text(self.settings, "/kind") == "allow"
    }

    /// Whether a person may sync all the same.
    fn is_for_hands(&self) -> bool {
        flag(self.settings, "/manualSync")
    }

    fn open_until(&self) -> Option<Timestamp> {
        match self.times? {
            Times::Open(until) => Some(until),
            Times::Closed(_) => None,
        }
    }

    fn closed_until(&self) -> Option<Timestamp> {
        match self.times? {
            Times::Closed(until) => Some(until),
            Times::Open(_) => None,
        }
    }

    fn words(&self) -> String {
        let zone = text(self.settings, "/timeZone");
        let zone = if zone.is_empty() { "UTC" } else { zone };
        let words = format!(
            "{} window {:?} for {} in {zone}",
            text(self.settings, "/kind"),
            text(self.settings, "/schedule"),
            text(self.settings, "/duration"),
        );
        shorten(&words, 100).into_owned()
    }
}

fn listed(windows: &[Window<'_>]) -> String {
    match windows {
        [one] => format!("there is a {}", one.words()),
        all => format!("there are {} sync windows", all.len()),
    }
}

/// When it is open, by the rule of Argo CD: open if it has begun within its duration. The time is shifted
/// by what the zone is off UTC now.
fn times(settings: &Value, now: Timestamp) -> Option<Times> {
    let duration: SignedDuration = text(settings, "/duration").parse().ok()?;
    let schedule = schedule(text(settings, "/schedule"))?;
    let shift = shift(text(settings, "/timeZone"), now)?;
    let local = now.checked_add(shift).ok()?;
    let begun = local.checked_sub(duration).ok()?;
    // A schedule without a next time is as good as none.
    let next = |from: Timestamp| Some(schedule.find_next(from).ok()?.timestamp());
    let first = next(begun)?;
    if first < local {
        // Windows may follow each other without a gap.
        let mut until = first.checked_add(duration).ok()?;
        for _ in 0..WINDOWS_IN_A_ROW {
            match next(until.checked_sub(duration).ok()?) {
                Some(start) if start <= until => until = start.checked_add(duration).ok()?,
                _ => break,
            }
        }
        return Some(Times::Open(until.checked_sub(shift).ok()?));
    }
    Some(Times::Closed(next(local)?.checked_sub(shift).ok()?))
}

/// `* * * * *` for an hour never ends.
const WINDOWS_IN_A_ROW: usize = 100;

/// Five fields of cron, and nothing of the extensions that Argo CD does not have.
fn schedule(text: &str) -> Option<cronexpr::Crontab> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '*' | '/' | ',' | '-' | '?');
    let fields: Vec<&str> = text.split_ascii_whitespace().collect();
    let is_plain =
        fields.len() == 5 && fields.iter().all(|f| f.len() < 100 && f.chars().all(plain));
    if !is_plain {
        return None;
    }
    cronexpr::parse_crontab(&format!("{} UTC", fields.join(" ").replace('?', "*"))).ok()
}

fn shift(zone: &str, now: Timestamp) -> Option<SignedDuration> {
    let zone = if matches!(zone, "" | "UTC") { TimeZone::UTC } else { TimeZone::get(zone).ok()? };
    Some(SignedDuration::from_secs(i64::from(zone.to_offset(now).seconds())))
}

/// Whether a window is for an Application: any of its three lists names it, or all with `andOperator`.
fn is_for(window: &Value, application: &Value) -> bool {
    let destination = |member: &str| text(application, &format!("/spec/destination/{member}"));
    let names = |list: &str, subject: &str| {
        texts(window, list).any(|pattern| !subject.is_empty() && fits(pattern, subject))
    };
    let lists = [
        ("/applications", names("/applications", text(application, "/metadata/name"))),
        (
            "/clusters",
            names("/clusters", destination("name")) || names("/clusters", destination("server")),
        ),
        ("/namespaces", names("/namespaces", destination("namespace"))),
    ];
    let set: Vec<bool> = lists
        .into_iter()
        .filter(|(list, _)| !items(window, list).is_empty())
        .map(|(_, named)| named)
        .collect();
    if flag(window, "/andOperator") {
        !set.is_empty() && set.iter().all(|named| *named)
    } else {
        set.contains(&true)
    }
}

#[cfg(test)]
mod tests;
