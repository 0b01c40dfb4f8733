-- How much somebody asked lately is counted for each of their messages; events that were done long ago are forgotten.
create index debates_requester on debates (workspace_id, requested_by, created_at);
create index inbox_over on inbox (received_at) where status = 1;
