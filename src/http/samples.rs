//! `GET /api/samples`: what all daemons counted lately, in steps of time.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use super::query::moment;
use crate::admin::samples::Sampled;
use crate::core::moment::utc;
use crate::core::samples::Step;
use crate::core::samples::counted::{Counted, Measured};
use crate::core::samples::shares::{BUCKETS, DELIVERY, LATENESS, within};

/// Which steps are asked for.
#[derive(Deserialize, IntoParams)]
struct SamplesQuery {
    /// Since when (RFC 3339); without it an hour before `to`. Also `start_date`.
    #[param(format = DateTime)]
    #[serde(alias = "start_date")]
    from: Option<String>,
    /// Until just before this moment; without it until now. Also `end_date`.
    #[param(format = DateTime)]
    #[serde(alias = "end_date")]
    to: Option<String>,
    /// How long a step is, in s; without it the shortest that is kept since `from`.
    #[param(schema_with = lengths)]
    step: Option<String>,
}

/// What was counted, in steps of time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Samples)]
struct SamplesAnswer {
    /// Redis's time (RFC 3339, UTC). The step that it is in goes on.
    #[schema(format = DateTime)]
    now: String,
    /// When the first step begins.
    #[schema(format = DateTime)]
    from: String,
    /// When the last step ends.
    #[schema(format = DateTime)]
    to: String,
    /// How long each is, in s: 10, 60 or 900.
    step: u64,
    /// Since when steps of this length are kept.
    #[schema(format = DateTime)]
    kept_since: String,
    /// Something before that was asked for.
    cut_off: bool,
    /// The bounds of what is measured.
    bounds: BoundsAnswer,
    /// All steps together.
    total: SampleAnswer,
    /// The steps, the oldest first.
    items: Vec<StepAnswer>,
}

/// The bounds of what is measured, in s. A count more than there are bounds is of what is beyond all.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SampleBounds)]
struct BoundsAnswer {
    /// Of how late batches set out.
    lateness: [f64; LATENESS.len()],
    /// Of how long attempts take.
    delivery: [f64; DELIVERY.len()],
}

/// What was counted in a step.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SampleStep)]
struct StepAnswer {
    /// When it begins (RFC 3339, UTC).
    #[schema(format = DateTime)]
    at: String,
    #[serde(flatten)]
    counted: SampleAnswer,
}

/// What was counted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Sample)]
struct SampleAnswer {
    /// What was posted; null: no `api` counted.
    r#in: Option<PostedAnswer>,
    /// How many requests were refused, by reason; null: no `api` counted.
    refused: Option<BTreeMap<String, u64>>,
    /// Attempts; null: no `monitor` counted.
    out: Option<AttemptsAnswer>,
    /// From a batch's deadline to its first attempt; null: no `monitor` counted.
    lateness: Option<MeasuredAnswer>,
    /// How long attempts took; null: no `monitor` counted.
    delivery: Option<MeasuredAnswer>,
    /// Open windows at the last look; null: nobody looked.
    open: Option<u64>,
    /// Batches that waited for destinations then.
    waiting: Option<u64>,
    /// What waited for a time of its own then.
    later: Option<u64>,
    /// Dead letters then.
    dead: Option<u64>,
}

/// What became of what was posted, without what was refused.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SamplePosts)]
struct PostedAnswer {
    /// All of it.
    total: u64,
    /// Messages that were taken in.
    taken: u64,
    /// What changed a message that waited, or took it back.
    changed: u64,
    /// Typing signals of gateways that were heeded.
    typing: u64,
    /// Messages whose id was seen before.
    duplicate: u64,
    /// Messages that were said just before.
    repeated: u64,
    /// Messages for paused chats.
    paused: u64,
    /// What is nothing for a bot.
    ignored: u64,
}

/// How attempts came out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SampleAttempts)]
struct AttemptsAnswer {
    /// All of them.
    total: u64,
    /// The destination accepted the batch.
    delivered: u64,
    /// It did not, and may later.
    retry: u64,
    /// It never will.
    rejected: u64,
}

