-- Jobs that programs put by SQL, in their own transactions. The owner of the queue moves them to the jobs.

create table :schema.inbox (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  queue text not null,
  body bytea not null,
  key text not null,
  priority bigint not null,
  attempts bigint not null,
  lease bigint not null,
  backoff bigint not null,
  keep boolean not null,
  name text not null,
  delay double precision not null,
  expires double precision
) with (autovacuum_vacuum_scale_factor = 0.01);

create function :schema.milliseconds(name text, value interval, lowest bigint, highest bigint) returns bigint
language plpgsql immutable as $$
declare
  ms numeric := round(extract(epoch from value)::numeric * 1000);
begin
  if ms not between lowest and highest then
    raise exception '% must be % to % ms, not %', name, lowest, highest, ms using errcode = 'check_violation';
  end if;
  return ms;
end
$$;

create function :schema.put(
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
  if priority not between 0 and 9 then
    raise exception 'priority must be 0 to 9, not %', priority using errcode = 'check_violation';
  end if;
  if attempts not between 1 and 1000 then
    raise exception 'attempts must be 1 to 1000, not %', attempts using errcode = 'check_violation';
  end if;
  if octet_length(body) > 1048576 then
    raise exception 'the body must have at most 1048576 bytes, not %', octet_length(body) using errcode = 'check_violation';
  end if;
  insert into :schema.inbox
    (queue, body, key, priority, attempts, lease, backoff, keep, name, delay, expires)
  values (
    queue, body, key, priority, attempts,
    :schema.milliseconds('lease', lease, 1, 2592000000),
    :schema.milliseconds('backoff', backoff, 0, 86400000),
    keep_result, id,
    :schema.milliseconds('delay', delay, 0, 31622400000),
    case when expires is null then null
      else :schema.milliseconds('expires', expires, 1, 31622400000) end
  );
  perform pg_notify(':channel', '');
end
$$;

create function :schema.put(
  queue text,
  body text,
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
language sql as $$
  select :schema.put(queue, convert_to(body, 'UTF8'), key, id, priority, attempts, lease, backoff,
    delay, expires, keep_result)
$$;
