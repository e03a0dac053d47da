#!/bin/sh
# Starts Redis or Valkey with Lull's redis.conf and the password from REDIS_PASSWORD, and with REDIS_MAXMEMORY as its
# memory limit if that is set. With the argument `healthcheck` it asks the running server for a sign of life.
set -eu

fail() {
    echo "redis-entrypoint: $*" >&2
    exit 1
}

program() { command -v "valkey-$1" || command -v "redis-$1" || fail "no valkey-$1 and no redis-$1 in PATH"; }

[ -n "${REDIS_PASSWORD:-}" ] || fail "REDIS_PASSWORD is not set: this Redis does not start without a password"

if [ "${1:-}" = healthcheck ]; then
    # A server that is still reading a long append-only file answers LOADING. It is alive, and an orchestrator that
    # restarted it would make it begin again.
    case $(REDISCLI_AUTH=$REDIS_PASSWORD "$(program cli)" ping 2>&1) in
    PONG | LOADING*) exit 0 ;;
    *) exit 1 ;;
    esac
fi

[ -w . ] || fail "$PWD is not writable for user $(id -u): give the mounted folder to that user, or use a named volume"

[ -z "${REDIS_MAXMEMORY:-}" ] || set -- --maxmemory "$REDIS_MAXMEMORY" "$@"

# What is stored here is what people wrote.
umask 077

# The password goes in through standard input, since arguments can be read by everyone, and byte by byte as \xNN, since
# then no character of it can mean anything to the parser.
password=$(printf %s "$REDIS_PASSWORD" | od -An -v -tx1 | tr -d '\n' | sed 's/ /\\x/g')
exec "$(program server)" /etc/lull/redis.conf "$@" - <<EOF
requirepass "$password"
EOF
