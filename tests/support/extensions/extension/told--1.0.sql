CREATE FUNCTION public.told_guard() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
    IF tg_tag = 'ALTER TABLE' AND current_query() ~ 'PRIMARY KEY'
        AND coalesce(current_setting('told.restoring', true), 'off') <> 'on'
    THEN RAISE EXCEPTION 'not while database % is restored', current_database()
        USING HINT = format('SELECT told_pre_restore() in %I', current_database());
    END IF;
END $$;
CREATE EVENT TRIGGER told_guard ON ddl_command_end EXECUTE FUNCTION public.told_guard();
CREATE FUNCTION public.told_pre_restore() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET told.restoring = %L', current_database(), 'on');
END $$;
CREATE FUNCTION public.told_post_restore() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    EXECUTE format('ALTER DATABASE %I RESET told.restoring', current_database());
END $$;
