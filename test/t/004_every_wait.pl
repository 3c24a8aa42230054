# Whatever a call waits for, a timeout, a cancel or the end of its session ends the wait: the call
# then leaves nothing behind, and the same call succeeds once the way is free.
use strict;
use warnings;
use Shop;
use Test::More;

my $shop = Shop->start('every_wait', settings => "client_connection_check_interval = '100ms'\n");

sub row_of { return "SELECT FROM weedgo_data.$_[0] WHERE $_[1] FOR UPDATE;"; }

my $key = "shop.id('alice'), idempotency_key => 'key'";
my $promo = "shop.id('alice'), promo_code => 'EACH'";
my $cart_row = row_of('carts', "cart_id = shop.id('cart')");
my $hold_row = row_of('holds', "cart_id = shop.id('cart') AND sku = 'SKU-02'");
my $stock_row = row_of('stock', "sku = 'SKU-02'");
my $cart_lock = Shop::lock_cart('cart');
my $put = "SELECT shop.fill('cart', 1, 3);";
my $release = "SELECT lines FROM weedgo.release_inventory(shop.id('store'), shop.id('cart'));";
my $lot_row = row_of('stock', 'bucket > 0');
my $recall = "SELECT sku FROM weedgo.recall_lot(shop.id('store'), 'L1');";
sub lot_comes { return "SELECT sku FROM weedgo.receive_stock(shop.id('store'), '[{\"sku\": \"SKU-03\", \"quantity\": 1, \"lot\": \"$_[0]\"}]');"; }

sub split_over { return "SELECT buckets FROM weedgo.split_stock(shop.id('store'), 'SKU-04', $_[0]);"; }

# What is waited for; what its holder does; the call that waits; its error when lock_timeout ends it.
my @waits = (
	[ 'the lock of the cart', $cart_lock, Shop::checkout('cart'), 'cart_locked' ],
	[ 'the row of the cart', $cart_row, Shop::checkout('cart'), 'row_locked' ],
	[ 'an order with the same key', Shop::checkout('other', $key), Shop::checkout('cart', $key), 'row_locked' ],
	[ 'the counter of a promo code', row_of('promo_counters', "code = 'EACH'"),
		Shop::checkout('cart', $promo), 'row_locked' ],
	[ 'the counter of a customer', row_of('promo_customers', "code = 'EACH'"),
		Shop::checkout('cart', $promo), 'row_locked' ],
	[ 'the holds of the cart', $hold_row, Shop::checkout('cart'), 'row_locked' ],
	[ 'the day of a customer', row_of('customer_days', 'true'), Shop::checkout('cart', "shop.id('alice')"), 'row_locked' ],
	[ 'an order, in cancel_order', row_of('orders', "cart_id = shop.id('first')"),
		"SELECT new_status FROM weedgo_data.orders o, weedgo.cancel_order(o.store_id, o.order_id) WHERE o.cart_id = shop.id('first')", 'row_locked' ],
	[ 'the queue for a lone sku', Shop::checkout('alone'), Shop::checkout('lone'), 'row_locked' ],
	[ 'the queue for a promo code', Shop::checkout('alone', "promo_code => 'SAVE10'"), Shop::checkout('other', "promo_code => 'SAVE10'"), 'row_locked' ],
	[ 'stock', $stock_row, Shop::checkout('other'), 'row_locked' ],
	[ 'a table that gets an index', 'LOCK TABLE weedgo_data.order_events IN SHARE MODE;',
		Shop::checkout('cart'), 'row_locked' ],
	[ 'the lock of the cart, in put_cart', $cart_lock, $put, 'cart_locked' ],
	[ 'the row of the cart, in put_cart', $cart_row, $put, 'row_locked' ],
	[ 'the lock of the cart, in reserve_inventory', $cart_lock, Shop::reserve('cart'), 'cart_locked' ],
	[ 'the row of the cart, in reserve_inventory', $cart_row, Shop::reserve('cart'), 'row_locked' ],
	[ 'the holds of the cart, in reserve_inventory', $hold_row, Shop::reserve('cart'), 'row_locked' ],
	[ 'stock, in reserve_inventory', $stock_row, Shop::reserve('other'), 'row_locked' ],
	[ 'the lock of the cart, in release_inventory', $cart_lock, $release, 'cart_locked' ],
	[ 'the holds of the cart, in release_inventory', $hold_row, $release, 'row_locked' ],
	[ 'stock, in release_inventory', $stock_row, $release, 'row_locked' ],
	[ 'stock, in expire_holds', $stock_row, "SELECT weedgo.expire_holds(shop.id('store'));", 'row_locked' ],
	[ 'new lots of the store, in receive_stock', lot_comes('L2'), lot_comes('L3'), 'row_locked' ],
	[ 'a recall of the lot, in recall_lot', $recall, $recall, 'row_locked' ],
	[ 'stock of the lot, in recall_lot', $lot_row, $recall, 'row_locked' ],
	[ 'the parts of a split sku', split_over(3), Shop::checkout('split'), 'row_locked' ],
	[ 'new rows of stock of the store, in split_stock', split_over(3), split_over(4), 'row_locked' ],
	[ 'the parts of a split sku, in split_stock', Shop::checkout('split'), split_over(4), 'row_locked' ],
);

