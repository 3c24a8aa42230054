# Calls that run at the same moment, each in a transaction of its own, and whether they came to what
# some order of them comes to.
#
# A call is { call => SQL, prepare => SQL of what it needs, busy => whether it is told 55P03 where others
# wait, takes_hold => whether it takes what its cart holds }. In its SQL stands {name} for an id that has
# this name in this state, a store's or a cart's; {order of name} is the order of such a cart, {own name} a
# cart of each call that is so written, {lot} the number of a lot.
package Race;

use strict;
use warnings;

use Digest::MD5 qw(md5_hex);
use Shop;

our %levels = (rc => 'READ COMMITTED', rr => 'REPEATABLE READ', ser => 'SERIALIZABLE');

# Everything that calls write, without what is of the moment or at random.
my $state = <<'SQL';
WITH o AS (SELECT * FROM weedgo_data.orders WHERE store_id IN ({store}, {other store})),
s (store_id) AS (VALUES ({store}), ({other store}))
SELECT line FROM (
    SELECT concat_ws(' ', 'cart', cart_id, status, customer_id, promo_code, order_id IS NOT NULL) FROM weedgo_data.carts NATURAL JOIN s
    UNION ALL SELECT concat_ws(' ', 'item', cart_id, sku, quantity) FROM weedgo_data.cart_items NATURAL JOIN s
    UNION ALL SELECT concat_ws(' ', 'order', cart_id, customer_id, status, payment_status, subtotal, discount, tax, total,
        promo_code, idempotency_key) FROM o
    UNION ALL SELECT concat_ws(' ', 'line', cart_id, sku, quantity, i.line_total, i.discount, returned)
        FROM weedgo_data.order_items i JOIN o USING (store_id, order_id)
    UNION ALL SELECT concat_ws(' ', 'event', cart_id, seq, event, from_status, to_status)
        FROM weedgo_data.order_events JOIN o USING (store_id, order_id)
    UNION ALL SELECT concat_ws(' ', 'payment', cart_id, event, amount, p.payment_type, provider_reference)
        FROM weedgo_data.payments p JOIN o USING (store_id, order_id)
    UNION ALL SELECT concat_ws(' ', 'lot of', cart_id, sku, bucket, quantity, returned)
        FROM weedgo_data.allocations JOIN o USING (store_id, order_id)
    UNION ALL SELECT concat_ws(' ', 'hold', cart_id, sku, bucket, quantity, expires_at > now()) FROM weedgo_data.holds NATURAL JOIN s
    UNION ALL SELECT concat_ws(' ', 'code', code, used) FROM weedgo_data.promo_counters NATURAL JOIN s
    UNION ALL SELECT concat_ws(' ', 'code of', customer_id, code, used) FROM weedgo_data.promo_customers NATURAL JOIN s
    UNION ALL SELECT concat_ws(' ', 'day of', customer_id, equivalent_mg) FROM weedgo_data.customer_days NATURAL JOIN s
    UNION ALL SELECT concat_ws(' ', 'stock', store_id, sku, bucket, available, reserved) FROM weedgo_data.stock NATURAL JOIN s
    UNION ALL SELECT concat_ws(' ', 'ledger', store_id, sku, bucket, change, reason) FROM weedgo_data.stock_ledger NATURAL JOIN s
    UNION ALL SELECT concat_ws(' ', 'lot', store_id, sku, bucket, lot_number, recalled_at IS NOT NULL) FROM weedgo_data.lots NATURAL JOIN s
    UNION ALL SELECT concat_ws(' ', 'BROKEN', code, 'is used', used, 'times') FROM weedgo_data.promo_counters NATURAL JOIN weedgo_data.promo_codes
        NATURAL JOIN s WHERE used > max_uses
    UNION ALL SELECT concat_ws(' ', 'BROKEN', v.invariant, v.subject, v.problem) FROM s, weedgo.verify_invariants(s.store_id) v
) AS lines (line)
SQL

# Old states go, so that reading a new one does not take longer and longer.
my $forget = <<'SQL';
DO $$BEGIN EXECUTE (SELECT 'TRUNCATE ' || string_agg(attrelid::regclass::text, ', ') FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
    WHERE attname = 'store_id' AND relkind = 'r' AND relnamespace = 'weedgo_data'::regnamespace); END$$
SQL

# On a cluster with the shop in it; world is SQL that makes what is there in every state.
sub new
{
	my ($class, $shop, $world) = @_;
	return bless { shop => $shop, world => $world, states => 0, met => {}, in_turn => {} }, $class;
}

