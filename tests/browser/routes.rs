//! No page is forgotten: the table of pages is held against the routes of the console.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::pages::{OTHERS, PAGES};

/// The sources of the console.
fn sources() -> Vec<String> {
    let (mut folders, mut texts) = (vec![PathBuf::from("src/console")], Vec::new());
    while let Some(folder) = folders.pop() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                texts.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    texts
}

/// The routes of a source: each a text, or the name of one.
fn routes(source: &str) -> Vec<String> {
    let routes = source.split(".route(").skip(1);
    let routes = routes.map(|rest| {
        let said = rest.split(',').next().unwrap().trim();
        let text = match said.strip_prefix('"') {
            Some(text) => text,
            None => {
                let named = source.split_once(&format!("const {said}: &str = \""));
                named.unwrap_or_else(|| panic!("what is {said}?")).1
            }
        };
        text.split('"').next().unwrap().to_owned()
    });
    routes.collect()
}

#[test]
fn the_table_of_pages_knows_every_route_of_the_console() {
    let routed: BTreeSet<String> = sources().iter().flat_map(|it| routes(it)).collect();
    let pages = PAGES
        .iter()
        .map(|page| page.route.split('?').next().unwrap());
    let known: BTreeSet<String> = pages
        .chain(OTHERS.iter().copied())
        .map(str::to_owned)
        .collect();

    let forgotten: Vec<_> = routed.difference(&known).collect();
    assert!(
        forgotten.is_empty(),
        "enter these in tests/browser/pages.rs: {forgotten:?}"
    );
    let gone: Vec<_> = known.difference(&routed).collect();
    assert!(gone.is_empty(), "these are no routes any more: {gone:?}");
}
