//! What is to be said about a deployment, and what to do about each finding: for `lull doctor`, which looks at it from outside,
//! and for `GET /api/doctor`, which a daemon answers by itself. Here stands each rule, once.

mod auth;
mod cluster;
mod finding;
mod rabbit;
mod redis_checks;
mod replicas;
mod sentinels;
mod webhook;
mod work;

use futures_util::{StreamExt, stream};

use super::Admin;
use crate::clock::now;
use crate::core::broker_url::BrokerUrl;
use crate::core::chat::Name;
use crate::core::control::Stops;
use crate::core::destination::Destination;
use crate::delivery::Clients;
use crate::registry::Snapshot;
use crate::settings::api::ApiConfig;
use crate::settings::guard::GuardConfig;
use crate::settings::proxies::Proxies;
use crate::spec::Defaults;
use crate::store::Store;
use crate::store::strays::Strays;
pub use finding::{Finding, Level};
use webhook::Look;

/// Destinations that are tried at the same time.
const AT_ONCE: usize = 25;
/// Destinations that a daemon tries for one answer.
const MOST_TRIED: usize = 50;

/// What is known of a deployment by the settings of `api`.
#[derive(Clone)]
pub struct Deployment {
    /// Who may come in by them.
    keys: Vec<Finding>,
    /// They name nobody who may: those that operators made do.
    names_nobody: bool,
    proxies: Proxies,
    /// Where the queues are that buffers name.
    rabbit: Option<BrokerUrl>,
    defaults: Option<Defaults>,
    /// The connections that destinations are tried over.
    pub(super) clients: Clients,
}

/// How destinations are looked at.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Make a marked call to each, instead of only connecting.
    pub call: bool,
    /// At most so many.
    pub most: usize,
}

impl Deployment {
    /// As these settings describe it, whose destinations are tried over these connections.
    pub fn of(config: &ApiConfig, clients: Clients) -> Self {
        Self {
            keys: auth::findings(config),
            names_nobody: config.auth.names_nobody(),
            proxies: config.proxies,
            rabbit: config.rabbit.as_ref().map(|rabbit| rabbit.url.clone()),
            defaults: Some(config.defaults()),
            clients,
        }
    }

    /// One whose settings cannot be read.
    pub fn unknown() -> Self {
        Self {
            keys: Vec::new(),
            names_nobody: false,
            proxies: Proxies::default(),
            rabbit: None,
            defaults: None,
            clients: Clients::new(GuardConfig::default()),
        }
    }

    /// What is to be said of who may come in.
    pub fn keys(&self) -> Vec<Finding> {
        self.keys.clone()
    }

    /// What Redis is like, what stands in it, and where that is to go.
    pub async fn state(&self, store: &Store, effort: Effort) -> Vec<Finding> {
        let seen = tokio::try_join!(store.inspect(), store.config().read());
        let (inspected, configured) = match seen {
            Ok(seen) => seen,
            Err(error) => {
                let advice = "see what Redis logs, and what its login may do";
                return vec![Finding::problem("redis", error.to_string(), advice)];
            }
        };
        let mut findings = cluster::findings(&inspected);
        if self.names_nobody
            && let Ok(keys) = store.keys().read().await
        {
            findings.push(auth::in_redis(&keys));
        }
        findings.extend(stopped(&configured.stops));
        findings.extend(configured.locked_errors().map(|locked| {
            let advice = "run the doctor with the SECRETS_KEY of the daemons; without that key they do not start either";
            Finding::problem("secrets", locked.to_string(), advice)
        }));
        for field in &configured.unreadable {
            let found = format!(
                "{field} cannot be read: another version of Lull has written it, or it was changed in Redis"
            );
            findings.push(Finding::problem(
                "configuration",
                found,
                "let all daemons be of one version",
            ));
        }
        if let Ok(strays) = store.strays().find().await {
            findings.push(belonging(&strays));
        }
        if let Ok(counts) = store.counts([]).await {
            findings.push(dead_letters(counts.dead_letters));
        }
        let defaults = self.defaults.as_ref();
        let snapshot = defaults.map(|defaults| Snapshot::new(defaults, configured));
        // What a replica holds may be of some time ago.
        if inspected.nodes.iter().all(|node| !node.is_replica) {
            findings.extend(work_of_all(store, snapshot.as_ref()).await);
        }
        if let Some(snapshot) = &snapshot {
            findings.extend(rabbit::finding(self.rabbit.as_ref(), snapshot).await);
        }
        findings.extend(self.destinations(snapshot.as_ref(), effort).await);
        findings
    }

