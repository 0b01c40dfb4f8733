-- `messages_sent`, `last_activity`, `last_error` and `last_error_at` of `integrations` are used no more: what was sent
-- and what failed stands in the outbox. The columns stay as long as a process of a former version may run beside.

-- What was sent long ago is found by its age; what was asked in a channel, by the channel. Which debate of a
-- conversation goes on is asked of those that are not over.
create index outbox_sent on outbox (updated_at) where status = 2;
create index debates_channel on debates (workspace_id, json_extract(address_json, '$.channel'), debate_number desc);
drop index debates_conversation;
create index debates_open_conversation on debates (workspace_id, conversation_key, debate_number desc)
    where status in ('created', 'running');
