# What the tests of dumps, restores and upgrades share: a shop with something in every table, and what
# must be the same in a copy of it: its rows, its catalog.
package Copies;

use strict;
use warnings;

use Shop;
use Test::More;

# The order that a cart became; an order that is paid and handed over.
my $helpers = <<'SQL';
CREATE FUNCTION shop.order(cart text) RETURNS uuid LANGUAGE sql STABLE
    AS 'SELECT order_id FROM weedgo_data.orders WHERE cart_id = shop.id(cart)';
CREATE PROCEDURE shop.deliver(cart text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM weedgo.record_payment(store_id, order_id, 'captured', amount_due, 'paid ' || cart)
    FROM weedgo_data.orders WHERE order_id = shop.order(cart);
    PERFORM weedgo.advance_order(shop.id('store'), shop.order(cart), status)
    FROM unnest(ARRAY['confirmed', 'ready', 'delivered']) status;
END
$$;
SQL

# Everything that leaves rows: carts, holds, promo codes, a customer's day, lots, payments, refunds,
# a transfer, a sale at the till, bound roles. 'ready', 'held' and 'waiting' are carts
# that wait for a checkout.
my $life = <<'SQL';
SELECT weedgo.create_tables(options => '{"row_security": true}');
INSERT INTO weedgo_data.stores (store_id, province, timezone) VALUES (shop.id('other store'), 'QC', 'America/Montreal');
UPDATE weedgo_data.stores SET policies = '{"purchase_limit_mg": 30000, "purchase_limit_per_day": true}' WHERE province = 'ON';
UPDATE weedgo_data.products SET equivalent_mg = 1000 WHERE sku = shop.sku(1);
INSERT INTO weedgo_data.payment_methods (customer_id, payment_method_id, type) VALUES (shop.id('bob'), 'cash', 'cash');
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price)
    VALUES (shop.id('store'), 'SKU-LOT', 'In lots', 12.34), (shop.id('other store'), shop.sku(7), 'Product 7', 10.00);
SELECT weedgo.receive_stock(shop.id('store'), '[{"sku": "SKU-LOT", "quantity": 9, "lot": "L-1", "expires_on": "2099-12-31"}]');
SELECT shop.fill(name, 1, 2) FROM unnest(ARRAY['delivered', 'refunded', 'cancelled', 'ready', 'sold']) name;
SELECT shop.fill('held', 3, 4), shop.fill('waiting', 5), shop.fill('left', 5);
SELECT weedgo.put_cart(shop.id('store'), shop.id('lots'), '[{"sku": "SKU-LOT", "quantity": 2}]');
SELECT weedgo.checkout_cart(shop.id('store'), shop.id('delivered'), shop.id('alice'), 'alices-card', promo_code => 'SAVE10',
    tip => 1.50, idempotency_key => 'delivered', metadata => '{"gift": true}');
CALL shop.deliver('delivered');
SELECT weedgo.checkout_cart(shop.id('store'), shop.id('refunded'), shop.id('bob'), 'bobs-card', 'delivery',
    '{"street": "1 Main St", "latitude": 43.65, "longitude": -79.38}', promo_code => 'EACH');
SELECT weedgo.record_payment(shop.id('store'), shop.order('refunded'), 'captured', 100, 'paid too much');
SELECT weedgo.refund_order(shop.id('store'), shop.order('refunded'), amount => 3.21, provider_reference => 'money back');
SELECT weedgo.checkout_cart(shop.id('store'), shop.id('cancelled'), shop.id('bob'), 'bobs-card', promo_code => 'EACH');
SELECT weedgo.cancel_order(shop.id('store'), shop.order('cancelled'), shop.id('clerk'), 'changed their mind');
SELECT weedgo.checkout_cart(shop.id('store'), shop.id('lots'), shop.id('alice'));
CALL shop.deliver('lots');
SELECT weedgo.refund_order(shop.id('store'), shop.order('lots'), '[{"sku": "SKU-LOT", "quantity": 1}]', true, provider_reference => 'goods back');
SELECT weedgo.sell_in_store(shop.id('store'), shop.id('sold'), shop.id('clerk'), shop.id('bob'), 'cash',
    '[{"type": "cash", "amount": "40.00"}]', 1.00, 'the box is dented');
