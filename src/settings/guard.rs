//! Where the URLs that callers give may lead.

use std::net::IpAddr;

use anyhow::{Context, Result, ensure};
use ipnet::IpNet;
use serde::Deserialize;

use super::Vars;

/// Where the URLs that callers give may lead beside public addresses.
#[derive(Clone, Debug, Default)]
pub struct GuardConfig {
    /// `ALLOW_PRIVATE_WEBHOOKS`: to any address.
    pub allow_private: bool,
    /// The host names in `WEBHOOK_ALLOW`, in lower case: to any address of theirs.
    pub hosts: Vec<String>,
    /// The addresses and networks in `WEBHOOK_ALLOW`.
    pub networks: Vec<IpNet>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct RawGuard {
    #[serde(default)]
    allow_private_webhooks: bool,
    webhook_allow: Option<String>,
}

impl GuardConfig {
    /// Reads `ALLOW_PRIVATE_WEBHOOKS` and `WEBHOOK_ALLOW`.
    ///
    /// # Errors
    /// Names the variable that is wrong.
    pub fn from_vars(vars: &Vars) -> Result<Self> {
        let raw: RawGuard = vars.read()?;
        let mut config = Self {
            allow_private: raw.allow_private_webhooks,
            ..Self::default()
        };
        let allowed = raw.webhook_allow.unwrap_or_default();
        for entry in allowed
            .split(',')
            .map(str::trim)
            .filter(|it| !it.is_empty())
        {
            config.allow(entry).with_context(|| {
                format!(
                    "WEBHOOK_ALLOW: {entry} must be a host name, an address or a network, such as n8n, 10.0.0.5 or 10.0.0.0/8"
                )
            })?;
        }
        Ok(config)
    }

    fn allow(&mut self, entry: &str) -> Result<()> {
        let address = entry.trim_matches(['[', ']']).parse::<IpAddr>();
        if let Ok(address) = address {
            self.networks.push(address.to_canonical().into());
        } else if entry.contains('/') {
            self.networks.push(entry.parse()?);
        } else {
            let host = entry.trim_end_matches('.').to_ascii_lowercase();
            let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            ensure!(
                !host.is_empty() && host.chars().all(is_part),
                "a host name has letters of ASCII, digits, dots, hyphens and underscores"
            );
            self.hosts.push(host);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::vars;
    use super::*;

    fn config(pairs: &[(&str, &str)]) -> Result<GuardConfig> {
        GuardConfig::from_vars(&vars(pairs))
    }

    #[test]
    fn nothing_is_allowed_by_default() {
        let config = config(&[]).unwrap();

        assert!(!config.allow_private && config.hosts.is_empty() && config.networks.is_empty());
    }

    #[test]
    fn hosts_addresses_and_networks_stand_between_commas() {
        let allowed = " N8N.internal., project_n8n,10.0.0.5, 192.168.0.0/16,[fd00::1], fd00::/8,";
        let config = config(&[("WEBHOOK_ALLOW", allowed)]).unwrap();

        assert_eq!(config.hosts, ["n8n.internal", "project_n8n"]);
        let networks: Vec<_> = config.networks.iter().map(ToString::to_string).collect();
        assert_eq!(
            networks,
            ["10.0.0.5/32", "192.168.0.0/16", "fd00::1/128", "fd00::/8"]
        );
    }

    #[test]
    fn a_wrong_setting_is_named() {
        for (name, value) in [
            ("ALLOW_PRIVATE_WEBHOOKS", "perhaps"),
            ("WEBHOOK_ALLOW", "10.0.0.0/33"),
            ("WEBHOOK_ALLOW", "http://n8n"),
            ("WEBHOOK_ALLOW", "n8n:5678"),
            ("WEBHOOK_ALLOW", "*"),
        ] {
            let error = format!("{:#}", config(&[(name, value)]).unwrap_err());
            assert!(error.contains(name), "{name}={value}: {error}");
        }
    }
}
