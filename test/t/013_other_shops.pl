# What other shops got wrong, by its number in docs/other-shops.md: the very situation, against the
# functions. Where it was a race, there are real ones, again and again. Numbers 11 to 19.
use strict;
use warnings;
use OtherShops;
use Shop;
use Test::More;

open_shop();

it '11 a partial refund, then a cancel: 101 of 100 in stock' => sub {
	sell('11 kept', 11, 5);
	$shop->set_stock(11, 95);
	for my $round (1 .. 4)
	{
		deliver("11 gone $round", 11, 3);
		my @answers = race('SELECT FROM ' . of_order('refund_order', "11 gone $round", "'[{\"sku\": \"SKU-11\", \"quantity\": 2}]', true, provider_reference => 'two $round'"),
			('SELECT FROM ' . of_order('cancel_order', "11 gone $round")) x 5);
		is_deeply(Shop::tally(@answers), { done => 1, 'WG013 order_transition_invalid' => 5 }, 'what was handed over is refunded, and not cancelled');
		is($shop->stock(11), 95 - $round . '|5', 'two of three are back');

		sell("11 open $round", 11, 3);
		$shop->ask('SELECT FROM ' . of_order('record_payment', "11 open $round", "'captured', 33.90, 'paid open $round'"));
		@answers = race((map { 'SELECT recorded FROM ' . of_order('refund_order', "11 open $round", "amount => 5, provider_reference => 'part $round $_'") } 1 .. 2),
			('SELECT changed FROM ' . of_order('cancel_order', "11 open $round")) x 4);
		is(join('', map { "@$_" } @answers[ 0, 1 ]) . join('', sort map { "@$_" } @answers[ 2 .. 5 ]), 't t f f f t ', 'what was not is refunded in part, and cancelled once');
		is($shop->stock(11), 95 - $round . '|5', 'its three units are back');
	}
};

it '12 opposite lock order over two items deadlocks' => sub {
	for my $round (1 .. 4)
	{
		my @carts = map { ("12 $round up $_", "12 $round down $_") } 1 .. 8;
		for my $cart (@carts)
		{
			$shop->ask("INSERT INTO weedgo_data.carts (store_id, cart_id) VALUES (shop.id('store'), shop.id('$cart'))");
			$shop->ask("INSERT INTO weedgo_data.cart_items SELECT shop.id('store'), shop.id('$cart'), shop.sku(n), 1 FROM generate_series("
				  . ($cart =~ /up/ ? '24, 33, 1' : '33, 24, -1') . ') n');
		}
		is_deeply(Shop::tally(race(map { Shop::checkout($_) } @carts)), { done => 16 }, 'all are sold');
		my $received = "SELECT FROM weedgo.receive_stock(shop.id('store'), (SELECT jsonb_agg(jsonb_build_object('sku', shop.sku(n), 'quantity', 1)) FROM generate_series(33, 24, -1) n))";
		is_deeply(Shop::tally(race((map { 'SELECT FROM ' . of_order('cancel_order', $_) } @carts), $received, $received)), { done => 18 },
			'and cancelled, while goods come');
	}
	is($shop->ask('SELECT DISTINCT available, reserved FROM weedgo_data.stock WHERE sku BETWEEN shop.sku(24) AND shop.sku(33)'), '1008|0', 'all units are there');
};

it '13 a redelivered webhook makes a second order' => sub {
	for my $round (1 .. 4)
	{
		my $cart = "13 round $round";
		fill($cart, 13, 1);
		my $webhook = Shop::checkout($cart, "shop.id('alice'), 'alices-card', idempotency_key => 'evt $round'") =~ s/total/order_id, replayed/r;
		my %got;
		$got{"@$_"}++ for race(($webhook) x 8);
		my $order = $shop->ask('SELECT ' . order($cart));
		is_deeply(\%got, { "$order|f " => 1, "$order|t " => 7 }, 'eight deliveries at once get one order');
		my @answers = race(('SELECT recorded FROM ' . of_order('record_payment', $cart, "'captured', 11.30, 'paid evt $round'")) x 8);
		is(join('', sort map { "@$_" } @answers), 'f f f f f f f t ', 'and their payment counts once');
		$shop->ask('SELECT FROM ' . of_order('cancel_order', $cart));
		is($shop->ask($webhook =~ s/replayed/status/r), "$order|cancelled", 'days later it is that order still');
		is($shop->orders($cart), 1, 'there is no other');
	}
};

