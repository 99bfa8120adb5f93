-- What tests of loads that are struck look for them with (test/blows.sh).

-- Cancels or ends the session "load" once it has come to the phase, and says which it is; NULL when it does not within a minute.
CREATE FUNCTION strike(blow text, phase text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    victim int;
BEGIN
    FOR i IN 1 .. 1200 LOOP
        PERFORM pg_stat_clear_snapshot();
        SELECT a.pid INTO victim FROM pg_stat_activity a LEFT JOIN pg_stat_progress_copy p USING (pid)
        WHERE a.datname = current_database() AND application_name = 'load' AND
            CASE phase WHEN 'read' THEN tuples_processed > 0 AND wait_event = 'ClientRead'
                WHEN 'merged' THEN state = 'idle in transaction' AND query ~ 'merge'
                ELSE wait_event_type = 'Lock' END;
        EXIT WHEN victim IS NOT NULL;
        PERFORM pg_sleep(0.05);
    END LOOP;
    PERFORM CASE blow WHEN 'cancel' THEN pg_cancel_backend(victim) WHEN 'terminate' THEN pg_terminate_backend(victim, 60000) END;
    RETURN victim;
END $$;
