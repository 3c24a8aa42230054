# A cluster with a small shop in it, for the TAP tests, and sessions that may wait for each other.
package Shop;

use strict;
use warnings;

use JSON::PP ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Session;
use Test::More;
use Time::HiRes qw(time usleep);

# One store, 40 skus at 10.00 with 1000 units of each, two customers; everything has a name, and
# shop.id(name) is its id.
my $set_up = <<'SQL';
CREATE EXTENSION weedgo_checkout;
DO 'BEGIN PERFORM weedgo.create_tables(); END';
CREATE SCHEMA shop;
CREATE FUNCTION shop.id(name text) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN md5(name)::uuid;
CREATE FUNCTION shop.sku(number integer) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN 'SKU-' || lpad(number::text, 2, '0');

INSERT INTO weedgo_data.stores (store_id, province) VALUES (shop.id('store'), 'ON');
INSERT INTO weedgo_data.products (store_id, sku, name, unit_price)
    SELECT shop.id('store'), shop.sku(n), 'Product ' || n, 10.00 FROM generate_series(1, 40) n;
INSERT INTO weedgo_data.stock (store_id, sku, available)
    SELECT store_id, sku, 1000 FROM weedgo_data.products;
INSERT INTO weedgo_data.customers (customer_id) VALUES (shop.id('alice')), (shop.id('bob'));
INSERT INTO weedgo_data.payment_methods (customer_id, payment_method_id, type)
    VALUES (shop.id('alice'), 'alices-card', 'credit'), (shop.id('bob'), 'bobs-card', 'debit');
INSERT INTO weedgo_data.promo_codes (store_id, code, discount_type, discount_value, max_uses_per_customer)
    VALUES (shop.id('store'), 'SAVE10', 'percentage', 10, NULL),
           (shop.id('store'), 'EACH', 'fixed', 1.00, 100);
CREATE FUNCTION shop.fill(cart text, VARIADIC numbers integer[] DEFAULT '{1}') RETURNS uuid LANGUAGE sql
    RETURN (weedgo.put_cart(shop.id('store'), shop.id(cart),
            (SELECT jsonb_agg(jsonb_build_object('sku', shop.sku(n), 'quantity', 1)) FROM unnest(numbers) n))).cart_id;
SQL

# What makes the shop in an empty database, by the extension's script of a version (undef: the newest).
sub set_up
{
	my ($version) = @_;
	return defined $version ? $set_up =~ s/weedgo_checkout/weedgo_checkout VERSION '$version'/r : $set_up;
}

