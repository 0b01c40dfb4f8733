-- What people have to decide, who decided what, and the log that nobody can change unseen.

-- One row for each question to people. `status`: pending, approved, rejected, revised, decided, expired, withdrawn.
create table approval_requests (
    workspace_id text collate "C" not null,
    request_id text collate "C" not null,
    approval_number bigint generated always as identity,
    origin_key text collate "C" not null,
    kind text collate "C" not null,
    title text collate "C" not null,
    question text collate "C" not null,
    context text collate "C" not null default '',
    operation_json text collate "C" not null,
    operation_hash text collate "C" not null,
    policy_json text collate "C" not null,
    status text collate "C" not null default 'pending',
    outcome_option text collate "C",
    outcome_line text collate "C" not null default '',
    priority smallint not null default 3,
    requester_id text collate "C" not null,
    requester_name text collate "C" not null default '',
    debate_id text collate "C",
    address_json text collate "C",
    metadata_json text collate "C" not null default '{}',
    version bigint not null default 0,
    expires_at bigint,
    responded_at bigint,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (workspace_id, request_id)
);
create unique index approval_requests_id on approval_requests (request_id);
create unique index approval_requests_origin on approval_requests (workspace_id, origin_key);
create unique index approval_requests_number on approval_requests (approval_number);
create index approval_requests_newest on approval_requests (workspace_id, approval_number desc);
create index approval_requests_pending on approval_requests (workspace_id, approval_number desc) where status = 'pending';
create index approval_requests_debate on approval_requests (workspace_id, debate_id) where debate_id is not null;

-- One answer for each seat, and one for each person, whoever's seat they sat on.
create table approval_decisions (
    workspace_id text collate "C" not null,
    request_id text collate "C" not null,
    approver text collate "C" not null,
    actor text collate "C" not null,
    actor_identity text collate "C" not null,
    actor_name text collate "C" not null,
    surface text collate "C" not null,
    option_id text collate "C" not null,
    effect text collate "C" not null,
    comment text collate "C" not null default '',
    operation_hash text collate "C" not null,
    evidence text collate "C" not null,
    decided_at bigint not null,
    primary key (workspace_id, request_id, approver),
    unique (workspace_id, request_id, actor)
);

-- Every copy of a prompt, and what it says now. Buttons and links carry its number, under a code that nobody else can
-- make; `bound_to` is whose answer they stand for.
create table approval_prompts (
    workspace_id text collate "C" not null,
    prompt_id text collate "C" not null,
    prompt_number bigint generated always as identity,
    request_id text collate "C" not null,
    platform text collate "C" not null,
    recipient text collate "C" not null,
    bound_to text collate "C" not null,
    address_json text collate "C" not null,
    conversation_key text collate "C",
    reminder_of text collate "C",
    state text collate "C" not null default 'open',
    shown text collate "C" not null default '',
    shown_hash text collate "C" not null default '',
    created_at bigint not null,
    updated_at bigint not null,
    primary key (workspace_id, prompt_id)
);
create unique index approval_prompts_number on approval_prompts (prompt_number);
create index approval_prompts_request on approval_prompts (request_id);
create index approval_prompts_conversation on approval_prompts (workspace_id, conversation_key)
    where conversation_key is not null;
create index approval_prompts_recipient on approval_prompts (workspace_id, recipient) where state = 'open';

-- The threads of a long copy's further messages, in which it can be answered as well.
create table approval_prompt_threads (
    workspace_id text collate "C" not null,
    conversation_key text collate "C" not null,
    prompt_id text collate "C" not null,
    primary key (workspace_id, conversation_key, prompt_id)
);

-- Who decides for whom, and until when.
create table approval_delegations (
    workspace_id text collate "C" not null,
    delegation_id text collate "C" not null,
    delegator text collate "C" not null,
    delegate text collate "C" not null,
    created_by text collate "C" not null,
    created_at bigint not null,
    ends_at bigint not null,
    ended_at bigint,
    primary key (workspace_id, delegation_id)
);
create index approval_delegations_delegate on approval_delegations (workspace_id, delegate) where ended_at is null;
create index approval_delegations_delegator on approval_delegations (workspace_id, delegator) where ended_at is null;

-- All ids of a person.
create index user_id_mappings_user on user_id_mappings (workspace_id, user_id);

-- How people are called, as their platform said it last; nothing is decided by it.
create table approver_names (
    workspace_id text collate "C" not null,
    identity text collate "C" not null,
    name text collate "C" not null,
    primary key (workspace_id, identity)
);

-- Who holds a role by whose name approvers may be called.
create table approver_roles (
    workspace_id text collate "C" not null,
    role text collate "C" not null,
    person text collate "C" not null,
    created_at bigint not null,
    primary key (workspace_id, role, person)
);

-- The steps that time takes in the course of a request or a delegation: reminder, escalation, expiry, end.
-- `current_state`: waiting, done, dropped.
create table finding_workflows (
    workspace_id text collate "C" not null,
    finding_id text collate "C" not null,
    step text collate "C" not null,
    current_state text collate "C" not null default 'waiting',
    due_date bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (workspace_id, finding_id, step)
);
create index finding_workflows_due on finding_workflows (due_date) where current_state = 'waiting';

-- The log of everything that people and time decided, chained by SHA-256 in each workspace; rows are only ever added.
create table governance_artifacts (
    workspace_id text collate "C" not null,
    sequence bigint not null,
    subject_id text collate "C" not null,
    artifact_type text collate "C" not null,
    entry_json text collate "C" not null,
    previous_hash text collate "C" not null,
    hash text collate "C" not null,
    created_at bigint not null,
    primary key (workspace_id, sequence)
);
create index governance_artifacts_subject on governance_artifacts (workspace_id, subject_id, sequence);

-- The end of each workspace's chain.
create table governance_heads (
    workspace_id text collate "C" primary key,
    sequence bigint not null,
    hash text collate "C" not null
);

create function governance_artifacts_stay() returns trigger language plpgsql as $$
begin
    raise exception 'The audit log is never changed.';
end
$$;
create trigger governance_artifacts_append_only before update or delete on governance_artifacts
    for each row execute function governance_artifacts_stay();
create trigger governance_artifacts_never_emptied before truncate on governance_artifacts
    for each statement execute function governance_artifacts_stay();
