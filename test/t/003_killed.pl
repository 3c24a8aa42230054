# The lock of a cart ends with the transaction that has it, however that ends; where a client or its
# server process dies, the next gets the cart, and nothing of the dead one's checkout is left.
use strict;
use warnings;
use Shop;
use Test::More;

my $shop = Shop->start('killed');

# Ways to end a transaction that leave the session alive.
sub lock_ends
{
	my ($name, $end) = @_;
	subtest "the lock ends with $name" => sub {
		my ($holder, $waiter) = ($shop->session, $shop->session);
		my $pid = $holder->pid;
		$holder->value('BEGIN; SAVEPOINT before; ' . Shop::lock_cart('cart'));
		is($shop->cart_locks('cart', 'granted'), $pid, 'pg_locks shows who has the cart');
		$waiter->pid;
		$waiter->send('BEGIN; ' . Shop::lock_cart('cart'));
		$shop->wait_until_blocked($waiter);
		is($shop->cart_locks('cart', 'NOT granted'), $waiter->pid, 'and who waits for it');
		$end->($holder);
		is(($waiter->answer)[1], '', 'the one who waits gets it');
		is($shop->cart_locks('cart', 'granted'), $waiter->pid, 'and nobody else has it');
		$_->close for $holder, $waiter;
		$shop->wait_until("SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory'");
	};
}

lock_ends('commit', sub { $_[0]->value('COMMIT') });
lock_ends('rollback', sub { $_[0]->value('ROLLBACK') });
lock_ends('rollback to a savepoint before it', sub { $_[0]->value('ROLLBACK TO before') });
lock_ends('an error', sub { $_[0]->ask('SELECT 1 / 0') });
lock_ends('a refused checkout', sub { $_[0]->ask(Shop::checkout('no cart')) });
lock_ends('pg_cancel_backend', sub {
	my ($holder) = @_;
	my $pid = $holder->pid;
	$holder->send('SELECT pg_sleep(3600)');
	$shop->wait_until("SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = $pid");
	$shop->ask("SELECT pg_cancel_backend($pid)");
	$holder->answer;
});

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
		$shop->wait_until_ended($pid);
		is($shop->orders($cart), 1, 'one order');
		is($shop->cart_locks, '', 'no lock is left');
		$shop->invariants_hold;
		$_->close for $holder, $waiter;
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
	$holder->value('ROLLBACK');
	is(($waiters[1]->answer)[0], '11.30', 'the one behind it gets the cart');
	is($shop->cart_locks, '', 'no lock is left');
	$shop->invariants_hold;
};

# A server that does not look after its clients goes on without them: that is what keys are for.
subtest 'a client is killed while it waits, its call goes on, and its retry is answered' => sub {
	$shop->ask("SELECT shop.fill('lost')");
	my ($holder, $waiter) = ($shop->session, $shop->session);
	my $call = Shop::checkout('lost', "idempotency_key => 'lost'");
	my $pid = $waiter->pid;
	$holder->value('BEGIN; ' . Shop::lock_cart('lost'));
	$waiter->send($call);
	$shop->wait_until_blocked($waiter);
	$waiter->kill_client;
	$holder->value('COMMIT');
	$shop->wait_until_ended($pid);
	is($shop->orders('lost'), 1, 'the order is made');
	is($holder->value($call =~ s/total/replayed/r), 't', 'the retry gets that order');
	is($shop->orders('lost'), 1, 'and makes no other');
	$shop->invariants_hold;
};

done_testing();
