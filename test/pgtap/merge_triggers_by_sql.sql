-- Triggers and rules again, by the plain SQL path alone: it does the same.
SET aiodal.path = 'sql';
\ir merge_triggers.sql
