//! Where what history is told is written as well.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use serde::Deserialize;

use super::Vars;

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct RawExport {
    history_export: Option<String>,
}

/// Reads `HISTORY_EXPORT`: the file that settlements are written into; none: nowhere.
///
/// # Errors
/// It is no whole path of a file.
pub(super) fn history_export(vars: &Vars) -> Result<Option<PathBuf>> {
    let raw: RawExport = vars.read()?;
    let Some(named) = raw.history_export else {
        return Ok(None);
    };
    let path = PathBuf::from(named.strip_prefix("file://").unwrap_or(&named));
    ensure!(
        path.is_absolute() && path.file_name().is_some(),
        "HISTORY_EXPORT={named} must be the whole path of a file, such as /var/log/lull/history.jsonl"
    );
    Ok(Some(path))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::tests::vars;
    use super::*;

    #[test]
    fn a_file_is_named_by_its_path_or_as_a_url() {
        let read = |text| history_export(&vars(&[("HISTORY_EXPORT", text)]));
        for text in ["/var/log/h.jsonl", "file:///var/log/h.jsonl"] {
            let path = read(text).unwrap();
            assert_eq!(path.as_deref(), Some(Path::new("/var/log/h.jsonl")));
        }
        assert_eq!(history_export(&vars(&[])).unwrap(), None);
        for wrong in ["h.jsonl", "redis://h/key", "file://h.jsonl", "/"] {
            let error = read(wrong).unwrap_err();
            assert!(format!("{error:#}").contains("HISTORY_EXPORT"), "{error:#}");
        }
    }
}
