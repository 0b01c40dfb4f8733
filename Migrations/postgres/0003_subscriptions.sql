-- Programs listen: their endpoints, what happened, what each endpoint is owed, every attempt, and the keys that
-- programs show. Moments are milliseconds since 1970-01-01 UTC.

-- Where programs want to hear of what happens. `status`: active, paused, disabled. Whoever delivers to an endpoint
-- holds its lease; the fence tells a later holder's rows from an earlier one's.
create table webhook_configs (
    workspace_id text collate "C" not null,
    id text collate "C" not null,
    url text collate "C" not null,
    name text collate "C" not null default '',
    description text collate "C" not null default '',
    source text collate "C" not null default 'api',
    settings_json text collate "C" not null,
    sealed_secrets bytea not null,
    created_by text collate "C" not null,
    idempotency_key text collate "C",
    request_hash text collate "C",
    status text collate "C" not null default 'active',
    status_reason text collate "C",
    failing_since bigint,
    held_until bigint,
    delivery_count bigint not null default 0,
    failure_count bigint not null default 0,
    last_delivery_at bigint,
    last_delivery_status integer,
    lease_owner text collate "C",
    lease_until bigint,
    fence bigint not null default 0,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (workspace_id, id)
);
create unique index webhook_configs_id on webhook_configs (id);
create unique index webhook_configs_idempotency on webhook_configs (workspace_id, idempotency_key)
    where idempotency_key is not null;

-- What happened, once for all endpoints of the workspace that want to hear of it.
create table webhook_messages (
    workspace_id text collate "C" not null,
    message_id text collate "C" not null,
    event_type text collate "C" not null,
    debate_id text collate "C",
    channel text collate "C",
    body text collate "C" not null,
    thin_body text collate "C" not null,
    occurred_at bigint not null,
    created_at bigint not null,
    primary key (workspace_id, message_id)
);
create index webhook_messages_age on webhook_messages (created_at);

-- What each endpoint is owed. `status`: 0 waiting, 2 given up. What is under way is waiting still: who holds the
-- endpoint's lease knows of it. What was delivered is owed no more; its attempt says so.
create table webhooks (
    workspace_id text collate "C" not null,
    endpoint_id text collate "C" not null,
    message_id text collate "C" not null,
    delivery_id bigint generated always as identity,
    status smallint not null default 0,
    attempts integer not null default 0,
    is_test boolean not null default false,
    available_at bigint not null,
    last_status integer,
    last_error text collate "C",
    created_at bigint not null,
    updated_at bigint not null,
    primary key (workspace_id, endpoint_id, message_id)
);
create unique index webhooks_order on webhooks (delivery_id);
create index webhooks_waiting on webhooks (workspace_id, endpoint_id, available_at, delivery_id) where status = 0;
create index webhooks_in_order on webhooks (workspace_id, endpoint_id, delivery_id) where status = 0;
create index webhooks_given_up on webhooks (workspace_id, endpoint_id, updated_at) where status = 2;

-- Every attempt: what came back, with the first 16 KiB of the answer.
create table webhook_attempts (
    workspace_id text collate "C" not null,
    endpoint_id text collate "C" not null,
    message_id text collate "C" not null,
    attempt_id bigint generated always as identity,
    attempted_at bigint not null,
    duration_ms bigint not null,
    response_status integer not null,
    error_code text collate "C" not null,
    response_body bytea not null,
    primary key (attempt_id)
);
create index webhook_attempts_endpoint on webhook_attempts (workspace_id, endpoint_id, attempt_id desc);

-- How far the journals of running debates have been told to subscribers.
create table webhook_cursors (
    workspace_id text collate "C" not null,
    debate_id text collate "C" not null,
    last_sequence bigint not null default 0,
    created_at bigint not null,
    primary key (workspace_id, debate_id)
);

-- What programs show to use the API of one workspace; only the hash is kept.
create table api_keys (
    workspace_id text collate "C" not null,
    key_id text collate "C" not null,
    name text collate "C" not null,
    key_hash text collate "C" not null,
    scopes_json text collate "C" not null,
    created_at bigint not null,
    expires_at bigint,
    last_used_at bigint,
    revoked_at bigint,
    primary key (workspace_id, key_id)
);
create unique index api_keys_hash on api_keys (key_hash);
