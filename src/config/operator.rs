//! The settings of the operator's tool.

use anyhow::Result;
use serde::Deserialize;

use super::Vars;
use super::api::ApiConfig;

#[derive(Deserialize)]
struct RawOperator {
    lull_url: Option<String>,
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
}
