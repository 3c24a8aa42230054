# What only reads works in a read-only transaction and on a standby; what writes is refused with
# 25006 and writes nothing. Orders that were confirmed survive a failover.
use strict;
use warnings;
use Shop;
use Test::More;

my $shop = Shop->start('primary', streaming => 1, settings => "max_connections = 20\n");
my $primary = $shop->node;
$shop->ask("SELECT shop.fill('cart', 1, 2, 3), shop.fill('sold', 4, 5), shop.fill('held', 6)");
$shop->ask(Shop::reserve('held'));
my $order = $shop->ask(Shop::checkout('sold', "shop.id('alice')") =~ s/total/order_id/r);

# A transaction without an id commits without waiting for anybody.
subtest 'an answer that is asked for again waits for a synchronous standby, as the first did' => sub {
	my $again = Shop::checkout('cleaned up', "idempotency_key => 'again'");
	$shop->ask("SELECT shop.fill('cleaned up')");
	$shop->ask($again);
	my $session = $shop->session;
	for my $state ('with its cart', 'when the cart is gone')
	{
		$session->value('BEGIN');
		is($session->value($again), '11.30', "the answer, $state");
		isnt($session->value('SELECT pg_current_xact_id_if_assigned()'), '', "locks a row, $state");
		$session->value('ROLLBACK');
		$shop->ask("DELETE FROM weedgo_data.carts WHERE cart_id = shop.id('cleaned up')");
	}
	$session->close;
};

my %writes = (
	checkout_cart => Shop::checkout('cart'),
	'checkout_cart of a sold cart' => Shop::checkout('sold'),
	reserve_inventory => Shop::reserve('cart'),
	release_inventory => "SELECT lines FROM weedgo.release_inventory(shop.id('store'), shop.id('held'))",
	expire_holds => 'SELECT weedgo.expire_holds()',
	put_cart => "SELECT shop.fill('cart', 7)",
	receive_stock => "SELECT * FROM weedgo.receive_stock(shop.id('store'), '[{\"sku\": \"SKU-01\", \"quantity\": 1}]')",
	adjust_stock => "SELECT * FROM weedgo.adjust_stock(shop.id('store'), 'SKU-01', 1, 'counted')",
	transfer_stock => "SELECT * FROM weedgo.transfer_stock(shop.id('store'), shop.id('other'), '[]')",
	split_stock => "SELECT * FROM weedgo.split_stock(shop.id('store'), 'SKU-01')",
	merge_stock => "SELECT * FROM weedgo.merge_stock(shop.id('store'), 'SKU-01')",
	tune_stock => "SELECT * FROM weedgo.tune_stock(shop.id('store'))",
	split_promo => "SELECT * FROM weedgo.split_promo(shop.id('store'), 'SAVE10')",
	merge_promo => "SELECT * FROM weedgo.merge_promo(shop.id('store'), 'SAVE10')",
	'put_cart of a new cart' => "SELECT shop.fill('new cart')",
);
my %reads = (
	calc_order_totals => "SELECT subtotal, tax, total, lines, problems FROM weedgo.calc_order_totals(shop.id('store'),"
	  . " shop.id('cart'), promo_code => 'SAVE10')",
	get_cart => "SELECT * FROM weedgo.get_cart(shop.id('store'), shop.id('cart'))",
	get_order => "SELECT * FROM weedgo.get_order(shop.id('store'), '$order', shop.id('alice'))",
	list_orders => "SELECT * FROM weedgo.list_orders(shop.id('store'), shop.id('alice'))",
	recompute_order => "SELECT * FROM weedgo.recompute_order(shop.id('store'), '$order')",
	stock_overview => "SELECT * FROM weedgo.stock_overview(shop.id('store'))",
	inventory_report => "SELECT * FROM weedgo.inventory_report(shop.id('store'), current_date)",
	hot_skus => "SELECT * FROM weedgo.hot_skus(shop.id('store'), '{\"samples\": 1}')",
	cart_lock_key => "SELECT * FROM weedgo.cart_lock_key(shop.id('store'), shop.id('cart'))",
	verify_invariants => 'SELECT count(*) FROM weedgo.verify_invariants()',
	check_setup => 'SELECT severity, object, problem FROM weedgo.check_setup() ORDER BY 1, 2, 3',
);
my %expected = map { $_ => $shop->ask($reads{$_}) } keys %reads;
like($expected{calc_order_totals}, qr/^30\.00\|3\.51\|30\.51\|/, 'the totals of the cart');
like($expected{get_order}, qr/^\Q$order\E\|/, 'the order');
like($expected{recompute_order}, qr/^\|subtotal\|\|(\d+\.\d\d)\|\1\|t\|/, 'its amounts, worked out again');

sub only_reads
{
	my ($session) = @_;
	my $before = $shop->contents;
	for my $name (sort keys %writes)
	{
		my (undef, $err) = $session->ask($writes{$name});
		is(Shop::refusal($err), '25006 read_only', "$name is refused");
		like($err, qr/ERROR:  25006: .*\(\).*\n.*HINT:  /s, 'by name, with a hint');
	}
	is($shop->contents, $before, 'nothing is written');
	is($shop->ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), 0, 'no lock is left');
	is($session->value($reads{$_}), $expected{$_}, $_) for sort keys %reads;
}

subtest 'default_transaction_read_only' => sub {
	my $session = $shop->session;
	$session->value('SET default_transaction_read_only = on');
	only_reads($session);
	$session->value('SET default_transaction_read_only = off');
	is($session->value('BEGIN; ' . Shop::checkout('cart') . ' ROLLBACK'), '33.90', 'off again, it sells again');
	$session->close;
};

subtest 'a read-only transaction' => sub {
	my $session = $shop->session;
	$session->value('BEGIN READ ONLY');
	my (undef, $err) = $session->ask(Shop::checkout('cart'));
	is(Shop::refusal($err), '25006 read_only', 'checkout is refused');
	$session->close;
};

$primary->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
my $copy = Shop->on($standby);

subtest 'a standby' => sub {
	is($copy->ask('SELECT pg_is_in_recovery()'), 't', 'it is one');
	my $session = $copy->session;
	only_reads($session);
	is($copy->contents, $shop->contents, 'it has what the primary has');
	$session->close;
};

subtest 'an order confirmed before a failover to a synchronous standby survives it' => sub {
	$shop->ask("ALTER SYSTEM SET synchronous_standby_names = '*'");
	$shop->ask('SELECT pg_reload_conf()');
	$shop->wait_until("SELECT sync_state = 'sync' FROM pg_stat_replication");
	my @orders = map {
		$shop->ask("SELECT shop.fill('late $_', $_)");
		$shop->ask(Shop::checkout("late $_", "idempotency_key => 'late'") =~ s/total/order_id/r)
	} 1 .. 20;
	$primary->stop('immediate');
	$standby->promote;
	is($copy->ask("SELECT count(*) FROM weedgo_data.orders WHERE order_id IN ('" . join("','", @orders) . "')"),
		20, 'all twenty are there');
	$copy->ask('ALTER SYSTEM RESET synchronous_standby_names');
	$copy->ask('SELECT pg_reload_conf()');
	my $session = $copy->session;
	is($session->value("SELECT order_id, replayed FROM weedgo.checkout_cart(shop.id('store'), shop.id('late 20'),"
			  . " idempotency_key => 'late')"),
		"$orders[19]|t", 'who did not get the answer gets it now');
	is($session->value(Shop::checkout('cart')), '33.90', 'the new primary sells, in a session that knew it as a standby');
	$copy->invariants_hold;
};

done_testing();
