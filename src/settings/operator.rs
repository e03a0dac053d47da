//! The settings of the operator's tool.

use std::path::Path;

use anyhow::Result;
use serde::Deserialize;

use super::Vars;
use super::api::ApiConfig;
use super::up::UpConfig;

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

/// The file of a data folder that holds the admin key which `lull up` made.
pub const ADMIN_KEY: &str = "admin.key";

/// The file of a data folder that is the socket of the Redis which `lull up` started.
pub const SOCKET: &str = "redis.sock";

/// The file of a data folder that says how the cluster which `lull up --cluster` started is reached, as `REDIS_URL`.
pub const CLUSTER: &str = "cluster.url";

/// The key in a data folder.
pub fn key_in(data: &Path) -> Option<String> {
    let text = std::fs::read_to_string(data.join(ADMIN_KEY)).ok()?;
    let key = text.trim();
    (!key.is_empty()).then(|| key.to_owned())
}

/// The key of the `lull up` of this folder, which keeps it in `LULL_DATA`.
///
/// # Errors
/// When a setting cannot be read.
pub fn key_of_folder(vars: &Vars) -> Result<Option<String>> {
    Ok(key_in(&UpConfig::from_vars(vars)?.data))
}

/// The variables as the tools go by them: where no Redis is named, that of the `lull up` of this folder is, if it has
/// one.
///
/// # Errors
/// When a setting cannot be read.
pub fn in_folder(vars: Vars) -> Result<Vars> {
    let up = UpConfig::from_vars(&vars)?;
    match own_redis(&up.data).filter(|_| up.own_redis) {
        Some(url) => Ok(vars.with("REDIS_URL", &url)),
        None => Ok(vars),
    }
}

/// How the Redis is reached that `lull up` started in a data folder, as `REDIS_URL`.
fn own_redis(data: &Path) -> Option<String> {
    if let Ok(url) = std::fs::read_to_string(data.join(CLUSTER)) {
        return Some(url.trim().to_owned());
    }
    let socket = data.join(SOCKET).canonicalize().ok()?;
    Some(socket_url(&socket))
}

/// Whether these variables, as [`in_folder`] answers them, are of a `lull up` that prints what it delivers.
///
/// # Errors
/// When a setting cannot be read.
pub fn prints_payloads(vars: &Vars) -> Result<bool> {
    let up = UpConfig::from_vars(vars)?;
    let own = own_redis(&up.data);
    let is_its_own = own.is_some_and(|own| vars.get("REDIS_URL") == Some(&own));
    Ok(up.own_receiver && is_its_own)
}

/// A socket as `REDIS_URL`.
pub fn socket_url(socket: &Path) -> String {
    // The three characters that a path may hold and a URL reads otherwise.
    let path = socket.display().to_string();
    let path = path.replace('%', "%25").replace('?', "%3F");
    format!("unix://{}", path.replace('#', "%23"))
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