# How often what happened: cases, waits, refusals to retry.
sub met { return $_[0]{met}; }

# --- one state ------------------------------------------------------------------------------------

# SQL with the names of the state in it, as party number `party` says it.
sub spell
{
	my ($self, $sql, $party) = @_;
	my $names = $self->{names};
	my $id = sub {
		my ($name) = @_;
		my $hex = md5_hex("$self->{states} $name") =~ s/^(.{8})(.{4})(.{4})(.{4})/$1-$2-$3-$4-/r;
		$names->{$hex} = $name;
		return $hex;
	};
	$sql =~ s/\{own (\w+)\}/{$1 $party}/g;
	$sql =~ s/\{lot\}/'lot of state $self->{states}'/g;
	$sql =~ s/\{order of (\w+)\}/$self->order_of($id->($1))/ge;
	$sql =~ s/\{([\w ]+)\}/"'" . $id->($1) . "'::uuid"/ge;
	return $sql;
}

sub order_of
{
	my ($self, $cart) = @_;
	return "'" . $self->{shop}->ask("SELECT order_id FROM weedgo_data.orders WHERE cart_id = '$cart'") . "'";
}

# The same text for the same thing in every state: names for ids, and no id of a new order.
sub without_ids
{
	my ($self, $text) = @_;
	$text =~ s/lot of state \d+/a lot/g;
	return $text =~ s/\b([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b/'<' . ($self->{names}{$1} \/\/ 'id') . '>'/ger;
}

# A new state with all that these calls need; returns the SQL of each.
sub make_state
{
	my ($self, $case) = @_;
	$self->{shop}->ask($forget) if $self->{states}++ % 100 == 99;
	$self->{names} = {};
	my @calls = @{ $case->{calls} };
	my @steps = ($self->{world}, $case->{before} // ());
	my %seen;
	for my $party (keys @calls)
	{
		push @steps, grep { !$seen{$_}++ } map { $self->spell($_, $party) } $calls[$party]{prepare} // ();
	}
	$self->{shop}->ask(join(";\n", map { $self->spell($_) } @steps));
	return map { $self->spell($calls[$_]{call}, $_) } keys @calls;
}

# What has come of a state: the result of each party that counts, and what is in the tables.
sub outcome
{
	my ($self, %results) = @_;
	my @results = map { "$_: $results{$_}" } sort keys %results;
	my $rows = $self->without_ids($self->{shop}->ask($self->spell($state)));
	return $self->without_ids(join("\n", @results, sort split(/\n/, $rows)));
}

# --- transactions ---------------------------------------------------------------------------------

sub party { return $_[0]{parties}[ $_[1] ] //= $_[0]{shop}->session; }

# The result of an answer; of a refusal its SQLSTATE, and the DETAIL where it is ours.
sub result_of
{
	my ($out, $err) = @_;
	return $out if $err eq '';
	my $refusal = 'refused: ' . (Shop::sqlstate($err) || $err);
	return $err =~ /^DETAIL:  (\{.*\})$/m ? "$refusal $1" : $refusal;
}

sub is_refused { return $_[0] =~ /^refused: /; }

# Ends the transaction of a call that has answered; its result, or why it could not commit.
sub end_transaction
{
	my ($self, $party, $result, $how) = @_;
	my $session = $self->party($party);
	my ($out, $err) = $session->ask(is_refused($result) ? 'ROLLBACK' : $how);
	return $err eq '' ? $result : result_of($out, $err);
}

# Whether the call has answered; false when it waits for one of the others.
sub has_answered
{
	my ($self, $party) = @_;
	my $session = $self->party($party);
	my ($control, $pids) = ($self->{shop}{control}, join(',', map { $_->pid } @{ $self->{parties} }));
	until ($session->is_answered)
	{
		$control->send('SELECT pg_blocking_pids(' . $session->pid . ") && ARRAY[$pids]");
		Session::read_any($control, $session) until $control->is_answered;
		return 0 if ($control->answer)[0] eq 't' && !$session->is_answered;
	}
	return 1;
}

# --- at once, and in turn -------------------------------------------------------------------------

# The outcome of one order of calls, or of some of them: what may come of them at once.
sub in_turn
{
	my ($self, $case, @order) = @_;
	my $key = join("\n", $case->{before} // '', (map { $_->{call} } @{ $case->{calls} }), @order);
	return $self->{in_turn}{$key} //= do {
		my @sql = $self->make_state($case);
		my %results = map { $_ => result_of($self->party($_)->ask($sql[$_])) } @order;
		$self->outcome(%results);
	};
}

# Starts the calls one after the other, each while those before have not ended; then the first ends, and
# the others as they can. case: calls; levels of each; ending of the first, COMMIT or ROLLBACK; timing:
# when the others take their snapshots: 'late', as they call; 'early', before the first calls; 'stale', then,
# but they call when it has ended.
sub at_once
{
	my ($self, $case) = @_;
	my @sql = $self->make_state($case);
	my ($first, @others) = keys @sql;
	my $begin = sub { "BEGIN ISOLATION LEVEL $levels{ $case->{levels}[ $_[0] ] }" };
	$self->party($_)->pid for keys @sql;
	my %results;

	if ($case->{timing} ne 'late')
	{
		$self->party($_)->value($begin->($_) . '; SELECT 1') for @others;
	}
	$self->party($first)->value($begin->($first));
	$results{$first} = result_of($self->party($first)->ask($sql[$first]));
	my $end_first = sub { $results{$first} = $self->end_transaction($first, $results{$first}, $case->{ending}) };
	$end_first->() if $case->{timing} eq 'stale';
	for my $party (@others)
	{
		$self->party($party)->send(($case->{timing} eq 'late' ? $begin->($party) . '; ' : '') . $sql[$party]);
		$self->{met}{waits}++ unless $self->has_answered($party);
	}
	$end_first->() unless $case->{timing} eq 'stale';
	while (@others)
	{
		my @waiting;
		for my $party (@others)
		{
			if (!$self->has_answered($party)) { push @waiting, $party; next; }
			$results{$party} = $self->end_transaction($party, result_of($self->party($party)->answer), 'COMMIT');
		}
		@others = @waiting;
	}
	delete $results{$first} if $case->{ending} eq 'ROLLBACK';
	return %results;
}

# Whether a party was told to try again, and may be.
sub may_retry
{
	my ($self, $case, $party, $result) = @_;
	my ($again) = $result =~ /^refused: (40001|55P03)\b/ or return 0;
	my $may = $again eq '40001' ? $case->{levels}[$party] ne 'rc' : $case->{calls}[$party]{busy};
	$self->{met}{$again}++ if $may;
	return $may;
}

# Runs a case. What came of it must be what comes of some order of those that were not told to try
# again; returns '' or what is wrong.
sub wrong
{
	my ($self, $case) = @_;
	$self->{met}{cases}++;
	my %results = $self->at_once($case);
	my @again = grep { $self->may_retry($case, $_, $results{$_}) } keys %results;
	delete @results{@again};
	# Whatever comes of them in turn: one must get through, by a result or a refusal that is documented.
	my $is_wrong = @again == @{ $case->{calls} } || grep { /^refused: (?!WG0|22023|23505)/ } values %results;
	my $outcome = $self->outcome(%results);
	my @orders = orders_of(sort keys %results);
	my @expected = map { $self->in_turn($case, @$_) } @orders;
	return '' if !$is_wrong && $outcome !~ /^BROKEN/m
		&& (grep { $_ eq $outcome } @expected or $self->passed_by($case, $outcome, @orders));
	return join("\n", "* $case->{name}" . (@again ? ", to be tried again: @again" : ''), "outcome:\n$outcome",
		map { 'in turn: ' . only_in($_, $outcome) . '; instead of: ' . only_in($outcome, $_) } @expected) . "\n";
}

# An expired hold that a call of its cart has at this moment is passed by (docs/reference.md, expire_holds),
# whatever comes of that call: the outcome may be as if the hold had time left.
sub passed_by
{
	my ($self, $case, $outcome, @orders) = @_;
	return 0 unless grep { $_->{takes_hold} } @{ $case->{calls} };
	my $without_time = sub { $_[0] =~ s/^(hold .*) [ft]$/$1/mgr };
	for my $before (@{ $case->{in_time} // [] })
	{
		next unless grep { $without_time->($self->in_turn({ %$case, before => $before }, @$_)) eq $without_time->($outcome) } @orders;
		return ++$self->{met}{'passed by'};
	}
	return 0;
}

# The lines of one text that are not in another.
sub only_in
{
	my ($text, $other) = @_;
	my %other = map { $_ => 1 } split(/\n/, $other);
	return join(' / ', grep { !$other{$_} } split(/\n/, $text));
}

# All orders of some parties.
sub orders_of
{
	my (@parties) = @_;
	return [] unless @parties;
	return map { my $one = $_; map { [ $one, @$_ ] } orders_of(grep { $_ ne $one } @parties) } @parties;
}

1;
