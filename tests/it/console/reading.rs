//! What a page must hold, and must not.

use super::browser::Page;

/// It has these parts.
pub(crate) fn has(page: &Page, parts: &[&str]) {
    for part in parts {
        assert!(page.html.contains(part), "{part}: {}", page.html);
    }
}

/// It was answered so, and has these parts.
pub(crate) fn answers(page: &Page, status: u16, parts: &[&str]) {
    assert_eq!(page.status, status, "{}", page.html);
    has(page, parts);
}

/// It has none of these parts.
pub(crate) fn lacks(page: &Page, parts: &[&str]) {
    for part in parts {
        assert!(!page.html.contains(part), "{part}: {}", page.html);
    }
}

/// What stands between two texts of it.
pub(crate) fn between<'a>(page: &'a Page, before: &str, after: &str) -> &'a str {
    let rest = page.html.split_once(before);
    let (_, rest) = rest.unwrap_or_else(|| panic!("{before}: {}", page.html));
    rest.split_once(after).unwrap().0
}

/// The version that its form writes over.
pub(crate) fn version(page: &Page) -> String {
    between(page, "name=\"version\" value=\"", "\"").to_owned()
}
