# hot_skus tells for which skus checkouts wait, and over how many rows to split them; tune_stock does so.
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

# While the first buys, all others wait.
sub crowd
{
	my (@numbers) = @_;
	$first->value(buy(@numbers));
	$_->send(buy(@numbers)) for @others;
	$shop->wait_until_blocked(@others);
	return;
}

# In the order that they come to it.
sub disperse
{
	$first->value('COMMIT');
	my @waiting = @others;
	while (@waiting)
	{
		Session::read_any(@waiting);
		my @answered = grep { $_->is_answered } @waiting;
		@waiting = grep { !$_->is_answered } @waiting;
		for my $session (@answered)
		{
			$session->answer;
			$session->value('COMMIT');
		}
	}
	return;
}

# What is seen of it.
sub seen
{
	my ($options, @numbers) = @_;
	crowd(@numbers);
	my $seen = $shop->ask("SELECT sku, buckets, waits, samples, buckets_advised FROM weedgo.hot_skus(shop.id('store'), '$options')");
	is($shop->ask("SELECT count(*) FROM weedgo.hot_skus(shop.id('another store'), '{\"samples\": 1}')"), 0, 'of this store only');
	disperse();
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

# A scheduler's call: what it changed, of skus 11 to 13.
my $tuner = $shop->session;
$tuner->pid;
sub tune
{
	my ($options) = @_;
	return "SELECT name, buckets, details FROM weedgo.tune_stock(shop.id('store'), '{\"samples\": 2, \"interval_ms\": 1$options}') WHERE name > 'SKU-10'";
}
# While a crowd waits; where it changes something it waits, too.
sub tuned
{
	my ($changes, $options, @numbers) = @_;
	crowd(@numbers);
	$tuner->send(tune($options));
	$shop->wait_until_blocked($tuner) if $changes;
	my @said = $changes ? () : $tuner->answer;
	disperse();
	@said = $tuner->answer if $changes;
	return join('', @said);
}
my $never = ', "quiet_orders": 0';
is($shop->ask(tune($never)), '', 'nobody waits, nothing is split');
is(tuned(0, $never . ', "min_waits": 9', 11), '', 'nor where fewer wait than should');
is(tuned(0, $never . ', "max_skus": 1', 11), '', 'nor more skus than may be: one is');
is(tuned(1, $never . ', "max_buckets": 4', 11), 'SKU-11|4|{"waits": 8, "buckets_before": 0}', 'what is waited for is split, over as many rows as may be');
is(tuned(1, $never, 12, 13), "SKU-12|8|{\"waits\": 8, \"buckets_before\": 0}", 'the one that is waited for, not the one after it');
is($shop->ask(tune($never)), '', 'and stays so');
is($shop->ask(tune(', "quiet_orders": 5')), '', 'while it is sold');
is($shop->ask(tune(', "quiet_orders": 1000')), "SKU-11|1|{\"waits\": 0, \"buckets_before\": 4}\nSKU-12|1|{\"waits\": 0, \"buckets_before\": 8}", 'what is in few orders is merged');
$shop->ask("SELECT weedgo.split_stock(shop.id('store'), 'SKU-11', 2); UPDATE weedgo_data.order_items SET order_id = overlay(order_id::text PLACING '00000000' FROM 1)::uuid WHERE sku = 'SKU-11'");
is($shop->ask(tune(', "quiet_orders": 1')), 'SKU-11|1|{"waits": 0, "buckets_before": 2}', 'however often it was sold in former times');
$shop->ask("SELECT weedgo.split_stock(shop.id('store'), 'SKU-13', 2)");
$first->value("BEGIN; SELECT weedgo.split_stock(shop.id('store'), 'SKU-13', 8)");
$tuner->send(tune(', "quiet_orders": 1000'));
$shop->wait_until_blocked($tuner);
$first->value('COMMIT');
is(join('', $tuner->answer), 'SKU-13|8|{"waits": 0, "buckets_before": 2}', 'what somebody else has split meanwhile stays as it is');
for my $options ('"min_waits": 0', '"max_buckets": 65', '"max_skus": -1', '"quiet_orders": -1', '"quiet_minutes": 0', '"max_sku": 1')
{
	my (undef, $err) = $shop->session->ask(tune(", $options"));
	is(Shop::refusal($err), '22023 invalid_argument', $options);
}

$shop->ask('ALTER TABLE weedgo_data.stock RENAME TO own_stock; CREATE VIEW weedgo_data.stock AS TABLE weedgo_data.own_stock; ALTER VIEW weedgo_data.stock OWNER TO weedgo_owner');
my (undef, $err) = $shop->session->ask("SELECT * FROM weedgo.hot_skus(shop.id('store'))");
is(Shop::refusal($err), '0A000 not_writable', 'of a view it can tell nothing');
done_testing();
