//! Links within the repository: to files, to headings, and what code says of pages.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::{page, pages, root, texts};

/// Folders whose files the pages name.
const FOLDERS: [&str; 7] = [
    "benches/", "deploy/", "docs/", "scripts/", "src/", "tests/", ".ci/",
];

/// The lines of a page that are not examples.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n```").step_by(2).flat_map(str::lines)
}

/// Where the links of a page lead, as they are written.
fn links(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    for line in prose(text) {
        // What stands in backticks is no link.
        let words: String = line.split('`').step_by(2).collect();
        let targets = words.split("](").skip(1);
        links.extend(targets.filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())));
    }
    links
}

/// The links of a page to something else in the repository: the file, and the heading if one is named.
fn inner_links(name: &str, text: &str) -> Vec<(String, Option<String>)> {
    let inner = links(text).into_iter().filter(|link| !link.contains("://"));
    let inner = inner.map(|link| {
        let (file, heading) = match link.split_once('#') {
            Some((file, heading)) => (file, Some(heading.to_owned())),
            None => (link.as_str(), None),
        };
        let file = match file {
            "" => name.to_owned(),
            file => resolved(&Path::new(name).parent().unwrap().join(file)),
        };
        (file, heading)
    });
    inner.collect()
}

/// A path without `..`.
fn resolved(path: &Path) -> String {
    let mut whole = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => assert!(whole.pop(), "{} leads outside", path.display()),
            part => whole.push(part),
        }
    }
    whole.to_str().unwrap().to_owned()
}

/// The names of a page's headings, as links call them.
fn headings(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter(|line| line.starts_with('#'));
    let names = headings.map(|line| {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
            _ => None,
        });
        kept.collect()
    });
    names.collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_are_there() {
    let mut followed = 0;
    for (name, text) in pages() {
        for (file, heading) in inner_links(&name, &text) {
            followed += 1;
            assert!(root().join(&file).exists(), "{name}: there is no {file}");
            if let Some(heading) = heading {
                assert!(
                    headings(&page(&file)).contains(&heading),
                    "{name}: {file} has no heading {heading}"
                );
            }
        }
    }
    assert!(followed > 100, "only {followed} links were found");
}

#[test]
fn every_page_of_the_docs_stands_in_the_index() {
    // The pages of gateways and of tasks stand in indexes of their own, which stand in that of the docs.
    let indexes = [
        "docs/README.md",
        "docs/gateways/README.md",
        "docs/tasks/README.md",
    ];
    let links = indexes
        .into_iter()
        .flat_map(|index| inner_links(index, &page(index)));
    let listed: BTreeSet<_> = links.map(|(file, _)| file).collect();
    let there = pages().into_iter().map(|(name, _)| name);
    let there = there.filter(|name| name.starts_with("docs/") && name != "docs/README.md");
    for name in there {
        assert!(listed.contains(&name), "{name} is in no index");
    }
}

#[test]
fn the_readme_leads_to_the_papers_that_a_stranger_looks_for() {
    let links = inner_links("README.md", &page("README.md"));
    let led_to: BTreeSet<_> = links.into_iter().map(|(file, _)| file).collect();
    for paper in [
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "SECURITY.md",
        "docs/README.md",
    ] {
        assert!(led_to.contains(paper), "README.md does not lead to {paper}");
    }
}

#[test]
fn whatever_names_a_page_of_the_docs_names_one_that_is_there() {
    let mut named = 0;
    for (file, text) in texts() {
        for (at, _) in text.match_indices("docs/") {
            let rest = &text[at..];
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"/_-.".contains(c));
            let page = &rest[..end.unwrap_or(rest.len())];
            let Some((page, _)) = page.split_once(".md") else {
                continue;
            };
            named += 1;
            let there = root().join(format!("{page}.md")).exists();
            assert!(there, "{file} names {page}.md, which is not there");
        }
    }
    assert!(named > 20, "only {named} were found");
}

#[test]
fn every_file_that_a_page_names_is_there() {
    let files: Vec<_> = texts().into_iter().map(|(name, _)| name).collect();
    let mut named = 0;
    for (name, text) in pages() {
        let words = prose(&text).flat_map(|line| line.split('`').skip(1).step_by(2));
        let of_path = |c: char| c.is_ascii_alphanumeric() || "/_-.".contains(c);
        for word in words.filter(|word| word.chars().all(of_path)) {
            let there = if FOLDERS.iter().any(|folder| word.starts_with(folder)) {
                root().join(word).exists()
            } else if word.ends_with(".rs") || word.ends_with(".lua") {
                // One of a room, or beside the one that was named before.
                files.iter().any(|file| file.ends_with(&format!("/{word}")))
            } else {
                continue;
            };
            named += 1;
            assert!(there, "{name} names {word}, which is not there");
        }
    }
    assert!(named > 40, "only {named} were found");
}

/// The pictures that a page shows, light and dark, as it writes them.
fn pictures(text: &str) -> Vec<&str> {
    let tags = text
        .split('<')
        .filter(|tag| tag.starts_with("img ") || tag.starts_with("source "));
    let named = tags.filter_map(|tag| {
        tag.split_once("src=\"")
            .or_else(|| tag.split_once("srcset=\""))
    });
    named
        .filter_map(|(_, rest)| Some(rest.split_once('"')?.0))
        .collect()
}

#[test]
fn every_picture_that_a_page_shows_is_there_and_every_picture_is_shown() {
    let mut shown = BTreeSet::new();
    for (name, text) in pages() {
        for picture in pictures(&text) {
            let file = resolved(&Path::new(&name).parent().unwrap().join(picture));
            assert!(root().join(&file).exists(), "{name}: there is no {file}");
            shown.insert(file);
        }
    }
    for entry in std::fs::read_dir(root().join("docs/console")).unwrap() {
        let file = format!(
            "docs/console/{}",
            entry.unwrap().file_name().to_str().unwrap()
        );
        assert!(shown.contains(&file), "no page shows {file}");
    }
}
