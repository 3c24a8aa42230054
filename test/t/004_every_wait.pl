# Whatever a call waits for, the wait can be ended by a timeout or a cancel: the call then leaves
# nothing behind, its session goes on, and the same call succeeds once the way is free.
use strict;
use warnings;
use Shop;
use Test::More;

my $shop = Shop->start('every_wait');
$shop->ask("SELECT shop.fill('cart', 1, 2), shop.fill('same key', 3), shop.fill('same promo', 4)");
$shop->ask(Shop::reserve('cart'));
# So that there is a row to wait for.
$shop->ask("SELECT shop.fill('counted', 5)");
$shop->ask(Shop::checkout('counted', "shop.id('alice'), promo_code => 'EACH'"));

my $key = "shop.id('alice'), idempotency_key => 'key'";
my $promo = "shop.id('alice'), promo_code => 'EACH'";

# What is waited for, who has it, and the call that waits.
my @waits = (
	[ 'the cart\'s lock', Shop::lock_cart('cart'), Shop::checkout('cart'), 'cart_locked' ],
	[ 'the cart\'s row', "SELECT FROM weedgo_data.carts WHERE cart_id = shop.id('cart') FOR UPDATE;",
		Shop::checkout('cart') ],
	[ 'an order with the same key', Shop::checkout('same key', $key), Shop::checkout('cart', $key) ],
	[ 'the promo code\'s counter', Shop::checkout('same promo', "promo_code => 'EACH'") =~ s/EACH/SAVE10/r
		  . " SELECT FROM weedgo_data.promo_counters WHERE code = 'EACH' FOR UPDATE;",
		Shop::checkout('cart', $promo) ],
	[ 'the customer\'s counter', 'SELECT FROM weedgo_data.promo_customers FOR UPDATE;',
		Shop::checkout('cart', $promo) ],
	[ 'the cart\'s holds', "SELECT FROM weedgo_data.holds WHERE cart_id = shop.id('cart') FOR UPDATE;",
		Shop::checkout('cart') ],
	[ 'stock', "SELECT FROM weedgo_data.stock WHERE sku = 'SKU-06' FOR UPDATE;",
		"SELECT shop.fill('more', 5, 6);", 'cart_locked', Shop::checkout('more') ],
	[ 'stock, in reserve_inventory', "SELECT FROM weedgo_data.stock WHERE sku = 'SKU-06' FOR UPDATE;",
		Shop::reserve('more') ],
	[ 'the cart\'s lock, in put_cart', Shop::lock_cart('cart'), "SELECT shop.fill('cart', 1, 2);", 'cart_locked' ],
);
