//! The many spellings of one number.

/// An address without its trimmings.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// A number, digits only.
    Phone(String),
    /// Anything else that names a person, such as `99887766554433@lid`.
    Alias(String),
}

impl Address {
    /// Takes off `whatsapp:`, `rcs:` of a number, `+`, the device (`:12`), and the servers of numbers. A person whom
    /// Meta hosts has servers of their own, `@hosted` and `@hosted.lid`, and is the same under the common ones.
    pub(super) fn parse(text: &str) -> Self {
        let text = text.trim();
        let bare = text.strip_prefix("whatsapp:").unwrap_or(text);
        let (user, server) = bare.split_once('@').unwrap_or((bare, ""));
        let without_device = match user.rsplit_once(':') {
            Some((user, device)) if is_digits(device) && !server.is_empty() => user,
            _ => user,
        };
        let number = without_device
            .strip_prefix("rcs:")
            .unwrap_or(without_device);
        let digits = number.strip_prefix('+').unwrap_or(number);
        if is_digits(digits) && matches!(server, "" | "s.whatsapp.net" | "c.us" | "hosted") {
            return Self::Phone(digits.to_owned());
        }
        let server = if server == "hosted.lid" {
            "lid"
        } else {
            server
        };
        if server.is_empty() {
            return Self::Alias(bare.to_owned());
        }
        Self::Alias(format!("{without_device}@{server}"))
    }

    pub(super) fn into_text(self) -> String {
        match self {
            Self::Phone(text) | Self::Alias(text) => text,
        }
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_its_digits_however_it_is_spelt() {
        for spelling in [
            "5511988887777",
            "+5511988887777",
            "whatsapp:+5511988887777",
            "5511988887777@s.whatsapp.net",
            "5511988887777:12@s.whatsapp.net",
            " 5511988887777@c.us ",
            "5511988887777@hosted",
            "5511988887777:99@hosted",
            "rcs:+5511988887777",
            "rcs:5511988887777",
        ] {
            let phone = Address::Phone("5511988887777".to_owned());
            assert_eq!(Address::parse(spelling), phone, "{spelling}");
        }
    }

    #[test]
    fn what_is_no_number_stays_what_it_is() {
        for (spelling, alias) in [
            ("99887766554433@lid", "99887766554433@lid"),
            ("99887766554433:3@lid", "99887766554433@lid"),
            ("99887766554433:99@hosted.lid", "99887766554433@lid"),
            ("99887766554433@hosted.lid", "99887766554433@lid"),
            ("whatsapp:BR.1349", "BR.1349"),
            ("rcs:loja_agent", "rcs:loja_agent"),
            ("messenger:123456", "messenger:123456"),
            ("US.13491208655302741918", "US.13491208655302741918"),
            ("551199-160000@g.us", "551199-160000@g.us"),
            ("@", "@"),
        ] {
            assert_eq!(Address::parse(spelling), Address::Alias(alias.to_owned()));
        }
    }
}
