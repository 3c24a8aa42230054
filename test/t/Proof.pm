# What the tests of promises share: a seed that is told and can be given again, a bound, and a line
# of progress. Their short forms run in make check; scripts/proofs/ runs them at length.
package Proof;

use strict;
use warnings;

use Test::More;
use Time::HiRes qw(time);

# The seed of this run, for all that is random in it: SEED=n gives it again.
sub seed
{
	my $seed = $ENV{SEED} // int(rand(1_000_000));
	diag("SEED=$seed");
	srand($seed);
	return $seed;
}

# How much of something is done: what the environment says (ROUNDS=200), or else the short form.
sub bound
{
	my ($name, $short) = @_;
	my $bound = $ENV{$name} // $short;
	die "$name is a number, not $bound" unless $bound =~ /^[0-9]+$/;
	return $bound;
}

# Says on a terminal how far it is, once a second at most.
my $last_s = 0;

sub progress
{
	my ($done, $all, $what) = @_;
	return unless -t STDERR && ($done == $all || time - $last_s > 1);
	$last_s = time;
	print STDERR "\r\e[K# $what: $done of $all" . ($done == $all ? "\n" : '');
}

# One of the values, each as likely as its share: pick(a => 3, b => 1).
sub pick
{
	my @shares = @_;
	my $sum = 0;
	$sum += $shares[ 2 * $_ + 1 ] for 0 .. $#shares / 2;
	my $at = rand($sum);
	while (@shares > 2 && ($at -= $shares[1]) >= 0) { splice(@shares, 0, 2); }
	return $shares[0];
}

1;
