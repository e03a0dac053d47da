//! The proxies that calls go by.

use super::Vars;

/// Of each scheme the variable that names a proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    https: Option<&'static str>,
    http: Option<&'static str>,
}

impl Proxies {
    /// As the environment names them.
    pub fn from_vars(vars: &Vars) -> Self {
        let first = |names: [&'static str; 4]| {
            let mut names = names.into_iter();
            names.find(|name| vars.get(name).is_some())
        };
        Self {
            https: first(["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]),
            http: first(["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]),
        }
    }

    /// The variable that names a proxy for calls to URLs of this scheme.
    pub fn of(&self, scheme: &str) -> Option<&'static str> {
        match scheme {
            "https" => self.https,
            _ => self.http,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::vars;
    use super::*;

    #[test]
    fn each_scheme_has_its_proxy() {
        let proxies = Proxies::from_vars(&vars(&[("https_proxy", "http://p"), ("HTTP_PROXY", "")]));

        assert_eq!(proxies.of("https"), Some("https_proxy"));
        assert_eq!(proxies.of("http"), None);
    }
}
