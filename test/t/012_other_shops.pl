# What other shops got wrong, by its number in docs/other-shops.md: the very situation, against the
# functions. Where it was a race, there are real ones, again and again. Numbers 1 to 10.
use strict;
use warnings;
use OtherShops;
use Shop;
use Test::More;

open_shop();

it '1 a cart read outside its lock makes a second order' => sub {
	for my $round (1 .. 5)
	{
		fill("1 round $round", 1, 1);
		my @answers = race((Shop::checkout("1 round $round")) x 6);
		is_deeply(Shop::tally(@answers), { done => 1, 'WG002 cart_not_active' => 5 }, 'one of six at once gets the order');
	}
	fill('1 sold', 1, 1);
	is(after_waiting(Shop::checkout('1 sold'), Shop::checkout('1 sold')), 'WG002 cart_not_active', 'who waits for the cart finds it sold');
	fill('1 edited', 1, 1, ", promo_code => 'SAVE10'");
	is(after_waiting('SELECT FROM ' . call('put_cart', '1 edited', "'[{\"sku\": \"SKU-01\", \"quantity\": 3}]', promo_code => ''"), Shop::checkout('1 edited')),
		'33.90', 'who waits for an edited cart buys what is in it then, without the code that is gone');
	is($shop->ask("SELECT count(*), count(DISTINCT cart_id) FROM weedgo_data.orders"), '7|7', 'an order for each cart');
};

it '2 a race for the last unit leaves an order without stock' => sub {
	for my $round (1 .. 5)
	{
		$shop->set_stock(2, 3);
		fill("2 round $round $_", 2, 1) for 1 .. 10;
		my @answers = race(map { Shop::checkout("2 round $round $_") } 1 .. 10);
		is_deeply(Shop::tally(@answers), { done => 3, 'WG005 items_unavailable' => 7 }, 'ten buyers, three units, three orders');
		is($shop->stock(2), '0|' . 3 * $round, 'and three units promised');
	}
	$shop->set_stock(2, 3);
	fill('2 first', 2, 2);
	fill('2 too many', 2, 2);
	fill('2 the rest', 2, 1);
	is(after_waiting(Shop::checkout('2 first'), Shop::checkout('2 too many')), 'WG005 items_unavailable', 'who waits for two of three is refused when two are gone');
	is($shop->ask(Shop::checkout('2 the rest')), '11.30', 'who wants the last one gets it');
	is($shop->stock(2), '0|18', 'and all are promised');
	is($shop->ask('SELECT sum(quantity) FROM weedgo_data.order_items WHERE sku = shop.sku(2)'), 18, 'every order has its units');
};

# Carts of an application can have two lines of one sku, which the key of our own table does not allow.
sub two_lines
{
	my ($cart, @lines) = @_;
	$shop->ask("INSERT INTO weedgo_data.carts (store_id, cart_id) VALUES (shop.id('store'), shop.id('$cart'))");
	$shop->ask("INSERT INTO weedgo_data.cart_items VALUES (shop.id('store'), shop.id('$cart'), shop.sku($_->[0]), $_->[1])") for @lines;
}
my $put = $shop->ask('SELECT lines FROM ' . call('put_cart', '4 put', "'[{\"sku\": \"SKU-04\", \"quantity\": 2}, {\"sku\": \"SKU-04\", \"quantity\": 2}]'"));
$shop->ask('ALTER TABLE weedgo_data.cart_items DROP CONSTRAINT cart_items_pkey');

it '3 two lines of one sku deadlock with themselves' => sub {
	for my $round (1 .. 3)
	{
		two_lines("3 round $round $_", $_ % 2 ? ([ 3, 1 ], [ 23, 1 ], [ 3, 2 ]) : ([ 23, 2 ], [ 3, 1 ], [ 23, 1 ])) for 1 .. 8;
		my @answers = race(map { Shop::reserve("3 round $round $_") } 1 .. 8);
		is_deeply(Shop::tally(@answers), { done => 8 }, 'all hold their stock');
		@answers = race(map { Shop::checkout("3 round $round $_") } 1 .. 8);
		is_deeply(Shop::tally(@answers), { done => 8 }, 'and buy it');
	}
	is($shop->stock(3), '952|48', 'both lines of a sku are in the order');
};

it '4 the same sku on two lines passes the stock check twice' => sub {
	$shop->set_stock(4, 3);
	two_lines("4 lines $_", [ 4, 2 ], [ 4, 2 ]) for 1 .. 4;
	is($put, '[{"sku": "SKU-04", "quantity": 4}]', 'a cart into which the same sku is put twice has them together');
	my @carts = ('4 put', map { "4 lines $_" } 1 .. 4);
	for my $answer (race(map { Shop::checkout($_), Shop::reserve($_) } @carts))
	{
		is_deeply(Shop::detail($answer->[1])->{items}, [ { sku => 'SKU-04', reason => 'insufficient_stock', requested => 4, available => 3 } ],
			'four of three are refused');
	}
	is($shop->stock(4), '3|0', 'and nothing is taken');
};

