# Random arguments of every type for every function: nothing crashes, nothing fails but as the reference
# says, and every promise holds. Half of the calls are made by one client, half by four at once.
#
# CALLS is how many; SEED=n makes the same ones again (of a shop whose orders have other ids).
use strict;
use warnings;
use Proof;
use RandomCalls;
use Shop;
use Test::More;

my $calls = Proof::bound(CALLS => 4000);
Proof::seed();
my $shop = Shop->start('fuzz', settings => "weedgo_checkout.max_cart_waiters = 20\nlog_error_verbosity = verbose\n");
my ($here) = __FILE__ =~ m{^(.*/)} ? $1 : './';
$shop->node->safe_psql('postgres', PostgreSQL::Test::Utils::slurp_file("${here}fuzz.psql"));

my %functions;
for my $row (split /\n/, $shop->ask('SELECT * FROM fuzz.arguments ORDER BY function, place'))
{
	my ($function, $place, $name, $type, $optional) = split /\|/, $row, -1;
	push @{ $functions{$function} }, ($place ne '' ? { function => $function, name => $name, type => $type, optional => $optional eq 't' } : ());
}
is(RandomCalls::unknown_types(map { @$_ } values %functions), '', 'there are values at the edges of every type of argument');

# What a refusal may be: 'SQLSTATE code' of the reference's table of errors.
my %documented = map { /^\| ([0-9A-Z]{5}) \| (`.*?)\|/ ? do { my $state = $1; map { ("$state $_" => 1) } $2 =~ /`(\w+)`/g } : () }
  split /\n/, PostgreSQL::Test::Utils::slurp_file("${here}../../docs/reference.md");
cmp_ok(scalar(keys %documented), '>', 25, 'the reference has a table of errors');

# Beside those: errors that no function raises, and those of administration, which the entries of
# these functions name.
sub is_expected
{
	my ($call, $err) = @_;
	my $refusal = Shop::refusal($err);
	return $documented{$refusal}
	  || ($err =~ /ERROR:  42501: permission denied for function/ && $call =~ /SET ROLE fuzz/)
	  || ($refusal eq '40001' && $call =~ /SERIALIZABLE|REPEATABLE/)
	  || ($refusal =~ /^(42704|42501) invalid_argument$/ && $call =~ /weedgo\.(create_tables|grant_app|bind_role)\(/);
}

# What the next calls are about: some of the last carts and orders.
my ($made, @orders, $position) = (0);

sub about
{
	if ($made++ % 50 == 0)
	{
		@orders = split /\n/, $shop->ask("SELECT quote_literal(order_id) || '|' || quote_literal(store_id)"
			  . " FROM (SELECT * FROM weedgo_data.orders ORDER BY created_at DESC LIMIT 12) o");
		$position = $shop->ask('SELECT max(position) FROM (SELECT position FROM weedgo.events_after(NULL, NULL, 10) ORDER BY random() LIMIT 1) e')
		  || '1:11111111-1111-1111-1111-111111111111:1';
	}
	my $cart = int($made / 100) + int(rand(4));
	my @stores = ("shop.id('store')", "shop.id('far store')");
	@stores = reverse @stores if rand() < 0.2;
	my ($order, $orders_store) = split /\|/, $orders[ rand @orders ] // "gen_random_uuid()|$stores[0]";
	return {
		cart => "shop.id('cart $cart')",
		customer => ("shop.id('alice')", "shop.id('bob')", 'NULL')[ $cart % 3 ],
		order => $order,
		orders_store => $orders_store,
		store => $stores[0],
		other => $stores[1],
		position => $position,
	};
}

# Whole tables are read by these, and these change what all others need: they come less often.
my %share = (verify_invariants => 0.1, verify_audit => 0.1, check_setup => 0.1, create_tables => 0.3, map { $_ => 3 } qw(put_cart checkout_cart sell_in_store));
my @administration = qw(create_tables grant_app bind_role);

sub next_call
{
	my (@names) = @_;
	my $function = Proof::pick(map { $_ => $share{$_} // 1 } @names);
	my $call = RandomCalls::call(about(), $function, @{ $functions{$function} });
	my $role = Proof::pick('SET ROLE fuzz_free' => 4, 'SET ROLE fuzz_bound' => 2, 'RESET ROLE' => 2);
	$role = 'RESET ROLE' if rand() < 0.9 && grep { $function eq $_ } @administration;
	my $begin = Proof::pick('' => 8, 'BEGIN ISOLATION LEVEL SERIALIZABLE' => 1, 'BEGIN ISOLATION LEVEL REPEATABLE READ' => 1);
	return join('; ', $role, $begin ? ($begin, $call, pick_end()) : $call);
}
sub pick_end { return Proof::pick(COMMIT => 3, ROLLBACK => 1); }

my (%outcomes, @unexpected);

sub note_outcome
{
	my ($call, $err) = @_;
	my ($function) = $call =~ /FROM weedgo\.(\w+)/;
	$outcomes{$function}{ Shop::refusal($err) || 'done' }++;
	push @unexpected, substr($call, 0, 3000) . "\n$err" if $err ne '' && !is_expected($call, $err);
}

# Lets clients make calls until there were so many.
my $lost = 0;

sub make_calls
{
	my ($clients, $count, @names) = @_;
	my @sessions = map { $shop->session } 1 .. $clients;
	my (%call, $begun, $answered) = ((), 0, 0);
	while ($answered < $count && grep { !$_->is_gone } @sessions)
	{
		for my $session (grep { !$_->is_gone && !$call{$_} && $begun < $count } @sessions)
		{
			$begun++;
			$session->send($call{$session} = next_call(@names));
		}
		Session::read_any(grep { $call{$_} } @sessions);
		for my $session (grep { $call{$_} && $_->is_answered } @sessions)
		{
			note_outcome(delete $call{$session}, ($session->answer)[1]);
			Proof::progress(++$answered, $count, "calls by $clients");
		}
	}
	$lost += grep { $_->is_gone } @sessions;
	$_->close for grep { !$_->is_gone } @sessions;
}

make_calls(1, int($calls / 2), sort keys %functions);
my %is_administration = map { $_ => 1 } @administration;
make_calls(4, $calls - int($calls / 2), grep { !$is_administration{$_} } sort keys %functions);

# What chance left out so far. What has no argument, or takes whatever it is, may never be refused.
sub lacking
{
	my %is_refusable = map { $_ => $_ ne 'cart_lock_key' && @{ $functions{$_} } > 0 } keys %functions;
	return grep { !$outcomes{$_}{done} || ($is_refusable{$_} && 1 == keys %{ $outcomes{$_} }) } sort keys %functions;
}
for (1 .. 40)
{
	last unless lacking();
	make_calls(1, 50, lacking());
}

is($lost, 0, 'no session ended');

is($unexpected[0], undef, 'nothing but what the reference says') or diag(scalar(@unexpected) . ' in all');
my $log = PostgreSQL::Test::Utils::slurp_file($shop->node->logfile);
is(join("\n", $log =~ /^.*(?:terminated by signal|PANIC:|TRAP:|exited with exit code).*$/mg), '', 'no server process crashed');
is(join("\n", $log =~ /^.*(?:ERROR|FATAL|WARNING):  XX\d\d\d.*$/mg), '', 'no internal error');
is($shop->deadlocks, 0, 'no deadlock');
is(join(' ', lacking()), '', 'every function did something and refused something');
$shop->invariants_hold('every invariant holds in the end');
is($shop->ask('SELECT a FROM weedgo_data.stores, weedgo.verify_audit(store_id) a'), '', 'no record was changed by hand');

for my $function (sort keys %outcomes)
{
	my $outcomes = $outcomes{$function};
	note("$function: " . join(', ', map { "$_ $outcomes->{$_}" } sort keys %$outcomes));
}
done_testing();
