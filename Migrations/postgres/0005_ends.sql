-- What is over is found by its age, so that it can be forgotten; debates that are not over, by their workspace.
create index job_queue_over on job_queue (completed_at) where completed_at is not null;
create index button_tokens_over on button_tokens (expires_at);
create index finding_workflows_over on finding_workflows (updated_at) where current_state <> 'waiting';
create index debates_open on debates (workspace_id, debate_number desc) where status in ('created', 'running');
