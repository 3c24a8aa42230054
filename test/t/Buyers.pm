# Clients that buy, and the books of what they were told: a model of what must be in the database whatever
# happened to the server. A call that got no answer may have been made or not; it is asked again, by
# its key, and then the model knows.
package Buyers;

use strict;
use warnings;

use Proof;
use Shop;
use Test::More;
use Time::HiRes qw(usleep);

# What the database has of every cart, as the model writes it; see facts().
my $set_up = <<'SQL';
CREATE EXTENSION amcheck;
SELECT count(weedgo.adjust_stock(store_id, sku, 1000000 - available, 'counted')) FROM weedgo_data.stock;
UPDATE weedgo_data.promo_codes SET max_uses = 1000000, max_uses_per_customer = 1000000 WHERE code = 'EACH';
SELECT count(weedgo.split_stock(shop.id('store'), sku, 4)) FROM unnest(ARRAY['SKU-01', 'SKU-02']) sku;
SELECT count(weedgo.split_promo(shop.id('store'), 'EACH', 4));
CREATE VIEW shop.facts AS
WITH items AS (
    SELECT cart_id, string_agg(sku || 'x' || quantity, ' ' ORDER BY sku) AS lines FROM weedgo_data.cart_items GROUP BY 1),
sold AS (
    SELECT order_id, string_agg(sku || 'x' || quantity, ' ' ORDER BY sku) AS lines,
           string_agg(sku || 'x' || returned, ' ' ORDER BY sku) FILTER (WHERE returned > 0) AS returned
    FROM weedgo_data.order_items GROUP BY 1),
held AS (
    SELECT cart_id, string_agg(sku || 'x' || quantity, ' ' ORDER BY sku) AS lines FROM weedgo_data.holds GROUP BY 1)
SELECT cart_id, o.order_id,
       coalesce(o.status, c.status, 'no cart') AS status, o.total, o.promo_code, o.payment_status,
       coalesce(sold.lines, items.lines) AS lines, held.lines AS held, sold.returned
FROM weedgo_data.carts c FULL JOIN weedgo_data.orders o USING (cart_id) FULL JOIN held USING (cart_id)
     LEFT JOIN items USING (cart_id) LEFT JOIN sold ON sold.order_id = o.order_id;
SQL

my @facts = qw(status total code payment lines held returned);

sub facts
{
	my ($is) = @_;
	return join('|', @$is{@facts});
}

# Before a cart is there.
my %nothing = (map({ $_ => '' } @facts), lapsed => 0);

sub new
{
	my ($class, $shop) = @_;
	$shop->node->safe_psql('postgres', $set_up);
	return bless { carts => {}, at => [], heard => {}, surprises => [] }, $class;
}

###################################################################################################
# What buyers do
###################################################################################################

# Lines are text, as in 'SKU-03x1 SKU-07x2'.
sub any_lines
{
	my %quantities = map { sprintf('SKU-%02d', 1 + int(rand(40))) => 1 + int(rand(3)) } 0 .. rand(4);
	return join(' ', map { "${_}x$quantities{$_}" } sort keys %quantities);
}

sub quantities { return map { split /x/ } split / /, $_[0]; }

sub items
{
	my %quantities = quantities($_[0]);
	return "'[" . join(', ', map { qq({"sku": "$_", "quantity": $quantities{$_}}) } sort keys %quantities) . "]'";
}

# A unit costs 10.00; SAVE10 takes ten percent off, EACH a dollar; Ontario's tax is 13 %. In cents.
sub goods
{
	my ($cart) = @_;
	my %quantities = quantities($cart->{is}{lines});
	my $subtotal = 0;
	$subtotal += 1000 * $_ for values %quantities;
	my $rest = $subtotal - { '' => 0, SAVE10 => $subtotal / 10, EACH => 100 }->{ $cart->{code} };
	return $rest + int(($rest * 13 + 50) / 100);
}

sub dollars { return sprintf('%.2f', $_[0] / 100); }

sub new_cart
{
	my ($self) = @_;
	my $id = sprintf('00000000-0000-4000-8000-%012d', 1 + keys %{ $self->{carts} });
	my $customer = Proof::pick('NULL' => 1, "shop.id('alice')" => 1, "shop.id('bob')" => 1);
	my $code = Proof::pick('' => 6, SAVE10 => 1, ($customer eq 'NULL' ? () : (EACH => 1)));
	my $cart = { id => $id, is => {%nothing}, code => $code, tip => int(rand(3)) * 150 };
	$cart->{arguments} = "customer_id => $customer, delivery_type => 'in_store', promo_code => '$code', tip => "
	  . dollars($cart->{tip}) . ", idempotency_key => 'key of $id'";
	return $self->{carts}{$id} = $cart;
}