/// Something that is measured, in s.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SampleMeasure)]
struct MeasuredAnswer {
    /// How often it was.
    count: u64,
    /// Half of it lies within this bound; null: beyond all, or `count` is 0.
    p50: Option<f64>,
    /// 95 of 100.
    p95: Option<f64>,
    /// 99 of 100.
    p99: Option<f64>,
    /// How much lies within each of `bounds` and beyond the one before, and beyond all.
    counts: [u64; BUCKETS],
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::Service, "/api/samples", list)
            .says(
                "Show how it went lately",
                "What all daemons counted, in steps of 10 s for an hour, of a minute for a day, and of 15 minutes for a month. Every daemon adds its counts each 10 s; what is null was counted by nobody.",
            )
            .query::<SamplesQuery>(&["from", "to", "step"])
            .answers::<SamplesAnswer>(200, "The steps that are kept."),
    ]
}

fn lengths() -> utoipa::openapi::schema::Object {
    let seconds = Step::ALL.map(Step::seconds);
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .enum_values(Some(seconds))
        .build()
}

async fn list(
    State(api): State<Api>,
    query: Result<Query<SamplesQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(query) = query?;
    let from = moment("from", query.from.as_deref())?;
    let to = moment("to", query.to.as_deref())?;
    let step = query.step.as_deref().map(length).transpose()?;
    let sampled = api.admin.samples(from, to, step).await?;
    Ok(Json(shown(&sampled)).into_response())
}

fn length(text: &str) -> Result<Step, ApiError> {
    let step = text.parse().ok().and_then(Step::of_seconds);
    step.ok_or_else(|| ApiError::parameter("step", "step must be 10, 60 or 900 (seconds)"))
}

fn shown(sampled: &Sampled) -> SamplesAnswer {
    let asked = &sampled.asked;
    let mut total = Counted::default();
    for counted in sampled.steps.iter().flatten() {
        total.add_all(counted);
    }
    let steps = asked.numbers.clone().zip(&sampled.steps);
    let items = steps.map(|(number, counted)| StepAnswer {
        at: utc(asked.step.begins(number)),
        counted: counted.as_ref().map_or_else(nobody, sample),
    });
    SamplesAnswer {
        now: utc(sampled.now),
        from: utc(asked.from()),
        to: utc(asked.to()),
        step: asked.step.seconds(),
        kept_since: utc(asked.step.kept_since(sampled.now)),
        cut_off: asked.cut_off,
        bounds: BoundsAnswer {
            lateness: LATENESS,
            delivery: DELIVERY,
        },
        items: items.collect(),
        total: sample(&total),
    }
}

fn nobody() -> SampleAnswer {
    sample(&Counted::default())
}

fn sample(counted: &Counted) -> SampleAnswer {
    let (taking, delivering) = (counted.is_by_api(), counted.is_by_monitor());
    let state = counted.state();
    SampleAnswer {
        r#in: taking.then(|| posted(counted)),
        refused: taking.then(|| {
            let refused = counted.refused();
            refused
                .map(|(why, count)| (why.to_owned(), count))
                .collect()
        }),
        out: delivering.then(|| attempts(counted)),
        lateness: delivering.then(|| measured(&LATENESS, counted.measured(Measured::Lateness))),
        delivery: delivering.then(|| measured(&DELIVERY, counted.measured(Measured::Delivery))),
        open: state.map(|it| it.open),
        waiting: state.map(|it| it.waiting),
        later: state.map(|it| it.later),
        dead: state.map(|it| it.dead),
    }
}

fn posted(counted: &Counted) -> PostedAnswer {
    let posts = counted.posts();
    let [taken, changed, typing, duplicate, repeated, paused, ignored] = posts;
    PostedAnswer {
        total: posts.iter().sum(),
        taken,
        changed,
        typing,
        duplicate,
        repeated,
        paused,
        ignored,
    }
}

fn attempts(counted: &Counted) -> AttemptsAnswer {
    let attempts = counted.attempts();
    let [delivered, retry, rejected] = attempts;
    AttemptsAnswer {
        total: attempts.iter().sum(),
        delivered,
        retry,
        rejected,
    }
}

fn measured(bounds: &[f64], counts: [u64; BUCKETS]) -> MeasuredAnswer {
    let share = |share: f64| within(bounds, &counts, share);
    MeasuredAnswer {
        count: counts.iter().sum(),
        p50: share(0.5),
        p95: share(0.95),
        p99: share(0.99),
        counts,
    }
}
