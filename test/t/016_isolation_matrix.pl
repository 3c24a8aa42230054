# Every two calls that meet, in every mix of isolation levels: what comes of them is what comes of
# them one after the other, or one is told to try again and is as if it never was. Three of them, where
# a third can come between.
#
# CASES is how many cases above READ COMMITTED each two and each three meet in; `make isolation` goes
# through all.
use strict;
use warnings;
use List::Util qw(shuffle);
use Proof;
use Race;
use Shop;
use Test::More;

# In every state: two stores; a unit of TEA, which the cart 'mine' and others want; a code for one use.
my $world = <<'SQL';
INSERT INTO weedgo_data.stores (store_id, province, policies)
    SELECT id, 'ON', '{"purchase_limit_mg": 1000000, "purchase_limit_per_day": true}' FROM unnest(ARRAY[{store}, {other store}]) id;
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price, equivalent_mg)
    SELECT id, sku, sku, 10.00, 1000
    FROM unnest(ARRAY[{store}, {other store}]) id, unnest(ARRAY['COFFEE', 'MATE', 'OIL', 'TEA', 'WATER']) sku;
INSERT INTO weedgo_data.stock (store_id, sku, available)
    VALUES ({store}, 'COFFEE', 9), ({store}, 'TEA', 1), ({store}, 'WATER', 9);
INSERT INTO weedgo_data.promo_codes (store_id, code, discount_type, discount_value, max_uses, max_uses_per_customer)
    VALUES ({store}, 'ONCE', 'fixed', 2.00, 1, 5);
INSERT INTO weedgo_data.carts (store_id, cart_id) VALUES ({store}, {mine});
INSERT INTO weedgo_data.cart_items (store_id, cart_id, sku, quantity)
    VALUES ({store}, {mine}, 'COFFEE', 1), ({store}, {mine}, 'TEA', 1)
SQL

# What the cart 'mine' holds.
my $too_long = q[DO $$BEGIN PERFORM weedgo.reserve_inventory({store}, {mine}, hold_for => '1 microsecond'); END$$];
my %before = (
	'nothing held' => undef,
	'held' => 'DO $$BEGIN PERFORM weedgo.reserve_inventory({store}, {mine}); END$$',
	'held too long' => $too_long,
);
my $renew = "UPDATE weedgo_data.holds SET expires_at = 'infinity' WHERE store_id = {store} AND sku =";
my @in_time = ($before{held}, map { "$too_long; $renew '$_'" } qw(COFFEE TEA));

sub items { return "jsonb_build_array(" . join(', ', map { "jsonb_build_object('sku', '$_->[0]', 'quantity', $_->[1])" } @_) . ')'; }
sub perform { return 'DO $$BEGIN ' . join(' ', map { "PERFORM $_;" } @_) . ' END$$'; }
sub put { my ($cart, $sku) = @_; return "weedgo.put_cart({store}, {$cart}, " . items([ $sku, 1 ]) . ')'; }
my $alice = "shop.id('alice')";
my $one_tea = 'weedgo.receive_stock({store}, ' . items([ 'TEA', 1 ]) . ')';
my $buy = 'SELECT total, discount, replayed FROM weedgo.checkout_cart';
my $oil = "jsonb_build_array(jsonb_build_object('sku', 'OIL', 'quantity', 1, 'lot', {lot}))";
my $two_oils = perform("weedgo.receive_stock({store}, $oil)", "weedgo.receive_stock({store}, $oil)");

my %calls = (
	'checkout' => { call => "$buy({store}, {mine})", takes_hold => 1 },
	'checkout with a key' => { call => "$buy({store}, {mine}, idempotency_key => 'key')", takes_hold => 1 },
	'put_cart' => { call => 'SELECT lines FROM weedgo.put_cart({store}, {mine}, ' . items([ 'COFFEE', 2 ]) . ')' },
	'INSERT of an item' => {
		call => "INSERT INTO weedgo_data.cart_items VALUES ({store}, {mine}, 'WATER', 1) RETURNING sku"
	},
	'UPDATE of an item' => {
		call => 'UPDATE weedgo_data.cart_items SET quantity = quantity + 1'
		  . " WHERE store_id = {store} AND cart_id = {mine} AND sku = 'COFFEE' RETURNING quantity",
		busy => 1
	},
	'UPDATE of the cart' => {
		call => "UPDATE weedgo_data.carts SET status = 'abandoned'"
		  . " WHERE store_id = {store} AND cart_id = {mine} AND status = 'active' RETURNING status"
	},
	'hold' => { call => 'SELECT extended, lines FROM weedgo.reserve_inventory({store}, {mine})', takes_hold => 1 },
	'release' => { call => 'SELECT lines FROM weedgo.release_inventory({store}, {mine})', takes_hold => 1 },
	'expire' => { call => 'SELECT weedgo.expire_holds({store})' },
	'cancel' => {
		prepare => perform($one_tea, put('open', 'TEA'), "weedgo.checkout_cart({store}, {open}, $alice, promo_code => 'ONCE')"),
		call => 'SELECT new_status, changed FROM weedgo.cancel_order({store}, {order of open})'
	},
	'refund' => {
		prepare => perform($one_tea, put('gone', 'TEA'), "weedgo.sell_in_store({store}, {gone}, $alice)"),
		call => 'SELECT amount, refunded, recorded FROM weedgo.refund_order({store}, {order of gone}, '
		  . items([ 'TEA', 1 ]) . ", true, provider_reference => 'back')"
	},
	'receive' => {
		call => 'SELECT sku, change, available, reserved FROM weedgo.receive_stock({store}, ' . items([ 'MATE', 1 ], [ 'TEA', 1 ]) . ')'
	},
	'adjust' => { call => "SELECT change, available, reserved FROM weedgo.adjust_stock({store}, 'TEA', -1, 'lost')" },
	"promo's last use" => {
		prepare => perform(put('own coffee', 'COFFEE')),
		call => "$buy({store}, {own coffee}, $alice, promo_code => 'ONCE')"
	},
	'last unit' => { prepare => perform(put('own tea', 'TEA')), call => "$buy({store}, {own tea})" },
);