# A step of a cart: what it is called with, what is answered when it is made now and when it had been
# made already, and what is other afterwards.
sub step
{
	my ($function, $columns, $arguments, $now, $again, %becomes) = @_;
	my $sql = "SELECT $columns FROM weedgo.$function(shop.id('store'), $arguments)";
	return { sql => $sql, now => $now, again => $again, becomes => \%becomes };
}

sub checkout
{
	my ($cart, $more, $now, $again, %becomes) = @_;
	return step('checkout_cart', 'replayed, total, order_id', "'$cart->{id}', $cart->{arguments}$more", $now, $again, %becomes);
}

sub hold
{
	my ($cart, $columns, $hold_for, $now, $again, %becomes) = @_;
	return step('reserve_inventory', $columns, "'$cart->{id}', hold_for => '$hold_for'",
		$now, $again, held => $cart->{is}{lines}, %becomes);
}

my %steps = (
	fill => sub {
		my ($cart) = @_;
		my $lines = any_lines();
		return step('put_cart', 'status', "'$cart->{id}', " . items($lines), 'active', 'active', status => 'active', lines => $lines);
	},
	hold => sub { return hold($_[0], 'extended', '1 day', 'f', 't'); },
	# Nobody comes back for it: whoever looks for such holds gives it back, maybe before it is asked for again.
	lapse => sub { return hold($_[0], 'expires_at IS NOT NULL', '1 ms', 't', 't', lapsed => 1); },
	expire => sub {
		return { sql => 'SELECT weedgo.expire_holds() >= 0', now => 't', again => 't', becomes => {} };
	},
	release => sub {
		my ($cart) = @_;
		return step('release_inventory', 'jsonb_array_length(lines) > 0', "'$cart->{id}'", 't', 'f', held => '');
	},
	checkout => sub {
		my ($cart) = @_;
		my $total = dollars(goods($cart) + $cart->{tip});
		return checkout($cart, '', "f|$total", "t|$total",
			status => 'pending', total => $total, code => $cart->{code}, payment => 'pending', held => '');
	},
	'checkout again' => sub {
		my ($cart) = @_;
		return checkout($cart, '', ("t|$cart->{is}{total}") x 2);
	},
	'checkout of another total' => sub {
		my ($cart) = @_;
		return checkout($cart, ', expected_total => 0.01', ('WG007 total_changed') x 2);
	},
	cancel => sub {
		my ($cart) = @_;
		return step('cancel_order', 'changed', "'$cart->{order}'", 't', 'f', status => 'cancelled');
	},
	pay => sub {
		my ($cart) = @_;
		return step('record_payment', 'recorded',
			"'$cart->{order}', 'captured', $cart->{is}{total}, provider_reference => 'paid for $cart->{id}'",
			't', 'f', payment => 'captured');
	},
	'hand over' => sub {
		my ($cart) = @_;
		return step('fulfil_order', 'changed', "'$cart->{order}'", 't', 'f', status => 'delivered');
	},
	'take back' => sub {
		my ($cart) = @_;
		my $lines = $cart->{is}{lines};
		my $amount = dollars(goods($cart));
		return step('refund_order', 'recorded, amount',
			"'$cart->{order}', " . items($lines) . ", restock => true, provider_reference => 'refund of $cart->{id}'",
			"t|$amount", "f|$amount",
			payment => $cart->{tip} ? 'partially_refunded' : 'refunded', returned => $lines);
	},
);

# What a buyer may do next with a cart, and how likely.
sub choices
{
	my ($is) = @_;
	my ($status, $payment) = @$is{qw(status payment)};
	return (fill => 1) if $status eq '';
	return (leave => 1) if $is->{lapsed};
	if ($status eq 'active')
	{
		my @holds = $is->{held} ne '' ? (release => 1) : (hold => 3, $is->{lines} =~ / / ? () : (lapse => 5));
		return (checkout => 6, fill => 1, 'checkout of another total' => 1, expire => 0.1, @holds);
	}
	return ('hand over' => 2, cancel => 1, leave => 1) if $status eq 'pending' && $payment eq 'captured';
	return ('checkout again' => 2, pay => 2, cancel => 1, leave => 3) if $status eq 'pending';
	return ('take back' => 1, leave => 1) if $status eq 'delivered' && $payment eq 'captured';
	return (leave => 1);
}

