//! What the document says of keys: where one may stand, and which scope an operation asks for.

use utoipa::openapi::ComponentsBuilder;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};

use crate::http::auth::Need;

const BEARER: &str = "bearer";
/// Where else a key may stand, each with its header.
const HEADERS: [(&str, &str); 3] = [
    ("x_api_key", "X-API-Key"),
    ("x_ins_auth_key", "x-ins-auth-key"),
    ("authorization", "Authorization"),
];

impl Need {
    /// What it asks, for readers of the document; with `open`, this api takes it without a key.
    pub(super) fn in_words(self, open: bool) -> String {
        let needs = self.scope_in_words();
        if open {
            return format!(
                "This api takes it without a key, except from web pages of other origins. Closed: {needs}"
            );
        }
        needs
    }

    fn scope_in_words(self) -> String {
        match self {
            Self::Nothing | Self::Proof => "Needs no key.".to_owned(),
            Self::IngestNamed => "Needs the scope `ingest` or `ingest@<buffer>`; where the buffer has a secret, the post proves it in the gateway's own way instead, and a key does not stand for it.".to_owned(),
            Self::ReadNamed => "Needs the scope `read`, `ingest` or `ingest@<buffer>`.".to_owned(),
            Self::Ingest | Self::IngestAll | Self::Queue | Self::Read | Self::Admin => {
                let scopes: Vec<_> = self.scope().split(" or ").collect();
                format!("Needs the scope `{}`.", scopes.join("` or `"))
            }
        }
    }
}

/// The ways in which a request may say who it is; any of them does. With `open` it need not.
pub(super) fn alternatives(need: Need, open: bool) -> Vec<SecurityRequirement> {
    let scope = match need {
        Need::Nothing | Need::Proof => return Vec::new(),
        Need::Ingest | Need::IngestAll | Need::IngestNamed | Need::Queue => "ingest",
        Need::Read | Need::ReadNamed => "read",
        Need::Admin => "admin",
    };
    let schemes = HEADERS.iter().map(|(scheme, _)| *scheme);
    let schemes = std::iter::once(BEARER).chain(schemes);
    let keys = schemes.map(|scheme| SecurityRequirement::new(scheme, [scope]));
    // A post proves the secret of its buffer, or has its key in the path.
    let own = (open || need == Need::IngestNamed).then(SecurityRequirement::default);
    keys.chain(own).collect()
}

/// The same with where each of them stands.
pub(super) fn with_schemes(mut components: ComponentsBuilder) -> ComponentsBuilder {
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.description = Some(
        "A key (`API_KEYS`, `/api/keys`, `lull key new`), or a token (JWT) where those are configured. Its scopes are `ingest`, `ingest@<buffer>`, `read` and `admin`; `admin` gives everything.".to_owned(),
    );
    components = components.security_scheme(BEARER, SecurityScheme::Http(bearer));
    for (scheme, header) in HEADERS {
        let key = ApiKeyValue::with_description(header, "The same key, bare.");
        components =
            components.security_scheme(scheme, SecurityScheme::ApiKey(ApiKey::Header(key)));
    }
    components
}
