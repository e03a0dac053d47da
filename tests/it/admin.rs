//! What an operator asks and changes, without HTTP: so a page or a command calls it.

mod acting;

use std::sync::Arc;

use lull::admin::doctor::Deployment;
use lull::admin::{Admin, AdminError, Conflict, Ended, NoSuch};
use lull::core::action::Action;
use lull::core::chat::Name;
use lull::core::filter::Filter;
use lull::core::life::Asked;
use lull::delivery::Clients;
use lull::delivery::trial::Depth;
use lull::ingest::Ingest;
use lull::registry::Registry;
use lull::registry::key_ring::KeyRing;
use lull::settings::Vars;
use lull::settings::api::ApiConfig;
use lull::spec::masked::MASK;
use lull::spec::{BufferSpec, DestinationSpec};
use lull::store::Look;
use lull::store::audit::By;
use lull::store::clearing::Cleared;
use lull::store::config::{Kind, Mode};
use lull::telemetry::metrics::{Metrics, Role};

use crate::support::{LONG, RETENTION, RULES, TestRedis, destinations, item};

/// An operator at their desk: no daemon runs.
struct Desk {
    redis: TestRedis,
    admin: Admin,
    by: By,
}

impl Desk {
    async fn open() -> Self {
        Self::open_with(&[]).await
    }

    async fn open_with(settings: &[(&str, &str)]) -> Self {
        let redis = TestRedis::start().await;
        let vars = Vars::new([]).with("REDIS_URL", &redis.url());
        let vars = settings
            .iter()
            .fold(vars, |vars, (name, value)| vars.with(name, value));
        let config = ApiConfig::from_vars(&vars).unwrap();
        let store = redis.store().await;
        let registry = Registry::load(store.clone(), config.defaults())
            .await
            .unwrap();
        let key_ring = KeyRing::new(store.clone());
        let metrics = Arc::new(Metrics::new(&[Role::Api]));
        let clients = Clients::new(config.guard.clone());
        let ingest = Ingest::new(
            config.bounds,
            &config.retention,
            registry.clone(),
            store.clone(),
            metrics.clone(),
            clients.clone(),
        );
        Self {
            admin: Admin::new(
                store,
                registry,
                key_ring,
                Deployment::of(&config, clients),
                metrics,
                RETENTION,
                ingest,
            ),
            redis,
            by: By {
                actor: Some("ops".to_owned()),
                address: None,
            },
        }
    }

    async fn write<T: lull::admin::Managed>(&self, spec: T) -> Result<u64, AdminError> {
        let written = self.admin.put(spec, Mode::Any, &self.by).await;
        written.map(|written| written.version)
    }

    async fn remove_bot(&self, asked: Asked) -> Result<Ended, AdminError> {
        let name = name("bot");
        let removal = self.admin.remove::<DestinationSpec>(&name, asked, &self.by);
        removal.await
    }

    async fn remove_buffer(&self, buffer: &str, asked: Asked) -> Result<Ended, AdminError> {
        let name = name(buffer);
        self.admin
            .remove::<BufferSpec>(&name, asked, &self.by)
            .await
    }

    /// Says something in the buffer `loja`, whose window stays open.
    async fn say(&self, user: &str) {
        let chat = self.admin.chat(name("loja"), user_id(user));
        let life = lull::core::life::Life::ALWAYS;
        let said = item("oi");
        let message = lull::store::windows::NewMessage {
            life,
            ..lull::store::windows::NewMessage::plain(&said, LONG)
        };
        let store = self.redis.store().await;
        store
            .windows()
            .append(&chat, message, &RULES, &destinations())
            .await
            .unwrap();
    }

