# Calls of every kind are struck at random while they wait for one another: cancelled, terminated, timed out, left by
# their clients. Nothing stays behind: no lock, no transaction, no memory, nothing of a call that failed; and the
# next checkout of the same cart succeeds. make interrupt does it at length.
use strict;
use warnings;
use Proof;
use Shop;
use Test::More;
use Time::HiRes qw(time);

Proof::seed();
my $interruptions = Proof::bound('INTERRUPTIONS', 300);
my ($batch_size, $most_bytes) = (100, 1024 * 1024);

# Commits flush, so that there is such a wait to strike at. Stock and codes do not run out: whatever is refused, is so for the strikes.
my $shop = Shop->start('interrupt', settings => <<'CONF');
fsync = on
log_statement = none
client_connection_check_interval = 10ms
weedgo_checkout.max_cart_waiters = 100
CONF
$shop->ask("SELECT FROM weedgo.receive_stock(shop.id('store'), (SELECT jsonb_agg(jsonb_build_object('sku', sku, 'quantity', 10000000))"
	  . ' FROM weedgo_data.stock))');
$shop->ask("UPDATE weedgo_data.promo_codes SET max_uses_per_customer = 10000000 WHERE code = 'EACH'");
$shop->ask("SELECT weedgo.split_stock(shop.id('store'), 'SKU-01', 2)");
$shop->ask("SELECT shop.fill('twin')");
$shop->ask("SELECT shop.fill('first')");

# --- what clients call ------------------------------------------------------------------------------

# A few carts at a time: who gets an order from one puts a new one in its place.
my ($carts_made, $attempts) = (0, 0);
my @carts = map { "cart " . $carts_made++ } 1 .. 4;
my (%order_of, @orders);

sub any { return $_[ rand @_ ]; }
sub id { return "shop.id('$_[0]')"; }
sub checkout
{
	my ($cart, $actor) = @_;
	return "SELECT order_id FROM weedgo.checkout_cart(shop.id('store'), shop.id('$cart'), shop.id('alice'), promo_code => 'EACH',"
	  . " idempotency_key => '$cart', actor_id => $actor)";
}
sub fill { return "SELECT weedgo.put_cart(shop.id('store'), shop.id('$_[0]'), '$_[1]', shop.id('alice'))"; }
sub row_of { return "SELECT FROM weedgo_data.$_[0] WHERE $_[1] LIMIT 1 FOR UPDATE"; }
sub any_items
{
	my @skus = (5, grep { rand() < 0.5 } 1 .. 4);
	return '[' . join(', ', map { sprintf('{"sku": "SKU-%02d", "quantity": %d}', $_, 1 + rand(3)) } @skus) . ']';
}

# What is called of a cart and an order, by an actor of its own.
my %calls = (
	fill => sub { return fill($_[0], any_items()); },
	'check out' => sub { return checkout($_[0], $_[2]); },
	hold => sub { return "SELECT lines FROM weedgo.reserve_inventory(shop.id('store'), shop.id('$_[0]'), shop.id('alice'), '200 ms')"; },
	release => sub { return "SELECT lines FROM weedgo.release_inventory(shop.id('store'), shop.id('$_[0]'), shop.id('alice'))"; },
	'expire holds' => sub { return "SELECT weedgo.expire_holds(shop.id('store'))"; },
	cancel => sub { return "SELECT weedgo.cancel_order(shop.id('store'), '$_[1]', $_[2])"; },
	sell => sub {
		return 'SELECT order_id FROM weedgo.sell_in_store(' . join(', ', "shop.id('store')", id($_[0]), $_[2], "shop.id('alice')")
		  . ", idempotency_key => '$_[0]')";
	},
	refund => sub {
		return "SELECT weedgo.refund_order(shop.id('store'), '$_[1]', '[{\"sku\": \"SKU-05\", \"quantity\": 1}]', true,"
		  . " payment_type => 'cash', actor_id => $_[2])";
	},
	receive => sub { return "SELECT weedgo.receive_stock(shop.id('store'), '" . any_items() . "', $_[2])"; },
);
my @shares = (fill => 12, 'check out' => 8, hold => 4, release => 2, 'expire holds' => 2, cancel => 3, sell => 1, refund => 1, receive => 2);

