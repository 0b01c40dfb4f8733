-- `messages_sent`, `last_activity`, `last_error` and `last_error_at` of `integrations` are used no more: what was sent
-- and what failed stands in the outbox. The columns stay as long as a process of a former version may run beside.

-- What was sent long ago is found by its age.
create index outbox_sent on outbox (updated_at) where status = 2;
