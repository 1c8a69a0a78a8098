/* Snapper's stand-in for uuid-ossp, for trials alone: the same functions, and the same results but
   for what is taken from the network card. Names are bound as they are created. */

CREATE FUNCTION uuid_nil() RETURNS uuid
    IMMUTABLE STRICT PARALLEL SAFE RETURN '00000000-0000-0000-0000-000000000000'::uuid;
CREATE FUNCTION uuid_ns_dns() RETURNS uuid
    IMMUTABLE STRICT PARALLEL SAFE RETURN '6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid;
CREATE FUNCTION uuid_ns_url() RETURNS uuid
    IMMUTABLE STRICT PARALLEL SAFE RETURN '6ba7b811-9dad-11d1-80b4-00c04fd430c8'::uuid;
CREATE FUNCTION uuid_ns_oid() RETURNS uuid
    IMMUTABLE STRICT PARALLEL SAFE RETURN '6ba7b812-9dad-11d1-80b4-00c04fd430c8'::uuid;
CREATE FUNCTION uuid_ns_x500() RETURNS uuid
    IMMUTABLE STRICT PARALLEL SAFE RETURN '6ba7b814-9dad-11d1-80b4-00c04fd430c8'::uuid;

CREATE FUNCTION uuid_generate_v4() RETURNS uuid
    VOLATILE STRICT PARALLEL SAFE RETURN gen_random_uuid();

-- The time in steps of 100 ns since 1582, and 8 random bytes marked as such in place of the card's.
CREATE FUNCTION uuid_generate_v1mc() RETURNS uuid VOLATILE STRICT PARALLEL SAFE BEGIN ATOMIC
    SELECT (substr(hex, 9, 8) || substr(hex, 5, 4) || '1' || substr(hex, 2, 3) || rest)::uuid
    FROM (
        SELECT lpad(to_hex((extract(epoch FROM clock_timestamp()) * 10000000)::bigint
                + 122192928000000000), 16, '0') AS hex,
            encode(set_byte(random, 2, get_byte(random, 2) | 1), 'hex') AS rest
        FROM (SELECT substr(uuid_send(gen_random_uuid()), 9) AS random) AS r
    ) AS parts;
END;
CREATE FUNCTION uuid_generate_v1() RETURNS uuid
    VOLATILE STRICT PARALLEL SAFE RETURN uuid_generate_v1mc();

CREATE FUNCTION "uuid-ossp: digest"(bytea, text) RETURNS bytea
    IMMUTABLE STRICT PARALLEL SAFE LANGUAGE c AS '$libdir/pgcrypto', 'pg_digest';
CREATE FUNCTION "uuid-ossp: named"(digest bytea, version int) RETURNS uuid
    IMMUTABLE STRICT PARALLEL SAFE RETURN encode(
        set_byte(
            set_byte(substr(digest, 1, 16), 6, (get_byte(digest, 6) & 15) | (version << 4)),
            8, (get_byte(digest, 8) & 63) | 128
        ), 'hex')::uuid;

CREATE FUNCTION uuid_generate_v3(namespace uuid, name text) RETURNS uuid
    IMMUTABLE STRICT PARALLEL SAFE RETURN "uuid-ossp: named"("uuid-ossp: digest"(
        uuid_send(namespace) || convert_to(name, getdatabaseencoding()), 'md5'), 3);
CREATE FUNCTION uuid_generate_v5(namespace uuid, name text) RETURNS uuid
    IMMUTABLE STRICT PARALLEL SAFE RETURN "uuid-ossp: named"("uuid-ossp: digest"(
        uuid_send(namespace) || convert_to(name, getdatabaseencoding()), 'sha1'), 5);
