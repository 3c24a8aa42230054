# What the tests of other shops' bugs share: a shop of theirs, and ways to say what happens in it.
package OtherShops;

use strict;
use warnings;

use Exporter 'import';
use Shop;
use Test::More;

our @EXPORT = qw($shop open_shop it call order of_order fill sell deliver race after_waiting);

our $shop;
sub open_shop
{
	$shop = Shop->start('other_shops', streaming => 1,
		settings => "max_connections = 60\nweedgo_checkout.max_cart_waiters = 20\n");
}

# One bug, by its number and what went wrong elsewhere.
sub it
{
	my ($name, $body) = @_;
	subtest $name => sub {
		eval { $body->(); 1 } or fail($@);
		is($shop->deadlocks, 0, 'no deadlock');
		$shop->invariants_hold;
	};
}

# Calls of functions about a cart, and about the order that it became.
sub call { my ($function, $cart, $more) = @_; return "weedgo.$function(shop.id('store'), shop.id('$cart')" . (defined $more ? ", $more" : '') . ')'; }
sub order { my ($cart) = @_; return "(SELECT order_id FROM weedgo_data.orders WHERE cart_id = shop.id('$cart'))"; }
sub of_order { my ($function, $cart, $more) = @_; return "weedgo.$function(shop.id('store'), " . order($cart) . (defined $more ? ", $more" : '') . ')'; }

# Puts units of a sku into a cart; checks it out, too; has it paid and delivered, too.
sub fill
{
	my ($cart, $sku, $units, $more) = @_;
	$shop->ask('SELECT FROM ' . call('put_cart', $cart, "jsonb_build_array(jsonb_build_object('sku', shop.sku($sku), 'quantity', $units))" . ($more // '')));
}
sub sell { my ($cart, @items) = @_; fill($cart, @items); $shop->ask(Shop::checkout($cart)); }
sub deliver
{
	my ($cart, @items) = @_;
	sell($cart, @items);
	$shop->ask('SELECT FROM ' . of_order('record_payment', $cart, "'captured', (SELECT amount_due FROM weedgo_data.orders WHERE cart_id = shop.id('$cart')), 'paid $cart'"));
	$shop->ask('SELECT FROM ' . of_order('advance_order', $cart, "'$_'")) for qw(confirmed ready delivered);
}

# All at the same moment, and none commits at once, so that they meet.
sub race
{
	return $shop->at_once(map { "BEGIN; $_; DO 'BEGIN PERFORM pg_sleep(0.003); END'; COMMIT" } @_);
}

# Two sessions: the first has done something and not committed, so that the second waits; what the
# second got when the first commits.
sub after_waiting
{
	my ($first, $second) = @_;
	my @sessions = map { $shop->session } 1 .. 2;
	$_->pid for @sessions;
	$sessions[0]->value("BEGIN; $first");
	$sessions[1]->send($second);
	$shop->wait_until_blocked($sessions[1]);
	$sessions[0]->value('COMMIT');
	my ($out, $err) = $sessions[1]->answer;
	$_->close for @sessions;
	return $err eq '' ? $out : Shop::refusal($err);
}

1;
