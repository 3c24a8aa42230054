# A wait ends after weedgo_checkout.lock_timeout, or a shorter lock_timeout of the session, and the
# error says what was waited for.
use strict;
use warnings;
use Shop;
use Test::More;

my $shop = Shop->start('lock_timeout');
my ($holder, $buyer) = ($shop->session, $shop->session);
$buyer->pid;
$shop->ask("SELECT shop.fill('cart')");

# Waits must not end early, and end before anything else here would end them.
sub took_about
{
	my ($seconds, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $took = $buyer->took;
	ok($took >= $seconds - 0.05 && $took < $seconds + 8, $name) or diag("it took $took s");
}

is($buyer->value('SHOW weedgo_checkout.lock_timeout;'), '10s', 'ten seconds by default');

subtest 'lock timeout' => sub {
	$holder->value('BEGIN; ' . Shop::lock_cart('cart'));
	$buyer->value("SET weedgo_checkout.lock_timeout = '900ms';");
	my (undef, $err) = $buyer->ask(Shop::checkout('cart'));
	took_about(0.9, 'the wait ends in time');
	is(Shop::refusal($err), '55P03 cart_locked', 'the cart is locked');
	is(Shop::detail($err)->{cart_id}, $shop->ask("SELECT shop.id('cart')"), 'DETAIL says which cart');
	is(Shop::detail($err)->{reason}, 'timeout', 'and that the wait ran out');
	like($err, qr/HINT:  .*try again/, 'the hint is to try again');
	is($buyer->value('SHOW lock_timeout;'), '0', 'the setting of the session is as before');
	is($shop->orders, 0, 'no order');
};

subtest 'a shorter lock_timeout of the session goes first' => sub {
	$buyer->value("SET weedgo_checkout.lock_timeout = '60s'; SET lock_timeout = '400ms';");
	my (undef, $err) = $buyer->ask(Shop::checkout('cart'));
	took_about(0.4, 'the wait ends in time');
	is(Shop::refusal($err), '55P03 cart_locked', 'with the same error');
	is($buyer->value('SHOW lock_timeout;'), '400ms', 'the setting of the session is as before');
};

subtest 'a longer lock_timeout of the session does not' => sub {
	$buyer->value("SET weedgo_checkout.lock_timeout = '400ms'; SET lock_timeout = '60s';");
	my (undef, $err) = $buyer->ask(Shop::checkout('cart'));
	took_about(0.4, 'the wait ends in time');
	is(Shop::refusal($err), '55P03 cart_locked', 'with the same error');
	is($buyer->value('SHOW lock_timeout;'), '1min', 'the setting of the session is as before');
};

subtest 'weedgo_checkout.lock_timeout = 0: only that of the session counts' => sub {
	$buyer->value("SET weedgo_checkout.lock_timeout = 0; SET lock_timeout = '400ms';");
	my (undef, $err) = $buyer->ask(Shop::checkout('cart'));
	took_about(0.4, 'the wait ends in time');
	is(Shop::refusal($err), '55P03 cart_locked', 'with the same error');
};

subtest 'a setting made before the library is loaded counts too' => sub {
	my $early = $shop->session($shop->node->connstr('postgres') . " options='-c session_preload_libraries='");
	$early->value("SET weedgo_checkout.lock_timeout = '300ms'");
	my (undef, $err) = $early->ask(Shop::checkout('cart'));
	is(Shop::refusal($err), '55P03 cart_locked', 'the cart is locked');
	ok($early->took < 8, 'after this time, not the default');
	$early->close;
};

subtest 'inside a transaction that goes on' => sub {
	my (undef, $err) = $buyer->ask(<<'SQL');
SET weedgo_checkout.lock_timeout = '300ms'; SET lock_timeout = '50s';
BEGIN; SAVEPOINT before;
SELECT weedgo.checkout_cart(shop.id('store'), shop.id('cart'));
ROLLBACK TO before;
SQL
	is(Shop::refusal($err), '55P03 cart_locked', 'the cart is locked');
	is($buyer->value('SHOW lock_timeout;'), '50s', 'the setting is as before');
	$buyer->value('COMMIT;');
};

subtest 'lock_cart that must not wait' => sub {
	my (undef, $err) =
	  $buyer->ask("SELECT weedgo.lock_cart(shop.id('store'), shop.id('cart'), '{\"wait\": false}');");
	is(Shop::refusal($err), '55P03 cart_locked', 'the cart is locked');
	is(Shop::detail($err)->{reason}, 'busy', 'the reason is another');
};
$holder->value('ROLLBACK;');

$shop->ask('GRANT USAGE ON SCHEMA shop TO weedgo_owner');

# An application's trigger on orders is supported API; so are its errors.
$shop->ask(<<'SQL');
CREATE TABLE shop.courier (busy boolean);
INSERT INTO shop.courier VALUES (true);
GRANT ALL ON shop.courier TO weedgo_owner;
CREATE FUNCTION shop.call_courier() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'no courier' USING ERRCODE = '55P03', DETAIL = 'all are busy', HINT = 'walk';
END $$;
CREATE FUNCTION shop.wait_for_courier() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE shop.courier SET busy = true;
    RETURN NULL;
END $$;
SQL

subtest 'ten seconds are what a checkout waits with by default' => sub {
	$shop->ask(<<'SQL');
CREATE TABLE shop.seen (lock_timeout text);
GRANT INSERT ON shop.seen TO weedgo_owner;
CREATE FUNCTION shop.see() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO shop.seen VALUES (current_setting('lock_timeout'));
    RETURN NULL;
END $$;
CREATE TRIGGER see AFTER INSERT ON weedgo_data.orders FOR EACH ROW EXECUTE FUNCTION shop.see();
SELECT shop.fill('seen');
SQL
	$buyer->value('RESET weedgo_checkout.lock_timeout; RESET lock_timeout');
	my ($total, $timeout, $role) = split /\n/,
	  $buyer->value('BEGIN; ' . Shop::checkout('seen') . ' SHOW lock_timeout; SELECT current_user');
	is($timeout, '0', 'the setting of the session is as before when the call ends');
	is($role, 'postgres', 'and so is its role');
	$buyer->value('COMMIT');
	is($shop->ask('SELECT lock_timeout FROM shop.seen'), '10s', 'a trigger on orders sees them');
	$shop->ask('DROP TRIGGER see ON weedgo_data.orders');
};

subtest 'a 55P03 raised by a trigger passes unchanged' => sub {
	$shop->ask('CREATE TRIGGER courier AFTER INSERT ON weedgo_data.orders'
		  . ' FOR EACH ROW EXECUTE FUNCTION shop.call_courier()');
	my (undef, $err) = $buyer->ask(Shop::checkout('cart'));
	like($err, qr/ERROR:  55P03: no courier\nDETAIL:  all are busy\nHINT:  walk\n/, 'all of it');
};

subtest 'and so does that of a wait inside a trigger' => sub {
	$shop->ask('CREATE OR REPLACE TRIGGER courier AFTER INSERT ON weedgo_data.orders'
		  . ' FOR EACH ROW EXECUTE FUNCTION shop.wait_for_courier()');
	$holder->value('BEGIN; UPDATE shop.courier SET busy = true;');
	$buyer->value("SET weedgo_checkout.lock_timeout = '400ms'; RESET lock_timeout;");
	my (undef, $err) = $buyer->ask(Shop::checkout('cart'));
	took_about(0.4, 'it ends in time');
	like($err, qr/ERROR:  55P03: canceling statement due to lock timeout/, 'the message is PostgreSQL\'s');
	unlike($err, qr/DETAIL/, 'without a DETAIL of ours');
	$holder->value('ROLLBACK;');
};

is($buyer->value(Shop::checkout('cart')), '11.30', 'after all that the cart can be checked out');
$shop->invariants_hold;
done_testing();
