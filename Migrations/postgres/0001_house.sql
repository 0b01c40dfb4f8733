-- Everything that the first rooms need. Moments are milliseconds since 1970-01-01 UTC. Every row belongs to a
-- workspace, and every key that a tenant can reach starts with it. Texts are ordered by their bytes, as in SQLite: that
-- is faster, and an update of the system's locales cannot break an index.

create table workspaces (
    workspace_id text collate "C" primary key,
    platform text collate "C" not null,
    name text collate "C" not null default '',
    created_at bigint not null
);

-- What platforms and programs sent, before anybody looked at it. `status`: 0 waiting, 1 done, 2 given up.
create table inbox (
    workspace_id text collate "C" not null,
    event_key text collate "C" not null,
    inbox_id bigint generated always as identity,
    platform text collate "C" not null,
    shape text collate "C" not null,
    conversation_key text collate "C" not null,
    body bytea not null,
    status smallint not null default 0,
    attempts smallint not null default 0,
    available_at bigint not null,
    received_at bigint not null,
    last_error text collate "C",
    primary key (workspace_id, event_key)
);
create index inbox_given_up on inbox (inbox_id) where status = 2;
create index inbox_waiting on inbox (inbox_id) where status = 0;
alter table inbox alter column body set storage external;

-- Every effect on the outside world. `status`: 0 queued, 1 sending, 2 sent, 3 failed, 4 unknown.
create table outbox (
    workspace_id text collate "C" not null,
    outbox_key text collate "C" not null,
    outbox_id bigint generated always as identity,
    platform text collate "C" not null,
    destination text collate "C" not null,
    operation text collate "C" not null,
    address_json text collate "C" not null,
    payload_json text collate "C" not null,
    target_key text collate "C",
    coalesce_key text collate "C",
    context_json text collate "C" not null default '{}',
    parts_json text collate "C",
    receipts_json text collate "C" not null default '[]',
    status smallint not null default 0,
    attempts integer not null default 0,
    available_at bigint not null,
    lease_owner text collate "C",
    lease_until bigint,
    fence bigint not null default 0,
    error_code text collate "C",
    error_message text collate "C",
    expires_at bigint,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (workspace_id, outbox_key)
);
create unique index outbox_order on outbox (outbox_id);
create index outbox_open on outbox (destination, outbox_id) where status in (0, 1, 4);
create index outbox_failed on outbox (updated_at) where status = 3;
create unique index outbox_coalesce on outbox (workspace_id, coalesce_key) where coalesce_key is not null and status = 0;

-- Leased background work. `status`: pending, processing, completed, failed, cancelled.
create table job_queue (
    workspace_id text collate "C" not null,
    id text collate "C" not null,
    job_type text collate "C" not null,
    payload_json text collate "C" not null,
    status text collate "C" not null default 'pending',
    priority integer not null default 0,
    run_at bigint not null,
    attempts integer not null default 0,
    max_attempts integer not null default 5,
    worker_id text collate "C",
    lease_until bigint,
    fence bigint not null default 0,
    cancel_requested boolean not null default false,
    error text collate "C",
    created_at bigint not null,
    started_at bigint,
    completed_at bigint,
    updated_at bigint not null,
    primary key (workspace_id, id)
);
create unique index job_queue_id on job_queue (id);
create index job_queue_pending on job_queue (priority desc, run_at) where status = 'pending';
create index job_queue_processing on job_queue (lease_until) where status = 'processing';

-- The list of debates; what happened in one stands in its journal. `status`: created, running, completed, failed,
-- cancelled.
create table debates (
    workspace_id text collate "C" not null,
    debate_id text collate "C" not null,
    debate_number bigint generated always as identity,
    task text collate "C" not null,
    status text collate "C" not null,
    platform text collate "C" not null,
    origin_key text collate "C" not null,
    conversation_key text collate "C" not null,
    address_json text collate "C" not null,
    settings_json text collate "C" not null,
    requested_by text collate "C" not null,
    demo boolean not null default false,
    title text collate "C",
    tags_json text collate "C" not null default '[]',
    metadata_json text collate "C" not null default '{}',
    cancel_requested boolean not null default false,
    winner text collate "C",
    confidence double precision,
    consensus_reached boolean,
    created_at bigint not null,
    started_at bigint,
    finished_at bigint,
    updated_at bigint not null,
    primary key (workspace_id, debate_id)
);
create unique index debates_id on debates (debate_id);
create unique index debates_origin on debates (workspace_id, origin_key);
create index debates_number on debates (debate_number desc);
create index debates_newest on debates (workspace_id, debate_number desc);
create index debates_conversation on debates (workspace_id, conversation_key, debate_number desc);

