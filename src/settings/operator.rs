//! The settings of the operator's tool.

use anyhow::Result;
use serde::Deserialize;

use super::Vars;
use super::api::ApiConfig;

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct RawOperator {
    lull_url: Option<String>,
    lull_key: Option<String>,
}

/// Where api answers: `LULL_URL`, or else `PORT` of this machine.
///
/// # Errors
/// When `PORT` cannot be read.
pub fn api_url(vars: &Vars) -> Result<String> {
    let raw: RawOperator = vars.read()?;
    match raw.lull_url {
        Some(url) => Ok(url),
        None => Ok(format!("http://127.0.0.1:{}", ApiConfig::port(vars)?)),
    }
}

/// The key that api is asked with: `LULL_KEY`.
///
/// # Errors
/// When a setting cannot be read.
pub fn api_key(vars: &Vars) -> Result<Option<String>> {
    Ok(vars.read::<RawOperator>()?.lull_key)
}

/// The variable that names a proxy for calls to URLs of this scheme.
pub fn proxy_of(vars: &Vars, scheme: &str) -> Option<&'static str> {
    let names: &[&'static str] = match scheme {
        "https" => &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
        _ => &["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"],
    };
    names.iter().copied().find(|&name| vars.get(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::super::tests::vars;
    use super::*;

    #[test]
    fn without_a_url_api_is_on_this_machine() {
        assert_eq!(api_url(&vars(&[])).unwrap(), "http://127.0.0.1:5000");
        assert_eq!(
            api_url(&vars(&[("PORT", "81")])).unwrap(),
            "http://127.0.0.1:81"
        );
        assert_eq!(
            api_url(&vars(&[("PORT", "81"), ("LULL_URL", "https://lull")])).unwrap(),
            "https://lull"
        );
    }

    #[test]
    fn each_scheme_has_its_proxy() {
        let vars = vars(&[("https_proxy", "http://p"), ("HTTP_PROXY", "")]);

        assert_eq!(proxy_of(&vars, "https"), Some("https_proxy"));
        assert_eq!(proxy_of(&vars, "http"), None);
    }
}
