-- Several nodes share the shards of a queue.

-- Nodes share their shards with those of the same secret. This is a digest of it; null for a node that shares with nobody.
alter table :schema.node add column secret bytea;
-- A node that leaves gives its shards away, and gets none.
alter table :schema.node add column leaving boolean not null default false;

-- The shard of an unknown queue is null until a node has chosen one.
alter table :schema.inbox add column shard smallint;
create index inbox_next on :schema.inbox (shard, id);

-- The shard of a queue; null as long as it has none. The first queues get the shards with fewest queues, all others one by
-- their names: so clients cannot fill a table with names.
create function :schema.shard_of(name text) returns smallint
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  shards smallint := (select cluster.shards from :schema.cluster);
  found smallint;
begin
  if shards = 1 then
    return 0;
  end if;
  select queue.shard into found from :schema.queue where queue.queue = name;
  if found is null and (select count(*) from :schema.queue) >= :named then
    -- The bytes of a digest: a hash of PostgreSQL may be another one in its next version.
    found := ('x' || substr(md5(name), 1, 7))::bit(28)::integer % shards;
  end if;
  return found;
end
$$;

-- The shard of a queue, which it gets if it has none.
create function :schema.assign(name text) returns smallint
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  found smallint := :schema.shard_of(name);
begin
  if found is not null then
    return found;
  end if;
  -- One at a time: the next one sees what this one has chosen.
  perform from :schema.cluster for update;
  found := :schema.shard_of(name);
  if found is null then
    select shard.shard into found from :schema.shard left join :schema.queue on queue.shard = shard.shard
      group by shard.shard order by count(queue.queue), shard.shard limit 1;
    insert into :schema.queue (queue, shard) values (name, found);
  end if;
  return found;
end
$$;

create or replace function :schema.put(
  queue text,
  body bytea,
  key text default '',
  id text default '',
  priority integer default 5,
  attempts integer default 10,
  lease interval default '60 s',
  backoff interval default '0 s',
  delay interval default '0 s',
  expires interval default null,
  keep_result boolean default false
) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  shard smallint;
begin
  if queue is null or queue !~ '^[^[:space:][:cntrl:]]{1,128}$' then
    raise exception 'queue must be a word of 1 to 128 characters, not %', queue using errcode = 'check_violation';
  end if;
  if key !~ '^[^[:space:][:cntrl:]]{0,128}$' then
    raise exception 'key must be a word of at most 128 characters, not %', key using errcode = 'check_violation';
  end if;
  if id !~ '^[^[:space:][:cntrl:]]{0,128}$' then
    raise exception 'id must be a word of at most 128 characters, not %', id using errcode = 'check_violation';
  end if;
  if id ~ '@[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$' then
    raise exception 'id must not end with a time such as %: only jobs of EVERY have that',
      substring(id from '@[^@]*$') using errcode = 'check_violation';
  end if;
  if priority not between 0 and 9 then
    raise exception 'priority must be 0 to 9, not %', priority using errcode = 'check_violation';
  end if;
  if attempts not between 1 and 1000 then
    raise exception 'attempts must be 1 to 1000, not %', attempts using errcode = 'check_violation';
  end if;
  if octet_length(body) > 1048576 then
    raise exception 'the body must have at most 1048576 bytes, not %', octet_length(body) using errcode = 'check_violation';
  end if;
  shard := :schema.shard_of(queue);
  insert into :schema.inbox
    (shard, queue, body, key, priority, attempts, lease, backoff, keep, name, delay, expires)
  values (
    shard, queue, body, key, priority, attempts,
    :schema.milliseconds('lease', lease, 1, 2592000000),
    :schema.milliseconds('backoff', backoff, 0, 86400000),
    keep_result, id,
    :schema.milliseconds('delay', delay, 0, 31622400000),
    case when expires is null then null
      else :schema.milliseconds('expires', expires, 1, 31622400000) end
  );
  perform pg_notify(':channel', coalesce(shard::text, ''));
end
$$;
