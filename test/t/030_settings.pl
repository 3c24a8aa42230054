# Settings that decide whether orders are taken, and by how many at once, are not an application's to
# set: neither before the library is loaded, when PostgreSQL takes any name with a dot in it, nor after.
use strict;
use warnings;
use Shop;
use Test::More;

# Here a session loads the library with the first function that it calls.
my $shop = Shop->start('settings', settings => "session_preload_libraries = ''\n");
$shop->ask(<<'SQL');
CREATE ROLE hostile LOGIN;
GRANT USAGE, CREATE ON SCHEMA shop TO hostile;
DO 'BEGIN PERFORM weedgo.grant_app(''hostile''); END';
ALTER DATABASE postgres SET search_path = shop, public;
SQL

sub session
{
	my ($options) = @_;
	return $shop->session($shop->node->connstr('postgres') . ' user=hostile' . ($options ? " options='$options'" : ''));
}

my %safe = ('weedgo_checkout.enabled' => 'on', 'weedgo_checkout.max_cart_waiters' => '8');
my $cart = 0;

# The session checks out, whatever it had set.
sub is_not_moved
{
	my ($session, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	$cart++;
	$shop->ask("SELECT shop.fill('$cart')");
	my ($total, $err) = $session->ask(Shop::checkout($cart));
	is($total, '11.30', "$name: orders are taken") or diag($err);
	is($session->value("SHOW $_"), $safe{$_}, "$name: $_ is as it was") for sort keys %safe;
}
my %unsafe = ('weedgo_checkout.enabled' => 'off', 'weedgo_checkout.max_cart_waiters' => '0');

my $early = session();
is($early->value("SET $_ = $unsafe{$_}; SHOW $_"), $unsafe{$_}, "$_ can be set where nobody reads it") for sort keys %unsafe;
is_not_moved($early, 'set before the library is loaded');

for my $name (sort keys %unsafe)
{
	my $late = session();
	$late->value("SELECT weedgo.cart_lock_key(shop.id('store'), shop.id('cart'))");
	for my $statement ("SET $name = $unsafe{$name}", "SET LOCAL $name = $unsafe{$name}",
		"SELECT set_config('$name', '$unsafe{$name}', false)",
		"UPDATE pg_settings SET setting = '$unsafe{$name}' WHERE name = '$name'",
		"ALTER ROLE hostile SET $name = $unsafe{$name}", "ALTER DATABASE postgres SET $name = $unsafe{$name}",
		"ALTER SYSTEM SET $name = $unsafe{$name}")
	{
		my (undef, $err) = $late->ask($statement);
		is(Shop::sqlstate($err), '42501', "refused: $statement");
	}
	my (undef, $err) = session()->ask("ALTER ROLE hostile SET $name = $unsafe{$name}");
	is(Shop::sqlstate($err), '42501', "before the library is loaded, too: ALTER ROLE hostile SET $name");
}
is_not_moved(session(), 'a later session');

# A function that sets it while it runs.
my (undef, $err) = session()->ask("CREATE FUNCTION shop.sell() RETURNS void LANGUAGE sql SET weedgo_checkout.enabled = off AS ''");
is(Shop::sqlstate($err), '42501', 'no function can be made that sets it');

# What the administrator has configured holds, however the session is started. An option of the client
# hides it from PostgreSQL, so that the session can call nothing.
$shop->ask('ALTER SYSTEM SET weedgo_checkout.enabled = off; ALTER SYSTEM SET weedgo_checkout.max_cart_waiters = 3');
$shop->node->reload;
$shop->ask("SELECT shop.fill('paused')");
my $eager = session();
$eager->value("SET $_ = $safe{$_}") for sort keys %safe;
(undef, $err) = $eager->ask(Shop::checkout('paused'));
is(Shop::refusal($err), 'WG014 checkout_paused', 'orders that the administrator has stopped stay stopped');
is($eager->value('SHOW weedgo_checkout.max_cart_waiters'), '3', 'and as many wait as may');
for my $name (sort keys %safe)
{
	my $session = session("-c $name=$safe{$name}");
	for my $moment ('the first time', 'and again')
	{
		(undef, $err) = $session->ask(Shop::checkout('paused'));
		is(Shop::refusal($err), '55000 setup', "$name as a startup option: refused, $moment");
	}
	like($err, qr/a startup option of the client sets \Q$name\E/, 'and told why');
}
$shop->ask('GRANT SET ON PARAMETER weedgo_checkout.enabled TO hostile');
(undef, $err) = session('-c weedgo_checkout.enabled=on -c weedgo_checkout.lock_timeout=1s')->ask(Shop::checkout('paused'));
is($err, '', 'but for a role that was granted the setting, and a setting that is every role\'s');

done_testing();
