-- Sessions and grants: rows of one user, found by their ids through `locators`.

CREATE TABLE sessions (
    tenant_id integer NOT NULL,
    user_id key_text NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, user_id, id)
);

CREATE TABLE grants (
    tenant_id integer NOT NULL,
    user_id key_text NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, user_id, id)
);

-- A user's own in order; without these the lists of the whole tenant would be walked for them.
CREATE INDEX sessions_of_user ON sessions (tenant_id, user_id, created_at, id);
CREATE INDEX grants_of_user ON grants (tenant_id, user_id, created_at, id);

CREATE INDEX sessions_by_creation ON sessions (tenant_id, created_at, id);
CREATE INDEX grants_by_creation ON grants (tenant_id, created_at, id);

-- Whose the record is; empty for what belongs to the tenant.
ALTER TABLE locators ADD COLUMN user_id key_text NOT NULL DEFAULT '';

CREATE INDEX locators_of_user ON locators (tenant_id, user_id) WHERE user_id <> '';
