# What a checkout costs that does not depend on the machine's mood: statements, WAL, buffers, locks.
# Each is held to a record, in both directions: whoever makes a checkout cheaper lowers the record.
use strict;
use warnings;
use Shop;
use Test::More;

# Carts of so many lines, of one whose sku is split, and with a promo code, which is split or not; on PostgreSQL 15. A figure is the
# median of many checkouts: a few split a page or extend a table.
my @kinds = (
	{ name => '1 line', lines => 1 },
	{ name => '3 lines', lines => 3 },
	{ name => '10 lines', lines => 10 },
	{ name => '1 line, its sku split', lines => 1, first => 120 },
	{ name => '1 line, a code', lines => 1, code => 'WHOLE' },
	{ name => '1 line, a split code', lines => 1, code => 'SPLIT' });
my %record = (
	'statements'                   => [ 7,    7,    7,    7,    10,   10 ],
	'bytes of WAL'                 => [ 1904, 2888, 6160, 1904, 2472, 2416 ],
	'buffers touched'              => [ 38,   74,   181,  50,   68,   69 ],
	'relation locks'               => [ 25,   27,   27,   25,   31,   32 ],
	'locks not on the fast path'   => [ 9,    11,   11,   9,    15,   16 ],
	'advisory locks'               => [ 2,    1,    1,    2,    3,    3 ]);
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
CREATE FUNCTION shop.fill_wide(cart text, lines integer, first integer) RETURNS uuid LANGUAGE sql
    RETURN (weedgo.put_cart(shop.id('store'), shop.id(cart),
            (SELECT jsonb_agg(jsonb_build_object('sku', 'P' || first + 80 * n, 'quantity', 1))
               FROM generate_series(1, lines) n))).cart_id;
INSERT INTO weedgo_data.promo_codes (store_id, code, discount_type, discount_value, max_uses)
    SELECT shop.id('store'), code, 'fixed', 1.00, 1000 FROM unnest(ARRAY['WHOLE', 'SPLIT']) code;
SELECT weedgo.split_stock(shop.id('store'), 'P200', 4), weedgo.split_promo(shop.id('store'), 'SPLIT', 4);
SQL
my $buyer = $shop->session;

# What one checkout costs, which is a transaction by itself.
sub costs
{
	my ($cart, $arguments) = @_;
	my %costs;
	$shop->ask('SELECT pg_stat_statements_reset()');
	my $before = $shop->ask('SELECT pg_current_wal_insert_lsn()');
	$buyer->value('BEGIN; ' . Shop::checkout($cart, $arguments));
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

for my $at (keys @kinds)
{
	my %kind = (first => 100, %{ $kinds[$at] });
	my $arguments = $kind{code} ? "shop.id('alice'), promo_code => '$kind{code}'" : undef;
	my @carts = map { "$kind{name}, cart $_" } 1 .. $warm_up + $counted;
	$shop->ask("SELECT shop.fill_wide('$_', $kind{lines}, $kind{first})") for @carts;
	my @costs = map { costs($_, $arguments) } @carts;
	splice(@costs, 0, $warm_up);
	for my $what (sort keys %record)
	{
		my $cost = median(map { $_->{$what} } @costs);
		my $recorded = $record{$what}[$at];
		my $margin = $margin{$what} // 0;
		my $name = "$kind{name}: $what,";
		cmp_ok($cost, '<=', $recorded + $margin, "$name no more than recorded");
		cmp_ok($cost, '>=', $recorded - $margin, "$name no fewer than recorded (else lower the record)");
	}
}

is($shop->orders, @kinds * ($warm_up + $counted), 'all were checked out');
$shop->invariants_hold;
done_testing();
