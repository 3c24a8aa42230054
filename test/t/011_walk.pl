# Random walks through every function: alone, with a seed that can be walked again, and sixteen at
# once. Whatever comes of it, every promise holds and every unit is accounted for.
#
# WALK_SECONDS is how long each part walks; WALK_SEED=n walks one way again, and tells every step.
use strict;
use warnings;
use Shop;
use Test::More;
use Time::HiRes qw(time);

my $seconds = $ENV{WALK_SECONDS} // 25;
my $steps = 100;
my $shop = Shop->start('walk', settings => "weedgo_checkout.max_cart_waiters = 20\n");
my ($functions) = __FILE__ =~ m{^(.*/)} ? "$1walk.psql" : 'walk.psql';
$shop->node->safe_psql('postgres', PostgreSQL::Test::Utils::slurp_file($functions));

if (defined $ENV{WALK_SEED})
{
	my $told = $shop->ask("SELECT walk.alone($ENV{WALK_SEED}, $steps, true)");
	diag($told);
	unlike($told, qr/after step/, "seed $ENV{WALK_SEED}");
	done_testing();
	exit;
}

subtest 'alone' => sub {
	my ($start, $seed, $broken) = (time, 0, '');
	while ($broken eq '' && time - $start < $seconds)
	{
		my $from = $seed + 1;
		$seed += 10;
		$broken = $shop->ask("SELECT w FROM generate_series($from, $seed) s, walk.alone(s, $steps, false) w");
	}
	is($broken, '', "every walk ends well (walk a seed again: make walk WALK_SEED=n)");
	diag("$seed walks of $steps steps");
	cmp_ok($seed, '>=', 20, 'there were many');
	is($shop->ask("SELECT string_agg(DISTINCT status, ' ' ORDER BY status) FROM weedgo_data.orders"),
		'cancelled confirmed delivered expired out_for_delivery pending preparing ready', 'orders came to every state');
};

subtest 'sixteen at once' => sub {
	my $store = "shop.id('walked by all')";
	$shop->ask("CALL walk.open_store($store)");
	# Enough to go on for a while; the rest of the walk is about holds, cancels and refusals.
	$shop->ask("SELECT weedgo.adjust_stock(store_id, sku, available * 99, 'counted') FROM weedgo_data.stock WHERE store_id = $store");
	my ($done, @errors) = (0);
	$shop->load(
		clients => 16,
		seconds => $seconds,
		meanwhile => sub {
			is($shop->ask("SELECT count(*) FROM generate_series(1, 30), weedgo.inventory_report($store, current_date) WHERE unexplained <> 0"),
				0, 'the books are in order at every instant');
		},
		next => sub { return "SELECT walk.step($store)"; },
		answered => sub {
			my ($client, $out, $err) = @_;
			$done++;
			push @errors, $err if $err ne '';
		});
	diag("$done steps");
	is($errors[0], undef, 'no error that is not documented');
	is($shop->deadlocks, 0, 'no deadlock');
	is($shop->ask("SELECT * FROM weedgo.verify_invariants($store)"), '', 'every invariant holds');
	is($shop->ask("SELECT * FROM weedgo.verify_audit($store)"), '', 'every event is as it was written');
	is($shop->ask("SELECT r.* FROM (SELECT order_id FROM weedgo_data.orders WHERE store_id = $store LIMIT 1000) o,"
			  . " weedgo.recompute_order($store, o.order_id) r WHERE NOT r.agrees"),
		'', 'every order can be worked out again');
	is($shop->ask("SELECT s.sku FROM weedgo_data.stock s LEFT JOIN (SELECT i.sku, sum(i.quantity) AS gone"
			  . " FROM weedgo_data.order_items i JOIN weedgo_data.orders o USING (store_id, order_id)"
			  . " WHERE o.store_id = $store AND o.status = 'delivered' GROUP BY i.sku) o USING (sku)"
			  . " LEFT JOIN (SELECT sku, sum(change) AS back FROM weedgo_data.stock_ledger"
			  . " WHERE store_id = $store AND reason = 'returned' GROUP BY sku) l USING (sku)"
			  . " WHERE s.store_id = $store AND s.available + s.reserved + coalesce(o.gone, 0) - coalesce(l.back, 0) <> 300 * right(s.sku, 1)::integer"),
		'', 'every unit is accounted for');
};

done_testing();