SELECT weedgo.adjust_stock(shop.id('store'), shop.sku(6), -2, 'damaged');
SELECT weedgo.transfer_stock(shop.id('store'), shop.id('other store'), '[{"sku": "SKU-07", "quantity": 3}]');
SELECT weedgo.reserve_inventory(shop.id('store'), shop.id('held'), hold_for => '1 day');
UPDATE weedgo_data.carts SET status = 'abandoned' WHERE cart_id = shop.id('left');
SQL

# What only the newest version has: counters in several rows, of which 'ready' wants one.
my $splits = <<'SQL';
SELECT weedgo.split_stock(shop.id('store'), shop.sku(1), 4), weedgo.split_promo(shop.id('store'), 'EACH', 2);
SQL

# What the DBA granted: by kind, by hand, and to a role that is bound to a store.
my $grants = <<'SQL';
SELECT weedgo.grant_app('shop_app', 'checkout'), weedgo.grant_app('shop_staff', 'staff'),
    weedgo.grant_app('shop_bound', 'reader', jsonb_build_object('stores', jsonb_build_array(shop.id('store'))));
GRANT EXECUTE ON FUNCTION weedgo.get_order TO shop_staff WITH GRANT OPTION;
GRANT SELECT ON weedgo_data.orders TO shop_bound;
GRANT USAGE ON SCHEMA shop TO shop_app, shop_bound; -- for the names of ids
SQL

# A database with that shop, by the script of a version (undef: the newest).
sub make_shop
{
	my ($node, $database, $version) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $database;"
		  . join('', map { "DO 'BEGIN CREATE ROLE $_; EXCEPTION WHEN duplicate_object THEN END';" } roles()));
	$node->safe_psql($database, Shop::set_up($version) . $helpers . $life . ($version ? '' : $splits) . $grants);
	return Shop->on($node, $database);
}

# The grants once more, where they went with the extension.
sub grant { $_[0]->node->safe_psql($_[0]{database}, $grants); }

sub helpers { return $helpers; }
sub roles { return qw(shop_app shop_staff shop_bound); }

# Each table with its number of rows and their checksum, whatever the order of rows and columns.
sub rows
{
	my ($shop) = @_;
	my @tables = split /\n/, $shop->ask("SELECT relname FROM pg_class WHERE relnamespace = 'weedgo_data'::regnamespace AND relkind = 'r' ORDER BY 1");
	return $shop->ask(join(' UNION ALL ', map {
			"SELECT '$_', count(*), md5(string_agg(to_jsonb(t)::text, ' ' ORDER BY to_jsonb(t)::text)) FROM weedgo_data.$_ t" } @tables));
}

