-- The demo shop: three stores, seventy-odd products, a handful of customers.
-- Run it after SELECT weedgo.create_tables(); running it again changes nothing.
--
--   stores     11111111-1111-1111-1111-111111111111  Toronto
--              22222222-2222-2222-2222-222222222222  Ottawa
--              33333333-3333-3333-3333-333333333333  Montréal
--   customers  c0000000-0000-0000-0000-000000000001  Alice, … 2 Bob, … 3 Chloé, … 4 Dan (17), … 5 Eve (age not verified)
--   carts      ca000000-0000-0000-0000-000000000001  Alice's in Toronto (2 x 19.99), … 2 to … 6

BEGIN;

INSERT INTO weedgo_data.stores
    (store_id, tenant_id, name, province, timezone, latitude, longitude, max_delivery_km, min_order_amount)
VALUES
    ('11111111-1111-1111-1111-111111111111', '7e000000-0000-0000-0000-000000000001',
     'WeedGo Toronto, Queen Street West', 'ON', 'America/Toronto', 43.6487, -79.3963, 25, 0),
    ('22222222-2222-2222-2222-222222222222', '7e000000-0000-0000-0000-000000000001',
     'WeedGo Ottawa, ByWard Market',      'ON', 'America/Toronto', 45.4285, -75.6923, 30, 20),
    ('33333333-3333-3333-3333-333333333333', '7e000000-0000-0000-0000-000000000001',
     'WeedGo Montréal, Plateau',          'QC', 'America/Toronto', 45.5236, -73.5824, 15, 0)
ON CONFLICT DO NOTHING;