# Transactions that stay open for a while and hold what others want.
my %holders = (
	'the lock of a cart' => sub { return Shop::lock_cart($_[0]); },
	'a cart' => sub { return row_of('carts', 'cart_id = ' . id($_[0])); },
	'a hold' => sub { return row_of('holds', 'true'); },
	'a key' => sub { return checkout('twin', 'NULL') =~ s/=> 'twin'/=> '$_[0]'/r; },
	'an order' => sub { return row_of('orders', "order_id = '$_[1]'"); },
	'a promo code' => sub { return row_of('promo_counters', 'true'); },
	'a customer\'s promo code' => sub { return row_of('promo_customers', 'true'); },
	stock => sub { return row_of('stock', "sku = 'SKU-05'"); },
);

# --- what strikes ------------------------------------------------------------------------------------

# The first three are sent to a call that runs; the others are settings that it runs with.
my @strikes = (
	pg_cancel_backend => 3, pg_terminate_backend => 1, 'client is killed' => 1,
	statement_timeout => 2, lock_timeout => 2, idle_in_transaction_session_timeout => 1);
my %sent = map { $_ => 1 } qw(pg_cancel_backend pg_terminate_backend), 'client is killed';

# What a struck call ends with; a killed client hears nothing.
my %sqlstate_of = (
	pg_cancel_backend => '57014', pg_terminate_backend => '57P01', 'client is killed' => '', statement_timeout => '57014',
	lock_timeout => '55P03', idle_in_transaction_session_timeout => '25P03');

# What is to be struck: what the server says that a process waits for, and PostgreSQL the row that it stands at.
my $victims = <<'SQL';
SELECT pid, CASE
	WHEN state <> 'active' THEN 'an open transaction'
	WHEN wait_event = 'advisory' THEN 'the lock of a cart'
	WHEN wait_event_type = 'Lock' THEN coalesce((SELECT min(relation::regclass::text) FROM pg_locks l
		WHERE l.pid = a.pid AND l.locktype = 'tuple'), 'a key')
	WHEN wait_event IN ('WALSync', 'WALWrite', 'WALInitSync') THEN 'flush of the log'
	ELSE 'none' END
FROM pg_stat_activity a
SQL

my (@clients, %struck, %met, %refused, @undocumented, %failed, %struck_carts);
my ($hits, $late) = (0, 0);

# A client: its session, whether it lives through all, and what it does.
sub connect_client { return { session => $shop->session, survives => $_[0] }; }