-- The append-only sequence of typed events of each debate; a row holds those that were written together, one JSON
-- object a line, and the SHA-256 of the chain up to the last of them.
create table debate_journal (
    workspace_id text collate "C" not null,
    debate_id text collate "C" not null,
    first_sequence integer not null,
    last_sequence integer not null,
    entries bytea not null,
    head bytea not null,
    written_at bigint not null,
    primary key (workspace_id, debate_id, first_sequence)
);
alter table debate_journal set (toast_tuple_target = 4080);
-- Postgres 13 and servers that were built without LZ4 keep their own, slower compression.
do $$
begin
    alter table debate_journal alter column entries set compression lz4;
exception
    when syntax_error or feature_not_supported or invalid_parameter_value then null;
end $$;

-- What people added to a running debate; the debate takes them up at its next round.
create table debate_inputs (
    workspace_id text collate "C" not null,
    debate_id text collate "C" not null,
    input_key text collate "C" not null,
    input_id bigint generated always as identity,
    author text collate "C" not null,
    content text collate "C" not null,
    created_at bigint not null,
    primary key (workspace_id, debate_id, input_key)
);

-- Agreement and disagreement of people with a verdict; one row for each person, the last word counts.
create table debate_opinions (
    workspace_id text collate "C" not null,
    debate_id text collate "C" not null,
    person text collate "C" not null,
    agrees boolean not null,
    created_at bigint not null,
    primary key (workspace_id, debate_id, person)
);

-- Which debate a thread is about, and how to answer there.
create table conversations (
    workspace_id text collate "C" not null,
    conversation_key text collate "C" not null,
    platform text collate "C" not null,
    debate_id text collate "C" not null,
    address_json text collate "C" not null,
    updated_at bigint not null,
    primary key (workspace_id, conversation_key)
);

-- What a button stands for; the token is all that the platform carries.
create table button_tokens (
    token text collate "C" primary key,
    workspace_id text collate "C" not null,
    action text collate "C" not null,
    payload_json text collate "C" not null,
    created_at bigint not null,
    expires_at bigint not null
);

-- Signed documents of finished debates, byte for byte.
create table debate_receipts (
    workspace_id text collate "C" not null,
    debate_id text collate "C" not null,
    receipt_id text collate "C" not null,
    document bytea not null,
    created_at bigint not null,
    primary key (workspace_id, debate_id)
);

create table signing_keys (
    key_id text collate "C" primary key,
    public_key bytea not null,
    sealed_private_key bytea not null,
    created_at bigint not null
);

-- Chat platforms that are connected, by workspace; the credentials are sealed.
create table integrations (
    workspace_id text collate "C" not null,
    integration_type text collate "C" not null,
    installation_id text collate "C" not null,
    name text collate "C" not null default '',
    enabled boolean not null default true,
    settings_json text collate "C" not null default '{}',
    sealed_credentials bytea,
    credentials_expire_at bigint,
    messages_sent bigint not null default 0,
    last_activity bigint,
    last_error text collate "C",
    last_error_at bigint,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (workspace_id, integration_type)
);
create index integrations_installation on integrations (integration_type, installation_id);

-- People by their immutable ids on each platform.
create table user_id_mappings (
    workspace_id text collate "C" not null,
    platform text collate "C" not null,
    platform_user_id text collate "C" not null,
    user_id text collate "C" not null,
    display_name text collate "C" not null default '',
    updated_at bigint not null,
    primary key (workspace_id, platform, platform_user_id)
);

create table oauth_states (
    state_hash text collate "C" primary key,
    platform text collate "C" not null,
    payload_json text collate "C" not null default '{}',
    expires_at bigint not null
);

-- Who leads where only one may, and since when.
create table leases (
    name text collate "C" primary key,
    owner text collate "C" not null,
    fence bigint not null,
    lease_until bigint not null
);
