//! Cookies, as a browser sends them.

/// The first cookie whose name is one of these, in the lines of a request's `Cookie` headers: the name and its value.
pub fn find<'a, 'n>(
    lines: impl IntoIterator<Item = &'a str>,
    names: &[&'n str],
) -> Option<(&'n str, &'a str)> {
    let pairs = lines.into_iter().flat_map(|line| line.split(';'));
    let mut pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(name, value)| {
        let name = names.iter().find(|known| **known == name)?;
        Some((*name, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_name_is_found_whatever_stands_around_it() {
        let lines = ["a=1; lull=x=y;b", " lull=z; c=3"];
        let of = |names: &[&'static str]| find(lines, names);

        assert_eq!(of(&["lull"]), Some(("lull", "x=y")));
        assert_eq!(of(&["c", "a"]), Some(("a", "1")));
        assert_eq!(of(&["b"]), None, "it has no value");
        assert_eq!(of(&["ull"]), None);
        assert_eq!(find([], &["a"]), None);
    }
}