sub next_call
{
	my ($client) = @_;
	my ($cart, $order, $actor) = (any(@carts), any(@orders), 'actor ' . ++$attempts);
	my %doing = (cart => $cart, actor => $actor, strike => Proof::pick(@strikes), err => '');
	$doing{strike} = 'pg_cancel_backend' if $client->{survives} && $doing{strike} =~ /terminate|kill|idle/;
	my $sql;
	if ($doing{strike} =~ /^idle/ || rand() < 0.2)
	{
		$doing{call} = 'hold ' . any(grep { $order || !/an order/ } sort keys %holders);
		$doing{resume_at} = time + rand(0.03);
		$sql = 'BEGIN; ' . $holders{ $doing{call} =~ s/^hold //r }->($cart, $order);
	}
	else
	{
		do { $doing{call} = Proof::pick(@shares) } until $order || $doing{call} !~ /cancel|refund/;
		$sql = $calls{ $doing{call} }->($cart, $order, id($actor));
	}
	if ($doing{strike} =~ /timeout/)
	{
		my $ms = 1 + int(rand() ** 2 * 30);
		$doing{resume_at} += $ms / 1000 + 0.01 if $doing{strike} =~ /^idle/;
		$sql = "SET $doing{strike} = '${ms}ms'; $sql";
	}
	$client->{doing} = \%doing;
	$client->{session}->pid;
	$client->{session}->send($sql);
}

# Where a call was when it was struck: PostgreSQL's own words are better than what was seen before.
sub place_of
{
	my ($doing, $err) = @_;
	return $1 =~ /idempotency/ ? 'a key' : $1 if $err =~ /^CONTEXT:.*? in relation "(\w+)"/ms;
	return 'the lock of a cart' if Shop::refusal($err) eq '55P03 cart_locked';
	return 'an open transaction' if Shop::sqlstate($err) eq '25P03';
	return $doing->{seen} // 'none';
}

# The answer of a call.
sub answered
{
	my ($client, $out, $err) = @_;
	my $doing = $client->{doing};
	my $is_gone = $client->{session}->is_gone;
	my ($sqlstate, $strike) = (Shop::sqlstate($err), $doing->{strike});
	my $is_struck = $is_gone || $sqlstate ne '' && $sqlstate eq $sqlstate_of{$strike};
	if ($is_struck)
	{
		my $place = place_of($doing, $err) =~ s/weedgo_data\.//r;
		$hits++;
		$struck{"$strike $sqlstate_of{$strike}"}++;
		$met{$place}++;
		$struck_carts{ $doing->{cart} } = 1;
	}
	elsif ($err ne '')
	{
		my $refusal = Shop::refusal($err);
		$refused{$refusal}++;
		push @undocumented, "$doing->{call}: $err" unless $refusal =~ /^(WG0..|55P03|22023) \w+$/;
	}
	elsif ($doing->{seen})
	{
		# A commit that has begun is not broken off.
		$late++;
		$met{ $doing->{seen} }++ if $doing->{seen} =~ /flush/;
	}
	if ($err ne '')
	{
		$failed{ $doing->{actor} } = $doing->{call} unless $sqlstate =~ /^57P|^25P/ || $is_gone;
	}
	elsif (!$is_gone && $doing->{call} =~ /^(check out|sell)$/)
	{
		got_order($doing->{cart}, $out);
	}
}

my (@twice, %told);
sub got_order
{
	my ($cart, $order) = @_;
	push @twice, "$cart: $order, $order_of{$cart}" if ($order_of{$cart} // $order) ne $order;
	push @orders, $order unless $order_of{$cart};
	shift @orders if @orders > 5;
	$told{$order} = 1;
	$order_of{$cart} = $order;
	@carts = map { $_ eq $cart ? 'cart ' . $carts_made++ : $_ } @carts;
}

# --- a batch of strikes -----------------------------------------------------------------------------

my $striker = $shop->session;

sub send_strike
{
	my %pids = map { $_->{session}->pid => $_ } grep { $_->{doing} && $sent{ $_->{doing}{strike} } && !$_->{doing}{seen} } @clients;
	my @kinds = map { "($_, '$pids{$_}{doing}{strike}')" } keys %pids;
	my $pause = sprintf('SELECT pg_sleep(%.4f) IS NULL', rand(0.004));
	return $striker->send($pause) unless @kinds;
	$striker->send("$pause; SELECT pid, place, CASE strike WHEN 'pg_cancel_backend' THEN pg_cancel_backend(pid)"
		  . " WHEN 'pg_terminate_backend' THEN pg_terminate_backend(pid) END FROM ("
		  . "SELECT * FROM ($victims WHERE state <> 'idle') v (pid, place) JOIN (VALUES " . join(', ', @kinds)
		  . ") k (pid, strike) USING (pid) WHERE place <> 'an open transaction' OR strike <> 'pg_cancel_backend'"
		  . " ORDER BY place <> 'none' AND random() < 0.8 DESC, random() LIMIT 1) victim");
	return;
}

# What the striker hit.
sub strike
{
	my ($out) = @_;
	my ($pid, $place) = $out =~ /^(\d+)\|([^|]+)\|/m or return;
	my ($client) = grep { $_->{session}->pid == $pid } @clients;
	$client->{doing}{seen} = $place;
	$client->{session}->kill_client if $client->{doing}{strike} eq 'client is killed';
}

# Goes on with what a client does.
sub go_on
{
	my ($client) = @_;
	my ($session, $doing) = @$client{qw(session doing)};
	if ($doing->{is_open} && !$doing->{is_ending})
	{
		return if time < $doing->{resume_at} && !$session->is_gone;
		$doing->{is_ending} = 1;
		$session->send('ROLLBACK');
	}
	return unless $session->is_answered;
	my ($out, $err) = $session->answer;
	$doing->{err} .= $err;
	if ($doing->{resume_at} && !$doing->{is_open} && !$session->is_gone)
	{
		# The transaction of a holder is open now, or has failed.
		$doing->{is_open} = 1;
		return;
	}
	answered($client, $out, $doing->{err});
	delete $client->{doing};
	# A session that is struck too late ends all the same.
	if ($session->is_gone || $doing->{seen} && $doing->{strike} ne 'pg_cancel_backend')
	{
		$session->close;
		%$client = %{ connect_client() };
	}
	elsif ($doing->{strike} =~ /timeout/)
	{
		# A timeout can strike this, too.
		1 while ($session->ask('ROLLBACK; RESET ALL'))[1] =~ /ERROR/;
	}
}

# Clients call until so many have been struck, then finish what they do. What they got is looked at when the
# striker has told whom it hit where; so it hits no other call than it aimed at.
sub run_until
{
	my ($enough) = @_;
	do
	{
		next_call($_) for $hits < $enough ? grep { !$_->{doing} } @clients : ();
		send_strike();
		until ($striker->is_answered)
		{
			Session::read_any($striker, map { $_->{session} } grep { $_->{doing} && !$_->{session}->is_gone } @clients);
		}
		strike(($striker->answer)[0]);
		go_on($_) for grep { $_->{doing} } @clients;
		Proof::progress($hits < $interruptions ? $hits : $interruptions, $interruptions, 'interruptions');
	} while (grep { $_->{doing} } @clients);
}

# Bytes in memory contexts of the sessions that live through all.
sub bytes { return map { $_->{session}->value('SELECT sum(total_bytes) FROM pg_backend_memory_contexts') } grep { $_->{survives} } @clients; }

my $others = "backend_type = 'client backend' AND pid <> pg_backend_pid()";
my @wrong;

# What must hold when all is quiet.
sub check_quiet
{
	my $note = sub { push @wrong, "after $hits: $_[0]" if $_[0] ne ''; };
	$shop->wait_until("SELECT count(*) = " . (1 + @clients) . " FROM pg_stat_activity WHERE $others");
	$note->($shop->ask("SELECT pid, state, query FROM pg_stat_activity WHERE $others AND (state <> 'idle' OR xact_start IS NOT NULL)"));
	$note->($shop->ask("SELECT pid, locktype, mode, relation::regclass FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE $others"));
	$note->($shop->ask('SELECT * FROM weedgo.verify_invariants()'));
	$note->($_->{session}->value("SELECT 'settings', current_setting('lock_timeout'), current_user"
		  . " WHERE (current_setting('lock_timeout'), current_user) <> ('0', 'postgres')")) for @clients;

	# A call that failed is nowhere in what is recorded with its actor.
	my $actors = join(', ', map { id($_) } keys %failed) || 'NULL';
	$note->($shop->ask("SELECT 'of a failed call', * FROM (SELECT actor_id FROM weedgo_data.orders UNION SELECT actor_id FROM"
		  . " weedgo_data.order_events UNION SELECT actor_id FROM weedgo_data.stock_ledger) a WHERE actor_id IN ($actors)"));
	%failed = ();

	# An order that a client was told of is there.
	my $missing = join(', ', map { "('$_'::uuid)" } keys %told) || '(NULL)';
	$note->($shop->ask("SELECT 'lost', id FROM (VALUES $missing) told (id) WHERE NOT EXISTS"
		  . ' (SELECT FROM weedgo_data.orders WHERE order_id = id) AND id IS NOT NULL'));
	%told = ();
	return if @wrong;

	# The next checkout of each struck cart, as it is, succeeds: it makes the order, or replays the one that there
	# is. Only a cart that was struck before anything was in it is filled first.
	for my $cart (sort keys %struck_carts)
	{
		my $there = $shop->ask("SELECT order_id, order_source FROM weedgo_data.orders WHERE cart_id = shop.id('$cart')");
		my ($order, $source) = split /[|]/, $there;
		my $is_empty = $shop->ask("SELECT NOT EXISTS (SELECT FROM weedgo_data.cart_items WHERE cart_id = shop.id('$cart'))") eq 't';
		$note->(($shop->{control}->ask(fill($cart, '[{"sku": "SKU-05", "quantity": 1}]')))[1]) if $is_empty && !$order;
		my $again = ($source // '') eq 'pos' ? 'sell' : 'check out';
		my $sql = $calls{$again}->($cart, undef, $order ? "(SELECT actor_id FROM weedgo_data.orders WHERE order_id = '$order')" : "NULL");
		my ($got, $err) = $shop->{control}->ask($sql);
		$note->("$cart is not checked out: $err") if $err ne '';
		$note->("$cart: $got is not $order") if $order && $got ne $order;
		got_order($cart, $got) if $err eq '';
	}
	%struck_carts = ();
}

# Those that live on have called everything once before their memory is measured.
@clients = map { connect_client($_ <= 3) } 1 .. 14;
push @orders, $shop->ask($calls{'check out'}->('first', undef, 'NULL'));
for my $client (grep { $_->{survives} } @clients)
{
	my $cart = 'cart ' . $carts_made++;
	$client->{session}->ask($calls{$_}->($cart, $orders[0], id('nobody'))) for 'fill', 'hold', 'release', 'check out', grep { $_ ne 'check out' } sort keys %calls;
}
my @before;
until ($hits >= $interruptions || @wrong)
{
	run_until($hits + $batch_size < $interruptions ? $hits + $batch_size : $interruptions);
	check_quiet();
	@before = bytes() if !@before && $hits >= $interruptions / 3;
}
my @after = bytes();

diag(join(', ', map { "$_ $struck{$_}" } sort keys %struck) . "; $late came too late");
diag('at ' . join(', ', map { "$_ $met{$_}" } sort keys %met));
diag(keys(%order_of) . ' orders; ' . join(', ', map { "$_ $refused{$_}" } sort keys %refused));
diag("memory of those that live on: @before, then @after");

is($wrong[0], undef, 'nothing is left behind, nothing is lost, and the next checkout of each cart succeeds');
is($undocumented[0], undef, 'no error but of strikes and documented refusals');
is($twice[0], undef, 'a cart has one order');
is(scalar(grep { $after[$_] - $before[$_] >= $most_bytes } keys @before), 0, 'sessions that live through it do not grow');
is(join(', ', grep { !$struck{$_} } map { "$_ $sqlstate_of{$_}" } sort keys %sqlstate_of), '', 'every kind of strike hit');
my @places = ('none', 'the lock of a cart', 'promo_counters', 'flush of the log', 'an open transaction');
push @places, 'carts', 'a key', 'orders', 'promo_customers', 'holds', 'stock' if $interruptions >= 3000;
is(join(', ', grep { !$met{$_} } @places), '', 'at every wait');
my $log = PostgreSQL::Test::Utils::slurp_file($shop->node->logfile);
is(join("\n", $log =~ /^.*(?:leak|PANIC|TRAP|XX000|still active|was terminated by signal|deadlock).*$/mg), '', 'the log tells of no leak and no crash');
done_testing();
