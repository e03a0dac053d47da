"""What the document can only name: values of its formats, and what two fields must be to each other."""

from datetime import datetime, timedelta, timezone

import schemathesis
from hypothesis import strategies as st

FORMATS = {
    "buffer": ["loja-b"],
    "cron": ["30 8 * * 1-5", "*/15 * * * *", "0 0 9 1 * *", "@daily", "@hourly"],
    "destination": ["default"],
    "hours": ["08:00-20:00", "20:00-08:00", "00:00-24:00"],
    "http-url": ["http://127.0.0.1:9/hook", "https://example.com/a?b=c", "http://[::1]:9/"],
    "amqp-url": ["amqp://127.0.0.1:9", "amqps://u:p@example.com:5680/shop"],
    "redis-url": ["redis://127.0.0.1:9", "rediss://u:p@example.com:6380/2"],
    "path": ["user", "data.key.id", "list[0].text", "a | b", "m[][type=text].text.body", '"a.b"', "*.id"],
    "public-url": ["https://93.184.215.14/hook", "http://93.184.215.14:8080/a?b=c"],
    "routing-key": ["shop", "shop.{{ user }}", "{{ buffer }}.in"],
    "template": ['{"to": {{ user }}, "all": {{ messages }}}', '{"fixed": true}', "{{ messages }}"],
    "timezone": ["UTC", "America/Sao_Paulo", "Europe/Lisbon", "Asia/Kolkata"],
    "words": ["loja", "Loja B", "Loja S\u00e3o Paulo", "x_1"],
    "whsec": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
}

for name, values in FORMATS.items():
    schemathesis.openapi.format(name, st.sampled_from(values))

# A moment may be at most a year ahead.
LATEST = datetime.now(timezone.utc) + timedelta(days=300)
MOMENTS = st.datetimes(datetime(1970, 1, 1), LATEST.replace(tzinfo=None), timezones=st.just(timezone.utc))
schemathesis.openapi.format("date-time", MOMENTS.map(lambda moment: moment.isoformat()))


# Stateful testing hands values of one answer on to any text field; a format does not keep them out.
FORMATTED = {"url": "http-url", "cron": "cron", "timezone": "timezone", "filter_field": "path"}
# Where a format is to be violated, any text is taken for a violation, though most text is a path.
# A form has its list of ids as a text, which is taken in JSON, too.
BROKEN = {"url": "::", "cron": "x", "timezone": "x", "filter_field": "[", "ids": ""}
# What is shown in place of a secret.
MASK = "********"
FORWARDING = "/api/forwarding-configs/{id}"


def is_meant_well(case):
    return case.meta is None or case.meta.generation.mode.is_positive


def in_their_formats(body):
    for field, format in FORMATTED.items():
        value = body.get(field)
        if isinstance(value, str) and not (field == "url" and value.startswith("http") and MASK not in value):
            body[field] = value if value in FORMATS[format] else FORMATS[format][0]
    # Where a destination leads goes by its kind.
    if body.get("kind") == "amqp":
        body.setdefault("url", FORMATS["amqp-url"][0])
    for kind, scheme in (("redis-stream", "redis"), ("amqp", "amqp")):
        if body.get("kind") == kind and isinstance(body.get("url"), str) and not body["url"].startswith(scheme):
            body["url"] = FORMATS[f"{scheme}-url"][0]
    window = body.get("window")
    if isinstance(window, dict) and window.get("media_waits") is True and window.get("max_wait") == 0:
        window["max_wait"] = 60
    # A mask stands for what was there, and there may be nothing.
    if body.get("secret") == MASK:
        body["secret"] = "s3cret"
    # Only gateways tell of groups and of numbers.
    if body.get("source", "fields") == "fields":
        for field in ("groups", "allow", "block"):
            body.pop(field, None)
    # Nothing but gateways that ask has a token to be asked for, and it is not the secret.
    if body.get("source") != "cloud":
        body.pop("verify_token", None)
    elif body.get("verify_token") in (MASK, body.get("secret")) and body.get("verify_token") is not None:
        body["verify_token"] = "t0ken"


def with_its_own_secrets(case):
    """What goes along to another URL is said anew: neither a mask nor what a change leaves out follows it there."""
    body = case.body
    if "url" not in body:
        return
    headers, secrets = body.get("headers"), body.get("secrets")
    if isinstance(headers, dict):
        body["headers"] = {name: "x" if value == MASK else value for name, value in headers.items()}
    if isinstance(secrets, list):
        body["secrets"] = [FORMATS["whsec"][0] if secret == MASK else secret for secret in secrets]
    if case.method.upper() == "PUT" and case.path == "/api/schedules/{name}":
        body.setdefault("headers", {})
        body.setdefault("secrets", [])
    # The service Buffer knows no secrets, so that its clients cannot say those of another URL.
    if case.method.upper() == "PUT" and case.path == FORWARDING:
        del body["url"]


def leaves_what_others_name(case):
    """A buffer that others name by its format stays: what names it is meant well at any time."""
    if case.method.upper() != "DELETE":
        return
    for name, value in (case.path_parameters or {}).items():
        if value in FORMATS["buffer"]:
            case.path_parameters[name] = "x_1"


def stays_a_violation(case):
    """What was changed here is not judged anew: JSON Schema knows no format of ours, and would find "[" to be a path."""
    case._sync_validated_hashes()


@schemathesis.hook
def before_call(context, case, kwargs):
    """Puts right what no keyword of JSON Schema can say."""
    query = case.query or {}
    # Asked once, before anything is changed: what is changed here is judged anew by whoever asks.
    well = is_meant_well(case)
    leaves_what_others_name(case)
    # A cursor goes with the status that it was given for.
    if case.path == "/api/messages" and well:
        query.pop("cursor", None)
    if query.get("drain") in (True, "true") and query.get("discard") in (True, "true"):
        del query["drain"]
    if not isinstance(case.body, dict):
        return
    if well:
        in_their_formats(case.body)
        with_its_own_secrets(case)
    else:
        case.body.update({field: broken for field, broken in BROKEN.items() if isinstance(case.body.get(field), str)})
        # Null is no violation of a format there: it stands for what is absent.
        if case.path == FORWARDING and case.body.get("buffer", "") is None:
            case.body["buffer"] = ""
    at = case.body.get("send_at")
    if isinstance(at, (int, float)) and not isinstance(at, bool) and at > LATEST.timestamp():
        case.body["send_at"] = LATEST.timestamp()
    retry = case.body.get("retry")
    if isinstance(retry, dict):
        first, cap = retry.get("first", 1), retry.get("cap", 300)
        if all(isinstance(wait, (int, float)) for wait in (first, cap)) and first > cap:
            retry["first"], retry["cap"] = cap, first
    if not well:
        stays_a_violation(case)
