# Fifty clients buy, hold, edit, retry and give up at once, until stock and a promo code run out:
# nothing is sold twice, nothing is lost, and nobody gets an error that is not documented.
use strict;
use warnings;
use Shop;
use Test::More;
use Time::HiRes qw(time);

my $shop = Shop->start('load', settings => "max_connections = 120\nweedgo_checkout.lock_timeout = '60s'\n");
my ($seconds, $uses, $uses_each) = (10, 50, 30);

# Five skus are scarce: they run out, come back when holds end, and run out again. Others never do.
$shop->ask("SELECT count(weedgo.adjust_stock(store_id, sku, CASE WHEN sku <= shop.sku(5) THEN 60 ELSE 100000 END - available,"
	  . " 'counted')) FROM weedgo_data.stock");
$shop->ask('CREATE TABLE shop.delivered AS SELECT sku, available AS units FROM weedgo_data.stock');
$shop->ask("INSERT INTO weedgo_data.promo_codes (store_id, code, discount_type, discount_value, max_uses)"
	  . " VALUES (shop.id('store'), 'FIFTY', 'percentage', 50, $uses)");
$shop->ask("UPDATE weedgo_data.promo_codes SET max_uses_per_customer = $uses_each WHERE code = 'EACH'");

# What a client may be told, by what it calls. Several clients share some carts.
my %documented = (
	own => {
		fill => [], reserve => ['items_unavailable'], release => [], expire => [],
		checkout => [ 'items_unavailable', 'promo_invalid' ],
	},
	shared => {
		fill => [ 'cart_not_active', 'cart_locked' ],
		reserve => [ 'cart_not_active', 'cart_locked', 'items_unavailable' ],
		release => ['cart_locked'],
		checkout => [ 'cart_not_active', 'cart_locked', 'items_unavailable' ],
	},
);

my (@plans, @waiting_for, %refused, @undocumented, %order_of_key, %confirmed, $carts);
my $start = time;

# A visit to the shop: [whose cart, what, call, key], in order.
sub plan_visit
{
	my ($client) = @_;
	my $whose = rand() < 0.2 ? 'shared' : 'own';
	my $cart = $whose eq 'shared' ? 'shared ' . int((time - $start) * 10 + rand(3)) : "$client " . ++$carts;
	my $scarce = rand() < 0.4;
	my $fill = sub {
		my @skus = map { $scarce && rand() < 0.7 ? 1 + int(rand(5)) : 6 + int(rand(15)) } 0 .. rand(5);
		return "SELECT shop.fill('$cart', " . join(', ', @skus) . ')';
	};
	my @visit = [ $whose, 'fill', $fill->() ];
	if (rand() < ($scarce ? 0.9 : 0.3))
	{
		my $hold_ms = 50 + int(rand(500));
		push @visit, [ $whose, 'reserve',
			"SELECT lines FROM weedgo.reserve_inventory(shop.id('store'), shop.id('$cart'), hold_for => '$hold_ms ms')" ];
		return @visit if rand() < ($scarce ? 0.8 : 0.2);
		push @visit, [ $whose, 'release', "SELECT lines FROM weedgo.release_inventory(shop.id('store'), shop.id('$cart'))" ]
		  if rand() < 0.1;
	}
	push @visit, [ $whose, 'fill', $fill->() ] if rand() < 0.2;
	push @visit, [ 'own', 'expire', 'SELECT weedgo.expire_holds(max_holds => 5)' ] if rand() < 0.05;

	# All who have a shared cart call with the same arguments, so that a key means the same order.
	my $key = ($whose eq 'shared' ? $cart =~ /[02468]$/ : rand() < 0.3) ? "key of $cart" : undef;
	my @arguments = defined $key ? "idempotency_key => '$key'" : ();
	if ($whose eq 'own')
	{
		push @arguments, "promo_code => 'FIFTY'" if rand() < 0.3;
		unshift @arguments, "customer_id => shop.id('alice')", "promo_code => 'EACH'" if @arguments == 0 && rand() < 0.3;
	}
	my $call = join(', ', "shop.id('store'), shop.id('$cart')", @arguments);
	push @visit, ([ $whose, 'checkout', "SELECT order_id FROM weedgo.checkout_cart($call)", $key ])
	  x (defined $key ? 1 + int(rand(3)) : 1);
	return @visit;
}

$shop->load(
	clients => 50,
	seconds => $seconds,
	next => sub {
		my ($client) = @_;
		my $plan = $plans[$client] //= [];
		push @$plan, plan_visit($client) unless @$plan;
		$waiting_for[$client] = shift @$plan;
		return $waiting_for[$client][2];
	},
	answered => sub {
		my ($client, $out, $err) = @_;
		my ($whose, $what, $call, $key) = @{ $waiting_for[$client] };
		if ($err ne '')
		{
			my $code = Shop::detail($err)->{code} // Shop::sqlstate($err);
			$refused{$code}++;
			push @undocumented, "$call: $err" unless grep { $_ eq $code } @{ $documented{$whose}{$what} };
		}
		elsif ($what eq 'checkout')
		{
			$confirmed{$out} = 1;
			$order_of_key{$key}{$out} = 1 if defined $key;
		}
	});

diag(join(', ', scalar(keys %confirmed) . ' orders', map { "$refused{$_} $_" } sort keys %refused));
is($undocumented[0], undef, 'no error that is not documented');
is($shop->deadlocks, 0, 'no deadlock');
is(join(' ', grep { keys %{ $order_of_key{$_} } > 1 } keys %order_of_key), '', 'a key stands for one order');
is($shop->ask("SELECT string_agg(order_id::text, ' ' ORDER BY order_id) FROM weedgo_data.orders"),
	join(' ', sort keys %confirmed), 'the orders are those that clients were told of');
is($shop->ask("SELECT count(*), (SELECT sum(used) FROM weedgo_data.promo_counters WHERE code = 'FIFTY')"
		  . " FROM weedgo_data.orders WHERE promo_code = 'FIFTY'"),
	"$uses|$uses", 'the code is used as often as it may be');
ok($refused{promo_invalid}, 'and refused afterwards');
is($shop->ask("SELECT count(*), (SELECT sum(used) FROM weedgo_data.promo_customers WHERE code = 'EACH')"
		  . " FROM weedgo_data.orders WHERE promo_code = 'EACH'"),
	"$uses_each|$uses_each", 'and another as often as one customer may');

$shop->wait_until("SELECT weedgo.expire_holds() = 0 AND NOT EXISTS (SELECT FROM weedgo_data.holds)");
is($shop->ask("SELECT sku, units, available, reserved, sold FROM weedgo_data.stock JOIN shop.delivered USING (sku)"
		  . " CROSS JOIN LATERAL (SELECT coalesce(sum(quantity), 0) AS sold FROM weedgo_data.order_items i"
		  . "  WHERE i.sku = stock.sku) s WHERE available <> units - sold OR reserved <> sold"),
	'', 'of every sku as many are gone as are sold');
is($shop->ask("SELECT sum(units) > 150 FROM (SELECT sum(quantity) AS units FROM weedgo_data.order_items"
		  . " WHERE sku <= shop.sku(5)) s"), 't', 'most of what was scarce is sold');
ok($refused{items_unavailable}, 'and refused when it ran out');
$shop->invariants_hold;
done_testing();
