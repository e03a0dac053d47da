//! What the service Buffer calls a name may be any words. The name made of them ([`Name::slug`]) is the id, and the words
//! are kept as the description.

use crate::core::chat::Name;
use crate::spec::SpecError;

/// Makes a name of any words, which are kept as the description where there is none.
///
/// # Errors
/// When no name can be made of them.
pub(in crate::http) fn schedule_name(
    name: &mut String,
    about: &mut String,
) -> Result<(), SpecError> {
    let id = id_of(name)?;
    if about.is_empty() {
        *about = description(name, &id);
    }
    *name = id.to_string();
    Ok(())
}

pub(super) fn put<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

pub(super) fn id_of(words: &str) -> Result<Name, SpecError> {
    Name::slug(words).map_err(|error| SpecError::new("name", error.to_string()))
}

pub(super) fn description(words: &str, name: &Name) -> String {
    if words == name.as_str() {
        String::new()
    } else {
        words.to_owned()
    }
}

/// The description under other words, which must make the same name.
pub(super) fn renamed(words: &str, name: &str) -> Result<String, SpecError> {
    let id = id_of(words)?;
    if id.as_str() == name {
        return Ok(description(words, &id));
    }
    let why = format!("would be the id {id}, and nothing can be renamed: make a new one");
    Err(SpecError::new("name", why))
}

pub(super) fn shown_name(name: &str, description: &str) -> String {
    let words = Name::slug(description).is_ok_and(|slug| slug.as_str() == name);
    if words { description } else { name }.to_owned()
}
