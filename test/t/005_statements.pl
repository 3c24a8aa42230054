# A checkout costs as many statements as docs/reference.md says, however many lines the cart has, and
# one transaction.
use strict;
use warnings;
use Shop;
use Test::More;

my $shop = Shop->start('statements', settings => <<'CONF');
shared_preload_libraries = 'pg_stat_statements'
pg_stat_statements.track = all
autovacuum = off
CONF
$shop->ask('CREATE EXTENSION pg_stat_statements');
my $buyer = $shop->session;

my $usual = 7;

# What the call executed: its own statements, that is all but the call itself.
sub executed
{
	my ($call) = @_;
	$shop->ask('SELECT pg_stat_statements_reset()');
	$buyer->value($call);
	return $shop->ask('SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE NOT toplevel');
}

sub next_transaction { return $shop->ask('SELECT pg_snapshot_xmax(pg_current_snapshot())'); }

my @carts = (1, 3, 30);
$shop->ask("SELECT shop.fill('$_ lines', VARIADIC ARRAY(SELECT generate_series(1, $_)))") for @carts;
for my $lines (@carts)
{
	my $before = next_transaction();
	is(executed(Shop::checkout("$lines lines")), $usual, "$lines lines: $usual statements");
	is(next_transaction() - $before, 1, "$lines lines: one transaction, without subtransactions");
}

sub costs
{
	my ($more, $arguments, $name, $prepare) = @_;
	$shop->ask("SELECT shop.fill('$name', 1, 2)");
	$prepare->($name) if $prepare;
	is(executed(Shop::checkout($name, $arguments)), $usual + $more, "$name: $more more");
}
my $hold = sub { $shop->ask(Shop::reserve($_[0])) };
my $hold_and_add = sub { $hold->($_[0]); $shop->ask("SELECT shop.fill('$_[0]', 1, 2, 3)") };

costs(0, "idempotency_key => 'key'", 'a key');
costs(0, "customer_id => shop.id('alice'), payment_method_id => 'alices-card'", 'a payment method');
costs(0, "delivery_type => 'delivery', delivery_address => '{\"street\": \"1 King St\"}'", 'a delivery');
costs(0, undef, 'a hold of all, which needs no stock', $hold);
costs(1, undef, 'a hold of less', $hold_and_add);
costs(2, "promo_code => 'SAVE10'", 'a promo code');
costs(3, "customer_id => shop.id('alice'), promo_code => 'EACH'", 'a promo code used by a customer');
costs(4, "customer_id => shop.id('bob'), promo_code => 'EACH', idempotency_key => 'all'",
	'all of these', $hold_and_add);

# Over the counter: the checkout, then the order's row, its payments (what is paid already, the payment,
# their sum, the order, the event), three statements of handing over, and the change.
sub till
{
	my ($statements, $arguments, $name, $prepare) = @_;
	$shop->ask("SELECT shop.fill('$name', 1, 2)");
	$prepare->($name) if $prepare;
	is(executed("SELECT total FROM weedgo.sell_in_store(shop.id('store'), shop.id('$name'), shop.id('cashier'), $arguments)"),
		$statements, "$name: $statements");
}
sub cards { return "payments => '[" . join(', ', map { "{\"type\": \"gift\", \"amount\": \"1.00\", \"reference\": \"$_\"}" } @_)
	  . ", {\"type\": \"cash\", \"amount\": \"100.00\"}]'"; }
till(17, 'NULL', 'in cash');
till(17, "tip => 0.01", 'in cash that need not be rounded');
till(17, "discount => 1, discount_reason => 'dented', idempotency_key => 'till'", 'with a discount and a key');
till(20, cards('one'), 'a card and cash');
till(23, cards('two', 'three'), 'two cards and cash');
till(18, 'NULL', 'a hold of all, sold', $hold);

# Stock that comes, goes and moves, of skus with a row of stock and of a new product in each store.
$shop->ask(<<'SQL');
INSERT INTO weedgo_data.stores (store_id, province) VALUES (shop.id('branch'), 'ON');
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price)
    SELECT shop.id('branch'), sku, name, unit_price FROM weedgo_data.products;
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price)
    SELECT store_id, 'NEW', 'New', 1.00 FROM weedgo_data.stores;
