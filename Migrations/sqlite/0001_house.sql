-- Everything that the first rooms need. Moments are milliseconds since 1970-01-01 UTC. Every row belongs to a
-- workspace, and every key that a tenant can reach starts with it.

create table workspaces (
    workspace_id text primary key,
    platform text not null,
    name text not null default '',
    created_at integer not null
);

-- What platforms and programs sent, before anybody looked at it. `status`: 0 waiting, 1 done, 2 given up.
create table inbox (
    inbox_id integer primary key autoincrement,
    workspace_id text not null,
    event_key text not null,
    platform text not null,
    shape text not null,
    conversation_key text not null,
    body blob not null,
    status integer not null default 0,
    attempts integer not null default 0,
    available_at integer not null,
    received_at integer not null,
    last_error text,
    unique (workspace_id, event_key)
);
create index inbox_given_up on inbox (inbox_id) where status = 2;
create index inbox_waiting on inbox (inbox_id) where status = 0;

-- Every effect on the outside world. `status`: 0 queued, 1 sending, 2 sent, 3 failed, 4 unknown.
create table outbox (
    outbox_id integer primary key autoincrement,
    workspace_id text not null,
    outbox_key text not null,
    platform text not null,
    destination text not null,
    operation text not null,
    address_json text not null,
    payload_json text not null,
    target_key text,
    coalesce_key text,
    context_json text not null default '{}',
    parts_json text,
    receipts_json text not null default '[]',
    status integer not null default 0,
    attempts integer not null default 0,
    available_at integer not null,
    lease_owner text,
    lease_until integer,
    fence integer not null default 0,
    error_code text,
    error_message text,
    expires_at integer,
    created_at integer not null,
    updated_at integer not null,
    unique (workspace_id, outbox_key)
);
create index outbox_open on outbox (destination, outbox_id) where status in (0, 1, 4);
create index outbox_failed on outbox (updated_at) where status = 3;
create unique index outbox_coalesce on outbox (workspace_id, coalesce_key) where coalesce_key is not null and status = 0;

-- Leased background work. `status`: pending, processing, completed, failed, cancelled.
create table job_queue (
    workspace_id text not null,
    id text not null,
    job_type text not null,
    payload_json text not null,
    status text not null default 'pending',
    priority integer not null default 0,
    run_at integer not null,
    attempts integer not null default 0,
    max_attempts integer not null default 5,
    worker_id text,
    lease_until integer,
    fence integer not null default 0,
    cancel_requested boolean not null default false,
    error text,
    created_at integer not null,
    started_at integer,
    completed_at integer,
    updated_at integer not null,
    primary key (workspace_id, id)
);
create unique index job_queue_id on job_queue (id);
create index job_queue_pending on job_queue (priority desc, run_at) where status = 'pending';
create index job_queue_processing on job_queue (lease_until) where status = 'processing';

-- The list of debates; what happened in one stands in its journal. `status`: created, running, completed, failed,
-- cancelled.
create table debates (
    debate_number integer primary key autoincrement,
    workspace_id text not null,
    debate_id text not null,
    task text not null,
    status text not null,
    platform text not null,
    origin_key text not null,
    conversation_key text not null,
    address_json text not null,
    settings_json text not null,
    requested_by text not null,
    demo boolean not null default false,
    title text,
    tags_json text not null default '[]',
    metadata_json text not null default '{}',
    cancel_requested boolean not null default false,
    winner text,
    confidence real,
    consensus_reached boolean,
    created_at integer not null,
    started_at integer,
    finished_at integer,
    updated_at integer not null,
    unique (workspace_id, debate_id)
);
create unique index debates_id on debates (debate_id);
create unique index debates_origin on debates (workspace_id, origin_key);
create index debates_newest on debates (workspace_id, debate_number desc);
create index debates_conversation on debates (workspace_id, conversation_key, debate_number desc);

-- The append-only sequence of typed events of each debate; a row holds those that were written together, one JSON
-- object a line, and the SHA-256 of the chain up to the last of them.
create table debate_journal (
    workspace_id text not null,
    debate_id text not null,
    first_sequence integer not null,
    last_sequence integer not null,
    entries blob not null,
    head blob not null,
    written_at integer not null,
    primary key (workspace_id, debate_id, first_sequence)
);

-- What people added to a running debate; the debate takes them up at its next round.
create table debate_inputs (
    input_id integer primary key autoincrement,
    workspace_id text not null,
    debate_id text not null,
    input_key text not null,
    author text not null,
    content text not null,
    created_at integer not null,
    unique (workspace_id, debate_id, input_key)
);

-- Agreement and disagreement of people with a verdict; one row for each person, the last word counts.
create table debate_opinions (
    workspace_id text not null,
    debate_id text not null,
    person text not null,
    agrees boolean not null,
    created_at integer not null,
    primary key (workspace_id, debate_id, person)
);

-- Which debate a thread is about, and how to answer there.
create table conversations (
    workspace_id text not null,
    conversation_key text not null,
    platform text not null,
    debate_id text not null,
    address_json text not null,
    updated_at integer not null,
    primary key (workspace_id, conversation_key)
);

-- What a button stands for; the token is all that the platform carries.
create table button_tokens (
    token text primary key,
    workspace_id text not null,
    action text not null,
    payload_json text not null,
    created_at integer not null,
    expires_at integer not null
);

-- Signed documents of finished debates, byte for byte.
create table debate_receipts (
    workspace_id text not null,
    debate_id text not null,
    receipt_id text not null,
    document blob not null,
    created_at integer not null,
    primary key (workspace_id, debate_id)
);

create table signing_keys (
    key_id text primary key,
    public_key blob not null,
    sealed_private_key blob not null,
    created_at integer not null
);

-- Chat platforms that are connected, by workspace; the credentials are sealed.
create table integrations (
    workspace_id text not null,
    integration_type text not null,
    installation_id text not null,
    name text not null default '',
    enabled boolean not null default true,
    settings_json text not null default '{}',
    sealed_credentials blob,
    credentials_expire_at integer,
    messages_sent integer not null default 0,
    last_activity integer,
    last_error text,
    last_error_at integer,
    created_at integer not null,
    updated_at integer not null,
    primary key (workspace_id, integration_type)
);
create index integrations_installation on integrations (integration_type, installation_id);

-- People by their immutable ids on each platform.
create table user_id_mappings (
    workspace_id text not null,
    platform text not null,
    platform_user_id text not null,
    user_id text not null,
    display_name text not null default '',
    updated_at integer not null,
    primary key (workspace_id, platform, platform_user_id)
);

create table oauth_states (
    state_hash text primary key,
    platform text not null,
    payload_json text not null default '{}',
    expires_at integer not null
);

-- Who leads where only one may, and since when.
create table leases (
    name text primary key,
    owner text not null,
    fence integer not null,
    lease_until integer not null
);
