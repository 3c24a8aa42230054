# A sku that is split over 1, 4, 16 or 64 rows is sold to the last unit: 64 clients ask 1 to 3 units at a time, and exactly what
# fits is sold, none is refused while there is enough, nothing deadlocks, with holds, cancels, receipts and changes of the number of
# rows going on. So is a promo code used. make split does it at length.
use strict;
use warnings;
use Proof;
use Shop;
use Test::More;

my $seed = Proof::seed();
my ($units, $rounds) = (Proof::bound('UNITS', 100), Proof::bound('ROUNDS', 1));
my ($clients, @buckets) = (64, 1, 4, 16, 64);

my $shop = Shop->start('split', settings => "max_connections = 100\ndeadlock_timeout = 10ms\nweedgo_checkout.lock_timeout = '60s'\n");
my $store = "shop.id('store')";
my @skus = map { $shop->ask("SELECT shop.sku($_)") } 1 .. @buckets;
my @codes = map { "CODE$_" } @buckets;
$shop->ask("INSERT INTO weedgo_data.promo_codes (store_id, code, discount_type, discount_value) VALUES ($store, '$_', 'fixed', 1.00)") for @codes;

sub split_all
{
	$shop->ask("SELECT weedgo.split_stock($store, '$skus[$_]', $buckets[$_]), weedgo.split_promo($store, '$codes[$_]', $buckets[$_])") for keys @buckets;
	return;
}

# What is available of each sku, in all its rows.
sub left { return $shop->ask("SELECT string_agg(available::text, ' ' ORDER BY sku) FROM (SELECT sku, sum(available) AS available"
		  . " FROM weedgo_data.stock WHERE sku <= '$skus[-1]' GROUP BY sku) s"); }

sub set_units
{
	my ($to) = @_;
	$shop->ask("SELECT weedgo.adjust_stock($store, sku, $to - available::integer, 'counted') FROM weedgo.stock_overview($store)"
		  . " WHERE sku <= '$skus[-1]' AND available <> $to");
	return;
}

# How often each code can be used from now on.
sub set_uses
{
	my ($uses) = @_;
	$shop->ask("UPDATE weedgo_data.promo_codes p SET max_uses = $uses + (SELECT count(*) FROM weedgo_data.orders o"
		  . " WHERE o.promo_code = p.code AND o.status <> 'cancelled') WHERE code LIKE 'CODE%'");
	return;
}

my ($carts, @wrong) = (0);

# A cart with so many units of a sku, and what is done with it.
sub with_cart
{
	my ($number, $quantity, $call) = @_;
	my $cart = 'cart ' . ++$carts;
	my $numbers = join(', ', ($number + 1) x $quantity);
	return "SELECT FROM shop.fill('$cart', $numbers); SELECT * FROM weedgo." . ($call =~ s/CART/$store, shop.id('$cart')/r);
}
my $buy = "checkout_cart(CART)";
sub with_code { return "checkout_cart(CART, promo_code => '$_[0]')"; }

