-- Everything Muster keeps. One text for SQLite and PostgreSQL.
--
-- key_text is text compared byte by byte, json_text is JSON kept as it was sent. `integer PRIMARY KEY AUTOINCREMENT` is a
-- number that the database gives, never twice. WITHOUT ROWID keeps a narrow table in the order of its key. Times are
-- milliseconds since 1970 UTC. Every key begins with the tenant, and what belongs to a user goes on with the user, so that
-- a hot path touches one user's rows. Only `identifiers` and `locators` are keyed by value.

CREATE TABLE tenants (
    number integer PRIMARY KEY AUTOINCREMENT,
    name key_text NOT NULL UNIQUE,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    access_epoch bigint NOT NULL
);

-- Processes that cache a checked credential hear of it when one lost power. On SQLite there is one process, and it reads.
-- only: postgresql
CREATE FUNCTION muster_access_changed() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN PERFORM pg_notify(''muster_access'', NEW.number::text); RETURN NULL; END';

-- only: postgresql
CREATE TRIGGER tenants_access_changed AFTER UPDATE OF access_epoch ON tenants
FOR EACH ROW EXECUTE FUNCTION muster_access_changed();

-- Users ------------------------------------------------------------------------------------------------------------------

-- `seq` is the insertion order. `overflow` marks a user with more facts than are indexed, who is looked at by every search.
CREATE TABLE users (
    seq integer PRIMARY KEY AUTOINCREMENT,
    tenant_id integer NOT NULL,
    id key_text NOT NULL,
    realm key_text NOT NULL,
    internal integer NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    terms_version integer NOT NULL,
    overflow integer NOT NULL,
    doc json_text NOT NULL,
    UNIQUE (tenant_id, id)
);

-- Internal users are never listed, so they are in none of these.
CREATE INDEX users_listed ON users (tenant_id, seq) WHERE internal = 0;
CREATE INDEX users_by_creation ON users (tenant_id, created_at, seq) WHERE internal = 0;
CREATE INDEX users_by_update ON users (tenant_id, updated_at, seq) WHERE internal = 0;
-- The few who are not.
CREATE INDEX users_internal ON users (tenant_id, seq) WHERE internal = 1;
-- Those whom a search cannot decide by its indexes alone. The number is the core's TERMS_VERSION.
CREATE INDEX users_to_look_at ON users (tenant_id, seq) WHERE overflow = 1 OR terms_version < 1;

-- The exact number of listed users is the sum of a tenant's rows; many rows, so that concurrent creations do not queue.
CREATE TABLE user_counts (
    tenant_id integer NOT NULL,
    shard integer NOT NULL,
    users bigint NOT NULL,
    PRIMARY KEY (tenant_id, shard)
) WITHOUT ROWID;

-- What signing in leaves behind. `n` is the user's `seq`.
CREATE TABLE activity (
    tenant_id integer NOT NULL,
    user_id key_text NOT NULL,
    n bigint NOT NULL,
    version bigint NOT NULL,
    logins bigint,
    last_login_at bigint,
    last_login_ip key_text,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, user_id)
) WITHOUT ROWID;

CREATE INDEX activity_by_logins ON activity (tenant_id, logins, n) WHERE logins IS NOT NULL;
CREATE INDEX activity_by_last_login ON activity (tenant_id, last_login_at, n) WHERE last_login_at IS NOT NULL;
CREATE INDEX activity_by_last_ip ON activity (tenant_id, last_login_ip, n) WHERE last_login_ip IS NOT NULL;

-- Keys: the only guard against duplicates -----------------------------------------------------------------------------------

CREATE TABLE identifiers (
    tenant_id integer NOT NULL,
    realm key_text NOT NULL,
    kind key_text NOT NULL,
    value key_text NOT NULL,
    user_id key_text NOT NULL,
    PRIMARY KEY (tenant_id, realm, kind, value)
) WITHOUT ROWID;

CREATE TABLE locators (
    tenant_id integer NOT NULL,
    realm key_text NOT NULL,
    kind key_text NOT NULL,
    value key_text NOT NULL,
    record_kind key_text NOT NULL,
    record_id key_text NOT NULL,
    PRIMARY KEY (tenant_id, realm, kind, value)
) WITHOUT ROWID;

-- Search: one row per fact of a listed user; `n` is the user's `seq` and `field` 64 bits that stand for a field's name ----------

