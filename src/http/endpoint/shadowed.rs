//! Names that read like the end of a path: `/api/destinations/test` tries a draft, and there may be a destination `test`. A
//! method that such a path does not take means what is called so.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::http::uri::{PathAndQuery, Uri};
use axum::http::{Method, Request};

use super::table::method;
use crate::http::endpoints;

/// How a path ends that names something.
const NAMED: &str = "/{name}";

/// Of each path that a name may read like the methods that mean what is called so.
static SHADOWED: LazyLock<HashMap<&'static str, Vec<Method>>> = LazyLock::new(|| {
    let mut methods: HashMap<&'static str, Vec<Method>> = HashMap::new();
    for endpoint in endpoints() {
        for path in endpoint.paths {
            let of_path = methods.entry(path).or_default();
            of_path.push(method(&endpoint.method));
        }
    }
    let shadowed = methods.iter().filter_map(|(path, own)| {
        let (before, last) = path.rsplit_once('/')?;
        let of_name = methods.get(&*format!("{before}{NAMED}"))?;
        let of_name = of_name.iter().filter(|method| !own.contains(method));
        (!last.starts_with('{')).then(|| (*path, of_name.cloned().collect()))
    });
    shadowed.collect()
});

/// The request with its path written so that the router takes its end for a name, where that is what is meant.
pub(in crate::http) fn called_so<B>(mut request: Request<B>) -> Request<B> {
    let shadowed = SHADOWED.get(request.uri().path());
    if shadowed.is_some_and(|methods| methods.contains(request.method()))
        && let Some(uri) = as_name(request.uri())
    {
        *request.uri_mut() = uri;
    }
    request
}

/// The same address, with the first letter of the last part of its path in percent-encoding.
fn as_name(uri: &Uri) -> Option<Uri> {
    let (before, last) = uri.path().rsplit_once('/')?;
    let (first, rest) = (last.bytes().next()?, last.get(1..)?);
    let query = uri.query().map(|query| format!("?{query}"));
    let path = format!("{before}/%{first:02X}{rest}{}", query.unwrap_or_default());
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_that_a_path_does_not_take_means_what_is_called_so() {
        let path = |method: Method, path: &str| {
            let request = Request::builder().method(method).uri(path);
            called_so(request.body(()).unwrap()).uri().to_string()
        };

        assert_eq!(
            path(Method::DELETE, "/api/destinations/test?drain=true"),
            "/api/destinations/%74est?drain=true"
        );
        assert_eq!(path(Method::PUT, "/api/buffers/try"), "/api/buffers/%74ry");
        for (method, own) in [
            (Method::POST, "/api/destinations/test"),
            (Method::DELETE, "/api/destinations/bot"),
            (Method::PATCH, "/api/destinations/test"),
            (Method::GET, "/api/schedules/preview?cron=@daily"),
        ] {
            assert_eq!(path(method, own), own);
        }
    }
}
