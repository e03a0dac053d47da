//! Secrets are written and never shown: a mask stands for each, and a mask that is put back keeps what was there.
//!
//! What a call carries is kept only where the call still goes: whoever may write a destination and not see its secrets
//! must not have them sent to a host of their own.

use std::collections::HashMap;

use url::Url;

use super::SpecError;

/// What is shown in place of a secret.
pub const MASK: &str = "********";

/// Why a mask is refused that is put where nothing was.
pub(super) const NOTHING_BEHIND: &str =
    "a mask was put where nothing was before: give the value itself";

/// Why a mask is refused that would send what it stands for elsewhere.
const ELSEWHERE: &str = "holds a mask, and the URL has another scheme, host or port than before: give the value itself, so that the old one goes nowhere else";

/// The secret behind what was put: the old one behind a mask, else what was put itself.
pub(super) fn unmasked(put: &str, old: Option<&str>) -> String {
    match old {
        Some(old) if put == MASK => old.to_owned(),
        _ => put.to_owned(),
    }
}

/// The same for what is sent along with each call, of which `field` holds the values; `moved`: the call goes elsewhere now.
pub(super) fn unmasked_of_call(
    field: &str,
    put: &str,
    old: Option<&str>,
    moved: bool,
) -> Result<String, SpecError> {
    if moved && put == MASK && old.is_some() {
        return Err(SpecError::new(field, ELSEWHERE));
    }
    Ok(unmasked(put, old))
}

/// A URL as it is shown wherever there is one: without user info, without the values of its query, and without what
/// stands behind `#`. One that has none of them is shown as it was written.
pub fn masked_url(text: &str) -> String {
    // What cannot be read is called by nobody, and nobody knows where a secret stands in it.
    let Ok(mut url) = Url::parse(text) else {
        return MASK.to_owned();
    };
    let has_user = !url.username().is_empty() || url.password().is_some();
    if !has_user && url.query().is_none() && url.fragment().is_none() {
        return text.to_owned();
    }
    if has_user {
        set_user(&mut url, MASK, None);
    }
    if let Some(query) = url.query().map(masked_query) {
        url.set_query(Some(&query));
    }
    if url.fragment().is_some() {
        url.set_fragment(Some(MASK));
    }
    url.into()
}

fn masked_query(query: &str) -> String {
    let pieces = query.split('&').map(|piece| match piece.split_once('=') {
        Some((name, _)) => format!("{name}={MASK}"),
        None if piece.is_empty() => String::new(),
        // A name without a value, or a token without a name.
        None => MASK.to_owned(),
    });
    pieces.collect::<Vec<_>>().join("&")
}

/// Whether a call to one URL reaches whom a call to the other reaches: the same port of the same host, by the same scheme.
pub(super) fn same_place(one: &str, other: &str) -> bool {
    let (Ok(one), Ok(other)) = (Url::parse(one), Url::parse(other)) else {
        return one == other;
    };
    let place = |url: &Url| {
        let host = url.host_str().map(str::to_owned);
        (url.scheme().to_owned(), host, url.port_or_known_default())
    };
    place(&one) == place(&other)
}

/// Whether a mask stands anywhere in a URL.
pub(super) fn has_mask(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else {
        return is_mask(text);
    };
    let password = url.password().unwrap_or_default();
    let mut pieces = url.query().unwrap_or_default().split('&');
    is_mask(url.username())
        || is_mask(password)
        || url.fragment().is_some_and(is_mask)
        || pieces.any(|piece| is_mask(Piece::of(piece).value))
}

/// A URL with what was there before where masks were put back in its user info, its query and behind its `#`: the nth
/// value of a name stays the nth. All else of it may be new but where it leads.
///
/// # Errors
/// It leads elsewhere, or there was nothing there before.
pub(super) fn unmasked_url(put: &str, old: &str) -> Result<String, SpecError> {
    if put == masked_url(old) {
        return Ok(old.to_owned());
    }
    let wrong = |why: &str| SpecError::new("url", why);
    // One that cannot be read is refused by whoever is to call it.
    let (true, Ok(mut url)) = (has_mask(put), Url::parse(put)) else {
        return Ok(put.to_owned());
    };
    if !same_place(put, old) {
        return Err(wrong(ELSEWHERE));
    }
    let old = Url::parse(old).map_err(|_| wrong(NOTHING_BEHIND))?;
    let nothing = || wrong(NOTHING_BEHIND);
    if is_mask(url.password().unwrap_or_default()) {
        let password = old.password().ok_or_else(nothing)?;
        let user = url.username().to_owned();
        let user = if is_mask(&user) {
            old.username()
        } else {
            &user
        };
        set_user(&mut url, user, Some(password));
    } else if is_mask(url.username()) {
        let password = url.password().or(old.password()).map(str::to_owned);
        if old.username().is_empty() && old.password().is_none() {
            return Err(nothing());
        }
        set_user(&mut url, old.username(), password.as_deref());
    }
    if let Some(query) = url.query() {
        let query = unmasked_query(query, old.query().unwrap_or_default());
        url.set_query(Some(&query.ok_or_else(nothing)?));
    }
    if url.fragment().is_some_and(is_mask) {
        url.set_fragment(Some(old.fragment().ok_or_else(nothing)?));
    }
    Ok(url.into())
}

/// None: a mask was put where nothing was before.
fn unmasked_query(put: &str, old: &str) -> Option<String> {
    let mut of_name: HashMap<Option<&str>, Vec<&str>> = HashMap::new();
    for piece in old.split('&') {
        of_name
            .entry(Piece::of(piece).name)
            .or_default()
            .push(piece);
    }
    let mut seen: HashMap<Option<&str>, usize> = HashMap::new();
    let pieces = put.split('&').map(|text| {
        let piece = Piece::of(text);
        let place = seen.entry(piece.name).or_default();
        let before = of_name.get(&piece.name).and_then(|all| all.get(*place));
        *place += 1;
        if is_mask(piece.value) {
            before.copied()
        } else {
            Some(text)
        }
    });
    Some(pieces.collect::<Option<Vec<_>>>()?.join("&"))
}

/// A part of a query.
struct Piece<'a> {
    name: Option<&'a str>,
    value: &'a str,
}

impl<'a> Piece<'a> {
    fn of(text: &'a str) -> Self {
        match text.split_once('=') {
            Some((name, value)) => Self {
                name: Some(name),
                value,
            },
            None => Self {
                name: None,
                value: text,
            },
        }
    }
}

/// A mask, also as it comes back from those who encode whatever is no letter.
fn is_mask(text: &str) -> bool {
    text.replace("%2A", "*").replace("%2a", "*") == MASK
}

fn set_user(url: &mut Url, user: &str, password: Option<&str>) {
    // Only a URL without a host has no room for them, and that is called by nobody.
    let _ = url.set_username(user);
    let _ = url.set_password(password);
}

#[cfg(test)]
mod tests;