-- Products. What a form of cannabis weighs is not what it counts for: so many grams of it
-- equal one gram of dried cannabis (Cannabis Act, Schedule 3). Fractions of a milligram
-- are rounded up, so that a limit is never passed by rounding.
WITH forms (form, grams_per_dried_gram) AS (VALUES
    ('dried',        1),
    ('solid',       15),
    ('non-solid',   70),
    ('beverage',   570),
    ('concentrate', 0.25),
    ('seed',         1),         -- each seed counts as one gram
    ('accessory', NULL)
),
strains (code, strain, price_1g, price_3_5g, price_7g, price_14g, price_28g) AS (VALUES
    ('BLUE-DREAM',   'Blue Dream',     6.49, 19.99, 37.99, 69.99, 129.99),
    ('PINK-KUSH',    'Pink Kush',      8.99, 28.99, 52.99, 94.99, 174.99),
    ('OG-KUSH',      'OG Kush',        7.99, 25.99, 47.99, 86.99, 159.99),
    ('SOUR-DIESEL',  'Sour Diesel',    7.49, 23.99, 44.99, 79.99, 149.99),
    ('WEDDING-CAKE', 'Wedding Cake',   9.99, 33.99, 61.99, 112.99, 199.99),
    ('CBD-HARMONY',  'CBD Harmony',    5.99, 17.99, 33.99, 59.99,  99.99)
),
goods (sku, name, form, net_grams, unit_price) AS (
    SELECT format('FLOWER-%s-%sG', s.code, size.grams), format('%s, dried flower, %s g', s.strain, size.grams),
           'dried', size.grams, size.price
    FROM strains s
    CROSS JOIN LATERAL (VALUES (1, s.price_1g), (3.5, s.price_3_5g), (7, s.price_7g),
                               (14, s.price_14g), (28, s.price_28g)) AS size (grams, price)
    UNION ALL VALUES
    -- pre-rolls
    ('PREROLL-BLUE-DREAM-1X1G',     'Blue Dream pre-roll, 1 x 1 g',               'dried',        1,     6.95),
    ('PREROLL-PINK-KUSH-3X0.5G',    'Pink Kush pre-rolls, 3 x 0.5 g',             'dried',        1.5,  14.49),
    ('PREROLL-OG-KUSH-5X0.5G',      'OG Kush pre-rolls, 5 x 0.5 g',               'dried',        2.5,  21.99),
    ('PREROLL-SOUR-DIESEL-10X0.35G','Sour Diesel pre-rolls, 10 x 0.35 g',         'dried',        3.5,  27.49),
    ('PREROLL-MIXED-28X0.5G',       'Party pack pre-rolls, 28 x 0.5 g',           'dried',       14,    79.99),
    ('PREROLL-CBD-HARMONY-7X0.5G',  'CBD Harmony pre-rolls, 7 x 0.5 g',           'dried',        3.5,  24.99),
    -- edibles
    ('EDIBLE-GUMMY-PEACH-2PK',      'Peach gummies, 2 x 5 mg THC, 9 g',           'solid',        9,     5.49),
    ('EDIBLE-GUMMY-CHERRY-5PK',     'Cherry gummies, 5 x 2 mg THC, 22.5 g',       'solid',       22.5,   6.99),
    ('EDIBLE-GUMMY-CBD-30PK',       'Citrus CBD gummies, 30 x 20 mg CBD, 120 g',  'solid',      120,    34.99),
    ('EDIBLE-CHOC-MILK',            'Milk chocolate bar, 10 mg THC, 42 g',        'solid',       42,     6.79),
    ('EDIBLE-CHOC-DARK',            'Dark chocolate squares, 4 x 2.5 mg, 10 g',   'solid',       10,     5.99),
    ('EDIBLE-COOKIE',               'Ginger cookie, 10 mg THC, 25 g',             'solid',       25,     5.29),
    ('EDIBLE-MINTS-CBN',            'CBN night mints, 15 g',                      'solid',       15,    11.99),
    ('EDIBLE-CARAMEL',              'Salted caramels, 2 x 5 mg THC, 14 g',        'solid',       14,     6.49),
    -- beverages
    ('DRINK-COLA-355',              'Cola, 10 mg THC, 355 g',                     'beverage',   355,     5.99),
    ('DRINK-LEMONADE-355',          'Lemonade, 10 mg THC, 355 g',                 'beverage',   355,     5.49),
    ('DRINK-SELTZER-LIME-222',      'Lime seltzer, 2.5 mg THC, 222 g',            'beverage',   222,     4.25),
    ('DRINK-ICED-TEA-4X355',        'Peach iced tea, 4 x 355 g',                  'beverage',  1420,    19.99),
    ('DRINK-ROOTBEER-236',          'Root beer, 10 mg THC, 236 g',                'beverage',   236,     6.25),
    ('DRINK-SHOT-60',               'Berry shot, 10 mg THC, 60 g',                'beverage',    60,     4.99),
    -- vapes
    ('VAPE-PINK-KUSH-0.5G',         'Pink Kush 510 cartridge, 0.5 g',             'concentrate',  0.5,  24.99),
    ('VAPE-BLUE-DREAM-1G',          'Blue Dream 510 cartridge, 1 g',              'concentrate',  1,    34.99),
    ('VAPE-SOUR-DIESEL-1G',         'Sour Diesel 510 cartridge, 1 g',             'concentrate',  1,    36.49),
    ('VAPE-LIVE-RESIN-0.95G',       'Wedding Cake live resin cartridge, 0.95 g',  'concentrate',  0.95, 44.99),
    ('VAPE-ALLINONE-0.3G',          'OG Kush disposable vape, 0.3 g',             'concentrate',  0.3,  19.49),
    ('VAPE-CBD-1G',                 'CBD Harmony 510 cartridge, 1 g',             'concentrate',  1,    32.99),
    -- extracts, oils, topicals
    ('EXTRACT-HASH-2G',             'Pressed hash, 2 g',                          'concentrate',  2,    24.99),
    ('EXTRACT-SHATTER-1G',          'Pink Kush shatter, 1 g',                     'concentrate',  1,    29.99),
    ('EXTRACT-LIVE-ROSIN-1G',       'Wedding Cake live rosin, 1 g',               'concentrate',  1,    59.99),
    ('EXTRACT-KIEF-1G',             'OG Kush kief, 1 g',                          'concentrate',  1,    15.99),
    ('EXTRACT-DISTILLATE-1G',       'THC distillate dispenser, 1 g',              'concentrate',  1,    27.99),
    ('OIL-THC-30',                  'THC 30 oil, 28 g',                           'non-solid',   28,    31.99),
    ('OIL-CBD-30',                  'CBD 50 oil, 28 g',                           'non-solid',   28,    39.99),
    ('TOPICAL-CREAM-50',            'CBD muscle cream, 50 g',                     'non-solid',   50,    29.49),
    -- seeds
    ('SEED-BLUE-DREAM-1',           'Blue Dream seed, feminized, 1 seed',         'seed',         1,    12.99),
    ('SEED-PINK-KUSH-4',            'Pink Kush seeds, feminized, 4 seeds',        'seed',         4,    44.99),
    ('SEED-AUTOFLOWER-6',           'Autoflower seeds, 6 seeds',                  'seed',         6,    59.99),
    -- accessories
    ('ACC-PAPERS',                  'Hemp rolling papers, king size',             'accessory', NULL,     3.49),
    ('ACC-CONES-6',                 'Pre-rolled cones, 6 pieces',                 'accessory', NULL,     4.99),
    ('ACC-GRINDER',                 'Aluminium grinder, four pieces',             'accessory', NULL,    24.99),
    ('ACC-BATTERY-510',             'Vape battery, 510 thread',                   'accessory', NULL,    19.99),
    ('ACC-PIPE',                    'Glass hand pipe',                            'accessory', NULL,    17.99),
    ('ACC-BONG',                    'Glass water pipe, 30 cm',                    'accessory', NULL,    64.99),
    ('ACC-TRAY',                    'Rolling tray',                               'accessory', NULL,     9.99),
    ('ACC-LIGHTER',                 'Refillable lighter',                         'accessory', NULL,     2.99),
    ('ACC-STASH-JAR',               'Air-tight stash jar',                        'accessory', NULL,    14.99)
)
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price, tax_class, equivalent_mg)
SELECT s.store_id, g.sku, g.name, g.unit_price,
       CASE g.form WHEN 'accessory' THEN 'accessory' ELSE 'cannabis' END,
       coalesce(ceil(g.net_grams * 1000 / f.grams_per_dried_gram), 0)
