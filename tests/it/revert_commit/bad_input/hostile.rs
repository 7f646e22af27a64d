//! What others wrote into the repository is shown, and steers neither a terminal nor a CI runner, nor
//! what is run or what is pushed.

use super::scene::Scene;
use crate::rb::Ran;
use crate::suite::{Test, pure};

pub(super) fn tests() -> Vec<Test> {
    pure![
        messages_of_commits,
        trailers_that_others_wrote,
        names_of_files,
        names_of_branches,
        what_is_said_of_a_conflict,
        words_of_the_user,
    ]
}

/// An escape, a line end, a text that runs the other way, a command for a CI runner.
const HOSTILE: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}evil\u{2066} ##[error]x";

#[track_caller]
fn is_safe(ran: &Ran) {
    for text in [&ran.stdout, &ran.stderr] {
        let bad = |c: char| {
            (c.is_control() && c != '\n')
                || ('\u{202a}'..='\u{202e}').contains(&c)
                || c == '\u{2066}'
        };
        assert!(!text.contains(bad), "{ran}");
        assert!(!text.contains("##["), "{ran}");
        let commands = text.lines().filter(|line| line.trim_start().starts_with("::"));
        assert_eq!(commands.count(), 0, "{ran}");
    }
}

fn messages_of_commits() {
    let scene = Scene::new();
    let gitops = &scene.gitops;
    gitops.image("cart", "3.0.0");
    let author = format!("--author={HOSTILE} <evil@x.test>");
    gitops.git(&["commit", "-q", "-a", &author, "-m", HOSTILE, "-m", "::error::body"]);
    gitops.git(&["push", "-q", "origin", "HEAD"]);
    let bad = gitops.git(&["rev-parse", "HEAD"]);
    for words in ["--yes", "--yes -o json", "last --dry-run", "last --dry-run -o json"] {
        is_safe(&scene.harmless(gitops.rb(words)));
    }
    let ran = gitops.rb(&format!("{bad} --yes")).run().ends_with(0);
    is_safe(&ran);
    let message = gitops.in_origin(&["log", "-1", "--format=%B", "main"]);
    assert!(!message.contains(['\u{1b}', '\u{202e}']), "{message:?}");
    assert!(message.starts_with("Revert \"\\x1b]0;owned"), "{message:?}");
}

/// A message that says that it reverts the bad commit, in the words of `rb` too, takes nothing out.
fn trailers_that_others_wrote() {
    let scene = Scene::new();
    let gitops = &scene.gitops;
    let plan = gitops.rb(&format!("{} --dry-run -o json", scene.bad)).run().ends_with(0).json();
    let id = plan["id"].as_str().expect("an id");
    gitops.image("cart", "3.0.0");
    let body = format!("This reverts commit {}.", scene.bad);
    let trailers = format!("Rb-Operation: {id}\nRb-Reverts: {}", scene.bad);
    gitops.git(&["commit", "-q", "-a", "-m", "Harmless", "-m", &body, "-m", &trailers]);
    gitops.git(&["push", "-q", "origin", "HEAD"]);
    gitops.rb(&format!("{} --yes", scene.bad)).run().ends_with(0).says("reverted: main is at ");
    assert!(gitops.there("apps/checkout/deploy.yaml").contains("checkout:2.8.0"));
}

fn names_of_files() {
    let scene = Scene::new();
    let gitops = &scene.gitops;
    let names = [
        "apps/cart/--upload-pack=touch owned".to_owned(),
        format!("apps/cart/{}", HOSTILE.replace('/', "")),
        "apps/cart/line\nend ::error::x".to_owned(),
        "apps/cart/it's \"quoted\" $(touch owned)".to_owned(),
    ];
    for name in &names {
        gitops.write(name, "1");
    }
    gitops.commit("Add them");
    for name in &names {
        gitops.write(name, "2");
    }
    let bad = gitops.commit("Change them");
    for words in ["--yes", "--yes -o json", "last --dry-run", "last --dry-run -o json"] {
        is_safe(&scene.harmless(gitops.rb(words)));
    }
    is_safe(&gitops.rb(&format!("{bad} --yes")).run().ends_with(0).says("reverted: main is at "));
    for name in &names {
        let there = gitops.in_origin(&["show", &format!("main:{name}")]);
        assert_eq!(there, "1", "{name:?}");
    }
    assert!(!gitops.work().join("owned").exists());
}

