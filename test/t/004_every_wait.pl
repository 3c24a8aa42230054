# Whatever a call waits for, a timeout or a cancel ends the wait: the call then leaves nothing
# behind, its session goes on, and the same call succeeds once the way is free.
use strict;
use warnings;
use Shop;
use Test::More;

my $shop = Shop->start('every_wait');

sub row_of { return "SELECT FROM weedgo_data.$_[0] WHERE $_[1] FOR UPDATE;"; }

my $key = "shop.id('alice'), idempotency_key => 'key'";
my $promo = "shop.id('alice'), promo_code => 'EACH'";
my $cart_row = row_of('carts', "cart_id = shop.id('cart')");
my $stock_row = row_of('stock', "sku = 'SKU-02'");

# What is waited for; what its holder does; the call that waits; its error when lock_timeout ends it.
my @waits = (
	[ 'the lock of the cart', Shop::lock_cart('cart'), Shop::checkout('cart'), 'cart_locked' ],
	[ 'the row of the cart', $cart_row, Shop::checkout('cart'), 'row_locked' ],
	[ 'an order with the same key', Shop::checkout('other', $key), Shop::checkout('cart', $key), 'row_locked' ],
	[ 'the counter of a promo code', row_of('promo_counters', "code = 'EACH'"),
		Shop::checkout('cart', $promo), 'row_locked' ],
	[ 'the counter of a customer', row_of('promo_customers', "code = 'EACH'"),
		Shop::checkout('cart', $promo), 'row_locked' ],
	[ 'the holds of the cart', row_of('holds', "cart_id = shop.id('cart')"), Shop::checkout('cart'), 'row_locked' ],
	[ 'stock', $stock_row, Shop::checkout('other'), 'row_locked' ],
	[ 'the lock of the cart, in put_cart', Shop::lock_cart('cart'), "SELECT shop.fill('cart', 1, 2);", 'cart_locked' ],
	[ 'the row of the cart, in put_cart', $cart_row, "SELECT shop.fill('cart', 1, 2);", 'row_locked' ],
	[ 'stock, in reserve_inventory', $stock_row, Shop::reserve('other'), 'row_locked' ],
	[ 'stock, in release_inventory', $stock_row,
		"SELECT lines FROM weedgo.release_inventory(shop.id('store'), shop.id('cart'));", 'row_locked' ],
	[ 'stock, in expire_holds', $stock_row,
		"SELECT weedgo.expire_holds(shop.id('store'));", undef ],
);

for my $wait (@waits)
{
	my ($name, $blocking, $call, $code) = @$wait;
	subtest $name => sub {
		# The counted cart has used the promo code, so that there are counters to wait for.
		$shop->ask("UPDATE weedgo_data.stock s SET available = 1000, reserved = 0");
		$shop->ask("TRUNCATE weedgo_data.orders, weedgo_data.order_items, weedgo_data.order_events,"
			  . " weedgo_data.holds, weedgo_data.carts, weedgo_data.cart_items, weedgo_data.promo_counters,"
			  . " weedgo_data.promo_customers");
		$shop->ask("SELECT shop.fill('cart', 1, 2), shop.fill('other', 2, 3), shop.fill('counted')");
		$shop->ask(Shop::checkout('counted', "shop.id('alice'), promo_code => 'EACH'"));
		$shop->ask(Shop::reserve('cart'));
		$shop->ask("UPDATE weedgo_data.holds SET expires_at = now() - interval '1 minute'")
		  if $name =~ /expire_holds/;

		my ($holder, $buyer) = ($shop->session, $shop->session);
		my $pid = $buyer->pid;
		$holder->value("BEGIN; $blocking");
		my $before = $shop->contents;

		my $left_nothing = sub {
			is($shop->contents, $before, 'nothing is written');
			is($shop->ask("SELECT count(*) FROM pg_locks WHERE pid = $pid AND locktype IN ('advisory', 'tuple')"),
				0, 'no lock is left');
			is($buyer->value('SHOW lock_timeout;'), '0', 'the session goes on, with its own settings');
		};

		if (defined $code)
		{
			$buyer->value("SET weedgo_checkout.lock_timeout = '300ms';");
			my (undef, $err) = $buyer->ask($call);
			is(Shop::refusal($err), "55P03 $code", "lock_timeout: $code");
			$left_nothing->();
			$buyer->value('RESET weedgo_checkout.lock_timeout;');
		}

		$buyer->value("SET statement_timeout = '300ms';");
		my (undef, $timeout_err) = $buyer->ask($call);
		is(Shop::sqlstate($timeout_err), '57014', 'statement_timeout: 57014');
		$buyer->value('RESET statement_timeout;');
		$left_nothing->();

		$buyer->send($call);
		$shop->wait_until_blocked($buyer);
		$shop->ask("SELECT pg_cancel_backend($pid)");
		my (undef, $cancel_err) = $buyer->answer;
		is(Shop::sqlstate($cancel_err), '57014', 'pg_cancel_backend: 57014');
		$left_nothing->();

		$holder->value('ROLLBACK;');
		my (undef, $err) = $buyer->ask($call);
		is($err, '', 'then the same call succeeds');
		$shop->invariants_hold;
		$_->close for $holder, $buyer;
	};
}

done_testing();
