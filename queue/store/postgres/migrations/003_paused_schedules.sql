-- A schedule that is paused puts no job until it goes on.

alter table :schema.schedule add column paused boolean not null default false;
