-- What people have to decide, who decided what, and the log that nobody can change unseen.

-- One row for each question to people. `status`: pending, approved, rejected, revised, decided, expired, withdrawn.
create table approval_requests (
    approval_number integer primary key autoincrement,
    workspace_id text not null,
    request_id text not null,
    origin_key text not null,
    kind text not null,
    title text not null,
    question text not null,
    context text not null default '',
    operation_json text not null,
    operation_hash text not null,
    policy_json text not null,
    status text not null default 'pending',
    outcome_option text,
    outcome_line text not null default '',
    priority integer not null default 3,
    requester_id text not null,
    requester_name text not null default '',
    debate_id text,
    address_json text,
    metadata_json text not null default '{}',
    version integer not null default 0,
    expires_at integer,
    responded_at integer,
    created_at integer not null,
    updated_at integer not null,
    unique (workspace_id, request_id)
);
create unique index approval_requests_id on approval_requests (request_id);
create unique index approval_requests_origin on approval_requests (workspace_id, origin_key);
create index approval_requests_newest on approval_requests (workspace_id, approval_number desc);
create index approval_requests_pending on approval_requests (workspace_id, approval_number desc) where status = 'pending';
create index approval_requests_debate on approval_requests (workspace_id, debate_id) where debate_id is not null;

-- One answer for each seat, and one for each person, whoever's seat they sat on.
create table approval_decisions (
    workspace_id text not null,
    request_id text not null,
    approver text not null,
    actor text not null,
    actor_identity text not null,
    actor_name text not null,
    surface text not null,
    option_id text not null,
    effect text not null,
    comment text not null default '',
    operation_hash text not null,
    evidence text not null,
    decided_at integer not null,
    primary key (workspace_id, request_id, approver),
    unique (workspace_id, request_id, actor)
);

-- Every copy of a prompt, and what it says now. Buttons and links carry its number, under a code that nobody else can
-- make; `bound_to` is whose answer they stand for.
create table approval_prompts (
    prompt_number integer primary key autoincrement,
    workspace_id text not null,
    prompt_id text not null,
    request_id text not null,
    platform text not null,
    recipient text not null,
    bound_to text not null,
    address_json text not null,
    conversation_key text,
    reminder_of text,
    state text not null default 'open',
    shown text not null default '',
    shown_hash text not null default '',
    created_at integer not null,
    updated_at integer not null,
    unique (workspace_id, prompt_id)
);
create index approval_prompts_request on approval_prompts (request_id);
create index approval_prompts_conversation on approval_prompts (workspace_id, conversation_key)
    where conversation_key is not null;
create index approval_prompts_recipient on approval_prompts (workspace_id, recipient) where state = 'open';

-- The threads of a long copy's further messages, in which it can be answered as well.
create table approval_prompt_threads (
    workspace_id text not null,
    conversation_key text not null,
    prompt_id text not null,
    primary key (workspace_id, conversation_key, prompt_id)
);

-- Who decides for whom, and until when.
create table approval_delegations (
    workspace_id text not null,
    delegation_id text not null,
    delegator text not null,
    delegate text not null,
    created_by text not null,
    created_at integer not null,
    ends_at integer not null,
    ended_at integer,
    primary key (workspace_id, delegation_id)
);
create index approval_delegations_delegate on approval_delegations (workspace_id, delegate) where ended_at is null;
create index approval_delegations_delegator on approval_delegations (workspace_id, delegator) where ended_at is null;

-- All ids of a person.
create index user_id_mappings_user on user_id_mappings (workspace_id, user_id);

-- How people are called, as their platform said it last; nothing is decided by it.
create table approver_names (
    workspace_id text not null,
    identity text not null,
    name text not null,
    primary key (workspace_id, identity)
);

-- Who holds a role by whose name approvers may be called.
create table approver_roles (
    workspace_id text not null,
    role text not null,
    person text not null,
    created_at integer not null,
    primary key (workspace_id, role, person)
);

-- The steps that time takes in the course of a request or a delegation: reminder, escalation, expiry, end.
-- `current_state`: waiting, done, dropped.
create table finding_workflows (
    workspace_id text not null,
    finding_id text not null,
    step text not null,
    current_state text not null default 'waiting',
    due_date integer not null,
    created_at integer not null,
    updated_at integer not null,
    primary key (workspace_id, finding_id, step)
);
create index finding_workflows_due on finding_workflows (due_date) where current_state = 'waiting';

-- The log of everything that people and time decided, chained by SHA-256 in each workspace; rows are only ever added.
create table governance_artifacts (
    workspace_id text not null,
    sequence integer not null,
    subject_id text not null,
    artifact_type text not null,
    entry_json text not null,
    previous_hash text not null,
    hash text not null,
    created_at integer not null,
    primary key (workspace_id, sequence)
);
create index governance_artifacts_subject on governance_artifacts (workspace_id, subject_id, sequence);

-- The end of each workspace's chain.
create table governance_heads (
    workspace_id text primary key,
    sequence integer not null,
    hash text not null
);

create trigger governance_artifacts_no_update before update on governance_artifacts
begin
    select raise(abort, 'The audit log is never changed.');
end;
create trigger governance_artifacts_no_delete before delete on governance_artifacts
begin
    select raise(abort, 'The audit log is never changed.');
end;