it '14 an expired sale price is honoured at checkout' => sub {
	my $sale = sub { $shop->ask("UPDATE weedgo_data.products SET sale_price = 7.50, sale_until = $_[0] WHERE sku = shop.sku(14)"); };
	my $end = "UPDATE weedgo_data.products SET sale_until = clock_timestamp() WHERE sku = shop.sku(14);";
	fill("14 $_", 14, 1) for 1 .. 4;
	$sale->("'infinity'");
	$shop->ask(Shop::reserve('14 1'));
	is($shop->ask('SELECT total FROM ' . call('calc_order_totals', '14 1')), '8.48', 'what is shown during the sale');
	my $session = $shop->session;
	$session->value('BEGIN; SELECT now()');
	is(after_waiting('SELECT ' . call('lock_cart', '14 2') . "; $end", Shop::checkout('14 2')), '11.30', 'who waited for the cart while it ended pays the price after it');
	is($session->value(Shop::checkout('14 3')), '11.30', 'so does a transaction that began before');
	$session->value('COMMIT');
	is(Shop::refusal(($session->ask(Shop::checkout('14 1', 'expected_total => 8.48')))[1]), 'WG007 total_changed', 'who was shown the lower price is told');
	is($session->value(Shop::checkout('14 1', 'expected_total => 11.30')), '11.30', 'and a hold does not hold the price');
	$sale->("'infinity'");
	is($session->value(Shop::checkout('14 4')), '8.48', 'a sale that goes on is honoured');
	$session->close;
};

