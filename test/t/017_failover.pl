# A primary is killed again and again while clients buy, and its synchronous standby takes its place.
# Every order that a client saw confirmed is there, none twice, and who got no answer asks the new
# primary. What was the primary comes back as the standby, and the next round goes the other way.
use strict;
use warnings;
use Buyers;
use List::Util qw(shuffle);
use Proof;
use Shop;
use Test::More;

Proof::seed();
my $rounds = Proof::bound('ROUNDS', 3);

my $shop = Shop->start('east', streaming => 1, settings => <<'CONF');
fsync = on
log_statement = none
max_connections = 100
shared_buffers = 32MB
wal_keep_size = 256MB
autovacuum_naptime = 1s
weedgo_checkout.lock_timeout = '60s'
CONF
my $buyers = Buyers->new($shop);

# From here on no commit is acknowledged that the other one does not have, whoever is the primary. The
# setting is there when a server starts: no commit slips through before it is read.
my $standby = PostgreSQL::Test::Cluster->new('west');
$shop->node->backup('copy');
$standby->init_from_backup($shop->node, 'copy', has_streaming => 1);
$_->append_conf('postgresql.conf', "synchronous_standby_names = 'east, west'") for $shop->node, $standby;
$shop->close;
$shop->node->restart;
$standby->start;
$shop = Shop->on($shop->node);

sub wait_until_synchronous
{
	my ($name) = @_;
	$shop->wait_until("SELECT EXISTS (SELECT FROM pg_stat_replication WHERE application_name = '$name' AND sync_state = 'sync')");
}

# A server whose last commits the new primary may not have goes back to where they parted.
sub follow
{
	my ($node, $primary) = @_;
	PostgreSQL::Test::Utils::system_or_bail('pg_rewind', '--no-sync', '--target-pgdata', $node->data_dir,
		'--source-server', $primary->connstr('postgres'));
	# The other's settings came with it.
	$node->append_conf('postgresql.conf', 'port = ' . $node->port);
	$node->enable_streaming($primary);
	$node->start;
}

# The standby is out of reach, and clients give up waiting for it: their commits are on the primary only. They
# ask again; that must not tell them of an order that only the primary has. In the end the primary is lost.
sub give_up_and_kill
{
	my ($primary) = @_;
	my ($receiver, $impatience) = ($standby->safe_psql('postgres', 'SELECT pid FROM pg_stat_wal_receiver'), $shop->session);
	return (
		sub {
			kill('STOP', $receiver);
			$impatience->send(<<'SQL');
DO $$
BEGIN
    LOOP
        PERFORM pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep';
        PERFORM pg_sleep(0.02);
        PERFORM pg_stat_clear_snapshot();
    END LOOP;
END $$
SQL
		},
		100 + int(rand(100)) => sub {
			$primary->kill9;
			kill($_, $receiver) for qw(TERM CONT); # and never reads what is on the way
			$impatience->close;
		});
}

my %failures = (
	'is killed' => sub {
		my ($primary) = @_;
		return sub { $primary->kill9; };
	},
	'is stopped at once' => sub {
		my ($primary) = @_;
		return sub { $primary->stop('immediate'); };
	},
	'loses its standby, clients give up waiting, and then it is killed' => \&give_up_and_kill,
);
my @kinds = shuffle(sort keys %failures);

for my $round (1 .. $rounds)
{
	my ($primary, $kind) = ($shop->node, $kinds[ $round % @kinds ]);
	subtest "failover $round: the primary $kind; no order is lost or made twice" => sub {
		wait_until_synchronous($standby->name);
		my $confirmed = $buyers->confirmed;
		$buyers->buy($shop, 24, 100 + int(rand(600)) => $failures{$kind}->($primary));

		$standby->promote;
		$shop->wait_until_down;
		$shop->close;
		$shop = Shop->on($standby);
		cmp_ok($buyers->confirmed, '>', $confirmed, 'orders were confirmed');

		# pg_rewind reads from the control file when the new primary began.
		$shop->ask('CHECKPOINT');
		follow($primary, $standby);
		wait_until_synchronous($primary->name);
		my $asked = $buyers->all_is_well($shop);
		diag("failover $round: the primary $kind: $asked") if $rounds <= 20;
		$standby = $primary;
	};
	Proof::progress($round, $rounds, 'failovers');
}
diag($buyers->tally);
done_testing();