# The catalog of the extension and of its relations, a thing a line, without what only tells when it was
# made (oids, numbers of columns that follow a dropped one). pg_init_privs is what pg_dump leaves out.
sub catalog
{
	my ($shop) = @_;
	my $ours = "IN ('weedgo'::regnamespace, 'weedgo_data'::regnamespace)";
	my $list = sub { "(SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest($_[0]) a)"; };
	my $acl = sub { $list->("coalesce($_[0], acldefault('$_[1]', $_[2]))"); };
	return $shop->ask(<<"SQL");
WITH things AS (
    SELECT concat_ws(' ', 'extension', extname, extversion, extnamespace::regnamespace, extowner::regrole) AS thing FROM pg_extension WHERE extname = 'weedgo_checkout'
    UNION ALL
    SELECT 'member ' || pg_describe_object(d.classid, d.objid, d.objsubid)
    FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid WHERE e.extname = 'weedgo_checkout' AND d.deptype = 'e'
    UNION ALL
    SELECT concat_ws(' ', 'schema', nspname, nspowner::regrole, ${\$acl->('nspacl', 'n', 'nspowner')}, obj_description(oid, 'pg_namespace')) FROM pg_namespace WHERE oid $ours
    UNION ALL
    SELECT concat_ws(' ', 'function', oid::regprocedure, proowner::regrole, ${\$acl->('proacl', 'f', 'proowner')}, obj_description(oid, 'pg_proc'), pg_get_functiondef(oid))
    FROM pg_proc WHERE pronamespace $ours
    UNION ALL
    SELECT concat_ws(' ', 'initial', pg_describe_object(classoid, objoid, objsubid), ${\$list->('initprivs')}) FROM pg_init_privs
    WHERE objoid IN (SELECT oid FROM pg_proc WHERE pronamespace $ours UNION SELECT oid FROM pg_class WHERE relnamespace $ours UNION SELECT oid FROM pg_namespace WHERE oid $ours)
    UNION ALL
    SELECT concat_ws(' ', 'type', oid::regtype, typtype, typowner::regrole, ${\$acl->('typacl', 'T', 'typowner')}, obj_description(oid, 'pg_type')) FROM pg_type WHERE typnamespace $ours
    UNION ALL
    SELECT concat_ws(' ', 'relation', oid::regclass, relkind, relpersistence, relowner::regrole, relrowsecurity, relforcerowsecurity, reloptions, ${\$acl->('relacl', 'r', 'relowner')},
        obj_description(oid, 'pg_class'), CASE WHEN relkind = 'v' THEN pg_get_viewdef(oid) END)
    FROM pg_class WHERE relnamespace $ours
    UNION ALL
    SELECT concat_ws(' ', 'column', c.oid::regclass, rank() OVER (PARTITION BY c.oid ORDER BY a.attnum), a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
        pg_get_expr(d.adbin, d.adrelid), a.attstorage, a.attcollation::regcollation, ${\$list->('a.attacl')}, col_description(c.oid, a.attnum))
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (c.oid, a.attnum)
    WHERE c.relnamespace $ours
    UNION ALL
    SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated) FROM pg_constraint WHERE connamespace $ours
    UNION ALL
    SELECT concat_ws(' ', 'index', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisprimary) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace $ours
    UNION ALL
    SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(t.oid), t.tgenabled) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace $ours
    UNION ALL
    SELECT concat_ws(' ', 'policy', p.polrelid::regclass, p.polname, p.polcmd, p.polpermissive, p.polroles::regrole[], pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace $ours)
SELECT replace(thing, chr(10), ' ') FROM things ORDER BY 1
SQL
}

# Both have the same lines; what only one has is shown.
sub same
{
	my ($got, $expected, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($first, $second) = map { { map { $_ => 1 } split /\n/ } } $got, $expected;
	my @differences = ((map { "+ $_" } grep { !$second->{$_} } sort keys %$first), (map { "- $_" } grep { !$first->{$_} } sort keys %$second));
	is(join("\n", @differences), '', $name);
}

# What was going on when the copy was made goes on in it: carts are sold, an order's client may ask
# again, items are edited by hand.
sub goes_on
{
	my ($shop) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($shop->ask("SELECT replayed FROM weedgo.checkout_cart(shop.id('store'), shop.id('delivered'), shop.id('alice'), 'alices-card',"
			  . " promo_code => 'SAVE10', tip => 1.50, idempotency_key => 'delivered', metadata => '{\"gift\": true}')"),
		't', 'an order is known by its key');
	$shop->ask("INSERT INTO weedgo_data.cart_items (store_id, cart_id, sku, quantity) VALUES (shop.id('store'), shop.id('ready'), shop.sku(8), 1)");
	is($shop->ask(Shop::checkout('ready')), '33.90', 'a cart is edited and sold');
	is($shop->ask(Shop::checkout('held')), '22.60', 'so is what was held for another');
	$shop->ask("CALL shop.deliver('ready')");
	$shop->invariants_hold;
	is($shop->ask("SELECT f FROM weedgo_data.stores s, weedgo.verify_audit(s.store_id) f"), '', 'no record was changed');
	is($shop->ask("SELECT object, problem FROM weedgo.check_setup() WHERE severity = 'error'"), '', 'nothing is wrong with the installation');
}

# The roles may do what the DBA let them do.
sub grants_are_kept
{
	my ($shop) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($shop->ask("SET ROLE shop_app; SELECT count(*) FROM weedgo.get_cart(shop.id('store'), shop.id('left')); RESET ROLE"), 1, 'an application still may call what it could');
	is($shop->ask("SELECT has_function_privilege('shop_staff', oid, 'EXECUTE WITH GRANT OPTION') FROM pg_proc WHERE proname = 'get_order' AND pronamespace = 'weedgo'::regnamespace"),
		't', 'what was granted by hand is there');
	is($shop->ask("SET ROLE shop_bound; SELECT count(*) FROM weedgo.list_orders(shop.id('store'), shop.id('alice')); RESET ROLE"), 2, 'a bound role sees its store');
}

1;
