-- From 0.1.0: what CREATE OR REPLACE of the functions, which follows, cannot do.

CREATE TYPE weedgo.split_counter AS (
    store_id  uuid,
    name      text,
    buckets   integer,
    available bigint,
    used      bigint,
    details   jsonb
);
COMMENT ON TYPE weedgo.split_counter IS
    'Into how many rows a counter of a store is split (0: it is not), with what is in all of them: of a sku, its units of no lot, available and reserved; of a promo code, uses that are left (NULL: no limit) and used. Returned by split_stock, merge_stock, split_promo, merge_promo and tune_stock.';

CREATE TYPE weedgo.hot_sku AS (
    store_id        uuid,
    sku             text,
    buckets         integer,
    waits           bigint,
    samples         integer,
    buckets_advised integer,
    details         jsonb
);
COMMENT ON TYPE weedgo.hot_sku IS
    'A sku whose stock somebody waited for: how many were seen waiting, in all samples together, and over how many rows split_stock would best split it. Returned by hot_skus.';