FROM goods g
JOIN forms f USING (form)
CROSS JOIN weedgo_data.stores s
ON CONFLICT DO NOTHING;

-- Sales: two running, one over, one to come. A cookie is off the shelf.
UPDATE weedgo_data.products p
SET sale_price = sale.price, sale_from = now() + sale.starts, sale_until = now() + sale.ends
FROM (VALUES
    ('VAPE-BLUE-DREAM-1G',      29.99, interval '-3 days',  interval '365 days'),
    ('EDIBLE-CHOC-MILK',         4.99, NULL,                NULL),
    ('FLOWER-OG-KUSH-3.5G',     19.99, interval '-30 days', interval '-1 day'),
    ('EXTRACT-LIVE-ROSIN-1G',   49.99, interval '365 days', interval '372 days')
) AS sale (sku, price, starts, ends)
WHERE p.sku = sale.sku AND p.sale_price IS NULL;

UPDATE weedgo_data.products SET is_available = false WHERE sku = 'EDIBLE-COOKIE';

-- Stock: plenty of most things, less of what is large; a few are short or gone.
INSERT INTO weedgo_data.stock (store_id, sku, available)
SELECT p.store_id, p.sku,
       coalesce(short.available,
                CASE WHEN p.sku = 'FLOWER-BLUE-DREAM-3.5G' THEN 5000
                     WHEN p.unit_price >= 50 THEN 12
                     WHEN p.unit_price >= 20 THEN 80
                     ELSE 200 END)
FROM weedgo_data.products p
JOIN weedgo_data.stores s USING (store_id)
LEFT JOIN (VALUES
    ('Toronto',  'EXTRACT-LIVE-ROSIN-1G',    0),
    ('Toronto',  'PREROLL-MIXED-28X0.5G',    2),
    ('Toronto',  'ACC-BONG',                 1),
    ('Ottawa',   'DRINK-ICED-TEA-4X355',     0),
    ('Ottawa',   'FLOWER-WEDDING-CAKE-28G',  1),
    ('Montréal', 'VAPE-LIVE-RESIN-0.95G',    0),
    ('Montréal', 'EDIBLE-MINTS-CBN',         3)
) AS short (town, sku, available) ON short.sku = p.sku AND s.name LIKE '%' || short.town || '%'
ON CONFLICT DO NOTHING;

INSERT INTO weedgo_data.customers (customer_id, date_of_birth, age_verified) VALUES
    ('c0000000-0000-0000-0000-000000000001', '1988-04-20', true),                               -- Alice
    ('c0000000-0000-0000-0000-000000000002', '1975-11-02', true),                               -- Bob
    ('c0000000-0000-0000-0000-000000000003', '1996-06-24', true),                               -- Chloé
    ('c0000000-0000-0000-0000-000000000004', (now() - interval '17 years 3 months')::date, false),  -- Dan
    ('c0000000-0000-0000-0000-000000000005', '2001-01-15', false)                               -- Eve
ON CONFLICT DO NOTHING;