$shop->ask("DELETE FROM weedgo_data.cart_items WHERE sku IN (shop.sku(3), shop.sku(4), shop.sku(23))");
$shop->ask('ALTER TABLE weedgo_data.cart_items ADD PRIMARY KEY (store_id, cart_id, sku)');

it '5 cancelling what was never allocated makes stock negative' => sub {
	# An order of somebody else stays: what is given back too often would be taken from it.
	sell('5 kept', 5, 10);
	for my $round (1 .. 5)
	{
		sell("5 round $round", 5, 2);
		my @answers = race(('SELECT changed FROM ' . of_order('cancel_order', "5 round $round")) x 6);
		is(join('', sort map { $_->[0] } @answers), 'ffffft', 'six cancel at once, one does');
	}
	is($shop->stock(5), '990|10', 'the two units came back once a round');
	fill('5 held', 5, 3);
	$shop->ask(Shop::reserve('5 held'));
	race(('SELECT FROM ' . call('release_inventory', '5 held')) x 6);
	fill('5 refused', 5, 2000);
	$shop->ask('SELECT FROM ' . call('release_inventory', '5 refused'));
	deliver('5 delivered', 5, 1);
	is(Shop::refusal((race('SELECT FROM ' . of_order('cancel_order', '5 delivered')))[0][1]), 'WG013 order_transition_invalid', 'what is handed over cannot be cancelled');
	is(Shop::refusal((race('SELECT FROM ' . call('cancel_order', '5 refused')))[0][1]), '22023 order_unknown', 'nor what is no order');
	is($shop->stock(5), '989|10', 'and no unit came of it');
};

it '6 a coupon limit is checked, then used: no limit under load' => sub {
	for my $code (map { "SIX$_" } 1 .. 4)
	{
		$shop->ask("INSERT INTO weedgo_data.promo_codes (store_id, code, discount_type, discount_value, max_uses, max_uses_per_customer)"
			  . " VALUES (shop.id('store'), '$code', 'fixed', 1.00, 5, 3)");
		fill("$code $_", 6, 1) for 1 .. 14;
		my @answers = race(map { Shop::checkout("$code $_", "shop.id('" . ($_ % 2 ? 'alice' : 'bob') . "'), promo_code => '$code'") } 1 .. 14);
		is_deeply(Shop::tally(@answers), { done => 5, 'WG006 promo_invalid' => 9 }, 'five of fourteen get it');
		is($shop->ask("SELECT used, (SELECT sum(used) FROM weedgo_data.promo_customers WHERE code = '$code'), (SELECT max(used) <= 3 FROM weedgo_data.promo_customers"
				  . " WHERE code = '$code'), (SELECT count(*) FROM weedgo_data.orders WHERE promo_code = '$code') FROM weedgo_data.promo_counters WHERE code = '$code'"),
			'5|5|t|5', 'five are counted, of each customer three at most, and five orders have it');
	}
};

it '7 a race on one voucher refunds an order that had succeeded' => sub {
	for my $code (map { "SEVEN$_" } 1 .. 4)
	{
		$shop->ask("INSERT INTO weedgo_data.promo_codes (store_id, code, discount_type, discount_value, max_uses)"
			  . " VALUES (shop.id('store'), '$code', 'fixed', 2.00, 1)");
		fill("$code $_", 7, 1) for 1 .. 5;
		# Every buyer calls twice, as a client does that is not answered in time.
		my @calls = map { Shop::checkout("$code $_", "promo_code => '$code', idempotency_key => 'k'") =~ s/total/cart_id/r } 1 .. 5, 1 .. 5;
		my @answers = race(@calls);
		is_deeply(Shop::tally(@answers), { done => 2, 'WG006 promo_invalid' => 8 }, 'one buyer has it, both times');
		my ($winner) = grep { $answers[$_][0] ne '' } 0 .. 4;
		my $cart = "$code " . ($winner + 1);
		$shop->ask('SELECT FROM ' . of_order('record_payment', $cart, "'captured', 9.04, '$code'"));
		my ($out, $err) = @{ (race(@calls))[$winner] };
		is("$out$err", $shop->ask("SELECT shop.id('$cart')"), 'and is not refused when it asks again');
		is($shop->ask("SELECT status, payment_status, discount, (SELECT count(*) FROM weedgo_data.payments WHERE event IN ('refunded', 'voided'))"
				  . " FROM weedgo_data.orders WHERE promo_code = '$code'"), 'pending|captured|2.00|0', 'its order stands and stays paid');
	}
};

