-- The key that somebody asked for signs from then on; without any, the oldest one does.
alter table signing_keys add column renewed_at bigint;
