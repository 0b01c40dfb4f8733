-- What is published on X and YouTube. Every outside effect is a row before its first byte leaves.

-- `state`: drafted, previewed, released, sending, published, failed, unknown, withdrawing, withdrawn.
create table publications (
    workspace_id text collate "C" not null,
    publication_id text collate "C" not null,
    origin_key text collate "C" not null,
    platform text collate "C" not null,
    debate_id text collate "C",
    state text collate "C" not null,
    version bigint not null,
    content_json text collate "C" not null,
    content_hash text collate "C" not null,
    -- The hash of the content as it was first asked for: the same origin asks for the same.
    origin_hash text collate "C" not null,
    requested_by text collate "C" not null,
    released_by text collate "C",
    approval_id text collate "C",
    result_url text collate "C",
    error_code text collate "C",
    error_message text collate "C",
    available_at bigint not null,
    lease_owner text collate "C",
    lease_until bigint,
    fence bigint not null default 0,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (workspace_id, publication_id),
    unique (workspace_id, origin_key)
);
create unique index publications_id on publications (publication_id);
create index publications_newest on publications (workspace_id, created_at desc);
create index publications_due on publications (available_at) where state in ('released', 'sending', 'withdrawing');

-- The steps of a publication, in their order. `state`: queued, sending, sent, failed, unknown, withdrawn.
create table publication_parts (
    workspace_id text collate "C" not null,
    publication_id text collate "C" not null,
    part_number bigint not null,
    kind text collate "C" not null,
    payload_json text collate "C" not null,
    state text collate "C" not null,
    sealed_progress bytea,
    remote_id text collate "C",
    attempts bigint not null default 0,
    error_code text collate "C",
    error_message text collate "C",
    sent_at bigint,
    updated_at bigint not null,
    primary key (workspace_id, publication_id, part_number)
);

-- What an account may still do within a window, as the platform says or as we count it.
create table publication_quotas (
    workspace_id text collate "C" not null,
    platform text collate "C" not null,
    account text collate "C" not null,
    bucket text collate "C" not null,
    used bigint not null,
    quota bigint not null,
    resets_at bigint not null,
    updated_at bigint not null,
    primary key (workspace_id, platform, account, bucket)
);