it '15 a session lock is stranded behind a pool' => sub {
	my ($pooled, $next) = ($shop->session, $shop->session);
	my ($cart, $lock) = ('15', 'SELECT ' . call('lock_cart', '15'));
	my %ends = (
		'a commit' => "BEGIN; $lock; COMMIT", 'a rollback' => "BEGIN; $lock; ROLLBACK", 'no transaction block' => $lock,
		'a savepoint' => "BEGIN; SAVEPOINT s; $lock; ROLLBACK TO s; COMMIT", 'an error' => "BEGIN; $lock; SELECT 1 / 0; COMMIT",
		'a block that catches it' => "DO 'BEGIN PERFORM " . (call('lock_cart', '15') =~ s/'/''/gr) . "; RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN NULL; END'",
		'a refusal' => Shop::checkout($cart, "promo_code => 'NO-SUCH'"), 'a hold' => Shop::reserve($cart), 'its release' => 'SELECT FROM ' . call('release_inventory', $cart));
	fill($cart, 15, 1);
	for my $end (sort keys %ends)
	{
		for my $round (1 .. 10)
		{
			$pooled->ask($ends{$end});
			is($shop->cart_locks, '', "after $end the connection goes back without a lock") if $round == 10;
			is(($next->ask('SELECT ' . call('lock_cart', '15', "'{\"wait\": false}'")))[1], '', 'and the next one gets the cart') if $round == 10;
		}
	}
	$pooled->value(Shop::checkout($cart, "idempotency_key => 'k'"));
	is($next->value(Shop::checkout($cart, "idempotency_key => 'k'") =~ s/total/replayed/r), 't', 'a retry over another connection waits for nobody');
	is($shop->cart_locks, '', 'no lock is left');
	$_->close for $pooled, $next;
};

it '16 24.99 at 10.75 % is left unrounded' => sub {
	$shop->ask("INSERT INTO weedgo_data.tax_rates (province, tax_class, tax_name, rate, valid_from) VALUES ('ZZ', 'cannabis', 'TAX', 0.1075, '2020-01-01')");
	$shop->ask("UPDATE weedgo_data.stores SET province = 'ZZ'");
	$shop->ask("UPDATE weedgo_data.products SET unit_price = 24.99 WHERE sku = shop.sku(16)");
	fill('16', 16, 1);
	# 2.686425
	is($shop->ask(Shop::checkout('16') =~ s/total/tax, total, amount_due, taxes -> 0 ->> 'amount'/r), '2.69|27.68|27.68|2.69', 'rounded to the cent');
	is($shop->ask('SELECT new_payment_status, amount_due FROM ' . of_order('record_payment', '16', "'captured', 27.68, 'paid 16'")), 'captured|27.68', 'so that it can be paid');
	fill('16 three', 16, 3);
	# 74.97 - 7.497 = 67.47; 7.253025
	is($shop->ask(Shop::checkout('16 three', "promo_code => 'SAVE10'") =~ s/total/discount, tax, total/r), '7.50|7.25|74.72', 'once, with a discount too');
	is($shop->ask("SELECT count(*), count(*) FILTER (WHERE t.tax = round(n * 24.99 * 0.1075, 2) AND t.total = n * 24.99 + t.tax) FROM generate_series(1, 300) n"
			  . " CROSS JOIN LATERAL weedgo.put_cart(shop.id('store'), shop.id('16 many ' || n), jsonb_build_array(jsonb_build_object('sku', shop.sku(16), 'quantity', n))) c"
			  . ' CROSS JOIN LATERAL weedgo.calc_order_totals(c.store_id, c.cart_id) t'), '300|300', 'for any number of them');
	$shop->ask("UPDATE weedgo_data.stores SET province = 'ON'");
};

it '17 the result of a conditional UPDATE is ignored' => sub {
	$shop->ask("INSERT INTO weedgo_data.promo_codes (store_id, code, discount_type, discount_value, max_uses) VALUES (shop.id('store'), 'SEVENTEEN', 'fixed', 1.00, 1)");
	fill("17 $_", 17, 1) for 1 .. 5;
	$shop->set_stock(17, 3);
	is(after_waiting(Shop::checkout('17 1', "promo_code => 'SEVENTEEN'"), Shop::checkout('17 2', "promo_code => 'SEVENTEEN'")), 'WG006 promo_invalid', 'the last use went meanwhile');
	$shop->set_stock(17, 1);
	is(after_waiting(Shop::checkout('17 2'), Shop::checkout('17 3')), 'WG005 items_unavailable', 'the last unit went meanwhile');
	is($shop->orders('17 3'), 0, 'there is no order without it');
	$shop->set_stock(17, 1);
	is(after_waiting(Shop::checkout('17 3'), Shop::reserve('17 4')), 'WG005 items_unavailable', 'nor a hold');
	# In its own transaction, between the look at stock and its update.
	$shop->set_stock(17, 5);
	$shop->ask('GRANT USAGE ON SCHEMA shop TO weedgo_owner');
	$shop->ask("CREATE FUNCTION shop.take() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE weedgo_data.stock SET available = 0 WHERE sku = ''SKU-17''; RETURN NULL; END'");
	$shop->ask('CREATE TRIGGER take AFTER INSERT ON weedgo_data.order_items FOR EACH STATEMENT EXECUTE FUNCTION shop.take()');
	my $before = $shop->contents;
	my ($answer) = race(Shop::checkout('17 5'));
	is(Shop::refusal($answer->[1]), 'WG005 items_unavailable', 'what a trigger takes away is not sold');
	is($shop->contents, $before, 'nothing is left of the attempt');
	$shop->ask('DROP TRIGGER take ON weedgo_data.order_items; DROP FUNCTION shop.take()');
};

# What is in all tables, by table.
sub rows_of
{
	my ($of) = @_;
	return $of->ask("SELECT string_agg(relname || ' ' || (xpath('//rows/text()', query_to_xml(format('SELECT concat_ws('' '', count(*), md5(string_agg(t::text, '' ''"
		  . " ORDER BY t::text))) AS rows FROM weedgo_data.%I t', relname), false, true, '')))[1], E'\\n' ORDER BY relname) FROM pg_class WHERE relnamespace = 'weedgo_data'::regnamespace AND relkind = 'r'");
}

it '18 tables of the extension are missing from a dump' => sub {
	fill('18 in the basket', 18, 1);
	my $rows = rows_of($shop);
	like($rows, qr/^orders \d\d/m, 'there are orders to lose');
	my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';
	$shop->node->command_ok([ 'pg_dump', '-f', $dump, '-d', $shop->node->connstr('postgres') ], 'the dump');
	$shop->ask('CREATE DATABASE restored');
	$shop->node->command_ok([ 'psql', '-Xqv', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-f', $dump, '-d', $shop->node->connstr('restored') ], 'its restore');
	my $restored = Shop->on($shop->node, 'restored');
	is(rows_of($restored), $rows, 'every row is there');
	is($restored->ask(Shop::checkout('18 in the basket')), '11.30', 'the basket can be bought');
	$restored->invariants_hold;
	$rows = rows_of($restored);
	$restored->ask('DROP FUNCTION shop.fill');
	$restored->ask('DROP EXTENSION weedgo_checkout');
	is(rows_of($restored), $rows, 'nor does a row go with the extension');
	$restored->ask("CREATE EXTENSION weedgo_checkout; DO 'BEGIN PERFORM weedgo.create_tables(); END'");
	is(rows_of($restored), $rows, 'it comes back to the same rows');
	is($restored->ask("SELECT status FROM weedgo.get_order(shop.id('store'), " . order('18 in the basket') . ')'), 'pending', 'and finds its orders');
	$restored->invariants_hold;
};

# A commit that waits for a standby that there is not keeps its locks: NOTIFY's, too, which every
# other commit with a NOTIFY needs, in all databases.
it '19 NOTIFY in the hot path: its lock serialises every commit' => sub {
	my %calls = (
		put => 'SELECT FROM ' . call('put_cart', '19 put', "'[{\"sku\": \"SKU-19\", \"quantity\": 1}]'"), hold => Shop::reserve('19 hold'),
		buy => Shop::checkout('19 buy'), pay => 'SELECT FROM ' . of_order('record_payment', '19 pay', "'captured', 11.30, 'paid 19'"),
		confirm => 'SELECT FROM ' . of_order('advance_order', '19 confirm', "'confirmed'"), cancel => 'SELECT FROM ' . of_order('cancel_order', '19 cancel'),
		receive => "SELECT FROM weedgo.receive_stock(shop.id('store'), '[{\"sku\": \"SKU-20\", \"quantity\": 1}]')");
	# Each with stock of its own: a row of stock is locked until the commit is done.
	my $sku = 34;
	fill("19 $_", $sku++, 1) for qw(hold buy pay confirm cancel);
	$shop->ask(Shop::checkout("19 $_")) for qw(pay confirm cancel);
	my ($notifier, $other, %sessions) = ($shop->session, $shop->session, map { $_ => $shop->session } keys %calls);
	$_->pid for $notifier, $other, values %sessions;
	my $notify = "BEGIN; CREATE TEMP TABLE written (); NOTIFY ordered; COMMIT";
	my $wait_for_standby = sub {
		$shop->wait_until('SELECT count(*) = ' . @_ . ' FROM pg_stat_activity WHERE pid IN (' . join(',', map { $_->pid } @_) . ") AND wait_event = 'SyncRep'");
	};
	$shop->ask("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
	$shop->ask('SELECT pg_reload_conf()');
	$shop->wait_until("SELECT current_setting('synchronous_standby_names') = 'nobody'");
	$shop->ask('CHECKPOINT');
	$notifier->send($notify);
	$wait_for_standby->($notifier);
	$other->send($notify);
	$shop->wait_until_blocked($other);
	my $has_lock = "FROM pg_locks WHERE locktype = 'object' AND classid = 'pg_database'::regclass AND mode = 'AccessExclusiveLock'";
	is($shop->ask("SELECT pid $has_lock AND granted"), $notifier->pid, 'one NOTIFY makes the next wait');
	# One that waited for the lock would never come to wait for the standby.
	$_->[0]->send($_->[1]) for map { [ $sessions{$_}, $calls{$_} ] } sort keys %calls;
	$wait_for_standby->($notifier, values %sessions);
	is($shop->ask("SELECT count(*) $has_lock AND pid NOT IN (" . $notifier->pid . ', ' . $other->pid . ')'), 0, 'but no call of ours');
	$shop->ask('ALTER SYSTEM RESET synchronous_standby_names');
	$shop->ask('SELECT pg_reload_conf()');
	is(join('', map { ($_->answer)[1] } $notifier, $other, values %sessions), '', 'all are done');
	$_->close for $notifier, $other, values %sessions;
};

done_testing();
