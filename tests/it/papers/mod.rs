//! The papers: README stays short, every link leads somewhere, every page stands in the index, and what the pages show
//! of commands and answers is what happens.

mod complete;
mod examples;
mod fields;
mod links;
mod words;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Most bytes of README.md: what somebody reads who has just come by.
const README_BYTES: usize = 9_000;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files of the repository that are text, by their path from the root; without what is built and what git keeps.
fn texts() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                let is_ours = !name.starts_with('.') && name != "target" && name != "data";
                folders.extend(is_ours.then(|| path.clone()));
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap();
                found.push((name.to_owned(), text));
            }
        }
    }
    found.sort();
    found
}

/// The pages in Markdown.
fn pages() -> Vec<(String, String)> {
    let pages = texts()
        .into_iter()
        .filter(|(name, _)| name.ends_with(".md"));
    pages.collect()
}

/// The text of a page.
fn page(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

#[test]
fn the_readme_is_short() {
    let bytes = page("README.md").len();
    assert!(
        bytes <= README_BYTES,
        "README.md has {bytes} bytes: what is for reference belongs to docs/"
    );
}

#[test]
fn the_changelog_tells_each_change_once_under_its_heading() {
    let changelog = page("CHANGELOG.md");
    let unreleased = changelog.split("\n## ").nth(1).unwrap();
    let mut chapters = unreleased.split("\n### ");
    let before = chapters.next().unwrap();
    assert!(
        !before.contains("\n- "),
        "an entry stands under no heading: {before}"
    );
    let (mut headings, mut openings) = (Vec::new(), BTreeSet::new());
    for chapter in chapters {
        let (heading, entries) = chapter.split_once('\n').unwrap();
        headings.push(heading);
        for entry in entries.lines().filter(|line| line.starts_with("- ")) {
            let opening: String = entry.chars().take(50).collect();
            assert!(openings.insert(opening), "told twice: {entry}");
        }
    }
    assert_eq!(headings, ["Added", "Changed", "Fixed"]);
}
