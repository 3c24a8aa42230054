# Sixteen clients check out the same twenty skus in any order, with holds, cancels, promo codes, expiry, receipts,
# transfers and changes of how skus are split mixed in: there is never a deadlock, never a unit sold twice, never an error that is not documented.
# On small and large tables, with statistics and without: plans differ. make deadlock does it at length.
use strict;
use warnings;
use Proof;
use Shop;
use Test::More;

my $seed = Proof::seed();
my $checkouts = Proof::bound('CHECKOUTS', 3_000);
my ($clients, $most_a_phase) = (16, 25_000);

# A cycle of waits is looked for after deadlock_timeout. Statistics are there where a phase makes them, and nowhere else.
my $shop = Shop->start('deadlock', settings => <<'CONF');
deadlock_timeout = 10ms
weedgo_checkout.lock_timeout = 60s
autovacuum = off
shared_buffers = 256MB
max_wal_size = 2GB
CONF
my $node = $shop->node;
$node->safe_psql('postgres', PostgreSQL::Test::Utils::slurp_file('test/t/trade.psql'));
delete($shop->{control})->close;

# Every phase has a database of its own, a copy of one of these.
sub copy_database
{
	my ($from, $to) = @_;
	$node->safe_psql('template1', "CREATE DATABASE $to TEMPLATE $from STRATEGY file_copy");
}
copy_database('postgres', 'large');
$node->safe_psql('large', 'CALL shop.add_stores()');

# Plans that were made while there were no orders do not stay, although nothing was analysed.
subtest 'a session that has planned for empty tables soon goes by the right keys' => sub {
	copy_database('postgres', 'phase');
	my $here = Shop->on($node, 'phase');
	my $read = "SELECT idx_tup_fetch, idx_scan FROM pg_stat_user_tables WHERE relname = 'orders'";
	my $sell = sub {
		my ($first, $last) = @_;
		$here->ask("DO 'BEGIN FOR n IN $first .. $last LOOP"
			  . " PERFORM shop.fill(n::text, 1 + n % 20);"
			  . " PERFORM weedgo.cancel_order(shop.id(''store''), order_id) FROM weedgo.checkout_cart(shop.id(''store''), shop.id(n::text));"
			  . " COMMIT; END LOOP; END'; SELECT FROM pg_stat_force_next_flush()");
	};
	$sell->(1, 1000);
	my @before = split /[|]/, $here->ask($read);
	$sell->(1001, 1100);
	my @after = split /[|]/, $here->ask($read);
	my $each = ($after[0] - $before[0]) / ($after[1] - $before[1]);
	cmp_ok($each, '<', 5, 'rows of orders that a look-up reads');
	delete($here->{control})->close;
	$node->safe_psql('template1', 'DROP DATABASE phase');
};

my @kinds = map { my $size = $_; map { [ $size, $_ ] } 'without statistics', 'with statistics' } qw(small large);
my $rounds = int(($checkouts - 1) / (@kinds * $most_a_phase)) + 1;
my $visits_each = int(($checkouts - 1) / ($rounds * @kinds * $clients)) + 1;
my $warm_up = int($visits_each / 10);
my ($phase, $files, $orders, %said) = (0, 0, 0);

sub run_clients
{
	my ($visits) = @_;
	my $seed_here = $seed + $phase;
	$node->pgbench("-n -c $clients -j 2 -t $visits -D seed=$seed_here",
		0, [qr{number of failed transactions: 0 }], [qr{^$}], "$clients x $visits visits: every error is documented",
		{ 'visit_' . ++$files => 'CALL shop.visit(:seed)' }, 'phase');
}

sub run_phase
{
	my ($size, $statistics) = @_;
	my $name = 'phase ' . ++$phase . ": $size tables $statistics";
	subtest $name => sub {
		copy_database($size eq 'large' ? 'large' : 'postgres', 'phase');
		run_clients($warm_up) if $warm_up;
		$node->safe_psql('phase', 'ANALYZE') if $statistics eq 'with statistics';
		run_clients($visits_each - $warm_up);

		my $here = Shop->on($node, 'phase');
		is($here->ask("SELECT deadlocks FROM pg_stat_database WHERE datname = 'phase'"), 0, 'no deadlock, the server counts');
		is($here->deadlocks, 0, 'nor does its log tell of any');
		$here->invariants_hold;
		is($here->ask(<<'SQL'), '', "what came is there, held or sold");
SELECT sku, came, available, held, sold
FROM (SELECT sku, sum(change) AS came FROM weedgo_data.stock_ledger WHERE store_id = shop.id('store') GROUP BY sku) l
JOIN (SELECT sku, sum(available) AS available FROM weedgo_data.stock WHERE store_id = shop.id('store') GROUP BY sku) s USING (sku)
LEFT JOIN (SELECT sku, sum(quantity) AS held FROM weedgo_data.holds GROUP BY sku) h USING (sku)
LEFT JOIN (SELECT sku, sum(quantity) AS sold FROM weedgo_data.order_items JOIN weedgo_data.orders o USING (store_id, order_id)
           WHERE o.status NOT IN ('cancelled', 'expired') GROUP BY sku) o USING (sku)
WHERE available < 0 OR came <> available + coalesce(held, 0) + coalesce(sold, 0)
SQL
		$orders += $here->orders;
		my %here = split /[|\n]/, $here->ask('SELECT said, count(*) FROM shop.said GROUP BY said');
		$said{$_} += $here{$_} for keys %here;
		delete($here->{control})->close;
	};
	$node->safe_psql('template1', 'DROP DATABASE phase');
	Proof::progress($phase * $visits_each * $clients, $rounds * @kinds * $visits_each * $clients, 'checkouts');
}

for my $round (1 .. $rounds)
{
	run_phase(@$_) for @kinds;
}

diag("$orders orders; " . join(', ', map { "$_ $said{$_}" } sort keys %said));
my $tried = 0;
$tried += $said{$_} for grep { /^check out/ } keys %said;
cmp_ok($tried, '>=', $checkouts, 'so many checkouts were called');
cmp_ok($orders, '>', $checkouts / 2, 'most of them made orders');
is(join(', ', grep { !$said{$_} } 'cancel', 'receive', 'send', 'send back', 'expire holds', 'expire orders', 'release', 'delivered', 'split', 'merge',
		'check out: items_unavailable', 'check out: promo_invalid', 'check out: cart_not_active', 'cancel: order_transition_invalid'),
	'', 'what is to be met was met');
done_testing();
