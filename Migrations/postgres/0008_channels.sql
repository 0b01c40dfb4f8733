-- What was asked in a channel is found by the channel, and which debate of a conversation goes on among those that are
-- not over. In a migration of its own: one that locks two tables, one after the other, can stand in a circle with a
-- gateway that is running.
create index debates_channel on debates (
    workspace_id, ((cast(address_json as json) ->> 'channel') collate "C"), debate_number desc
);
create index debates_open_conversation on debates (workspace_id, conversation_key, debate_number desc)
    where status in ('created', 'running');