INSERT INTO weedgo_data.payment_methods (customer_id, payment_method_id, type, is_active, expires_on) VALUES
    ('c0000000-0000-0000-0000-000000000001', 'alice-visa',       'credit', true,  '2099-12-31'),
    ('c0000000-0000-0000-0000-000000000001', 'alice-debit',      'debit',  true,  NULL),
    ('c0000000-0000-0000-0000-000000000001', 'cash',             'cash',   true,  NULL),
    ('c0000000-0000-0000-0000-000000000002', 'bob-mastercard',   'credit', true,  '2099-12-31'),
    ('c0000000-0000-0000-0000-000000000002', 'bob-lost-card',    'credit', false, '2099-12-31'),
    ('c0000000-0000-0000-0000-000000000002', 'bob-expired-visa', 'credit', true,  '2021-03-31'),
    ('c0000000-0000-0000-0000-000000000003', 'chloe-debit',      'debit',  true,  NULL),
    ('c0000000-0000-0000-0000-000000000004', 'cash',             'cash',   true,  NULL),
    ('c0000000-0000-0000-0000-000000000005', 'eve-visa',         'credit', true,  '2099-12-31')
ON CONFLICT DO NOTHING;

-- Every store has the same promo codes.
INSERT INTO weedgo_data.promo_codes
    (store_id, code, discount_type, discount_value, min_order_amount, valid_until, max_uses, max_uses_per_customer, reimbursable)
SELECT s.store_id, promo.*
FROM weedgo_data.stores s
CROSS JOIN (VALUES
    ('SAVE10',   'percentage', 10.00,   0.00, NULL::timestamptz, NULL::integer, NULL::integer, false),
    ('FIVEOFF',  'fixed',       5.00,   0.00, NULL,              NULL,          NULL,          false),
    ('BIG20',    'percentage', 20.00, 100.00, NULL,              NULL,          NULL,          false),
    ('SUMMER22', 'percentage', 15.00,   0.00, '2022-09-21Z',     NULL,          NULL,          false),
    ('FIRST100', 'fixed',      10.00,  25.00, NULL,              100,           1,             false),
    ('WELCOME',  'percentage', 25.00,   0.00, NULL,              NULL,          1,             false),
    ('MAKER15',  'percentage', 15.00,   0.00, NULL,              NULL,          NULL,          true)
) AS promo
ON CONFLICT DO NOTHING;

INSERT INTO weedgo_data.carts (store_id, cart_id, customer_id, promo_code) VALUES
    ('11111111-1111-1111-1111-111111111111', 'ca000000-0000-0000-0000-000000000001', 'c0000000-0000-0000-0000-000000000001', NULL),
    ('11111111-1111-1111-1111-111111111111', 'ca000000-0000-0000-0000-000000000002', 'c0000000-0000-0000-0000-000000000002', 'SAVE10'),
    ('22222222-2222-2222-2222-222222222222', 'ca000000-0000-0000-0000-000000000003', 'c0000000-0000-0000-0000-000000000001', NULL),
    ('33333333-3333-3333-3333-333333333333', 'ca000000-0000-0000-0000-000000000004', 'c0000000-0000-0000-0000-000000000003', 'MAKER15'),
    ('11111111-1111-1111-1111-111111111111', 'ca000000-0000-0000-0000-000000000005', NULL,                                   NULL),
    ('11111111-1111-1111-1111-111111111111', 'ca000000-0000-0000-0000-000000000006', 'c0000000-0000-0000-0000-000000000004', NULL)
ON CONFLICT DO NOTHING;

-- Into the carts that are still open: some may have been checked out since.
INSERT INTO weedgo_data.cart_items (store_id, cart_id, sku, quantity)
SELECT c.store_id, c.cart_id, item.sku, item.quantity
FROM (VALUES
    (1, 'FLOWER-BLUE-DREAM-3.5G',    2),      -- Alice: 2 x 19.99
    (2, 'FLOWER-BLUE-DREAM-3.5G',    2),      -- Bob: the same with SAVE10
    (3, 'EXTRACT-HASH-2G',           1),      -- Alice in Ottawa: a mixed basket
    (3, 'EDIBLE-CHOC-MILK',          2),
    (3, 'ACC-GRINDER',               1),
    (4, 'PREROLL-PINK-KUSH-3X0.5G',  1),      -- Chloé in Montréal: two taxes
    (4, 'OIL-CBD-30',                1),
    (5, 'DRINK-COLA-355',            4),      -- a guest
    (6, 'VAPE-PINK-KUSH-0.5G',       1)       -- Dan
) AS item (cart, sku, quantity)
JOIN weedgo_data.carts c
    ON c.cart_id = format('ca000000-0000-0000-0000-%s', lpad(item.cart::text, 12, '0'))::uuid AND c.status = 'active'
ON CONFLICT DO NOTHING;

COMMIT;