# A refusal says that less is there than was asked for; nothing else is refused.
sub judge
{
	my ($err, $asked) = @_;
	my $detail = Shop::detail($err);
	return push @wrong, $err if ($detail->{code} // '') ne 'items_unavailable';
	my ($item) = @{ $detail->{items} };
	push @wrong, "asked $asked: $err" unless $item->{reason} eq 'insufficient_stock' && $item->{requested} == $asked && $item->{available} < $asked;
	return $item->{available};
}

subtest 'everything at once' => sub {
	split_all();
	set_units($units);
	set_uses(int($units / 2));
	my (@asked, @orders, %done);
	my $next = sub {
		my ($client) = @_;
		my ($number, $quantity) = (int(rand(@skus)), 1 + int(rand(3)));
		my $order = $orders[$client];
		my %steps = (
			buy => [ 12, with_cart($number, $quantity, $buy) ],
			code => [ 4, with_cart($number, 1, with_code($codes[ rand @codes ])) ],
			till => [ 2, with_cart($number, $quantity, "sell_in_store(CART, shop.id('cashier'))") ],
			hold => [ 3, with_cart($number, $quantity, "reserve_inventory(CART, hold_for => '1 ms')") ],
			expire => [ 1, 'SELECT weedgo.expire_holds()' ],
			receive => [ 2, "SELECT * FROM weedgo.receive_stock($store, '[{\"sku\": \"$skus[$number]\", \"quantity\": 2}]')" ],
			cancel => [ $order ? 4 : 0, $order && "SELECT * FROM weedgo.cancel_order($store, '$order')" ],
			deliver => [ $order ? 2 : 0, $order && "SELECT * FROM weedgo.fulfil_order($store, '$order')" ],
			split => [ 0.2, "SELECT * FROM weedgo.split_stock($store, '$skus[$number]', $buckets[ int(rand(@buckets)) ])" ],
			merge => [ 0.05, "SELECT * FROM weedgo.merge_stock($store, '$skus[$number]')" ],
			split_code => [ 0.2, "SELECT * FROM weedgo.split_promo($store, '$codes[$number]', $buckets[ int(rand(@buckets)) ])" ],
		);
		my $step = Proof::pick(map { $_ => $steps{$_}[0] } sort keys %steps);
		$orders[$client] = undef if $step eq 'cancel' || $step eq 'deliver';
		$asked[$client] = [ $step, $quantity ];
		return $steps{$step}[1];
	};
	$shop->load(
		clients => $clients,
		seconds => 1.5 * $rounds,
		next => $next,
		answered => sub {
			my ($client, $out, $err) = @_;
			my ($step, $quantity) = @{ $asked[$client] };
			return if $step eq 'code' && Shop::refusal($err) eq 'WG006 promo_invalid';
			return judge($err, 1) if $err ne '' && $step eq 'code';
			return judge($err, $quantity) if $err ne '' && $step =~ /^(buy|till|hold)$/;
			return push @wrong, "$step: $err" if $err ne '' && !($step eq 'deliver' && Shop::refusal($err) =~ /order_transition_invalid/);
			$done{$step}++;
			$orders[$client] = $1 if $step =~ /^(buy|code)$/ && $out =~ /^([0-9a-f-]{36})\|/m;
		});
	diag(join(', ', map { "$done{$_} $_" } sort keys %done));
	is($wrong[0], undef, 'nothing is refused but what there is too little of');
	is($shop->deadlocks, 0, 'no deadlock');
	cmp_ok($done{buy} // 0, '>', 64, 'there were sales');
	$shop->invariants_hold;
};

# Whoever is refused asks for what is left, until there is nothing left of anything. Returns what was sold.
sub sell_out
{
	my (@asked, @sold);
	my @most = map { [ (3) x @skus ] } 1 .. $clients;
	$shop->load(
		clients => $clients,
		seconds => $Session::patience_s,
		next => sub {
			my ($client) = @_;
			my @left = grep { $most[$client][$_] > 0 } keys @skus;
			return unless @left;
			my $number = $left[ rand @left ];
			$asked[$client] = [ $number, 1 + int(rand($most[$client][$number])) ];
			return with_cart(@{ $asked[$client] }, $buy);
		},
		answered => sub {
			my ($client, $out, $err) = @_;
			my ($number, $quantity) = @{ $asked[$client] };
			return $sold[$number] += $quantity if $err eq '';
			my $left = judge($err, $quantity);
			$most[$client][$number] = $left if $left < $most[$client][$number];
		});
	return join(' ', @sold);
}

subtest 'to the last unit' => sub {
	for my $round (1 .. $rounds)
	{
		split_all();
		$shop->ask('SELECT weedgo.expire_holds()');
		set_units($units);
		is(sell_out(), join(' ', ($units) x @buckets), "round $round: exactly what there is is sold, in " . join(', ', @buckets) . ' rows');
		is(left(), join(' ', (0) x @buckets), 'nothing is left');
		Proof::progress($round, $rounds, 'rounds');
	}
	is($wrong[0], undef, 'and nothing refused before');
	is($shop->deadlocks, 0, 'no deadlock');
	$shop->invariants_hold;
};

# Every client uses every code until it is refused.
sub use_up
{
	my @done = map { {} } 1 .. $clients;
	my (@asked, %used);
	$shop->load(
		clients => $clients,
		seconds => $Session::patience_s,
		next => sub {
			my ($client) = @_;
			my @left = grep { !$done[$client]{$_} } @codes;
			return unless @left;
			$asked[$client] = $left[ rand @left ];
			return with_cart(@skus + int(rand(10)), 1, with_code($asked[$client]));
		},
		answered => sub {
			my ($client, $out, $err) = @_;
			return $used{ $asked[$client] }++ if $err eq '';
			$done[$client]{ $asked[$client] } = 1;
			push @wrong, $err unless (Shop::detail($err)->{reason} // '') eq 'exhausted';
		});
	return join(' ', map { $used{$_} // 0 } @codes);
}

# Of other skus, of which there is enough.
subtest 'to the last use of a promo code' => sub {
	$shop->set_stock($_, 1_000_000) for @skus + 1 .. @skus + 10;
	for my $round (1 .. $rounds)
	{
		split_all();
		set_uses($units);
		is(use_up(), join(' ', ($units) x @codes), "round $round: each is used as often as it may be");
	}
	is($wrong[0], undef, 'and not refused before');
	is($shop->deadlocks, 0, 'no deadlock');
	$shop->invariants_hold;
};

done_testing();