fn names_of_branches() {
    let scene = Scene::new();
    let gitops = &scene.gitops;
    let tip = gitops.in_origin(&["rev-parse", "main"]);
    // What Git itself takes as a name.
    for name in ["-f", "--mirror", "a\u{202e}b", "$(touch${IFS}owned)", "+main", "refs/heads/main"]
    {
        gitops.in_origin(&["update-ref", &format!("refs/heads/{name}"), &tip]);
    }
    let call = |name: &str| gitops.rb(&scene.bad).words("--yes").arg(format!("--branch={name}"));
    for name in ["-f", "--mirror"] {
        let ran = scene.harmless(call(name)).ends_with(2);
        is_safe(&ran);
    }
    for name in ["a\u{202e}b", "$(touch${IFS}owned)", "+main"] {
        let before = gitops.in_origin(&["rev-parse", "main"]);
        let ran = call(name).run().ends_with(0);
        is_safe(&ran);
        assert_eq!(gitops.in_origin(&["rev-parse", "main"]), before, "{name:?}: {ran}");
        let there = gitops.in_origin(&["rev-parse", &format!("refs/heads/{name}")]);
        assert_ne!(there, tip, "{name:?}: {ran}");
    }
    assert!(!gitops.work().join("owned").exists());
}

/// The way that is offered can be pasted: what would steer a terminal stands in it as bytes.
fn what_is_said_of_a_conflict() {
    let scene = Scene::new();
    let gitops = &scene.gitops;
    let name = "apps/cart/it's\u{1b}[2J\nx";
    let version = |number: u32| {
        gitops.write(name, &format!("{number}\u{1b}[2J\n::error::x\n"));
        gitops.commit(&format!("Version {number}"))
    };
    version(1);
    let bad = version(2);
    version(3);
    for words in ["--yes", "--yes -o json"] {
        let ran = scene.harmless(gitops.rb(&format!("{bad} {words}"))).ends_with(3);
        is_safe(&ran);
    }
    let ran = scene.harmless(gitops.rb(&bad)).ends_with(3);
    let offer = ran.stderr.lines().last().and_then(|line| line.split_once("rb revert-commit "));
    let offer = offer.expect("an offer").1;
    let rb = crate::rb::program();
    let pasted = std::process::Command::new("bash")
        .arg("-c")
        .arg(format!("{} revert-commit {offer} --yes", rb.display()))
        .env("GIT_AUTHOR_NAME", "Ada Ops")
        .env("GIT_AUTHOR_EMAIL", "ada@example.test")
        .env("GIT_COMMITTER_NAME", "Ada Ops")
        .env("GIT_COMMITTER_EMAIL", "ada@example.test")
        .env("XDG_CACHE_HOME", gitops.folder().join("cache"))
        .output()
        .expect("bash runs");
    is_safe(&Ran::new(&pasted).ends_with(0).says("reverted: main is at "));
    let there = gitops.in_origin(&["show", &format!("main:{name}")]);
    assert!(there.starts_with('1'), "{there:?}");
}

/// A reason becomes no trailer of its own, and no way to keep CI from running.
fn words_of_the_user() {
    let scene = Scene::new();
    let reason = "slow\nRb-Reverts: 0123456789012345678901234567890123456789\n\n[skip ci]";
    let call = scene.gitops.rb(&format!("{} --yes", scene.bad));
    let call =
        call.arg(format!("--reason={reason}")).arg("--incident=INC-1\nSigned-off-by: x <x@y>");
    let ran = call.run();
    is_safe(&ran);
    if ran.code == 0 {
        let trailers = ["log", "-1", "--format=%(trailers:only,unfold)", "main"];
        let trailers = scene.gitops.in_origin(&trailers);
        let begin = |word: &str| trailers.lines().filter(|line| line.starts_with(word)).count();
        assert_eq!((begin("Rb-Reverts:"), begin("Signed-off-by:")), (1, 0), "{trailers}");
        assert!(trailers.contains(&format!("Rb-Reverts: {}", scene.bad)), "{trailers}");
    } else {
        assert_eq!(ran.code, 2, "{ran}");
    }
}
