# Who waits for a cart gets it in turn, and only so many may wait.
use strict;
use warnings;
use Shop;
use Test::More;

my $shop = Shop->start('waiters', settings => "weedgo_checkout.lock_timeout = '100s'\n");
my ($holder, @waiters) = map { $shop->session } 0 .. 4;
$_->pid for @waiters;
my $newcomer = $shop->session;
$newcomer->pid;
$shop->ask("SELECT shop.fill('cart'), shop.fill('other cart')");
$shop->ask('CREATE TABLE shop.turns (turn integer GENERATED ALWAYS AS IDENTITY, waiter integer)');

is($shop->ask('SHOW weedgo_checkout.max_cart_waiters'), '8', 'eight may wait by default');

sub wait_in_line
{
	my (@numbers) = @_;
	for my $number (@numbers)
	{
		$waiters[$number]->send('BEGIN; ' . Shop::lock_cart('cart')
			  . " INSERT INTO shop.turns (waiter) VALUES ($number); COMMIT;");
		$shop->wait_until_blocked($waiters[$number]);
	}
}

sub turns { return $shop->ask("SELECT string_agg(waiter::text, ' ' ORDER BY turn) FROM shop.turns"); }

subtest 'first come, first served' => sub {
	$holder->value('BEGIN; ' . Shop::lock_cart('cart'));
	wait_in_line(2, 0, 3, 1);
	$holder->value('COMMIT;');
	$waiters[$_]->answer for 0 .. 3;
	is(turns(), '2 0 3 1', 'in the order in which they came');
};

subtest 'who comes when a waiter has got the cart waits behind the others' => sub {
	$shop->ask('DELETE FROM shop.turns');
	$holder->value('BEGIN; ' . Shop::lock_cart('cart'));
	$waiters[0]->send('BEGIN; ' . Shop::lock_cart('cart'));
	$shop->wait_until_blocked($waiters[0]);
	wait_in_line(1);
	$holder->value('COMMIT;');
	$waiters[0]->answer;
	wait_in_line(2);
	$waiters[0]->value('INSERT INTO shop.turns (waiter) VALUES (0); COMMIT;');
	$waiters[$_]->answer for 1, 2;
	is(turns(), '0 1 2', 'no one is overtaken');
};

subtest 'too many waiters' => sub {
	$shop->ask('ALTER SYSTEM SET weedgo_checkout.max_cart_waiters = 2');
	$shop->ask('SELECT pg_reload_conf()');
	$shop->wait_until("SELECT current_setting('weedgo_checkout.max_cart_waiters') = '2'");
	$holder->value('BEGIN; ' . Shop::lock_cart('cart'));
	wait_in_line(0, 1);
	my (undef, $err) = $newcomer->ask(Shop::checkout('cart'));
	is(Shop::refusal($err), '55P03 cart_locked', 'the third is refused');
	is(Shop::detail($err)->{reason}, 'too_many_waiters', 'the reason is another than a timeout');
	is(Shop::detail($err)->{cart_id}, $shop->ask("SELECT shop.id('cart')"), 'DETAIL says which cart');
	ok($newcomer->took < 50, 'at once');
	is($newcomer->value(Shop::checkout('other cart')), '11.30', 'other carts have other waiters');
	$holder->value('COMMIT;');
	$waiters[$_]->answer for 0, 1;
};

subtest 'nobody may wait' => sub {
	$newcomer->value('SET weedgo_checkout.max_cart_waiters = 0;');
	$holder->value('BEGIN; ' . Shop::lock_cart('cart'));
	my (undef, $err) = $newcomer->ask(Shop::checkout('cart'));
	is(Shop::detail($err)->{reason}, 'too_many_waiters', 'a held cart is refused');
	ok($newcomer->took < 50, 'at once');
	$holder->value('COMMIT;');
	is($newcomer->value(Shop::checkout('cart')), '11.30', 'a free one is not');
};

subtest 'only a superuser says how many' => sub {
	$shop->ask('CREATE ROLE app');
	my (undef, $err) = $newcomer->ask('SET ROLE app; SET weedgo_checkout.max_cart_waiters = 100;');
	is(Shop::sqlstate($err), '42501', 'another role may not');
};

is($shop->cart_locks, '', 'no lock is left');
$shop->invariants_hold;
done_testing();
