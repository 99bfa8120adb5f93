-- Holds a session back between its look at a table and its write, while another one has the lock: as a CHECK.
CREATE FUNCTION gate() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('gate.active', true) = 'yes' THEN
        PERFORM pg_advisory_lock_shared(4711), pg_advisory_unlock_shared(4711);
    END IF;
    RETURN true;
END $$;
