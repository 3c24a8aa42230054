# A client or its server process dies while it has a cart, or while it waits for one: the next gets
# the cart, and nothing of the dead one's checkout is left.
use strict;
use warnings;
use Shop;
use Test::More;

my $shop = Shop->start('killed');

# The holder has checked the cart out and not committed; another waits, the holder dies.
sub dies
{
	my ($name, $death) = @_;
	subtest $name => sub {
		my $cart = $name;
		$shop->ask("SELECT shop.fill('$cart')");
		my ($holder, $waiter) = ($shop->session, $shop->session);
		my $pid = $holder->pid;
		$waiter->pid;
		is($holder->value('BEGIN; ' . Shop::checkout($cart)), '11.30', 'the first has its order, not committed');
		$waiter->send(Shop::checkout($cart));
		$shop->wait_until_blocked($waiter);
		$death->($holder, $pid);
		my ($total, $err) = $waiter->answer;
		is($total, '11.30', 'the second gets the cart') or diag($err);
		$shop->wait_until("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $pid)");
		is($shop->orders($cart), 1, 'one order');
		is($shop->cart_locks, 0, 'no lock is left');
		$shop->invariants_hold;
		$holder->close;
		$waiter->close;
	};
}

dies('pg_terminate_backend' => sub { $shop->ask("SELECT pg_terminate_backend($_[1])"); });
dies('the client is killed' => sub { $_[0]->kill_client; });
dies('the client goes away' => sub { $_[0]->close; });

subtest 'a waiter is killed' => sub {
	$shop->ask("SELECT shop.fill('cart')");
	my ($holder, @waiters) = map { $shop->session } 0 .. 2;
	$holder->value('BEGIN; ' . Shop::lock_cart('cart'));
	for my $waiter (@waiters)
	{
		$waiter->pid;
		$waiter->send(Shop::checkout('cart'));
		$shop->wait_until_blocked($waiter);
	}
	$shop->ask('SELECT pg_terminate_backend(' . $waiters[0]->pid . ')');
	my (undef, $err) = $waiters[0]->answer;
	is(Shop::sqlstate($err), '57P01', 'its session ends');
	$holder->value('ROLLBACK;');
	is(($waiters[1]->answer)[0], '11.30', 'the one behind it gets the cart');
	is($shop->cart_locks, 0, 'no lock is left');
	$shop->invariants_hold;
};

done_testing();
