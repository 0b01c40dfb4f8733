-- What is published on X and YouTube. Every outside effect is a row before its first byte leaves.

-- `state`: drafted, previewed, released, sending, published, failed, unknown, withdrawing, withdrawn.
create table publications (
    workspace_id text not null,
    publication_id text not null,
    origin_key text not null,
    platform text not null,
    debate_id text,
    state text not null,
    version integer not null,
    content_json text not null,
    content_hash text not null,
    -- The hash of the content as it was first asked for: the same origin asks for the same.
    origin_hash text not null,
    requested_by text not null,
    released_by text,
    approval_id text,
    result_url text,
    error_code text,
    error_message text,
    available_at integer not null,
    lease_owner text,
    lease_until integer,
    fence integer not null default 0,
    created_at integer not null,
    updated_at integer not null,
    primary key (workspace_id, publication_id),
    unique (workspace_id, origin_key)
);
create unique index publications_id on publications (publication_id);
create index publications_newest on publications (workspace_id, created_at desc);
create index publications_due on publications (available_at) where state in ('released', 'sending', 'withdrawing');

-- The steps of a publication, in their order. `state`: queued, sending, sent, failed, unknown, withdrawn.
create table publication_parts (
    workspace_id text not null,
    publication_id text not null,
    part_number integer not null,
    kind text not null,
    payload_json text not null,
    state text not null,
    sealed_progress blob,
    remote_id text,
    attempts integer not null default 0,
    error_code text,
    error_message text,
    sent_at integer,
    updated_at integer not null,
    primary key (workspace_id, publication_id, part_number)
);

-- What an account may still do within a window, as the platform says or as we count it.
create table publication_quotas (
    workspace_id text not null,
    platform text not null,
    account text not null,
    bucket text not null,
    used integer not null,
    quota integer not null,
    resets_at integer not null,
    updated_at integer not null,
    primary key (workspace_id, platform, account, bucket)
);
