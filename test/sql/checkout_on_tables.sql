-- The core of the checkout tests, on the tables that create_tables() makes.
\set ECHO none
\i test/fixtures/shop.sql
\set ECHO all
\i test/fixtures/checkout_core.sql