# Starts a cluster with the shop: Shop->start(name, settings => "line\n...", streaming => 1).
sub start
{
	my ($class, $name, %options) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	# In UTF-8, as shops are, whatever the environment says.
	$node->init(allows_streaming => $options{streaming}, extra => [ "--encoding=UTF8", "--no-locale" ]);
	# Compiling takes longer than the small queries of a test. The library is loaded when a session
	# begins, so that a test can read its settings before it calls a function.
	$node->append_conf('postgresql.conf',
		"jit = off\nsession_preload_libraries = 'weedgo_checkout'\n" . ($options{settings} // ''));
	$node->start;
	$node->safe_psql('postgres', $set_up);
	return $class->on($node);
}

# The shop on a cluster that has it already.
sub on
{
	my ($class, $node, $database) = @_;
	my $self = bless { node => $node, database => $database // 'postgres' }, $class;
	$self->{control} = $self->session;
	return $self;
}

sub node { return $_[0]{node}; }

# A new connection.
sub session
{
	my ($self, $connection) = @_;
	return Session->new($connection // $self->{node}->connstr($self->{database}));
}

# Runs a statement on a connection that serves the test itself.
sub ask
{
	my ($self, $sql) = @_;
	my ($out, $err) = $self->{control}->ask($sql);
	die "$sql\n$err" if $err ne '';
	return $out;
}

# Closes the connections, which keep a database from being copied.
sub close
{
	my ($self) = @_;
	$_->close for $self->{control}, @{ $self->{pool} // [] };
}

# Asks again and again until the answer is true.
sub wait_until
{
	my ($self, $sql) = @_;
	my $start = time;
	until ($self->ask($sql) eq 't')
	{
		die "never true: $sql" if time - $start > $Session::patience_s;
		usleep(10_000);
	}
}

# Returns when the sessions wait for a lock.
sub wait_until_blocked
{
	my ($self, @sessions) = @_;
	my $pids = join(',', map { $_->pid } @sessions);
	$self->wait_until('SELECT count(*) = ' . @sessions . ' FROM pg_stat_activity'
		  . " WHERE pid IN ($pids) AND wait_event_type = 'Lock'");
}

# Returns when the server process is gone.
sub wait_until_ended
{
	my ($self, $pid) = @_;
	$self->wait_until("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $pid)");
}

# The server processes that have or want the lock of a cart (granted, NOT granted); of any cart,
# where none is named.
sub cart_locks
{
	my ($self, $cart, $state) = @_;
	my @conditions = ("locktype = 'advisory'", $state // ());
	push @conditions, '(classid, objid, objsubid) IN (SELECT classid, objid, objsubid'
	  . " FROM weedgo.cart_lock_key(shop.id('store'), shop.id('$cart')))"
	  if defined $cart;
	return $self->ask("SELECT string_agg(pid::text, ' ') FROM pg_locks WHERE " . join(' AND ', @conditions));
}

# Runs every call in a session of its own, all at the same moment; returns [output, errors] of each.
# The sessions stay, as those of a pool do: what is prepared in them need not be prepared again.
sub at_once
{
	my ($self, @calls) = @_;
	my $gate = 4711;
	my @sessions = map { $self->{pool}[$_] //= $self->session } keys @calls;
	$self->ask("SELECT pg_advisory_lock($gate)");
	for my $number (keys @calls)
	{
		$sessions[$number]->pid;
		$sessions[$number]->send("DO 'BEGIN PERFORM pg_advisory_xact_lock_shared($gate); END'; $calls[$number]");
	}
	$self->wait_until_blocked(@sessions);
	$self->ask("SELECT pg_advisory_unlock($gate)");
	return map { [ $_->answer ] } @sessions;
}

# Lets many clients call for some seconds: next->(client) is what a client calls next, nothing where
# it is done; answered->(client, output, errors) what it got. A client whose connection is lost calls
# no more.
# meanwhile->() runs once, after half of the time.
sub load
{
	my ($self, %load) = @_;
	my @sessions = map { $self->session } 1 .. $load{clients};
	my %calling = map { $_ => $sessions[$_] } keys @sessions;
	my $start = time;
	$sessions[$_]->send($load{next}->($_)) for keys @sessions;
	while (%calling)
	{
		if ($load{meanwhile} && time - $start > $load{seconds} / 2)
		{
			(delete $load{meanwhile})->();
		}
		Session::read_any(values %calling);
		for my $client (keys %calling)
		{
			my $session = $calling{$client};
			next unless $session->is_answered;
			$load{answered}->($client, $session->answer);
			my $call = $session->is_gone || time - $start > $load{seconds} ? undef : $load{next}->($client);
			delete $calling{$client} unless defined $call;
			$session->send($call) if defined $call;
		}
	}
	$_->close for @sessions;
}

# Returns when the server has broken down: the test's own connection is lost, and no process of a
# postmaster that was killed is left. They end by themselves, and until then no other can be started.
sub wait_until_down
{
	my ($self) = @_;
	my $start = time;
	until ($self->{control}->is_gone)
	{
		die 'the server goes on' if time - $start > $Session::patience_s;
		$self->{control}->ask('SELECT 1');
	}
	return if $self->node->{_pid};
	my ($home, $pid_file) = ($self->node->data_dir, $self->node->data_dir . '/postmaster.pid');
	my ($postmaster) = -e $pid_file ? PostgreSQL::Test::Utils::slurp_file($pid_file) =~ /^(\d+)/ : ();
	while (($postmaster && kill(0, $postmaster)) || grep { (readlink($_) // '') eq $home } glob('/proc/[0-9]*/cwd'))
	{
		die 'the processes of the server do not end' if time - $start > $Session::patience_s;
		usleep(10_000);
	}
}

# Returns when the server lets clients in again.
sub wait_until_up
{
	my ($self) = @_;
	my $start = time;
	until (system('pg_isready', '-q', '-h', $self->node->host, '-p', $self->node->port) == 0)
	{
		die 'the server does not come back' if time - $start > $Session::patience_s;
		usleep(10_000);
	}
}

sub orders
{
	my ($self, $cart) = @_;
	return $self->ask('SELECT count(*) FROM weedgo_data.orders'
		  . (defined $cart ? " WHERE cart_id = shop.id('$cart')" : ''));
}

# What stands in the tables that a checkout writes, to compare before and after.
sub contents
{
	my ($self) = @_;
	my @tables = qw(orders order_items order_events holds promo_counters promo_customers customer_days stock carts cart_items);
	return $self->ask("SELECT md5(concat(" . join(',',
			map { "(SELECT string_agg(t::text, ' ' ORDER BY t::text) FROM weedgo_data.$_ t)" } @tables)
		  . '))');
}

# How many deadlocks the server has met since it was started.
sub deadlocks
{
	my ($self) = @_;
	return scalar(() = PostgreSQL::Test::Utils::slurp_file($self->node->logfile) =~ /deadlock detected/g);
}

sub set_stock
{
	my ($self, $sku, $available) = @_;
	$self->ask("SELECT weedgo.adjust_stock(store_id, sku, $available - available, 'counted') FROM weedgo_data.stock"
		  . " WHERE sku = shop.sku($sku) AND available <> $available");
}

# 'available|reserved'
sub stock
{
	my ($self, $sku) = @_;
	return $self->ask("SELECT available, reserved FROM weedgo_data.stock WHERE sku = shop.sku($sku)");
}

sub invariants_hold
{
	my ($self, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($self->ask('SELECT * FROM weedgo.verify_invariants()'), '', $name // 'the invariants hold');
}

# What amcheck finds in our tables and their indexes, where the database has it.
sub damage
{
	my ($self) = @_;
	my $ours = "relnamespace = 'weedgo_data'::regnamespace";
	my (undef, $indexes) = $self->{control}->ask("DO \$\$BEGIN PERFORM bt_index_check(indexrelid, true) FROM pg_index"
		  . " JOIN pg_class i ON i.oid = indexrelid JOIN pg_am am ON am.oid = relam WHERE amname = 'btree' AND $ours; END\$\$");
	return $indexes . $self->ask("SELECT relname, blkno, offnum, msg FROM pg_class"
		  . " CROSS JOIN LATERAL verify_heapam(pg_class.oid, check_toast => true) WHERE relkind = 'r' AND $ours");
}

# SQL of the usual calls.
sub checkout
{
	my ($cart, $more) = @_;
	$more = defined $more ? ", $more" : '';
	return "SELECT total FROM weedgo.checkout_cart(shop.id('store'), shop.id('$cart')$more);";
}
sub lock_cart { return "SELECT weedgo.lock_cart(shop.id('store'), shop.id('$_[0]'));"; }
sub reserve { return "SELECT lines FROM weedgo.reserve_inventory(shop.id('store'), shop.id('$_[0]'));"; }

# The SQLSTATE of an error, and the object in its DETAIL.
sub sqlstate { return $_[0] =~ /(?:ERROR|FATAL):  ([0-9A-Z]{5}):/ ? $1 : ''; }
sub detail
{
	return $_[0] =~ /^DETAIL:  (\{.*\})$/m ? JSON::PP::decode_json($1) : {};
}

# How many of the answers of at_once are no error ('done'), and how many are each refusal.
sub tally
{
	my (@answers) = @_;
	my %tally;
	$tally{ $_->[1] eq '' ? 'done' : refusal($_->[1]) }++ for @answers;
	return \%tally;
}

# "SQLSTATE code" of an error, as the documentation names it; '' where there is none.
sub refusal
{
	my ($err) = @_;
	return join(' ', grep { $_ ne '' } sqlstate($err), detail($err)->{code} // '');
}

1;
