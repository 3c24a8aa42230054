# Random walks through every function: alone, with a seed that can be walked again, and sixteen at
# once. Whatever comes of it, every promise holds and every unit is accounted for.
#
# WALK_SECONDS is how long each part walks; WALK_SEED=n walks one way again, and tells every step.
use strict;
use warnings;
use Shop;
use Test::More;
use Time::HiRes qw(time);

my $seconds = $ENV{WALK_SECONDS} // 25;
my $steps = 200;
my $shop = Shop->start('walk', settings => "weedgo_checkout.max_cart_waiters = 20\n");
my ($functions) = __FILE__ =~ m{^(.*/)} ? "$1walk.psql" : 'walk.psql';
$shop->node->safe_psql('postgres', PostgreSQL::Test::Utils::slurp_file($functions));

sub walk_again
{
	my ($seed) = @_;
	my $told = $shop->ask("SELECT walk.alone($seed, $steps, true)");
	diag($told);
	ok($told !~ /^seed \d+, broken/m, "seed $seed, step by step");
}

if (defined $ENV{WALK_SEED})
{
	walk_again($ENV{WALK_SEED});
	done_testing();
	exit;
}

# What no walk has met yet.
sub missed
{
	return $shop->ask("SELECT string_agg(what, ' ' ORDER BY what) FROM (SELECT split_part(call, '(', 1) AS what FROM walk.steps"
		  . " UNION SELECT 'WG0' || lpad(n::text, 2, '0') FROM generate_series(1, 15) n"
		  . " UNION SELECT 'order ' || unnest(ARRAY['pending', 'confirmed', 'preparing', 'ready', 'out_for_delivery', 'delivered', 'cancelled', 'expired'])"
		  . ' EXCEPT SELECT what FROM walk.seen) missed');
}

subtest 'alone' => sub {
	is($shop->ask("SELECT proname FROM pg_proc WHERE pronamespace = 'weedgo'::regnamespace"
			  . " EXCEPT SELECT regexp_replace(call, '^weedgo\\.(\\w+).*', '\\1') FROM walk.steps"),
		'', 'the steps have every function');
	my ($start, $seed, $broken) = (time, 0, '');
	# On a busy machine it goes on until it has met everything.
	while ($broken eq '' && (time - $start < $seconds || (time - $start < 4 * $seconds && missed() ne '')))
	{
		my $from = $seed + 1;
		$seed += 10;
		$broken = $shop->ask("SELECT w FROM generate_series($from, $seed) s, walk.alone(s, $steps, false) w");
	}
	is($broken, '', 'every walk ends well (walk a seed again: make walk WALK_SEED=n)');
	return walk_again($1) if $broken =~ /^seed (\d+)/;
	diag("$seed walks of $steps steps");
	my @told = map { $shop->ask("SELECT walk.alone($seed, 40, true)") =~ s/'[0-9a-f-]{36}'/an id/gr } 1 .. 2;
	is($told[1], $told[0], 'a seed walks the same way again');
	is(missed(), '', 'every function did something, every refusal was met, orders came to every state');
};

subtest 'sixteen at once' => sub {
	# Enough to go on for a while; the rest of the walk is about holds, cancels and refusals.
	$shop->ask("CALL walk.open('by all', 100)");
	my ($done, @errors) = (0);
	$shop->load(
		clients => 16,
		seconds => $seconds,
		next => sub { return "SELECT walk.step('by all')"; },
		answered => sub {
			my ($client, $out, $err) = @_;
			$done++;
			push @errors, $err if $err ne '';
		});
	diag("$done steps");
	is($errors[0], undef, 'no error that is not documented');
	is($shop->deadlocks, 0, 'no deadlock');
	is($shop->ask("SELECT walk.broken('by all')"), '', 'every promise holds, every unit is accounted for');
	$shop->invariants_hold('in all stores');
};

done_testing();