it '8 paid, then out of stock: the money is stranded' => sub {
	my @paid = ("'captured', 11.30", "shop.id('alice'), 'alices-card'");
	for my $round (1 .. 4)
	{
		$shop->set_stock(8, 6);
		my @carts = map { "8 round $round $_" } 1 .. 6;
		fill($_, 8, 1) for @carts;
		$shop->ask(Shop::checkout($_, $paid[1])) for @carts;
		# Their webhooks come as the orders expire; whoever waits for a unit buys it then.
		fill("8 waits $round", 8, 6);
		my @answers = race((map { 'SELECT order_status, captured FROM ' . of_order('record_payment', $_, "$paid[0], 'paid $_'") } @carts),
			('SELECT weedgo.expire_orders(max_orders => 2, unpaid_for => \'1 microsecond\')') x 3);
		race(Shop::checkout("8 waits $round"));
		for my $number (0 .. 5)
		{
			my $cart = $carts[$number];
			my $status = $shop->ask("SELECT status, payment_status FROM weedgo_data.orders WHERE cart_id = shop.id('$cart')");
			is($answers[$number][0] . $answers[$number][1], ($status =~ s/\|.*//r) . '|11.30', 'the payment is recorded, and told whether its order stands');
			is($status =~ s/.*\|//r, 'captured', 'no order expires that is paid, no payment is lost');
			is($shop->ask('SELECT new_payment_status FROM ' . of_order('refund_order', $cart, "provider_reference => 'back $cart'")), 'refunded', 'all of it can go back')
			  if $status =~ /expired/;
		}
	}
	fill('8 too late', 8, 1);
	$shop->set_stock(8, 1);
	$shop->ask(Shop::checkout('8 too late', $paid[1]));
	is(after_waiting('SELECT weedgo.expire_orders(unpaid_for => \'1 microsecond\');', 'SELECT order_status, captured FROM ' . of_order('record_payment', '8 too late', "$paid[0], 'late'")),
		'expired|11.30', 'a payment that waited while its order expired is recorded, and told so');
};

it '9 a shopper is blocked by their own earlier hold' => sub {
	for my $round (1 .. 5)
	{
		$shop->set_stock(9, 3);
		fill("9 own $round", 9, 2);
		$shop->ask(Shop::reserve("9 own $round"));
		fill("9 own $round", 9, 3);
		is($shop->ask('SELECT extended FROM ' . call('reserve_inventory', "9 own $round")), 't', 'a hold of two becomes one of three, of three units');
		fill("9 other $round $_", 9, 1) for 1 .. 8;
		my ($own, @others) = race(map { Shop::checkout($_) } "9 own $round", map { "9 other $round $_" } 1 .. 8);
		is("@$own", '33.90 ', 'who holds them buys them');
		is_deeply(Shop::tally(@others), { 'WG005 items_unavailable' => 8 }, 'the others do not');
	}
	$shop->set_stock(9, 1);
	fill('9 late', 9, 1);
	$shop->ask('SELECT FROM ' . call('reserve_inventory', '9 late', "hold_for => '1 microsecond'"));
	is($shop->ask(Shop::checkout('9 late')), '11.30', 'nor does a hold that is over stand in its own way');
	is($shop->stock(9), '0|16', 'all is sold, nothing twice');
};

it '10 a refund, then removal of the line, restocks twice' => sub {
	for my $round (1 .. 3)
	{
		my $cart = "10 round $round";
		deliver($cart, 10, 3);
		my $unit = "'[{\"sku\": \"SKU-10\", \"quantity\": 1}]', true, 1.00";
		my @answers = race(map { 'SELECT FROM ' . of_order('refund_order', $cart, "$unit, '$cart back $_'") } 1 .. 8);
		is_deeply(Shop::tally(@answers), { done => 3, '22023 invalid_argument' => 5 }, 'eight refunds of a unit at once: the three that were sold come back');
		$shop->ask("DELETE FROM weedgo_data.cart_items WHERE cart_id = shop.id('$cart')");
		@answers = race(map { "SELECT FROM $_" } call('put_cart', $cart, "'[]'"), call('release_inventory', $cart),
			of_order('cancel_order', $cart), of_order('refund_order', $cart, "$unit, 'once more'"));
		is_deeply([ map { Shop::refusal($_->[1]) } @answers ], [ 'WG002 cart_not_active', '', 'WG013 order_transition_invalid', '22023 invalid_argument' ],
			'whatever is removed then');
		is($shop->stock(10), '1000|0', 'all are on the shelf, and no more');
	}
};

done_testing();
