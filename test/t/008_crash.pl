# A server that crashes in the middle of checkouts has, when it is back, every order that a client
# saw confirmed, and nothing half-done.
use strict;
use warnings;
use Shop;
use Test::More;

my $shop = Shop->start('crash');
my $node = $shop->node;
my (%confirmed, @carts);

sub checkout { return Shop::checkout($_[0], "idempotency_key => 'once'") =~ s/total/order_id/r; }

for my $crash (1 .. 3)
{
	subtest "crash $crash: reservation commits before the order, a crash in between leaks stock (D5): it does not" => sub {
		my @doing;
		$shop->load(
			clients => 16,
			seconds => 3,
			next => sub {
				my ($client) = @_;
				if ($doing[$client] && !$doing[$client]{bought})
				{
					$doing[$client]{bought} = 1;
					return checkout($doing[$client]{cart});
				}
				push @carts, "cart " . @carts;
				$doing[$client] = { cart => $carts[-1] };
				my $lines = join(', ', map { 1 + int(rand(40)) } 0 .. rand(5));
				my $hold = rand() < 0.3 ? '; ' . Shop::reserve($carts[-1]) : '';
				return "SELECT shop.fill('$carts[-1]', $lines)$hold";
			},
			answered => sub {
				my ($client, $out, $err) = @_;
				my $cart = $doing[$client];
				$confirmed{ $cart->{cart} } = $out if $cart->{bought} && $out ne '';
				fail("$cart->{cart}: $err") if $err =~ /ERROR/;
			},
			meanwhile => sub { $node->stop('immediate'); });

		$node->start;
		$shop = Shop->on($node);
		$shop->invariants_hold;
		cmp_ok(scalar(keys %confirmed), '>', 20 * $crash, 'orders were confirmed');
		my %there = split /[|\n]/, $shop->ask("SELECT order_id, cart_id FROM weedgo_data.orders");
		is(scalar(grep { !$there{$_} } values %confirmed), 0, 'every one of them is there');

		# Who got no answer asks again, with the same key, where the cart is there.
		my ($lost, $made) = (0, 0);
		for my $cart (grep { !$confirmed{$_} } @carts)
		{
			next if $shop->ask("SELECT count(*) FROM weedgo_data.carts WHERE cart_id = shop.id('$cart')") == 0;
			my $order = $shop->ask(checkout($cart));
			$there{$order} ? $made++ : $lost++;
			$confirmed{$cart} = $order;
		}
		diag("orders without an answer: $made had been made, $lost had not");
		is($shop->orders, scalar(keys %confirmed), 'then every cart has one order');
		is($shop->ask('SELECT sum(reserved) FROM weedgo_data.stock'),
			$shop->ask('SELECT sum(quantity) FROM weedgo_data.order_items'), 'and all that is reserved is in orders');
		$shop->invariants_hold;
	};
}

subtest 'a restart keeps totals' => sub {
	my $totals = 'SELECT count(*), sum(total), sum(tax) FROM weedgo_data.orders';
	my ($contents, $before) = ($shop->contents, $shop->ask($totals));
	$node->restart;
	$shop = Shop->on($node);
	is($shop->ask($totals), $before, 'of orders');
	is($shop->contents, $contents, 'and everything else');
	$shop->ask("SELECT shop.fill('after')");
	is($shop->ask(Shop::checkout('after')), '11.30', 'and goes on selling');
};

done_testing();
