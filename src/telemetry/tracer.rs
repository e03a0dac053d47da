//! Spans for a collector, by OTLP.
//!
//! OpenTelemetry's own interface and no bridge from `tracing`, because a span here has a parent in another process,
//! links, and an id that is sent on; log lines and spans then know nothing of each other's filters. Where nothing is
//! exported there is no SDK: a tracer is an empty option.

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use opentelemetry::trace::{
    Link, Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId,
    TraceState, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, InstrumentationScope, KeyValue, Value};
use opentelemetry_http::HttpClient;
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

use crate::core::trace::TraceContext;
use crate::settings::otlp::OtlpConfig;

/// At its end a daemon waits no longer than this for the collector to take what is left.
const LAST_SPANS: Duration = Duration::from_millis(1500);
/// More spans are not linked to one.
const MOST_LINKS: usize = 32;

/// Makes spans; without a collector it makes none. Clones are one.
#[derive(Clone, Debug, Default)]
pub struct Tracer(Option<Arc<Exporting>>);

#[derive(Debug)]
struct Exporting {
    tracer: SdkTracer,
    provider: SdkTracerProvider,
}

/// A span, which lasts until it is dropped.
#[derive(Debug)]
pub struct Span {
    span: opentelemetry_sdk::trace::Span,
    context: TraceContext,
}

impl Tracer {
    /// One whose spans `client` takes to a collector, in batches and from a thread of its own. Whoever makes spans
    /// waits for nothing: those that find its queue full are dropped.
    ///
    /// # Errors
    /// When a variable that OpenTelemetry reads itself is wrong.
    pub fn exporting(
        config: &OtlpConfig,
        service: &'static str,
        client: impl HttpClient + 'static,
    ) -> Result<Self> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(&config.endpoint)
            .with_timeout(config.timeout)
            .with_http_client(client)
            .build()
            .context("OpenTelemetry")?;
        let version = env!("CARGO_PKG_VERSION");
        let mut resource =
            Resource::builder().with_attribute(KeyValue::new("service.version", version));
        if !config.named {
            resource = resource.with_service_name(service);
        }
        let provider = SdkTracerProvider::builder()
            .with_resource(resource.build())
            .with_batch_exporter(exporter)
            .build();
        let scope = InstrumentationScope::builder("lull").with_version(version);
        Ok(Self(Some(Arc::new(Exporting {
            tracer: provider.tracer_with_scope(scope.build()),
            provider,
        }))))
    }

    /// Whether there is a collector.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// A span of a request that came in, in the trace of its caller if that has one.
    pub fn server(
        &self,
        name: impl Into<Cow<'static, str>>,
        parent: Option<&TraceContext>,
    ) -> Option<Span> {
        self.begin(SpanKind::Server, name.into(), parent, &[])
    }

    /// A span of a call that goes out because of these, of which the first is its parent.
    pub fn client(&self, name: &'static str, causes: &[&TraceContext]) -> Option<Span> {
        let (parent, others) = match causes {
            [first, others @ ..] => (Some(*first), others),
            [] => (None, causes),
        };
        self.begin(SpanKind::Client, name.into(), parent, others)
    }

    fn begin(
        &self,
        kind: SpanKind,
        name: Cow<'static, str>,
        parent: Option<&TraceContext>,
        others: &[&TraceContext],
    ) -> Option<Span> {
        let tracer = &self.0.as_ref()?.tracer;
        let mut above = Context::new();
        if let Some(parent) = parent {
            above = above.with_remote_span_context(remote(parent));
        }
        let links = others.iter().take(MOST_LINKS);
        let links = links.map(|other| Link::with_context(remote(other)));
        let span = tracer
            .span_builder(name)
            .with_kind(kind)
            .with_links(links.collect())
            .start_with_context(tracer, &above);
        // After the end of the exporting there are none.
        let context = local(span.span_context(), parent)?;
        Some(Span { span, context })
    }

    /// Sends what is left, if the collector takes it in time.
    pub async fn finish(self) {
        if let Some(exporting) = self.0 {
            let last = move || exporting.provider.shutdown_with_timeout(LAST_SPANS);
            // Whether it worked was told by whoever sends.
            let _ = tokio::task::spawn_blocking(last).await;
        }
    }
}

impl Span {
    /// What to tell others of it.
    pub fn context(&self) -> &TraceContext {
        &self.context
    }

    /// Adds an attribute. Nothing that a person said or is known by.
    pub fn note(&mut self, name: &'static str, value: impl Into<Value>) {
        self.span.set_attribute(KeyValue::new(name, value));
    }

    /// It ends in an error; `why` is as quiet about people as a log line.
    pub fn fail(&mut self, why: impl Into<Cow<'static, str>>) {
        self.span.set_status(Status::error(why));
    }
}

fn remote(context: &TraceContext) -> SpanContext {
    let state = context.state().map(TraceState::from_str);
    SpanContext::new(
        TraceId::from(context.trace_id().0),
        SpanId::from(context.span_id()),
        TraceFlags::new(context.flags()),
        true,
        state.and_then(Result::ok).unwrap_or_default(),
    )
}

/// The state is the parent's to the letter, whatever the SDK has read of it.
fn local(span: &SpanContext, parent: Option<&TraceContext>) -> Option<TraceContext> {
    let context = TraceContext::new(
        u128::from_be_bytes(span.trace_id().to_bytes()),
        u64::from_be_bytes(span.span_id().to_bytes()),
        span.trace_flags().to_u8(),
    )?;
    Some(match parent.and_then(TraceContext::state) {
        Some(state) => context.with_state(state),
        None => context,
    })
}
