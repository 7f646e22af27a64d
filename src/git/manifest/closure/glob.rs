//! Patterns of file names: `*`, `?`, `[a-z]`, `\`, and `{a,b}`.

/// What a star stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Star {
    /// Any text within one part of a path.
    Part,
    /// Any text, slashes too.
    Everything,
}

/// Steps that one pattern may take: many stars make it slow.
const STEPS: usize = 100_000;
/// Characters of a pattern.
const LONGEST: usize = 1_000;
/// Patterns that one with braces stands for, at most.
const ALTERNATIVES: usize = 64;

/// Whether a text is of the pattern, or of one of those in its braces.
pub(super) fn matches_any(pattern: &str, text: &str, star: Star) -> bool {
    alternatives(pattern).iter().any(|pattern| matches(pattern, text, star))
}

/// Whether a text is of the pattern; braces mean nothing.
pub(super) fn matches(pattern: &str, text: &str, star: Star) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let mut steps = STEPS;
    pattern.len() <= LONGEST && fits(&pattern, &text, star, &mut steps)
}

/// Whether a path is of a pattern. `everywhere`: a star stands for slashes too, as in a pathspec of `git`.
#[must_use]
pub fn is_of_pattern(pattern: &str, path: &str, everywhere: bool) -> bool {
    matches_any(pattern, path, if everywhere { Star::Everything } else { Star::Part })
}

/// Whether there is anything in it that stands for another text.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[', '\\'])
}

fn fits(pattern: &[char], text: &[char], star: Star, steps: &mut usize) -> bool {
    let Some(left) = steps.checked_sub(1) else { return false };
    *steps = left;
    match (pattern, text) {
        ([], text) => text.is_empty(),
        (['*', rest @ ..], text) => {
            let crosses = |c: &char| *c == '/' && star == Star::Part;
            let end = text.iter().position(crosses).unwrap_or(text.len());
            (0..=end).any(|at| fits(rest, text.get(at..).unwrap_or_default(), star, steps))
        }
        (['?', rest @ ..], [c, text @ ..]) => *c != '/' && fits(rest, text, star, steps),
        (['[', class @ ..], [c, text @ ..]) => match class_of(class) {
            Some((members, rest)) => {
                *c != '/' && is_member(members, *c) && fits(rest, text, star, steps)
            }
            None => false,
        },
        (['\\', escaped, rest @ ..], [c, text @ ..]) => {
            escaped == c && fits(rest, text, star, steps)
        }
        ([plain, rest @ ..], [c, text @ ..]) => plain == c && fits(rest, text, star, steps),
        (_, []) => false,
    }
}

/// What stands in brackets, and what comes after them.
fn class_of(class: &[char]) -> Option<(&[char], &[char])> {
    // A bracket that comes first is a member.
    let end = (1..class.len()).find(|at| class.get(*at) == Some(&']'))?;
    Some((class.get(..end)?, class.get(end + 1..)?))
}

fn is_member(members: &[char], c: char) -> bool {
    let (negated, mut members) = match members {
        ['^' | '!', rest @ ..] => (true, rest),
        members => (false, members),
    };
    let mut found = false;
    loop {
        match members {
            [low, '-', high, rest @ ..] => {
                found |= (*low..=*high).contains(&c);
                members = rest;
            }
            [one, rest @ ..] => {
                found |= *one == c;
                members = rest;
            }
            [] => return found != negated,
        }
    }
}

/// The patterns that one with braces stands for.
fn alternatives(pattern: &str) -> Vec<String> {
    let mut done = Vec::new();
    let mut open = vec![pattern.to_owned()];
    while let Some(next) = open.pop() {
        let group = next.split_once('{').and_then(|(before, rest)| {
            let (inner, after) = rest.split_once('}')?;
            Some((before, inner, after))
        });
        match group {
            Some((before, inner, after)) if open.len() + done.len() < ALTERNATIVES => {
                open.extend(inner.split(',').map(|word| format!("{before}{word}{after}")));
            }
            _ => done.push(next),
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_file_names() {
        for (pattern, text, within_a_part, anywhere) in [
            ("*.yaml", "a.yaml", true, true),
            ("*.yaml", "b/a.yaml", false, true),
            ("a?c", "abc", true, true),
            ("a?c", "a/c", false, false),
            ("[a-c]x", "bx", true, true),
            ("[^a-c]x", "bx", false, false),
            ("[^a-c]x", "dx", true, true),
            ("[]]x", "]x", true, true),
            ("[a", "a", false, false),
            (r"\*", "*", true, true),
            (r"\*", "a", false, false),
            ("apps/*/x", "apps/web/x", true, true),
            ("", "", true, true),
            ("", "a", false, false),
            ("{a,b}*.yaml", "b1.yaml", true, true),
            ("{a,b}*.yaml", "c1.yaml", false, false),
        ] {
            assert_eq!(matches_any(pattern, text, Star::Part), within_a_part, "{pattern} {text}");
            assert_eq!(matches_any(pattern, text, Star::Everything), anywhere, "{pattern} {text}");
        }
    }

    #[test]
    fn a_hostile_pattern_comes_to_an_end() {
        let pattern = "*a".repeat(60);
        assert!(!matches(&pattern, &"a".repeat(59), Star::Part));
        assert!(alternatives(&"{a,b}".repeat(40)).len() <= ALTERNATIVES + 2);
    }
}