    /// Every destination that an operator has described; without a snapshot the one of the environment.
    pub async fn destinations(&self, snapshot: Option<&Snapshot>, effort: Effort) -> Vec<Finding> {
        let look = Look {
            proxies: &self.proxies,
            clients: self.clients.clone(),
            call: effort.call,
            now: now(),
        };
        let mut all = self.described(snapshot);
        all.sort_by(|one, other| one.name.cmp(&other.name));
        let more = all.len().saturating_sub(effort.most);
        all.truncate(effort.most);
        let look = &look;
        let found = stream::iter(all).map(|it| async move { look.findings(&it).await });
        let mut findings = found.buffered(AT_ONCE).concat().await;
        if self.knows_no_default() {
            let found = "no WEBHOOK_URL is set here, so the destination default was not looked at: run the doctor beside the monitor";
            findings.push(Finding::ok(webhook::CHECK, found));
        }
        if more > 0 {
            let found = format!("{more} other destinations were not looked at: lull doctor does");
            findings.push(Finding::ok(webhook::CHECK, found));
        }
        findings
    }

    /// The settings of `api` may leave to those of `monitor` where `default` is.
    fn knows_no_default(&self) -> bool {
        let defaults = self.defaults.as_ref();
        defaults.is_some_and(|it| it.destination.is_none())
    }

    fn described(&self, snapshot: Option<&Snapshot>) -> Vec<Destination> {
        let Some(snapshot) = snapshot else {
            let default = self.defaults.as_ref().and_then(|it| it.destination.clone());
            return default.into_iter().collect();
        };
        // Those that came with a message are their caller's business, and the queue's goes where `default` goes.
        let all = snapshot.destinations();
        let all = all.filter(|it| !it.guarded && it.name != Name::messages_name());
        all.map(|it| (**it).clone()).collect()
    }
}

impl Admin {
    /// What is to be said about the deployment, as far as this daemon sees it. It looks into Redis and connects to
    /// destinations, which gets nothing from it.
    pub async fn examine(&self) -> Vec<Finding> {
        let deployment = &self.0.deployment;
        let effort = Effort {
            call: false,
            most: MOST_TRIED,
        };
        let mut findings = deployment.keys();
        let state = deployment.state(self.store(), effort);
        findings.extend(state.await);
        findings
    }
}

async fn work_of_all(store: &Store, snapshot: Option<&Snapshot>) -> Vec<Finding> {
    let found = work::findings(store, snapshot).await;
    found.unwrap_or_else(|error| {
        let advice = "see what Redis logs, and what its login may do";
        vec![Finding::problem("redis", error.to_string(), advice)]
    })
}

fn stopped(stops: &Stops) -> Option<Finding> {
    let names = stops.buffers.iter().chain(&stops.destinations);
    let mut what: Vec<_> = names.map(ToString::to_string).collect();
    if stops.all() {
        what = vec!["everything".to_owned()];
    }
    let found = format!("deliveries are stopped: {}", what.join(", "));
    let advice = "start them again with POST /api/control when they are to leave";
    (!what.is_empty()).then(|| Finding::warning("control", found, advice))
}

fn belonging(strays: &Strays) -> Finding {
    if strays.is_empty() {
        return Finding::ok("strays", "everything belongs to a buffer and a destination");
    }
    let names = strays.names().join(", ");
    let found = format!(
        "{} belong to what is gone ({names}), and are not delivered",
        strays.told()
    );
    let advice = "a monitor makes dead letters of them within ten minutes; make a buffer or destination of that name, then lull dead revive";
    Finding::problem("strays", found, advice)
}

fn dead_letters(count: u64) -> Finding {
    const CHECK: &str = "dead letters";
    let advice = "lull dead list tells why; lull dead revive tries them again";
    match count {
        0 => Finding::ok(CHECK, "none"),
        1 => Finding::warning(CHECK, "1 dead letter", advice),
        _ => Finding::warning(CHECK, format!("{count} dead letters"), advice),
    }
}
