# Thirty-two clients buy, hold, cancel, pay and return, and again and again the server is killed in the
# middle of it. When it is back it has every order that a client saw confirmed, and nothing half-done.
use strict;
use warnings;
use Buyers;
use List::Util qw(shuffle);
use Proof;
use Shop;
use Test::More;

Proof::seed();
my $rounds = Proof::bound('ROUNDS', 5);

# Killed processes lose nothing that the kernel has; what they had only in their own memory is gone.
my $shop = Shop->start('crash', settings => <<'CONF');
fsync = on
restart_after_crash = on
log_statement = none
max_wal_size = 32MB
autovacuum_naptime = 1s
weedgo_checkout.lock_timeout = '60s'
CONF
my $node = $shop->node;
my $buyers = Buyers->new($shop);

sub processes
{
	my ($which) = @_;
	return split / /, $shop->ask("SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND $which");
}

my %crashes = (
	'a client\'s process is killed' => sub { kill('KILL', (shuffle(processes("backend_type = 'client backend'")))[0]); },
	'a process of the server itself is killed' => sub { kill('KILL', (shuffle(processes("backend_type NOT IN ('client backend', 'autovacuum worker')")))[0]); },
	'all processes but the postmaster are killed' => sub { kill('KILL', processes('true')); },
	'the postmaster is killed' => sub { $node->kill9; },
	'pg_ctl stop -m immediate' => sub { $node->stop('immediate'); },
);
my @kinds = shuffle(sort keys %crashes);

for my $round (1 .. $rounds)
{
	my $kind = $kinds[ $round % @kinds ];
	subtest "crash $round, $kind: no order is lost or made twice, no stock leaks (D5)" => sub {
		my $confirmed = $buyers->confirmed;
		$buyers->buy($shop, 32, 100 + int(rand(600)), $crashes{$kind});
		$shop->wait_until_down;
		$shop->close;

		# Where the postmaster lives, it has begun to recover.
		$node->start unless $node->{_pid};
		$shop->wait_until_up;
		$shop = Shop->on($node);
		cmp_ok($buyers->confirmed, '>', $confirmed, 'orders were confirmed');
		my $asked = $buyers->all_is_well($shop);
		diag("crash $round, $kind: $asked") if $rounds <= 20;
	};
	Proof::progress($round, $rounds, 'crashes');
}

diag($buyers->tally);
subtest 'a restart keeps everything, and goes on selling' => sub {
	my $contents = $shop->contents;
	$node->restart;
	$shop = Shop->on($node);
	is($shop->contents, $contents, 'everything is as it was');
	$shop->ask("SELECT shop.fill('after')");
	is($shop->ask(Shop::checkout('after')), '11.30', 'and goes on selling');
};

done_testing();
