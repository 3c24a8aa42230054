# Calls at the same moment: the concurrent tests of the system this one replaces, and the cases of
# public issue trackers where others failed, by name.
use strict;
use warnings;
use Shop;
use Test::More;

my $shop = Shop->start('simultaneous', settings => "max_connections = 120\n");
my $call = 'SELECT order_id, replayed FROM weedgo.checkout_cart';

sub buy { my ($cart, $more) = @_; return Shop::checkout($cart, $more) =~ s/^SELECT total/SELECT order_id/r; }

sub make_one_order
{
	my ($cart, $buyers) = @_;
	$shop->ask("SELECT shop.fill('$cart')");
	my @answers = $shop->at_once((buy($cart)) x $buyers);
	is($shop->orders($cart), 1, 'one order');
	my ($order) = grep { $_ ne '' } map { $_->[0] } @answers;
	is($shop->ask("SELECT order_id FROM weedgo_data.orders WHERE cart_id = shop.id('$cart')"), $order,
		'it is the one a buyer was told of');
	is(join(' ', grep { $_ ne $order } map { Shop::detail($_->[1])->{order_id} // () } @answers), '',
		'and the one that refusals point to');
	return Shop::tally(@answers);
}

subtest 'three_simultaneous_checkouts_of_one_cart_make_one_order' => sub {
	is_deeply(make_one_order('three', 3), { done => 1, 'WG002 cart_not_active' => 2 }, 'the others are refused');
};

subtest 'double checkout' => sub {
	is_deeply(make_one_order('double', 2), { done => 1, 'WG002 cart_not_active' => 1 }, 'the other is refused');
};

subtest 'fifty_simultaneous_checkouts_of_one_cart_make_one_order' => sub {
	my $tally = make_one_order('fifty', 50);
	my $refused = ($tally->{'WG002 cart_not_active'} // 0) + ($tally->{'55P03 cart_locked'} // 0);
	is($tally->{done}, 1, 'one buyer has it');
	is($refused, 49, 'the others are refused: it is checked out, or too many wait for it') or diag(explain($tally));
};

subtest 'fifty_simultaneous_checkouts_of_one_cart_make_one_order, when fifty may wait' => sub {
	$shop->ask('ALTER SYSTEM SET weedgo_checkout.max_cart_waiters = 50');
	$shop->ask('SELECT pg_reload_conf()');
	$shop->wait_until("SELECT current_setting('weedgo_checkout.max_cart_waiters') = '50'");
	is_deeply(make_one_order('waiting fifty', 50), { done => 1, 'WG002 cart_not_active' => 49 },
		'all others are told that it is checked out');
};

subtest 'fifty_simultaneous_checkouts_of_one_cart_make_one_order, with one key' => sub {
	$shop->ask("SELECT shop.fill('keyed')");
	my @answers = $shop->at_once(("$call(shop.id('store'), shop.id('keyed'), idempotency_key => 'k')") x 50);
	is($shop->orders('keyed'), 1, 'one order');
	my $order = $shop->ask("SELECT order_id FROM weedgo_data.orders WHERE cart_id = shop.id('keyed')");
	my %got;
	$got{"$_->[0]$_->[1]"}++ for @answers;
	is_deeply(\%got, { "$order|f" => 1, "$order|t" => 49 }, 'all get it, one as new and the others replayed');
};

subtest 'a redelivered webhook makes a second order (ps_checkout PR#1548): it does not' => sub {
	my $webhook = "$call(shop.id('store'), shop.id('webhook'), shop.id('alice'), 'alices-card',"
	  . " idempotency_key => 'evt_1', metadata => '{\"event\": \"paid\"}')";
	$shop->ask("SELECT shop.fill('webhook')");
	my ($first) = $shop->at_once($webhook);
	my @again = $shop->at_once(($webhook) x 5);
	is(scalar(grep { $_->[0] eq $first->[0] =~ s/f$/t/r } @again), 5, 'five deliveries more get the first order');
	is($shop->orders('webhook'), 1, 'one order');
};

subtest 'overselling: the last unit is sold once' => sub {
	$shop->ask("SELECT shop.fill('last ' || n, 2) FROM generate_series(1, 20) n");
	$shop->set_stock(2, 5);
	my @answers = $shop->at_once(map { buy("last $_") } 1 .. 20);
	is_deeply(Shop::tally(@answers), { done => 5, 'WG005 items_unavailable' => 15 }, 'twenty buyers, five units, five orders');
	is($shop->stock(2), '0|5', 'all are promised, none twice');
	is_deeply([ map { Shop::detail($_->[1])->{items}[0]{available} // () } @answers ], [ (0) x 15 ],
		'the others are told that none is left');
};

subtest 'last-unit race leaves an order without stock (medusa#16825): it does not' => sub {
	$shop->ask("SELECT shop.fill('pair ' || n, 3, 4) FROM generate_series(1, 10) n");
	$shop->set_stock(3, 1);
	$shop->set_stock(4, 5);
	my @answers = $shop->at_once(map { buy("pair $_") } 1 .. 10);
	is_deeply(Shop::tally(@answers), { done => 1, 'WG005 items_unavailable' => 9 }, 'one has both skus');
	is($shop->stock(3), '0|1', 'the last unit is in that order');
	is($shop->stock(4), '4|1', 'nobody else has taken what there was of the other sku');
	is($shop->ask("SELECT count(*) FROM weedgo_data.orders o JOIN weedgo_data.carts c USING (store_id, cart_id)"
			  . " WHERE c.status <> 'converted'"), 0, 'no order without its cart');
};

subtest 'opposite lock order over two items deadlocks (magento2#39417, django-oscar PR#4594): it does not' => sub {
	for my $round (1 .. 3)
	{
		$shop->ask("SELECT shop.fill('$round up ' || n, 5, 6, 7), shop.fill('$round down ' || n, 7, 6, 5)"
			  . ' FROM generate_series(1, 10) n');
		my @answers = $shop->at_once(map { buy("$round up $_"), buy("$round down $_") } 1 .. 10);
		is_deeply(Shop::tally(@answers), { done => 20 }, 'all are sold');
	}
};

subtest 'coupon limit checked, then used: unlimited redemptions under load (vendure PR#4660): they are limited' => sub {
	$shop->ask("INSERT INTO weedgo_data.promo_codes (store_id, code, discount_type, discount_value, max_uses)"
		  . " VALUES (shop.id('store'), 'FIVE', 'fixed', 1.00, 5)");
	$shop->ask("SELECT shop.fill('coupon ' || n) FROM generate_series(1, 20) n");
	my @answers = $shop->at_once(map { buy("coupon $_", "promo_code => 'FIVE'") } 1 .. 20);
	is_deeply(Shop::tally(@answers), { done => 5, 'WG006 promo_invalid' => 15 }, 'five uses, five orders');
	is($shop->ask("SELECT count(*), min(discount) FROM weedgo_data.orders WHERE promo_code = 'FIVE'"), '5|1.00',
		'each with its discount');
	is($shop->ask("SELECT used FROM weedgo_data.promo_counters WHERE code = 'FIVE'"), 5, 'five are counted');
};

subtest 'purchase limit a day checked, then bought beyond by several carts at once: it is not' => sub {
	$shop->ask("UPDATE weedgo_data.products SET equivalent_mg = 6000 WHERE sku = shop.sku(8)");
	$shop->ask("UPDATE weedgo_data.stores SET policies = '{\"purchase_limit_mg\": 30000, \"purchase_limit_per_day\": true}'");
	$shop->ask("SELECT shop.fill('limited ' || n, 8) FROM generate_series(1, 20) n");
	my @answers = $shop->at_once(map { buy("limited $_", "customer_id => shop.id('alice')") } 1 .. 20);
	is_deeply(Shop::tally(@answers), { done => 5, 'WG010 purchase_limit_exceeded' => 15 }, 'five orders of 6 g, and no more');
	is($shop->ask('SELECT sum(equivalent_mg), count(*) FROM weedgo_data.customer_days'), '30000|1', 'the day has all of them');
	is_deeply([ map { Shop::detail($_->[1])->{bought_today_mg} // () } @answers ], [ (30000) x 15 ], 'the others are told so');
	$shop->ask("UPDATE weedgo_data.stores SET policies = '{}'");
};

subtest 'race on one voucher refunds an order that had succeeded (saleor PR#15855): it does not' => sub {
	$shop->ask("INSERT INTO weedgo_data.promo_codes (store_id, code, discount_type, discount_value, max_uses)"
		  . " VALUES (shop.id('store'), 'ONCE', 'fixed', 2.00, 1)");
	$shop->ask("SELECT shop.fill('voucher ' || n) FROM generate_series(1, 5) n");
	my @answers = $shop->at_once(map { buy("voucher $_", "promo_code => 'ONCE'") } 1 .. 5);
	my ($winner) = grep { $_ ne '' } map { $_->[0] } @answers;
	is_deeply(Shop::tally(@answers), { done => 1, 'WG006 promo_invalid' => 4 }, 'one has it');
	is($shop->ask("SELECT order_id, status, discount FROM weedgo_data.orders WHERE promo_code = 'ONCE'"),
		"$winner|pending|2.00", 'its order stands, with the discount');
	my @others = grep { $answers[ $_ - 1 ][0] eq '' } 1 .. 5;
	is_deeply(Shop::tally($shop->at_once(map { buy("voucher $_", "promo_code => ''") } @others)), { done => 4 },
		'the others can buy without it');
};

subtest 'concurrent lock acquisition (three workers, serial)' => sub {
	$shop->ask('CREATE TABLE shop.work (at timestamptz, what text, worker integer)');
	$shop->at_once(map { "BEGIN; SELECT weedgo.lock_cart(shop.id('store'), shop.id('work'));"
		  . " INSERT INTO shop.work VALUES (clock_timestamp(), 'begins', $_);"
		  . " SELECT pg_sleep(0.05);"
		  . " INSERT INTO shop.work VALUES (clock_timestamp(), 'ends', $_); COMMIT" } 1 .. 3);
	is($shop->ask("SELECT count(*) FROM (SELECT what, worker, lag(what) OVER w AS before, lag(worker) OVER w AS who"
			  . " FROM shop.work WINDOW w AS (ORDER BY at)) s WHERE what = 'ends' AND before = 'begins' AND worker = who"),
		3, 'each ends before the next begins');
};

subtest 'different carts in parallel' => sub {
	my @buyers = map { $shop->session } 1 .. 10;
	$shop->ask("SELECT shop.fill('parallel ' || n, 10 + n) FROM generate_series(1, 10) n");
	for my $number (1 .. 10)
	{
		my ($out, $err) = $buyers[ $number - 1 ]->ask('BEGIN; ' . Shop::checkout("parallel $number"));
		is("$out$err", '11.30', "cart $number does not wait for those before, which are not committed");
	}
	$_->value('COMMIT') for @buyers;
	$_->close for @buyers;
};

subtest 'session advisory lock stranded behind PgBouncer in transaction mode (authentik#23876): it is not' => sub {
	my $pooled = $shop->session;
	$shop->ask("SELECT shop.fill('pooled')");
	$pooled->value(buy('pooled'));
	$pooled->value('BEGIN; ' . Shop::lock_cart('next') . ' COMMIT');
	is($shop->cart_locks, '', 'a connection that goes back to its pool has no lock');
	$pooled->close;
};

subtest 'two who bind one role to other stores wait for each other: they take turns' => sub {
	$shop->ask(q[SELECT weedgo.create_tables(options => '{"row_security": true}')]);
	$shop->ask("CREATE ROLE branch; INSERT INTO weedgo_data.stores (store_id, province) SELECT shop.id('branch ' || n), 'QC' FROM generate_series(1, 200) n");
	my @binds = map { "SELECT weedgo.bind_role('branch', ARRAY(SELECT shop.id('branch ' || n) FROM generate_series($_, 200, 2) n))" } 1 .. 2;
	for (1 .. 10)
	{
		is_deeply(Shop::tally($shop->at_once((@binds) x 4)), { done => 8 }, 'all are done');
	}
	is($shop->ask('SELECT count(*) FROM weedgo_data.store_roles'), 100, 'the last one holds');
};

is($shop->deadlocks, 0, 'no deadlock');
$shop->invariants_hold;
done_testing();
