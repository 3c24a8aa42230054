# One psql that is told a statement at a time.
package Session;

use strict;
use warnings;

use IO::Select ();
use IPC::Open3 ();
use Symbol ();
use Time::HiRes ();

# Far more than anything here takes, even on a busy machine.
our $patience_s = 60;

sub new
{
	my ($class, $connection) = @_;
	my $self = bless { text => { out => '', err => '' }, asked => 0 }, $class;
	my ($in, $out, $err) = map { Symbol::gensym() } 1 .. 3;
	$self->{psql} = IPC::Open3::open3($in, $out, $err,
		qw(psql -XAtq -v VERBOSITY=verbose -f - -d), $connection);
	@$self{qw(in pipes)} = ($in, { out => $out, err => $err });
	return $self;
}

# Sends a statement, with or without its semicolon, and does not wait for it. The mark after it tells
# where its answer ends. Should fit into a pipe (64 kB): psql may be busy writing meanwhile.
sub send
{
	my ($self, $sql) = @_;
	local $SIG{PIPE} = 'IGNORE';
	my $mark = 'answered ' . ++$self->{asked};
	$self->{sent_at} = Time::HiRes::time();
	syswrite($self->{in}, "$sql;\n\\echo $mark\n\\warn $mark\n");
}

# Whether the answer is there. There is none to wait for when psql is gone.
sub is_answered
{
	my ($self) = @_;
	my $mark = "answered $self->{asked}\n";
	return $self->is_gone || 2 == grep { index($_, $mark) >= 0 } values %{ $self->{text} };
}

sub is_gone { return !%{ $_[0]{pipes} }; }

# Waits for the answer: what psql wrote to its output, and its errors.
sub answer
{
	my ($self) = @_;
	read_any($self) until $self->is_answered;
	$self->{took_s} = Time::HiRes::time() - $self->{sent_at};
	my ($out, $err) = map { s/answered \d+\n//r } @{ $self->{text} }{qw(out err)};
	$self->{text} = { out => '', err => '' };
	chomp($out);
	return ($out, $err);
}

# Waits until one of the sessions says something, and reads what there is.
sub read_any
{
	my (@sessions) = @_;
	my $select = IO::Select->new(map { values %{ $_->{pipes} } } @sessions);
	my %ready = map { $_ => 1 } $select->can_read($patience_s)
	  or die "psql said nothing for $patience_s s";
	for my $session (@sessions)
	{
		my ($pipes, $text) = @$session{qw(pipes text)};
		for my $name (grep { $ready{ $pipes->{$_} } } keys %$pipes)
		{
			delete $pipes->{$name} unless sysread($pipes->{$name}, $text->{$name}, 65536, length $text->{$name});
		}
	}
}

sub ask
{
	my ($self, $sql) = @_;
	$self->send($sql);
	return $self->answer;
}

# Seconds from sending the last statement to its answer.
sub took { return $_[0]{took_s}; }

# What the statement returned; dies where it failed.
sub value
{
	my ($self, $sql) = @_;
	my ($out, $err) = $self->ask($sql);
	die "$sql\n$err" if $err ne '';
	return $out;
}

# The server process. It is asked for once, so call this before the session waits for anything.
sub pid
{
	my ($self) = @_;
	return $self->{pid} //= $self->value('SELECT pg_backend_pid()');
}

# The client dies without a word to the server.
sub kill_client
{
	my ($self) = @_;
	kill 'KILL', $self->{psql};
}

# The client ends as psql does when there is nothing more to do.
sub close
{
	my ($self) = @_;
	close($self->{in});
	read_any($self) until $self->is_gone;
	waitpid($self->{psql}, 0);
}

1;
