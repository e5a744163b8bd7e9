-- Hub roles: power over this server itself, held by some of its users.
-- compatible-with: 1

CREATE TABLE hub_roles (
    tenant_id integer NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
