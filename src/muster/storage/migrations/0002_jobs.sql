-- Jobs and the files they read and write.
-- compatible-with: 1

-- `due_at` is when some process must look at the job: to begin it, to take over what another left, to delete it.
CREATE TABLE jobs (
    tenant_id integer NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    due_at bigint NOT NULL DEFAULT 0,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX jobs_due ON jobs (due_at, tenant_id, id);
CREATE INDEX jobs_by_creation ON jobs (tenant_id, created_at, id);

-- A part holds at most a quarter of a megabyte, as base64. The ids of a file's parts sort in its order.
CREATE TABLE job_files (
    tenant_id integer NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
