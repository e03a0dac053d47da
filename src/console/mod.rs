//! The console: one screen that tells what happened, at `/console`.
//!
//! A page asks the API in this process what any program could ask it, as the browser that looks: with its cookie, its address
//! and its rights. So a page shows nothing that the API does not answer, and does nothing that the API does not allow, write
//! into the audit, and let be done with `curl`.
//!
//! - `asking`: the API, asked for a browser; `sharing`: what many look at, made once; `visit`: who looks; `shell` and `state`: what stands around every page.
//! - `pages`: the pages, each with the answers that it reads and its templates in `templates`.
//! - `words`: the catalogues of the languages; `clock`: moments and lengths of time as people read them.
//! - `assets`: styles, scripts and icons; `policy`: what a browser may do with a page.

mod acts;
mod asking;
mod assets;
mod clock;
mod pages;
mod policy;
mod sharing;
mod shell;
mod spelling;
mod state;
mod visit;
mod words;

use axum::Router;
use axum::extract::FromRef;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

use asking::Api;
use assets::Assets;
use sharing::Shared;
use words::Catalogue;

/// What every page is made with.
#[derive(Clone)]
struct Console {
    api: Api,
    assets: Assets,
    words: Catalogue,
    shared: Shared,
}

impl FromRef<Console> for Api {
    fn from_ref(console: &Console) -> Self {
        console.api.clone()
    }
}

impl FromRef<Console> for Assets {
    fn from_ref(console: &Console) -> Self {
        console.assets.clone()
    }
}

/// The API with the console in front of it.
///
/// # Errors
/// A catalogue of words cannot be read, which a test rules out.
pub fn in_front_of(api: Router) -> anyhow::Result<Router> {
    let console = Console {
        api: Api::new(api.clone()),
        assets: Assets::new(),
        words: Catalogue::read()?,
        shared: Shared::default(),
    };
    let home = Router::new().route("/", any(pages::home));
    let home = home.with_state(console.clone());
    let pages = pages::routes()
        .route("/console/assets/{file}", get(assets::serve))
        .layer(from_fn_with_state(console.clone(), pages::bare::told))
        // What is read again every two seconds is packed every second: a few bytes less would cost more than they save.
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(from_fn_with_state(console.clone(), sharing::share))
        .layer(from_fn(policy::apply))
        .with_state(console);
    Ok(home.merge(pages).fallback_service(api))
}
