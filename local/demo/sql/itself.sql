-- What is set on the database itself, which a dump of its content does not hold.

ALTER DATABASE {name} SET search_path TO public, "$user", "my, ""own""";
ALTER DATABASE {name} SET shop.greeting TO 'it''s "open"';
ALTER ROLE "clerk & co" IN DATABASE {name} SET work_mem TO '8MB';
REVOKE CONNECT ON DATABASE {name} FROM PUBLIC;
GRANT CONNECT ON DATABASE {name} TO reader, "clerk & co" WITH GRANT OPTION;
COMMENT ON DATABASE {name} IS 'made up; 100 % "awkward"';
