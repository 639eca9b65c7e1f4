-- The tables of a queue. :schema stands for the name of their schema.
-- A number and a time are what JavaScript has: double precision. A state is its place in a job's life: 0 delayed, 1 ready,
-- 2 taken, 3 dead, 4 done.

create table :schema.migration (
  version integer primary key,
  at timestamptz not null default now()
);
-- By this a schema is known to be that of a queue.
comment on table :schema.migration is 'Lineup queue';

-- How many shards there are. Numbers of jobs follow from it, so it never changes.
create table :schema.cluster (
  one boolean primary key default true check (one),
  shards smallint not null check (shards > 0),
  made timestamptz not null default now()
);

-- The servers that are there. One whose time is over may be removed by any other, which then owns its shards.
create table :schema.node (
  id uuid primary key,
  incarnation bigint not null,
  address text not null,
  since timestamptz not null default now(),
  until timestamptz not null
) with (fillfactor = 50);

-- A shard is a part of the jobs with one owner. Its owner changes only by the owner, or in the transaction that removes it
-- from the nodes. No job has a number above `last`, but for those that are there. now and wall are the moment of the queue.
create table :schema.shard (
  shard smallint primary key,
  owner uuid,
  since timestamptz not null default now(),
  last bigint not null default 0,
  now double precision,
  wall double precision
) with (fillfactor = 50);

-- The queues and their shards.
create table :schema.queue (
  queue text primary key,
  shard smallint not null
);

-- Only the owner of a shard reads and writes its rows, and it knows by itself which are next: so there is one index, no
-- change touches it, and a changed row stays in its page.
create table :schema.job (
  shard smallint not null,
  id bigint not null,
  queue text not null,
  key text not null,
  priority bigint not null,
  attempts bigint not null,
  lease bigint not null,
  backoff bigint not null,
  keep boolean not null,
  name text not null,
  put double precision not null,
  expires double precision not null,
  state smallint not null,
  attempt bigint not null,
  spared bigint not null,
  ready double precision not null,
  until double precision not null,
  held boolean not null,
  reason text not null,
  rank bigint not null,
  taken double precision not null,
  trace text not null,
  past text not null,
  body bytea not null,
  primary key (shard, id)
) with (
  fillfactor = 80,
  autovacuum_vacuum_scale_factor = 0.01,
  autovacuum_vacuum_insert_scale_factor = 0.1,
  autovacuum_analyze_scale_factor = 0.1,
  autovacuum_vacuum_cost_delay = 0
);

create table :schema.rules (
  shard smallint not null,
  queue text not null,
  key text not null,
  paused boolean not null,
  running bigint not null,
  rate double precision not null,
  weight double precision not null,
  depth bigint not null,
  paid double precision not null,
  primary key (shard, queue, key)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01);

create table :schema.schedule (
  shard smallint not null,
  name text not null,
  queue text not null,
  key text not null,
  priority bigint not null,
  attempts bigint not null,
  lease bigint not null,
  backoff bigint not null,
  keep boolean not null,
  cron text not null,
  zone text not null,
  interval bigint not null,
  next double precision not null,
  expires bigint not null,
  body bytea not null,
  primary key (shard, name)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01);

-- The imports that were made, by a digest of their lines.
create table :schema.imported (
  digest bytea primary key,
  at double precision not null,
  jobs bigint not null
);

insert into :schema.cluster (shards) values (1);
insert into :schema.shard (shard) select generate_series(0, shards - 1) from :schema.cluster;