CREATE TABLE text_terms (
    tenant_id integer NOT NULL,
    n integer NOT NULL,
    field bigint NOT NULL,
    value key_text NOT NULL,
    PRIMARY KEY (tenant_id, field, value, n)
) WITHOUT ROWID;

CREATE TABLE number_terms (
    tenant_id integer NOT NULL,
    n integer NOT NULL,
    field bigint NOT NULL,
    value double precision NOT NULL,
    PRIMARY KEY (tenant_id, field, value, n)
) WITHOUT ROWID;

-- What people type to find a user, as one text, for searches within it by groups of three letters (trigrams). Both engines
-- answer `text LIKE ?` on `user_trigrams`: SQLite from an index that triggers keep in step, PostgreSQL from one of its own.
CREATE TABLE user_texts (
    n integer PRIMARY KEY,
    tenant_id integer NOT NULL,
    text key_text NOT NULL
);

-- only: sqlite
CREATE VIRTUAL TABLE user_trigrams USING fts5
(tenant_id UNINDEXED, text, content='user_texts', content_rowid='n', tokenize='trigram', detail='none', columnsize=0);

-- only: sqlite
CREATE TRIGGER user_texts_added AFTER INSERT ON user_texts BEGIN
    INSERT INTO user_trigrams (rowid, text) VALUES (new.n, new.text); END;

-- only: sqlite
CREATE TRIGGER user_texts_gone AFTER DELETE ON user_texts BEGIN
    INSERT INTO user_trigrams (user_trigrams, rowid, text) VALUES ('delete', old.n, old.text); END;

-- only: sqlite
CREATE TRIGGER user_texts_changed AFTER UPDATE ON user_texts BEGIN
    INSERT INTO user_trigrams (user_trigrams, rowid, text) VALUES ('delete', old.n, old.text), (NULL, new.n, new.text); END;

-- only: postgresql
DO 'BEGIN CREATE EXTENSION IF NOT EXISTS pg_trgm; EXCEPTION WHEN OTHERS THEN RAISE EXCEPTION USING MESSAGE =
    ''the extension pg_trgm is needed and cannot be created ('' || SQLERRM || ''); install the contrib package of '' ||
    ''PostgreSQL, or let an administrator run CREATE EXTENSION pg_trgm in this database, and try again''; END';

-- only: postgresql
CREATE INDEX user_texts_trigrams ON user_texts USING gin (text gin_trgm_ops);

-- only: postgresql
CREATE VIEW user_trigrams AS SELECT n AS rowid, tenant_id, text FROM user_texts;

-- SQLite's word for it.
-- only: postgresql
CREATE FUNCTION instr(text, text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT strpos($1, $2)';

-- Every other kind of record -----------------------------------------------------------------------------------------------

CREATE TABLE connections (
    tenant_id integer NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE apps (
    tenant_id integer NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE apis (
    tenant_id integer NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE client_grants (
    tenant_id integer NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE signing_keys (
    tenant_id integer NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE credentials (
    tenant_id integer NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

-- What the server remembers about itself; most of it under tenant 0, which is everybody's.
CREATE TABLE facts (
    tenant_id integer NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

-- What happened, and what must be sent ---------------------------------------------------------------------------------------

-- `position` is given after the commit by one sealer: the order in which ids are made is not the order of commits.
CREATE TABLE events (
    tenant_id integer NOT NULL,
    id key_text NOT NULL,
    position bigint,
    at bigint NOT NULL,
    kind key_text NOT NULL,
    user_id key_text NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;

CREATE UNIQUE INDEX events_in_order ON events (tenant_id, position) WHERE position IS NOT NULL;
CREATE INDEX events_unsealed ON events (id) WHERE position IS NULL;
CREATE INDEX events_of_user ON events (tenant_id, user_id, id) WHERE user_id <> '';

-- The last position given; one row, made by the first sealing.
CREATE TABLE event_seal (
    one integer PRIMARY KEY,
    last bigint NOT NULL
);

CREATE TABLE outbox (
    tenant_id integer NOT NULL,
    id key_text NOT NULL,
    kind key_text NOT NULL,
    channel key_text NOT NULL,
    due_at bigint NOT NULL,
    claimed_until bigint NOT NULL,
    attempts integer NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;

CREATE INDEX outbox_due ON outbox (channel, due_at, id);
