# Through PgBouncer in transaction mode, where many clients share a few sessions of the server, everything
# works as it does without: nothing is kept in a session from one client to the next.
#
# POOL_SECONDS is how long the clients are at it, POOL_CLIENTS how many they are; SEED chooses the size of the pool, and
# what each client does next.
use strict;
use warnings;
use POSIX ();
use Proof;
use Shop;
use Test::More;
use Time::HiRes qw(time usleep);

Proof::seed();
my ($seconds, $clients) = (Proof::bound('POOL_SECONDS', 3), Proof::bound('POOL_CLIENTS', 16));
my $size = 2 + int(rand(3));
my $shop = Shop->start('pools', streaming => 1, settings => "max_connections = 40\nweedgo_checkout.max_cart_waiters = 20\n");
$shop->ask('CREATE ROLE shop_app LOGIN; GRANT USAGE ON SCHEMA shop TO shop_app;'
	  . q{DO $$ BEGIN PERFORM weedgo.grant_app('shop_app', 'checkout'), weedgo.grant_app('shop_app', 'staff'); END $$});
$shop->node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('pools_standby');
$standby->init_from_backup($shop->node, 'copy', has_streaming => 1);
$standby->start;

# PgBouncer, until the test ends.
my $directory = PostgreSQL::Test::Utils::tempdir_short();
my $log = "$PostgreSQL::Test::Utils::log_path/pgbouncer.log";
my $bouncer;

sub start_bouncer
{
	my ($program) = grep { -x } '/usr/sbin/pgbouncer', map { "$_/pgbouncer" } split /:/, $ENV{PATH};
	die 'pgbouncer is not installed: scripts/install-packages check' unless defined $program;
	my %servers = (shop => $shop->node, copy => $standby);
	PostgreSQL::Test::Utils::append_to_file("$directory/users", qq{"shop_app" ""\n});
	PostgreSQL::Test::Utils::append_to_file("$directory/ini", join("\n", '[databases]',
		(map { "$_ = dbname=postgres host=" . $servers{$_}->host . ' port=' . $servers{$_}->port } sort keys %servers),
		'[pgbouncer]', 'pool_mode = transaction', "default_pool_size = $size", 'max_client_conn = 1000',
		'auth_type = trust', "auth_file = $directory/users", "unix_socket_dir = $directory", 'listen_port = 6432', "logfile = $log", ''));
	$bouncer = fork() // die "fork: $!";
	return if $bouncer;
	open(STDERR, '>', '/dev/null'); # what it says is in its log
	exec($program, "$directory/ini") or POSIX::_exit(1);
}
END
{
	my $status = $?;
	if ($bouncer) { kill('TERM', $bouncer); waitpid($bouncer, 0); }
	$? = $status;
}

