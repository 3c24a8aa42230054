-- Schema weedgo holds functions and types, nothing else. Everything in it is
-- created here, by the extension; the relations live in schema weedgo_data and
-- belong to whoever ran weedgo.create_tables().

COMMENT ON SCHEMA weedgo IS
    'weedgo_checkout: functions and types. Its relations are in schema weedgo_data, made by weedgo.create_tables().';
