//! The guide for authors, `levels/README.md`: what it shows can be played, and it leaves nothing out.

use regex::Regex;
use std::fs;
use std::process::Command;

fn guide() -> String {
    fs::read_to_string("levels/README.md").expect("the guide is there")
}

#[test]
fn the_level_in_the_guide_passes_its_own_check() {
    let guide = guide();
    let level = guide.split("```ron\n").nth(1).and_then(|rest| rest.split("```").next()).expect("it holds a level");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("from-the-guide.ron");
    fs::write(&path, level).unwrap();
    let checked = Command::new(env!("CARGO_BIN_EXE_sev1")).arg("check").arg(&path).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}

/// The names that a pattern finds in a source file, before its tests.
fn named_in(path: &str, pattern: &str) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let pattern = Regex::new(pattern).unwrap();
    pattern.captures_iter(code).map(|found| found[1].to_owned()).collect()
}

#[test]
fn every_section_step_and_component_is_in_the_guide() {
    let guide = guide();
    let steps = fs::read_to_string("src/sim/handler/step.rs").unwrap();
    let start = steps.find("pub enum Step {").expect("steps are there");
    let end = start + steps[start..].find("\n}\n").unwrap();
    let variant = Regex::new(r"(?m)^    ([A-Z]\w+)[ ,(]").unwrap();
    let mut wanted: Vec<String> = variant.captures_iter(&steps[start..end]).map(|found| found[1].to_owned()).collect();
    assert!(wanted.len() > 25, "{wanted:?}");
    wanted.extend(named_in("src/level/schema/mod.rs", r"(?m)^    pub (\w+):"));
    wanted.extend(named_in("src/sim/component/mod.rs", r"(?m)^    ([A-Z]\w+)\(\w+::Settings"));
    let missing: Vec<&String> = wanted.iter().filter(|name| !guide.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "the guide says nothing of {missing:?}");
}
