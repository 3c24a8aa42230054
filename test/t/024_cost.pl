# What a checkout costs that does not depend on the machine's mood: statements, WAL, buffers, locks.
# Each is held to a record, in both directions: whoever makes a checkout cheaper lowers the record.
use strict;
use warnings;
use Shop;
use Test::More;

# In carts of so many lines, on PostgreSQL 15. A figure is the median of many checkouts: a few split a page or extend a table.
my @lines = (1, 3, 10);
my %record = (
	'statements'                   => [ 7,    7,    7 ],
	'bytes of WAL'                 => [ 1904, 2888, 6160 ],
	'buffers touched'              => [ 38,   74,   181 ],
	'relation locks'               => [ 25,   27,   27 ],
	'locks not on the fast path'   => [ 9,    11,   11 ],
	'advisory locks'               => [ 2,    1,    1 ]);
my %margin = ('bytes of WAL' => 40, 'buffers touched' => 2); # less than one record more, or one row more
my ($warm_up, $counted) = (15, 41);

# No images of pages in the WAL, and nobody else who writes.
my $shop = Shop->start('cost', settings => <<'CONF');
shared_preload_libraries = 'pg_stat_statements'
pg_stat_statements.track = all
autovacuum = off
full_page_writes = off
checkpoint_timeout = 1h
CONF
$shop->ask('CREATE EXTENSION pg_stat_statements');

# Stock in full pages, a page for each line: a sale then clears away the version that the sale before has left.
$shop->ask(<<'SQL');
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price)
    SELECT shop.id('store'), 'P' || n, 'Product ' || n, 10.00 FROM generate_series(100, 999) n;
INSERT INTO weedgo_data.stock (store_id, sku, available)
    SELECT shop.id('store'), 'P' || n, 1000 FROM generate_series(100, 999) n;
CREATE FUNCTION shop.fill_wide(cart text, lines integer) RETURNS uuid LANGUAGE sql
    RETURN (weedgo.put_cart(shop.id('store'), shop.id(cart),
            (SELECT jsonb_agg(jsonb_build_object('sku', 'P' || 100 + 80 * n, 'quantity', 1))
               FROM generate_series(1, lines) n))).cart_id;
SQL
my $buyer = $shop->session;

# What one checkout costs, which is a transaction by itself.
sub costs
{
	my ($cart) = @_;
	my %costs;
	$shop->ask('SELECT pg_stat_statements_reset()');
	my $before = $shop->ask('SELECT pg_current_wal_insert_lsn()');
	$buyer->value('BEGIN; ' . Shop::checkout($cart));
	@costs{ 'relation locks', 'locks not on the fast path', 'advisory locks' } = split /\|/, $shop->ask(
		"SELECT count(*) FILTER (WHERE locktype = 'relation'), count(*) FILTER (WHERE locktype = 'relation' AND NOT fastpath),"
		  . " count(*) FILTER (WHERE locktype = 'advisory') FROM pg_locks WHERE pid = " . $buyer->pid);
	$buyer->value('COMMIT');
	$costs{'bytes of WAL'} = $shop->ask("SELECT pg_current_wal_insert_lsn() - '$before'");
	@costs{ 'statements', 'buffers touched' } = split /\|/, $shop->ask(
		'SELECT sum(calls) FILTER (WHERE NOT toplevel), sum(shared_blks_hit + shared_blks_read)'
		  . q[ FILTER (WHERE toplevel AND query LIKE '%checkout_cart%') FROM pg_stat_statements]);
	return \%costs;
}

sub median { return (sort { $a <=> $b } @_)[ @_ / 2 ]; }

for my $at (keys @lines)
{
	my @carts = map { "$lines[$at] lines, cart $_" } 1 .. $warm_up + $counted;
	$shop->ask("SELECT shop.fill_wide('$_', $lines[$at])") for @carts;
	my @costs = map { costs($_) } @carts;
	splice(@costs, 0, $warm_up);
	for my $what (sort keys %record)
	{
		my $cost = median(map { $_->{$what} } @costs);
		my $recorded = $record{$what}[$at];
		my $margin = $margin{$what} // 0;
		my $name = "$lines[$at] lines: $what,";
		cmp_ok($cost, '<=', $recorded + $margin, "$name no more than recorded");
		cmp_ok($cost, '>=', $recorded - $margin, "$name no fewer than recorded (else lower the record)");
	}
}

is($shop->orders, @lines * ($warm_up + $counted), 'all were checked out');
$shop->invariants_hold;
done_testing();