# Only three at once: two have specs of their own.
my %of_lots = (
	'recall' => {
		prepare => $two_oils,
		call => 'SELECT available, reserved, holds_released FROM weedgo.recall_lot(NULL, {lot}) ORDER BY store_id = {store}'
	},
	'transfer' => {
		prepare => $two_oils,
		call => "SELECT store_id, change, available FROM weedgo.transfer_stock({store}, {other store}, $oil)"
	},
	'lot' => { prepare => "$two_oils;" . perform(put('own oil', 'OIL')), call => "$buy({store}, {own oil})" },
);

my @triples = (
	[ 'checkout', 'expire', 'last unit' ],
	[ "promo's last use", 'cancel', "promo's last use" ],
	[ 'hold', 'release', 'last unit' ],
	[ 'recall', 'transfer', 'lot' ],
	[ 'lot', 'lot', 'lot' ],
	[ 'checkout with a key', 'checkout with a key', 'checkout' ],
	[ 'checkout', 'put_cart', 'checkout' ],
	[ 'checkout', 'UPDATE of an item', 'hold' ],
	[ 'last unit', 'release', 'last unit' ],
	[ 'last unit', 'receive', 'adjust' ],
	[ 'hold', 'refund', 'last unit' ],
	[ 'cancel', 'expire', 'last unit' ],
);

my @levels = sort keys %Race::levels;

# Every list of so many levels.
sub mixes
{
	my ($parties) = @_;
	return [] unless $parties;
	return map { my $mix = $_; map { [ @$mix, $_ ] } @levels } mixes($parties - 1);
}

# All cases of some calls. A snapshot before the call is another one only above READ COMMITTED.
sub cases_of
{
	my (@names) = @_;
	my @cases;
	for my $levels (mixes(scalar @names))
	{
		my $can_be_stale = grep { $_ ne 'rc' } @$levels[ 1 .. $#$levels ];
		for my $how ('late COMMIT', 'late ROLLBACK', $can_be_stale ? ('early COMMIT', 'early ROLLBACK', 'stale COMMIT') : ())
		{
			my ($timing, $ending) = split(/ /, $how);
			push @cases, map { {
				name => join(', then ', map { "$names[$_] ($levels->[$_])" } keys @names) . "; $timing snapshot, first does $ending, $_",
				calls => [ map { $calls{$_} // $of_lots{$_} } @names ],
				levels => $levels, timing => $timing, ending => $ending, before => $before{$_},
				in_time => $_ eq 'held too long' ? \@in_time : undef,
				plain => !grep { $_ ne 'rc' } @$levels,
			} } sort keys %before;
		}
	}
	return @cases;
}

# All that are at READ COMMITTED, of one past of the cart in the short form, and some of the others.
sub some_of
{
	my ($some, @cases) = @_;
	return @cases if $some >= @cases;
	my (%seen, @plain, @others);
	for my $case (shuffle(@cases))
	{
		if ($case->{plain}) { push @plain, $case unless $seen{ $case->{ending} }++; }
		else { push @others, $case; }
	}
	return (@plain, @others[ 0 .. $some - 1 ]);
}

Proof::seed();
my $some = Proof::bound('CASES', 2);
my $shop = Shop->start('isolation', settings => "weedgo_checkout.lock_timeout = '60s'\n");
my $race = Race->new($shop, $world);

my @names = sort keys %calls;
my @pairs = map { my $first = $_; map { [ $first, $_ ] } @names } @names;
my %seen;
my @meetings = (@pairs,
	grep { !$seen{"@$_"}++ } map { my $triple = $_; map { [ @$triple[@$_] ] } Race::orders_of(0 .. 2) } @triples);
my $done = 0;
for my $meeting (@meetings)
{
	my @wrong = grep { $_ ne '' } map { $race->wrong($_) } some_of($some, cases_of(@$meeting));
	is(join("\n", @wrong[ 0 .. ($#wrong > 2 ? 2 : $#wrong) ]), '', join(', then ', @$meeting) . ': as one after the other');
	Proof::progress(++$done, scalar @meetings, 'meetings');
}

my $met = $race->met;
diag(join(', ', map { "$_: $met->{$_}" } sort keys %$met));
ok($met->{$_}, "$_: met") for ('waits', '55P03', $some ? '40001' : ());
is($shop->deadlocks, 0, 'no deadlock');
$shop->invariants_hold;
done_testing();