INSERT INTO weedgo_data.stock (store_id, sku, available) SELECT shop.id('branch'), shop.sku(1), 0;
SQL
my ($known, $new) = map { "'[{\"sku\": \"$_\", \"quantity\": 2}]'" } 'SKU-01', 'NEW';
is(executed("SELECT sum(change) FROM weedgo.receive_stock(shop.id('store'), $known)"), 3, 'receive_stock: 3');
is(executed("SELECT sum(change) FROM weedgo.receive_stock(shop.id('store'), $new)"), 6, 'of a new product: 6, two of them by the trigger on stock');
is(executed("SELECT available FROM weedgo.adjust_stock(shop.id('store'), 'SKU-01', -1, 'lost')"), 3, 'adjust_stock: 3');
is(executed("SELECT sum(change) FROM weedgo.transfer_stock(shop.id('store'), shop.id('branch'), $known)"),
	5, 'transfer_stock: 5');
is(executed("SELECT sum(change) FROM weedgo.transfer_stock(shop.id('store'), shop.id('branch'), $new)"),
	8, 'of a product that is new there: 8');

# Lots: one more to find them, and where they are new two to make them and find them.
sub of_lots { return "'[" . join(', ', map { my ($number, $lot) = @$_; "{\"sku\": \"SKU-$number\", \"quantity\": 2, \"lot\": \"$lot\"}" } @_) . "]'"; }
my $lots = of_lots(map { my $number = $_; map { [ $number, $_ ] } 'A', 'B' } 31 .. 40);
$shop->ask("UPDATE weedgo_data.stock SET available = 0 WHERE sku > 'SKU-30'");
$shop->ask("INSERT INTO weedgo_data.stock_ledger (store_id, entry_id, sku, change, reason)
	SELECT store_id, gen_random_uuid(), sku, -1000, 'lost' FROM weedgo_data.stock WHERE sku > 'SKU-30'");
is(executed("SELECT sum(change) FROM weedgo.receive_stock(shop.id('store'), $lots)"), 9, 'receive_stock of new lots: 9, two of them by the trigger on stock');
is(executed("SELECT sum(change) FROM weedgo.receive_stock(shop.id('store'), $lots)"), 4, 'of lots that are known: 4');
my $sent = of_lots([ 40, 'B' ]);
is(executed("SELECT sum(change) FROM weedgo.transfer_stock(shop.id('store'), shop.id('branch'), $sent)"), 12, 'transfer_stock of a lot that is new there: 12');
is(executed("SELECT sum(change) FROM weedgo.transfer_stock(shop.id('store'), shop.id('branch'), $sent)"), 7, 'of one that is known: 7');
is(executed("SELECT count(*) FROM weedgo.recall_lot(NULL, 'A')"), 3, 'recall_lot: 3');
is(executed("SELECT count(*) FROM weedgo.recall_lot(NULL, 'A', options => '{\"lift\": true}')"), 3, 'lifted: 3');

# A checkout with lots: four more, whatever it has of them; and one more that waits for a lone line's bucket 0.
sub of_skus { my ($name, @numbers) = @_; $shop->ask("SELECT shop.fill('$name', VARIADIC ARRAY[" . join(',', @numbers) . '])'); }
sub lots_cost
{
	my ($more, $name, $numbers, $arguments, $prepare) = @_;
	of_skus($name, @$numbers);
	$prepare->($name) if $prepare;
	is(executed(Shop::checkout($name, $arguments)), $usual + $more, "$name: $more more");
}
lots_cost(5, 'a line with lots', [31]);
lots_cost(4, 'two lines with lots', [ 31, 32 ]);
lots_cost(4, 'ten lines with lots and ten without', [ 21 .. 40 ]);
lots_cost(4, 'a lot that was scanned', [31], q{options => '{"lots": {"SKU-31": "B"}}'});
lots_cost(0, 'ten lines without lots, in a shop that has some', [ 21 .. 30 ]);
# One to take the holds; where they are all that is sold, nothing moves.
lots_cost(4, 'a hold of lots', [ 31, 32 ], undef, $hold);
lots_cost(5, 'a hold of fewer lots', [ 31, 32 ], undef, sub { $hold->($_[0]); of_skus($_[0], 31, 32, 33) });

# Holds whose time is over: found, their stock locked, given back.
sub expires
{
	my ($statements, $name, @numbers) = @_;
	of_skus($name, @numbers);
	$hold->($name);
	$shop->ask("UPDATE weedgo_data.holds SET expires_at = now() - interval '1 minute'");
	is(executed('SELECT weedgo.expire_holds(NULL)'), $statements, "expire_holds of $name: $statements");
	is($shop->ask('SELECT count(*) FROM weedgo_data.holds'), 0, 'all are given back');
}
expires(3, 'skus without lots', 1 .. 20);
expires(4, 'skus with lots and without', 21 .. 40);

is(executed("SELECT sum(closing) FROM weedgo.inventory_report(shop.id('store'), current_date)"), 2, 'inventory_report: 2');

# What the law asks for costs nothing while it is off, and a statement where purchases are counted.
sub set_policies { $shop->ask("UPDATE weedgo_data.stores SET policies = '$_[0]'"); }
my $hours = join(', ', map { "\"$_\": [[\"00:00\", \"24:00\"]]" } qw(mon tue wed thu fri sat sun));
my $alice = "customer_id => shop.id('alice')";
$shop->ask("UPDATE weedgo_data.products SET equivalent_mg = 1000");
$shop->ask("UPDATE weedgo_data.customers SET date_of_birth = '1980-01-01', age_verified = true");
set_policies('{"purchase_limit_mg": 30000}');
costs(0, $alice, 'a purchase limit');
set_policies('{"min_age": 19, "require_verified_age": true, "sell_only_while_open": true, "closed_on": ["2020-12-25"], '
	  . "\"hours\": {$hours}}");
costs(0, $alice, 'age and opening hours');
set_policies('{"purchase_limit_mg": 30000, "purchase_limit_per_day": true}');
costs(1, $alice, 'a purchase limit a day');
costs(1, $alice, 'the second time on that day');
costs(0, undef, 'a purchase limit a day, for a guest');
costs(5, "customer_id => shop.id('bob'), promo_code => 'EACH', idempotency_key => 'limited'",
	'all of it at once', $hold_and_add);

# Row security by store costs nothing while it is off, and one statement for roles that it is for.
$shop->ask("CREATE ROLE clerk LOGIN; GRANT USAGE ON SCHEMA shop TO clerk");
$shop->ask("SELECT weedgo.grant_app('clerk', kind) FROM unnest(ARRAY['checkout', 'staff']) kind");
my $owner = $buyer;
my $clerk = $shop->session($shop->node->connstr('postgres') . ' user=clerk');
set_policies('{}');
$buyer = $clerk;
costs(0, undef, 'a clerk, without row security');
$shop->ask(q[SELECT weedgo.create_tables(options => '{"row_security": true}')]);
costs(1, undef, 'a clerk who is not bound');
$shop->ask("SELECT weedgo.bind_role('clerk', ARRAY[shop.id('store')])");
costs(1, undef, 'a clerk who is bound');
is(executed("SELECT count(*) FROM weedgo.get_cart(shop.id('store'), shop.id('a clerk who is bound'))"), 2, 'get_cart: 1 and 1');
# The triggers on cart_items take the cart's lock as the owner of the tables, and are not judged.
sub put
{
	my ($cart) = @_;
	my $items = join(', ', map { "{\"sku\": \"SKU-0$_\", \"quantity\": 1}" } 1 .. 5);
	return executed("SELECT status FROM weedgo.put_cart(shop.id('store'), shop.id('$cart'), '[$items]')");
}
my $by_clerk = put('put by a clerk');
$buyer = $owner;
is($by_clerk - put('put by a superuser'), 1, 'put_cart: 1 more, however many items');
costs(0, undef, 'a superuser, with row security');

set_policies('{"changes": [{"from": "2020-01-01T00:00:00-05:00", "purchase_limit_mg": 30000}, {"from": "9999-01-01T00:00:00Z", "min_age": 99}]}');
costs(0, $alice, 'policies that change');
my $order = $shop->ask('SELECT max(order_id::text) FROM weedgo_data.orders');
is(executed("SELECT count(*) FROM weedgo.recompute_order(shop.id('store'), '$order')"), 4, 'recompute_order: 4');

# What is split: one to see that, and one for each sku; three where it takes of several rows; of a lone line none, or two more in vain. A promo code costs no more than one that is not split.
set_policies("{}");
$shop->ask("SELECT weedgo.split_stock(shop.id('store'), shop.sku(n), 2) FROM generate_series(5, 7) n");
$shop->ask("SELECT weedgo.split_promo(shop.id('store'), 'SAVE10', 2)");
sub split_costs
{
	my ($more, $arguments, $name, $numbers) = @_;
	$shop->ask("SELECT shop.fill('$name', VARIADIC ARRAY(SELECT $numbers))");
	is(executed(Shop::checkout($name, $arguments)), $usual + $more, "$name: $more more");
}
split_costs(2, undef, 'a split sku', 'generate_series(4, 5)');
split_costs(4, undef, 'three split skus', 'generate_series(4, 7)');
split_costs(0, undef, 'a lone split sku that the session has seen', '5');
split_costs(6, undef, 'more of one than a row has', '5 FROM generate_series(1, 600)');
split_costs(2, "promo_code => 'SAVE10'", 'a split promo code', '4');

is($shop->orders, 40, 'all were checked out');
$shop->invariants_hold;
done_testing();
