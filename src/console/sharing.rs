//! What many look at, made once for all of them: a part of a page that is read again every two seconds by each browser is
//! asked of the API, written and packed once a second, and handed to all who would be shown the same.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::header::{ACCEPT_ENCODING, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use tokio::time::Instant;

use super::Console;
use super::asking::Asking;
use super::clock::now_ms;
use super::shell::Viewer;
use super::visit::{HX_REQUEST, language_of};

/// What is read again as long as somebody looks. Nothing in these tells who does.
const READ_AGAIN: [&str; 6] = [
    "/console/now",
    "/console/strip",
    "/console/chats/{token}",
    "/console/waiting",
    "/console/windows",
    "/console/start/{buffer}",
];
/// With it a page says of when what it shows is, in ms since 1970 by our clock.
const SHOWN: HeaderName = HeaderName::from_static("lull-shown");
/// A part is handed out for so long.
const FRESH: Duration = Duration::from_secs(1);
/// More parts are not kept: the old ones make room.
const MOST: usize = 64;

/// Parts that are handed out more than once. A clone is the same.
#[derive(Clone, Default)]
pub(super) struct Shared(Arc<Mutex<HashMap<Asked, Slot>>>);

/// Who is shown the same: whoever reaches as much, reads the same language, calls this server by the same name, unpacks the
/// same, and asks for this path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Asked {
    scopes: String,
    language: String,
    origin: String,
    packed: String,
    path: String,
}

/// A part, once there is one; who comes while it is made waits for it.
type Slot = Arc<tokio::sync::Mutex<Option<Part>>>;

/// A part, as it goes over the wire.
#[derive(Clone)]
struct Part {
    made: Instant,
    /// The same, in ms since 1970: what it shows is not older.
    at: i64,
    headers: HeaderMap,
    body: Bytes,
}

impl Asked {
    fn by(viewer: &Viewer, ask: &Asking, console: &Console, parts: &Parts) -> Self {
        let packed = parts.headers.get(ACCEPT_ENCODING);
        let packed = packed.and_then(|it| it.to_str().ok()).unwrap_or_default();
        Self {
            scopes: viewer.scopes.join("+"),
            language: language_of(&parts.headers, console).tag.to_owned(),
            origin: ask.origin(),
            packed: packed.to_owned(),
            path: parts.uri.to_string(),
        }
    }
}

/// Answers what is read again with what others are shown who would be shown the same. Who looks is asked each time: a key
/// that is revoked is shown nothing more.
pub(super) async fn share(
    State(console): State<Console>,
    request: Request,
    next: Next,
) -> Response {
    if !is_read_again(&request) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let Ok(ask) = Asking::from_request_parts(&mut parts, &console).await;
    let Ok(viewer) = ask.get::<Viewer>("/api/session", &[]).await else {
        // The page itself says why.
        return next.run(Request::from_parts(parts, body)).await;
    };
    let asked = Asked::by(&viewer, &ask, &console, &parts);
    let shown = parts.headers.get(SHOWN).and_then(|it| it.to_str().ok());
    let shown = shown.and_then(|it| it.parse().ok()).unwrap_or_default();
    let making = next.run(Request::from_parts(parts, body));
    let mut answer = console.shared.answer(asked, shown, making).await;
    ask.set_cookies(answer.headers_mut());
    answer
}

fn is_read_again(request: &Request) -> bool {
    let path = request.extensions().get::<MatchedPath>();
    request.method() == Method::GET
        && request.headers().contains_key(HX_REQUEST)
        && path.is_some_and(|path| READ_AGAIN.contains(&path.as_str()))
}

impl Shared {
    /// The part that is asked for, made anew if it is too old; nothing (204) for a page that shows what is newer, as after an
    /// act. What could not be made is told to the one who asked, and to nobody else.
    async fn answer(
        &self,
        asked: Asked,
        shown: i64,
        making: impl Future<Output = Response>,
    ) -> Response {
        let slot = self.slot(asked);
        let mut part = slot.lock().await;
        if let Some(part) = part.as_ref().filter(|it| it.made.elapsed() < FRESH) {
            return if part.at > shown {
                part.clone().into_response()
            } else {
                StatusCode::NO_CONTENT.into_response()
            };
        }
        let (made, at) = (Instant::now(), now_ms());
        let (mut head, body) = making.await.into_parts();
        let Ok(body) = body.collect().await else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        // It is of one browser, which is told beside.
        head.headers.remove(SET_COOKIE);
        let new = Part {
            made,
            at,
            headers: head.headers,
            body: body.to_bytes(),
        };
        *part = Some(new.clone()).filter(|_| head.status == StatusCode::OK);
        (head.status, new).into_response()
    }

    fn slot(&self, asked: Asked) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MOST && !slots.contains_key(&asked) {
            slots.clear();
        }
        slots.entry(asked).or_default().clone()
    }
}

impl IntoResponse for Part {
    fn into_response(self) -> Response {
        (self.headers, self.body).into_response()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn asked(scopes: &str, path: &str) -> Asked {
        Asked {
            scopes: scopes.to_owned(),
            language: "en".to_owned(),
            origin: "http://lull".to_owned(),
            packed: "gzip".to_owned(),
            path: path.to_owned(),
        }
    }

    async fn text(answer: Response) -> (u16, String) {
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn of_all_who_look_within_a_second_it_is_made_for_one() {
        let (shared, times) = (Shared::default(), AtomicUsize::new(0));
        let make = || async {
            let time = times.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            time.to_string().into_response()
        };
        let look = async |scopes, shown| {
            text(
                shared
                    .answer(asked(scopes, "/console/now"), shown, make())
                    .await,
            )
            .await
        };
        let made = |time: &str| (200, time.to_owned());

        let (one, other) = tokio::join!(look("read", 0), look("read", 0));
        assert_eq!((one, other), (made("0"), made("0")));
        assert_eq!(look("read", 0).await, made("0"));
        assert_eq!(
            look("admin", 0).await,
            made("1"),
            "who reaches more is shown what they reach"
        );
        assert_eq!(
            look("read", now_ms()).await,
            (204, String::new()),
            "a page never goes back"
        );
        let slot = shared.slot(asked("read", "/console/now"));
        let mut part = slot.lock().await;
        let part_made = &mut part.as_mut().unwrap().made;
        *part_made = part_made.checked_sub(FRESH).unwrap();
        drop(part);
        assert_eq!(look("read", now_ms()).await, made("2"));
    }

    #[tokio::test]
    async fn neither_a_refusal_nor_a_cookie_is_handed_to_others_and_old_parts_make_room() {
        let shared = Shared::default();
        let look = async |path: &str, made: Response| {
            shared.answer(asked("read", path), 0, async { made }).await
        };
        let away = StatusCode::SERVICE_UNAVAILABLE.into_response();
        assert_eq!(look("/", away).await.status(), 503);
        for made in ["one", "other"] {
            let answer = look("/", ([(SET_COOKIE, "a=b")], made).into_response()).await;
            assert!(!answer.headers().contains_key(SET_COOKIE));
            assert_eq!(text(answer).await, (200, "one".to_owned()));
        }

        for at in 0..2 * MOST {
            let made = look(&at.to_string(), "made".into_response()).await;
            assert_eq!(made.status(), 200);
        }
        assert!(shared.0.lock().unwrap().len() <= MOST);
    }
}
