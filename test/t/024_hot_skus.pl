# hot_skus tells for which skus checkouts wait, and over how many rows to split them.
use strict;
use warnings;
use Shop;
use Test::More;

my $shop = Shop->start('hot', settings => "weedgo_checkout.lock_timeout = '60s'\n");
my ($first, @others) = map { $shop->session } 1 .. 5;
my $carts = 0;

# A new cart with these skus, checked out in a transaction that goes on.
sub buy
{
	my @numbers = @_;
	my $cart = 'cart ' . ++$carts;
	$shop->ask("SELECT shop.fill('$cart', " . join(', ', @numbers) . ')');
	return 'BEGIN; ' . Shop::checkout($cart);
}

# While the first buys, all others wait; what is seen of it.
sub seen
{
	my ($options, @numbers) = @_;
	$first->value(buy(@numbers));
	$_->send(buy(@numbers)) for @others;
	$shop->wait_until_blocked(@others);
	my $seen = $shop->ask("SELECT sku, buckets, waits, samples, buckets_advised FROM weedgo.hot_skus(shop.id('store'), '$options')");
	is($shop->ask("SELECT count(*) FROM weedgo.hot_skus(shop.id('another store'), '{\"samples\": 1}')"), 0, 'of this store only');
	for my $session ($first, @others)
	{
		$session->answer unless $session == $first;
		$session->value('COMMIT');
	}
	return $seen;
}

$_->pid for $first, @others;
is($shop->ask("SELECT count(*) FROM weedgo.hot_skus(shop.id('store'), '{\"samples\": 2, \"interval_ms\": 10}')"), 0, 'nobody waits, nothing is hot');
is(seen('{"samples": 3, "interval_ms": 10}', 1, 2), 'SKU-01|0|12|3|8', 'four wait for a row, each of three times: five want one, so eight rows');
$shop->ask("SELECT weedgo.split_stock(shop.id('store'), 'SKU-01', 1)");
is(seen('{"samples": 1}', 1), 'SKU-01|1|4|1|8', 'for the one row of what is split, too');
$shop->ask("SELECT weedgo.split_stock(shop.id('store'), 'SKU-01', 64), weedgo.split_stock(shop.id('store'), 'SKU-02', 1)");
is(seen('{"samples": 1}', 2), 'SKU-02|1|4|1|8', 'who is told is the one that is waited for');
is($first->value(buy(1)) . ' ' . join(' ', map { $_->value(buy(1)) } @others), join(' ', ('11.30') x 5), 'split, they do not wait for each other');
$_->value('COMMIT') for $first, @others;

for my $options ('{"samples": 0}', '{"samples": 1001}', '{"samples": 1.5}', '{"samples": "2"}', '{"samples": 1e10}', '{"interval_ms": -1}', '{"samples": 1000, "interval_ms": 61}')
{
	my (undef, $err) = $shop->session->ask("SELECT * FROM weedgo.hot_skus(shop.id('store'), '$options')");
	is(Shop::refusal($err), '22023 invalid_argument', $options);
}
is($shop->ask("SELECT count(*) FROM weedgo.hot_skus(shop.id('store'), '{\"samples\": 2e0, \"interval_ms\": 0}')"), 0, 'a whole number is one, however it is written');

$shop->ask('ALTER TABLE weedgo_data.stock RENAME TO own_stock; CREATE VIEW weedgo_data.stock AS TABLE weedgo_data.own_stock; ALTER VIEW weedgo_data.stock OWNER TO weedgo_owner');
my (undef, $err) = $shop->session->ask("SELECT * FROM weedgo.hot_skus(shop.id('store'))");
is(Shop::refusal($err), '0A000 not_writable', 'of a view it can tell nothing');
done_testing();