# Whoever is called first has used the promo code, so that there are counters to wait for.
sub set_up
{
	my ($name) = @_;
	$shop->ask('TRUNCATE ' . join(', ', map { "weedgo_data.$_" }
		  qw(orders order_items order_events customer_days holds carts cart_items promo_counters promo_customers stock stock_ledger lots)));
	$shop->ask('INSERT INTO weedgo_data.stock (store_id, sku, available) SELECT store_id, sku, 1000 FROM weedgo_data.products');
	$shop->ask(lot_comes('L1') . split_over(2) . "SELECT shop.fill('split', 4)");
	$shop->ask("SELECT shop.fill('cart', 1, 2), shop.fill('other', 2, 3), shop.fill('first'), shop.fill('lone', 5), shop.fill('alone', 5)");
	my $policies = $name =~ /day/ ? '{"purchase_limit_mg": 30000, "purchase_limit_per_day": true}' : '{}';
	$shop->ask("UPDATE weedgo_data.products SET equivalent_mg = 1000; UPDATE weedgo_data.stores SET policies = '$policies'");
	$shop->ask(Shop::checkout('first', $promo));
	$shop->ask(Shop::reserve('cart'));
	$shop->ask("UPDATE weedgo_data.holds SET expires_at = now() - interval '1 minute'")
	  if $name =~ /expire_holds/;
}

for my $wait (@waits)
{
	my ($name, $blocking, $call, $code) = @$wait;
	subtest $name => sub {
		set_up($name);
		my ($holder, $buyer) = ($shop->session, $shop->session);
		my $pid = $buyer->pid;
		$holder->value("BEGIN; $blocking");
		my $before = $shop->contents;
		my $owners = 'SELECT pid FROM pg_stat_activity WHERE pid IN (pg_backend_pid(), ' . $holder->pid . ')'
		  . " OR backend_type <> 'client backend'";
		my $left_nothing = sub {
			my ($how) = @_;
			is($shop->contents, $before, "$how: nothing is written");
			is($shop->ask("SELECT count(*) FROM pg_locks WHERE pid NOT IN ($owners)"), 0, "$how: no lock is left");
		};
		my $waits = sub {
			my ($session) = @_;
			$session->pid;
			$session->send($call);
			$shop->wait_until_blocked($session);
		};

		$buyer->value("SET weedgo_checkout.lock_timeout = '200ms'");
		is(Shop::refusal(($buyer->ask($call))[1]), "55P03 $code", "lock_timeout: $code");
		$left_nothing->('lock_timeout');
		$buyer->value('RESET weedgo_checkout.lock_timeout');

		$buyer->value("SET statement_timeout = '200ms'");
		is(Shop::sqlstate(($buyer->ask($call))[1]), '57014', 'statement_timeout: 57014');
		$left_nothing->('statement_timeout');
		$buyer->value('RESET statement_timeout');

		$waits->($buyer);
		$shop->ask("SELECT pg_cancel_backend($pid)");
		is(Shop::sqlstate(($buyer->answer)[1]), '57014', 'pg_cancel_backend: 57014');
		$left_nothing->('pg_cancel_backend');
		is($buyer->value('SHOW lock_timeout'), '0', 'the session goes on, with its own settings');
		is($buyer->value('SELECT current_user'), 'postgres', 'and as its own role');

		my $terminated = $shop->session;
		$waits->($terminated);
		$shop->ask('SELECT pg_terminate_backend(' . $terminated->pid . ')');
		is(Shop::sqlstate(($terminated->answer)[1]), '57P01', 'pg_terminate_backend: 57P01');
		$shop->wait_until_ended($terminated->pid);
		$left_nothing->('pg_terminate_backend');

		my $lost = $shop->session;
		$waits->($lost);
		$lost->kill_client;
		$shop->wait_until_ended($lost->pid);
		$left_nothing->('the client is killed');

		$holder->value('ROLLBACK');
		is(($buyer->ask($call))[1], '', 'then the same call succeeds');
		$shop->invariants_hold;
		$_->close for $holder, $buyer, $terminated, $lost;
	};
}

done_testing();