# Many clients buy, and things happen to the server: each of @events is how many answers come before it, and
# what it is. Returns when all clients have lost the server.
sub buy
{
	my ($self, $shop, $clients, @events) = @_;
	my $calls = shift @events;
	$shop->load(
		clients => $clients,
		seconds => $Session::patience_s,
		next => sub { return $self->next_call($_[0]); },
		answered => sub {
			my ($client, $out, $err) = @_;
			my $cart = $self->{at}[$client];
			my ($now, $again) = @{ $cart->{step} }{qw(now again)};
			$self->hear($cart, $out, $err, $now, $cart->{unknown} ? $again : ());
			return if !@events || --$calls;
			usleep(rand(5000));
			(shift @events)->();
			$calls = shift @events;
		});
}

# What a client calls next. Who got no answer asks again.
sub next_call
{
	my ($self, $client) = @_;
	my $cart = $self->{at}[$client] //= $self->new_cart;
	return $cart->{step}{sql} if $cart->{unknown};
	my $what = Proof::pick(choices($cart->{is}));
	if ($what eq 'leave')
	{
		$cart = $self->{at}[$client] = $self->new_cart;
		$what = 'fill';
	}
	$cart->{step} = $steps{$what}->($cart);
	return $cart->{step}{sql};
}

# Enters what was told: ok, failed (which changes nothing), or nothing that can be relied on.
# PostgreSQL answers when the transaction is committed. What is cancelled may have been committed already, and
# be answered though it no longer waits for a synchronous standby: its end is unknown.
sub hear
{
	my ($self, $cart, $out, $err, @expected) = @_;
	my $refused = $err =~ /ERROR:/;
	if ($err =~ /: cancell?ing / || $out eq '' && !$refused)
	{
		$self->{heard}{unknown}++ unless $cart->{unknown};
		$cart->{unknown} = 1;
		return;
	}
	my $answer = $refused ? Shop::refusal($err) : $out;
	if ($answer =~ s/\|([0-9a-f-]{36})$//)
	{
		$cart->{order} ||= $1;
		$answer .= ", but order $1 instead of $cart->{order}" if $cart->{order} ne $1;
	}
	push @{ $self->{surprises} }, "$cart->{step}{sql}: '$answer' instead of '" . join("' or '", @expected) . "' $err"
	  unless grep { $answer eq $_ } @expected;
	$cart->{is} = after($cart);
	$cart->{unknown} = 0;
	$self->{heard}{ $refused ? 'failed' : 'ok' }++;
}

sub after
{
	my ($cart) = @_;
	return { %{ $cart->{is} }, %{ $cart->{step}{becomes} } };
}

###################################################################################################
# What must be there
###################################################################################################

# All that a cart may be now.
sub may_be
{
	my ($cart) = @_;
	my @may = ($cart->{is}, $cart->{unknown} ? after($cart) : ());
	return (@may, map { { %$_, held => '', lapsed => 0 } } grep { $_->{lapsed} } @may);
}

# Compares every cart, order and hold with the model, and notes what each cart was seen to be.
sub carts_are_as_told
{
	my ($self, $shop, $name) = @_;
	my (%seen, @wrong);
	for my $row (split /\n/, $shop->ask('SELECT * FROM shop.facts'))
	{
		my ($id, $order, $facts) = split /\|/, $row, 3;
		push @wrong, "cart $id: nobody made it" if !$self->{carts}{$id};
		push @wrong, "cart $id: is there twice" if $seen{$id};
		$seen{$id} = [ $order, $facts ];
	}
	for my $cart (values %{ $self->{carts} })
	{
		my ($order, $facts) = @{ $seen{ $cart->{id} } // [ '', facts(\%nothing) ] };
		my @may_be = may_be($cart);
		($cart->{seen}) = grep { facts($_) eq $facts } @may_be;
		push @wrong, "cart $cart->{id}: '$facts' instead of " . join(' or ', map { "'" . facts($_) . "'" } @may_be)
		  if !$cart->{seen};
		push @wrong, "cart $cart->{id}: order $order instead of $cart->{order}"
		  if $cart->{order} && $order ne $cart->{order};
		$cart->{order} ||= $order;
		$cart->{seen} //= $cart->{is};
		$cart->{is} = $cart->{seen} unless $cart->{unknown};
	}
	is(join("\n", sort @wrong), '', $name);
}

# Asks again, all at once, what got no answer.
sub ask_again
{
	my ($self, $shop) = @_;
	my @unknown = grep { $_->{unknown} } values %{ $self->{carts} };
	my @answers = $shop->at_once(map { $_->{step}{sql} } @unknown);
	my $made = 0;
	for my $cart (@unknown)
	{
		my $was_made = facts($cart->{seen}) ne facts($cart->{is});
		$made += $was_made;
		$self->hear($cart, @{ shift @answers }, $cart->{step}{ $was_made ? 'again' : 'now' });
	}
	is(scalar(grep { $_->{unknown} } @unknown), 0, 'who got no answer gets it now');
	return scalar(@unknown) . " without an answer, of which $made had changed something";
}

# What the model adds up to, of every sku and code.
sub stock_is_as_told
{
	my ($self, $shop) = @_;
	my (%reserved, %gone, %used);
	for my $cart (values %{ $self->{carts} })
	{
		my $is = $cart->{is};
		add(\%reserved, $is->{held});
		add(\%reserved, $is->{lines}) if $is->{status} eq 'pending';
		add(\%gone, $is->{lines}) if $is->{status} eq 'delivered';
		add(\%gone, $is->{returned}, -1);
		$used{ $is->{code} }++ if $is->{status} =~ /pending|delivered/;
	}
	my @stock = map {
		my ($reserved, $gone) = ($reserved{$_} // 0, $gone{$_} // 0);
		"$_|" . (1_000_000 - $reserved - $gone) . "|$reserved"
	} map { sprintf('SKU-%02d', $_) } 1 .. 40;
	is($shop->ask('SELECT sku, sum(available), sum(reserved) FROM weedgo_data.stock GROUP BY sku ORDER BY sku'),
		join("\n", @stock), 'of every sku as many are there, and are promised, as answers say');
	for my $code (qw(EACH SAVE10))
	{
		is($shop->ask("SELECT coalesce(sum(used), 0) FROM weedgo_data.promo_counters WHERE code = '$code'"),
			$used{$code} // 0, "and $code is used as often");
	}
}

sub add
{
	my ($sums, $lines, $sign) = @_;
	my %quantities = quantities($lines);
	$sums->{$_} += $quantities{$_} * ($sign // 1) for keys %quantities;
}

# After a crash or a failover: all that was acknowledged is there, nothing twice, nothing half.
sub all_is_well
{
	my ($self, $shop) = @_;
	$self->carts_are_as_told($shop, 'every order, cart and hold is as clients were told, and there are no others');
	my $asked = $self->ask_again($shop);

	my $held = grep { $_->{is}{lapsed} && $_->{is}{held} ne '' } values %{ $self->{carts} };
	cmp_ok($shop->ask('SELECT weedgo.expire_holds(max_holds => 1000000)'),
		'<=', $held, 'no hold is given back but those that nobody came back for');
	is($shop->ask('SELECT count(*) FROM weedgo_data.holds WHERE expires_at < clock_timestamp()'), 0, 'and none is left');
	$_->{is} = { %{ $_->{is} }, held => '', lapsed => 0 } for grep { $_->{is}{lapsed} } values %{ $self->{carts} };

	$self->carts_are_as_told($shop, 'then nothing is open, and everything is as told');
	is(join("\n", splice(@{ $self->{surprises} })), '', 'no answer was another than expected');
	$self->stock_is_as_told($shop);
	$shop->invariants_hold;
	is($shop->ask("SELECT * FROM weedgo.verify_audit(shop.id('store'))"), '', 'the records are sealed');
	is($shop->cart_locks, '', 'no lock is left');
	is($shop->damage, '', 'tables and indexes are whole');
	return $asked;
}

# How many orders clients know of.
sub confirmed
{
	my ($self) = @_;
	return scalar(grep { $_->{is}{total} ne '' } values %{ $self->{carts} });
}

sub tally
{
	my ($self) = @_;
	return join(', ', keys(%{ $self->{carts} }) . ' carts', $self->confirmed . ' orders',
		map { "$self->{heard}{$_} calls $_" } sort keys %{ $self->{heard} });
}

1;
