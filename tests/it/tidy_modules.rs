//! Every file is a module that another one names: one that nobody names is compiled by nobody, and read for nothing.

use crate::tidy::files;

/// The modules that a file names.
fn named(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let (_, name) = line.split_once("mod ")?;
        name.trim_end().strip_suffix(';')
    })
}

/// Whether cargo begins with it, or its folder stands for it.
fn is_root(path: &str) -> bool {
    let ends = ["/main.rs", "/mod.rs", "/lib.rs", "/build.rs"];
    let is_whole = ["/bin/", "/lull_"].iter().any(|it| path.contains(it));
    is_whole || ends.iter().any(|end| path.ends_with(end))
}

/// The path of the folder that a file's own modules stand in, and whatever else it may name: the folder it stands in.
fn may_name_in(path: &str) -> [&str; 2] {
    let own = path.trim_end_matches(".rs");
    [own, own.rsplit_once('/').map_or("", |(folder, _)| folder)]
}

#[test]
fn every_file_is_named_as_a_module() {
    for folder in ["src", "tests", "benches", "crates"] {
        let all = files(folder, "rs");
        for (path, _) in all.iter().filter(|(path, _)| !is_root(path)) {
            let [own, folder] = may_name_in(path);
            let name = own.rsplit('/').next().unwrap_or_default();
            let mut parents = all
                .iter()
                .filter(|(it, _)| may_name_in(it).contains(&folder));
            let is_named = parents.any(|(_, text)| named(text).any(|it| it == name));
            assert!(is_named, "no file names {path} as a module");
        }
    }
}
