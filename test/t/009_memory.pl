# A session may call as often as it likes: neither refusals nor results leave memory behind.
# make leak does it at length.
use strict;
use warnings;
use Proof;
use Shop;
use Test::More;

my $shop = Shop->start('memory', settings => "log_min_messages = fatal\nlog_min_error_statement = panic\n");
my $most_bytes = 1024 * 1024;
my $calls = Proof::bound('CALLS', 20_000);
my ($calls_at_once, $warm) = (100, 1000);
die 'CALLS is a multiple of 1000, more than one' unless $calls > 1000 && $calls % 1000 == 0;

$shop->ask("SELECT shop.fill(name) FROM unnest(ARRAY['cart', 'sold', 'keyed', 'locked', 'few', 'behind']) AS name");
$shop->ask("SELECT shop.fill('few', 40, 1)");
$shop->ask("SELECT shop.fill('behind', 1, 39)");
$shop->ask("SELECT weedgo.put_cart(shop.id('store'), shop.id('empty'), '[]')");
$shop->ask("SELECT weedgo.adjust_stock(shop.id('store'), 'SKU-40', -1000, 'counted')");
$shop->ask("INSERT INTO weedgo_data.promo_codes (store_id, code, discount_type, discount_value, max_uses)"
	  . " VALUES (shop.id('store'), 'GONE', 'fixed', 1.00, 0)");
$shop->ask(Shop::checkout('sold'));
$shop->ask(Shop::checkout('keyed', "idempotency_key => 'key'"));
my $holder = $shop->session;
$holder->value('BEGIN; ' . Shop::lock_cart('locked') . " SELECT FROM weedgo_data.stock WHERE sku = shop.sku(39) FOR UPDATE");

# Every kind of refusal: at the arguments, at each step of a checkout, after it has written.
my %refused = (
	'22023 invalid_argument' => Shop::checkout('cart', "delivery_type => 'drone'"),
	'22023 customer_unknown' => Shop::checkout('cart', "shop.id('nobody')"),
	'WG001 cart_not_found' => Shop::checkout('no cart', "idempotency_key => 'no cart'"),
	'WG002 cart_not_active' => Shop::checkout('sold'),
	'WG003 cart_empty' => Shop::checkout('empty'),
	'WG004 payment_method_invalid' => Shop::checkout('cart', "shop.id('alice'), 'bobs-card'"),
	'WG005 items_unavailable' => Shop::checkout('few'),
	'WG006 promo_invalid' => Shop::checkout('cart', "promo_code => 'GONE', metadata => '{\"a\": [1, 2, 3]}'"),
	'WG007 total_changed' => Shop::checkout('cart', 'expected_total => 1.00'),
	'WG008 idempotency_mismatch' => Shop::checkout('keyed', "idempotency_key => 'key', tip => 1"),
	'WG009 delivery_unavailable' => Shop::checkout('cart', "delivery_type => 'delivery'"),
	'55P03 cart_locked' => Shop::checkout('locked'),
	'55P03 row_locked' => Shop::checkout('behind'),
);

# A session that hardly waits for a lock.
sub patient_for_1ms { return $shop->session($shop->node->connstr('postgres') . " options='-c weedgo_checkout.lock_timeout=1ms'"); }

# Bytes a session has, as PostgreSQL counts them, and as Linux does, where there is Linux.
sub bytes
{
	my ($session) = @_;
	my $counted = $session->value('SELECT sum(total_bytes) FROM pg_backend_memory_contexts');
	my $file = '/proc/' . $session->pid . '/status';
	my ($kilobytes) = -r $file ? PostgreSQL::Test::Utils::slurp_file($file) =~ /^RssAnon:\s+(\d+)/m : ();
	return ($counted, ($kilobytes // 0) * 1024);
}

# The calls run one by one in one session, in turn. What they leave behind is measured
# after some of them, when caches are warm, and at the end.
sub leaves_nothing
{
	my ($name, $count, $is_error, @calls) = @_;
	subtest $name => sub {
		my $session = $is_error ? patient_for_1ms() : $shop->session;
		my ($done, $errors, @before) = (0, 0);
		while ($done < $count)
		{
			my (undef, $err) = $session->ask(join("\n", map { $calls[ ($done + $_) % @calls ] } 1 .. $calls_at_once));
			$errors += () = $err =~ /ERROR:/g;
			$done += $calls_at_once;
			@before = bytes($session) if $done == $warm;
			Proof::progress($done, $count, $name);
		}
		my @after = bytes($session);
		is($errors, $is_error ? $count : 0, $is_error ? 'all are refused' : 'all succeed');
		cmp_ok($after[0] - $before[0], '<', $most_bytes, 'memory contexts do not grow');
		# AddressSanitizer keeps what was freed for a while, to see whether it is still used.
		cmp_ok($after[1] - $before[1], '<', $most_bytes, 'nor does the process') if ($ENV{INSTRUMENT} // '') ne 'asan';
		diag("$name: $before[0] to $after[0] bytes, process $before[1] to $after[1]");
		$session->close;
	};
}

for my $refusal (sort keys %refused)
{
	my $session = patient_for_1ms();
	is(Shop::refusal(($session->ask($refused{$refusal}))[1]), $refusal, $refusal);
	$session->close;
}
my $totals = "SELECT total FROM weedgo.calc_order_totals(shop.id('store'), shop.id('cart'), promo_code => 'SAVE10');";
leaves_nothing("$calls refused checkouts", $calls, 1, map { $refused{$_} } sort keys %refused);
leaves_nothing('20,000 totals', 20_000, 0, $totals);
leaves_nothing('5,000 checkouts rolled back', 5_000, 0,
	'BEGIN; ' . Shop::checkout('cart', "promo_code => 'SAVE10', idempotency_key => 'again'") . ' ROLLBACK;');

$shop->invariants_hold;
done_testing();
