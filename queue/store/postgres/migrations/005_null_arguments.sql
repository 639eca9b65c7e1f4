-- Says which argument of put is null. All else of the function is as before.

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
  missing text;
begin
  if queue is null or queue !~ '^[^[:space:][:cntrl:]]{1,128}$' then
    raise exception 'queue must be a word of 1 to 128 characters, not %', queue using errcode = 'check_violation';
  end if;
  -- A null of the caller is an error of its own: checks of values let it pass, and a column's error names no argument.
  missing := case
    when body is null then 'body'
    when key is null then 'key'
    when id is null then 'id'
    when priority is null then 'priority'
    when attempts is null then 'attempts'
    when lease is null then 'lease'
    when backoff is null then 'backoff'
    when delay is null then 'delay'
    when keep_result is null then 'keep_result'
  end;
  if missing is not null then
    raise exception '% must not be null', missing using errcode = 'check_violation';
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