    /// What was noted, the oldest first: the words, each with what it was done to.
    async fn noted(&self) -> Vec<(String, String)> {
        let noted = self.admin.audited(None, false, Look::first(50)).await;
        let noted = noted.unwrap().items.into_iter().rev().map(|noted| {
            assert_eq!(noted.act.actor.as_deref(), Some("ops"), "{noted:?}");
            (noted.act.action, noted.act.subject.unwrap_or_default())
        });
        noted.collect()
    }
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn user_id(text: &str) -> lull::core::chat::ChatId {
    lull::core::chat::ChatId::parse(text).unwrap()
}

fn bot() -> DestinationSpec {
    DestinationSpec {
        name: "bot".to_owned(),
        url: "http://127.0.0.1:9/bot".to_owned(),
        secrets: vec!["whsec_dDBwczNjcmV0dDBwczNjcmV0".to_owned()],
        ..DestinationSpec::default()
    }
}

fn loja() -> BufferSpec {
    BufferSpec {
        name: "loja".to_owned(),
        destinations: vec!["bot".to_owned()],
        ..BufferSpec::default()
    }
}

fn conflict<T: std::fmt::Debug>(refused: Result<T, AdminError>) -> Conflict {
    match refused.unwrap_err() {
        AdminError::Conflict(conflict) => conflict,
        other => panic!("{other:?}"),
    }
}

fn field<T: std::fmt::Debug>(refused: Result<T, AdminError>) -> String {
    match refused.unwrap_err() {
        AdminError::Spec(error) => error.field,
        other => panic!("{other:?}"),
    }
}

fn missing<T: std::fmt::Debug>(refused: Result<T, AdminError>) -> NoSuch {
    match refused.unwrap_err() {
        AdminError::NoSuch(no_such) => no_such,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_buffer_is_written_listed_and_removed_and_each_is_noted() {
    let desk = Desk::open().await;
    let admin = &desk.admin;

    desk.write(bot()).await.unwrap();
    let version = desk.write(loja()).await.unwrap();
    let listed: Vec<_> = admin.buffers().into_iter().map(|it| it.spec.name).collect();
    let shown = admin.buffer(&name("loja")).await.unwrap();
    let removed = desk.remove_buffer("loja", Asked::Empty).await.unwrap();

    assert_eq!(listed, ["default", "messages", "loja"]);
    assert_eq!((shown.version, &shown.spec), (Some(version), &loja()));
    let (cleared, later) = (Cleared::default(), 0);
    assert_eq!(removed, Ended::Gone { cleared, later });
    let gone = admin.buffer(&name("loja")).await;
    assert_eq!(missing(gone), NoSuch::Kind(Kind::Buffer));
    assert_eq!(admin.buffers().len(), 2);
    let noted = [
        (Action::DestinationWrite, "bot"),
        (Action::BufferWrite, "loja"),
        (Action::BufferRemove, "loja"),
    ];
    let noted = noted.map(|(action, on)| (action.word().to_owned(), on.to_owned()));
    assert_eq!(desk.noted().await, noted);
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_a_type_and_changes_nothing() {
    let desk = Desk::open().await;
    let Desk { admin, by, .. } = &desk;

    assert_eq!(field(desk.write(loja()).await), "destinations");
    desk.write(bot()).await.unwrap();
    desk.write(loja()).await.unwrap();
    let version = admin
        .written::<BufferSpec>(&name("loja"))
        .await
        .unwrap()
        .version;

    let again = admin.put(loja(), Mode::New, by).await;
    let (kind, buffer) = (Kind::Buffer, name("loja"));
    assert_eq!(conflict(again), Conflict::Exists { kind, name: buffer });
    let of_environment = BufferSpec {
        name: "default".to_owned(),
        ..loja()
    };
    let (kind, buffer) = (Kind::Buffer, name("default"));
    let refused = conflict(desk.write(of_environment).await);
    assert_eq!(refused, Conflict::OfEnvironment { kind, name: buffer });
    let nowhere = BufferSpec {
        timezone: "Brasilia".to_owned(),
        ..loja()
    };
    assert_eq!(field(desk.write(nowhere).await), "timezone");
    let slow = |timeout| DestinationSpec { timeout, ..bot() };
    assert_eq!(field(desk.write(slow(0.0)).await), "timeout");
    let (bot, buffers) = (name("bot"), vec!["loja".to_owned()]);
    let named = Conflict::Named { name: bot, buffers };
    assert_eq!(conflict(desk.remove_bot(Asked::Discard).await), named);
    let nobody = admin.remove_schedule(&name("morning"), by).await;
    assert_eq!(missing(nobody), NoSuch::Kind(Kind::Schedule));
    let tried = admin
        .try_destination(&name("default"), None, 1, Depth::Call)
        .await;
    assert_eq!(conflict(tried), Conflict::UntoldUrl);

    let now = admin.written::<BufferSpec>(&name("loja")).await.unwrap();
    assert_eq!(now.version, version);
}

#[tokio::test]
async fn a_buffer_in_which_something_waits_goes_only_as_the_operator_says() {
    let desk = Desk::open().await;
    desk.write(bot()).await.unwrap();
    desk.write(loja()).await.unwrap();
    for user in ["ana", "eva"] {
        desk.say(user).await;
    }

    let refused = conflict(desk.remove_buffer("loja", Asked::Empty).await);
    let (buffer, windows, later) = (name("loja"), 2, 0);
    let holds = Conflict::HoldsMessages {
        name: buffer,
        windows,
        later,
    };
    assert_eq!(refused, holds);
    let filter = Filter::Buffer(name("loja"));
    let open = desk.admin.open_windows(&filter, None, 50);
    assert_eq!(open.await.unwrap().total, Some(2));

    let ended = desk.remove_buffer("loja", Asked::Discard).await.unwrap();
    let cleared = Cleared { chats: 2, held: 2 };
    assert_eq!(ended, Ended::Gone { cleared, later: 0 });
}

#[tokio::test]
async fn a_secret_is_masked_where_it_is_shown_and_stays_behind_its_mask() {
    let desk = Desk::open().await;
    desk.write(bot()).await.unwrap();

    let written = desk.admin.written(&name("bot")).await.unwrap();
    let masked = desk.admin.shown::<DestinationSpec>(written).spec;
    assert_eq!(masked.secrets, [MASK]);
    let timeout = 7.0;
    desk.write(DestinationSpec { timeout, ..masked })
        .await
        .unwrap();

    let kept = desk.admin.written::<DestinationSpec>(&name("bot")).await;
    let kept = kept.unwrap().spec;
    assert_eq!(kept, DestinationSpec { timeout, ..bot() });
}

#[tokio::test]
async fn changes_of_two_operators_at_one_moment_are_both_kept() {
    let desk = Desk::open().await;
    desk.write(bot()).await.unwrap();
    desk.write(loja()).await.unwrap();

    let describe = |spec| {
        let description = "the shop".to_owned();
        Ok::<_, AdminError>(BufferSpec {
            description,
            ..spec
        })
    };
    let switch_off = |spec| {
        let active = false;
        Ok::<_, AdminError>(BufferSpec { active, ..spec })
    };
    let (described, off) = tokio::join!(
        desk.admin.change("loja", describe, &desk.by),
        desk.admin.change("loja", switch_off, &desk.by),
    );

    assert_ne!(described.unwrap().version, off.unwrap().version);
    let both = desk
        .admin
        .written::<BufferSpec>(&name("loja"))
        .await
        .unwrap();
    assert_eq!(
        (&*both.spec.description, both.spec.active),
        ("the shop", false)
    );
}