# A client of the pool.
sub client { return Session->new("host=$directory port=6432 user=shop_app dbname=" . ($_[0] // 'shop')); }

# The sessions of the server that clients share, and what is left in them when nobody uses them.
my $pooled = "usename = 'shop_app' AND backend_type = 'client backend'";

sub nothing_is_left
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	$shop->wait_until("SELECT bool_and(state = 'idle') FROM pg_stat_activity WHERE $pooled");
	cmp_ok($shop->ask("SELECT count(*) FROM pg_stat_activity WHERE $pooled"), '<=', $size, "the server has $size sessions at most");
	is($shop->ask("SELECT l FROM pg_locks l JOIN pg_stat_activity USING (pid) WHERE $pooled"), '', 'no lock is left in them');
	# As many clients at once as there are sessions, so that each has another one.
	# Those of plpgsql are there once it was used.
	my $settings = "SELECT name, setting FROM pg_settings WHERE name NOT LIKE 'plpgsql.%'";
	my $who = "SELECT current_user, session_user, current_setting('role'), (SELECT count(*) FROM pg_prepared_statements), pg_my_temp_schema()";
	my $new = Session->new($shop->node->connstr('postgres') . ' user=shop_app');
	my %settings_of_new = map { $_ => 1 } split /\n/, $new->value($settings);
	my @clients = map { client() } 1 .. $size;
	$_->value('BEGIN') for @clients;
	is(scalar(keys %{ { map { $_->value('SELECT pg_backend_pid()') => 1 } @clients } }), $size, 'each client has another session');
	is(join(' ', map { grep { !$settings_of_new{$_} } split /\n/, $_->value($settings) } @clients), '', 'their settings are those of a new one');
	is(join(' ', map { $_->value($who) } @clients), join(' ', ($new->value($who)) x @clients), 'so are their role, prepared statements, temporary schema');
	$_->value('COMMIT') for @clients;
	$_->close for $new, @clients;
}

start_bouncer();
for (my $start = time; !-S "$directory/.s.PGSQL.6432"; usleep(20_000))
{
	die "PgBouncer does not start: see $log" if time - $start > $Session::patience_s;
}

# What one client does with one cart, in its order: [what, SQL, the answer]. {id} is the order's id, once it is known.
my $cart = "shop.id('store'), shop.id('{cart}')";
my $buy = "weedgo.checkout_cart($cart, shop.id('alice'), 'alices-card', idempotency_key => 'key of {cart}')";
my $order = "shop.id('store'), '{id}'";
my @sale = (
	[ put_cart => "SELECT shop.fill('{cart}', {sku}, {other}) IS NOT NULL", qr/^t$/ ],
	[ reserve => "SELECT jsonb_array_length(lines) FROM weedgo.reserve_inventory($cart)", qr/^2$/ ],
	[ 'edit under its lock' => "BEGIN; SELECT weedgo.lock_cart($cart); SELECT jsonb_array_length(lines) FROM weedgo.get_cart($cart); SELECT shop.fill('{cart}', {sku}) IS NOT NULL; COMMIT", qr/^\n2\nt$/ ],
	[ totals => "SELECT total, jsonb_array_length(problems) FROM weedgo.calc_order_totals($cart, shop.id('alice'), 'alices-card')", qr/^11\.30\|0$/ ],
	[ 'expected total' => "SELECT FROM weedgo.checkout_cart($cart, expected_total => 1)", qr/^WG007 total_changed$/ ],
	[ checkout => "SELECT order_id, total, replayed FROM $buy", qr/^(?<id>[0-9a-f-]{36})\|11\.30\|f$/ ],
	[ replay => "SELECT order_id, total, replayed FROM $buy", qr/^{id}\|11\.30\|t$/ ],
	[ 'checkout again' => "SELECT FROM weedgo.checkout_cart($cart, shop.id('alice'))", qr/^WG002 cart_not_active$/ ],
	[ get_order => "SELECT status, total FROM weedgo.get_order($order, shop.id('alice'))", qr/^pending\|11\.30$/ ],
	[ 'rolled back' => "BEGIN; SELECT new_status FROM weedgo.cancel_order($order); ROLLBACK", qr/^cancelled$/ ],
);
my %ends = (
	cancel => [ [ cancel => "SELECT old_status, new_status FROM weedgo.cancel_order($order)", qr/^pending\|cancelled$/ ] ],
	refund => [
		[ pay => "SELECT recorded FROM weedgo.record_payment($order, 'captured', 11.30, 'paid {cart}')", qr/^t$/ ],
		(map { [ $_ => "SELECT new_status FROM weedgo.advance_order($order, '$_')", qr/^$_$/ ] } qw(confirmed ready delivered)),
		[ refund => "SELECT recorded, amount FROM weedgo.refund_order($order, jsonb_build_array(jsonb_build_object('sku', shop.sku({sku}), 'quantity', 1)), true, provider_reference => 'back {cart}')", qr/^t\|11\.30$/ ],
		[ events => "SELECT count(*) FROM weedgo.events_after(shop.id('store'), NULL, 10)", qr/^\d+$/ ],
	],
	none => [],
);

subtest "$clients clients at everything a client does, over $size sessions" => sub {
	my (%carts, @wrong, %done);
	my $new_cart = sub {
		my ($client) = @_;
		my $number = 1 + ($carts{$client}{number} // 0);
		my $sku = 1 + int(rand(40));
		$carts{$client} = { number => $number, step => 0, steps => [ @sale, @{ $ends{ Proof::pick(cancel => 2, refund => 2, none => 1) } } ],
			words => { cart => "cart $number of $client", sku => $sku, other => 1 + $sku % 40 } };
	};
	my $say = sub { my ($text, $words) = @_; return $text =~ s/\{(\w+)\}/$words->{$1} \/\/ "{$1}"/ger; };
	my $pool = bless { %$shop, pool => undef }, 'ThroughPool';
	my $start = time;
	$pool->load(clients => $clients, seconds => $seconds,
		next => sub {
			my ($client) = @_;
			$new_cart->($client) unless $carts{$client} && $carts{$client}{step} < @{ $carts{$client}{steps} };
			my $state = $carts{$client};
			return $say->($state->{steps}[ $state->{step} ][1], $state->{words});
		},
		answered => sub {
			my ($client, $out, $err) = @_;
			my $state = $carts{$client};
			my ($what, $sql, $awaited) = @{ $state->{steps}[ $state->{step}++ ] };
			my $answer = $err eq '' ? $out : Shop::refusal($err);
			my $pattern = $say->("$awaited", $state->{words});
			if ($answer =~ /$pattern/) { $state->{words}{id} = $+{id} if defined $+{id}; $done{$what}++; }
			else { push @wrong, "$what: $answer $err"; $new_cart->($client); }
			Proof::progress(int(time - $start), $seconds, 'seconds');
		});
	is(join("\n", @wrong), '', 'every answer is the right one');
	is(join(' ', grep { !$done{$_} } map { $_->[0] } @sale, map { @$_ } values %ends), '', 'everything was done');
	diag("$done{checkout} checkouts of $clients clients over $size sessions in $seconds s");
	is($shop->orders, $done{checkout}, 'there is an order for each answer');
	is($shop->deadlocks, 0, 'no deadlock');
	nothing_is_left();
	$shop->invariants_hold;
	is($shop->ask("SELECT f FROM weedgo.verify_audit(shop.id('store')) f"), '', 'no record is broken');
};

subtest 'who polls for events through the pool misses none' => sub {
	my ($reader, $position, %seen) = (client(), 'NULL');
	$shop->wait_until('SELECT max(recorded_xid) < pg_snapshot_xmin(pg_current_snapshot()) FROM weedgo_data.order_events');
	while (1)
	{
		my @events = split /\n/, $reader->value("SELECT position, order_id, seq FROM weedgo.events_after(shop.id('store'), $position, 500)");
		last unless @events;
		$seen{ $_ =~ s/^.*?\|//r }++ for @events;
		$position = "'" . ($events[-1] =~ s/\|.*//r) . "'";
	}
	is(scalar(keys %seen), $shop->ask('SELECT count(*) FROM weedgo_data.order_events'), 'all events are seen');
	is(scalar(grep { $_ > 1 } values %seen), 0, 'none twice');
	$reader->close;
};

subtest 'sixteen clients at the same last five units' => sub {
	$shop->set_stock(9, 5);
	my @buyers = map { client() } 1 .. 16;
	$buyers[$_]->value("SELECT shop.fill('last $_', 9)") for keys @buyers;
	# They meet: none can have the row before all sessions of the pool wait for it.
	my $first = $shop->session;
	$first->value("BEGIN; SELECT FROM weedgo_data.stock WHERE sku = shop.sku(9) FOR UPDATE");
	$buyers[$_]->send(Shop::checkout("last $_")) for keys @buyers;
	$shop->wait_until("SELECT count(*) = $size FROM pg_stat_activity WHERE $pooled AND wait_event_type = 'Lock'");
	$first->value('COMMIT');
	is_deeply(Shop::tally(map { [ $_->answer ] } @buyers), { done => 5, 'WG005 items_unavailable' => 11 }, 'five get one');
	like($shop->stock(9), qr/^0\|/, 'none is left');
	$_->close for $first, @buyers;
	nothing_is_left();
	$shop->invariants_hold;
};

subtest 'sixteen clients click twice on one cart' => sub {
	my @clicks = map { client() } 1 .. 16;
	$clicks[0]->value("SELECT shop.fill('one', 10)");
	$_->send(Shop::checkout('one', "idempotency_key => 'once'")) for @clicks;
	is_deeply(Shop::tally(map { [ $_->answer ] } @clicks), { done => 16 }, 'all get the order');
	is($shop->orders('one'), 1, 'there is one');
	$_->close for @clicks;
	nothing_is_left();
};

subtest 'a client that goes amid its transaction' => sub {
	my ($gone, $next) = (client(), client());
	$gone->value("SELECT shop.fill('left', 11, 12)");
	my ($available, $reserved) = split /\|/, $shop->stock(11);
	$gone->value("BEGIN; SET LOCAL lock_timeout = '1h'; " . Shop::lock_cart('left') . Shop::reserve('left') . Shop::checkout('left'));
	isnt($shop->cart_locks('left'), '', 'it has the lock of its cart');
	$gone->kill_client;
	is($next->value(Shop::checkout('left')), '22.60', 'the next one buys the cart, as soon as its lock is free');
	is($shop->stock(11) . ' ' . $shop->ask("SELECT count(*) FROM weedgo_data.holds WHERE cart_id = shop.id('left')"), join('|', $available - 1, $reserved + 1) . ' 0', 'its units are taken once, and none is held');
	is($shop->orders('left'), 1, 'there is one order of it');
	is($shop->cart_locks('left'), '', 'nobody has the lock of the cart');
	$next->close;
	nothing_is_left();
	$shop->invariants_hold;
};

subtest 'a standby behind the pool' => sub {
	$shop->ask("SELECT shop.fill('shown', 13, 14)");
	$shop->node->wait_for_catchup($standby, 'replay', $shop->node->lsn('insert'));
	my $totals = "SELECT subtotal, tax, total, lines, problems FROM weedgo.calc_order_totals(shop.id('store'), shop.id('shown'), promo_code => 'SAVE10')";
	my $reader = client('copy');
	is($reader->value('SELECT pg_is_in_recovery()'), 't', 'it is one');
	is($reader->value($totals), $shop->ask($totals), 'totals are those of the primary');
	my (undef, $err) = $reader->ask(Shop::checkout('shown'));
	is(Shop::refusal($err), '25006 read_only', 'it sells nothing');
	is($reader->value($totals), $shop->ask($totals), 'and goes on');
	$reader->close;
};

done_testing();

# The shop as clients see it.
package ThroughPool;
BEGIN { our @ISA = ('Shop'); }
sub session { return main::client(); }
