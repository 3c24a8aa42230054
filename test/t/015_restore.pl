# A copy of a database has the rows it had, and goes on where the first was: by pg_dump and pg_restore, into
# this release of PostgreSQL and those later ones that are here; and the database itself, without the
# extension and with it again. The ledger is the one that was dumped: what COPY puts into stock on the
# way is not entered a second time.
use strict;
use warnings;
use Copies;
use Shop;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('restore');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\nfsync = off\nsession_preload_libraries = 'weedgo_checkout'\n");
$node->start;
my $shop = Copies::make_shop($node, 'shop');
my ($rows, $catalog) = (Copies::rows($shop), Copies::catalog($shop));
my $directory = PostgreSQL::Test::Utils::tempdir();

# A program of PostgreSQL's, of the release that the server is of.
sub run
{
	my ($server, $program, @arguments) = @_;
	$server->command_ok([ $program, @arguments ], $program);
}

# Fills an empty database from a dump.
sub restore
{
	my ($server, $database, $file, @options) = @_;
	my $target = $server->connstr($database);
	return run($server, 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-f', $file, '-d', $target) if $file =~ /plain$/;
	return run($server, 'pg_restore', '--exit-on-error', @options, '-d', $target, $file);
}

sub is_in_order
{
	my ($copy) = @_;
	is(Copies::rows($copy), $rows, 'every row is there, and no other');
	Copies::goes_on($copy);
	$copy->ask("INSERT INTO weedgo_data.stock (store_id, sku, available) VALUES (shop.id('store'), 'NEW', 5)");
	is($copy->ask("SELECT change || ' ' || reason FROM weedgo_data.stock_ledger WHERE sku = 'NEW'"), '5 opening', 'what is inserted now is entered');
}

for my $format ('custom', 'plain')
{
	subtest "a whole database, format $format" => sub {
		run($node, 'pg_dump', "--format=$format", "--file=$directory/$format", '-d', $node->connstr('shop'));
		$node->safe_psql('postgres', "CREATE DATABASE $format");
		restore($node, $format, "$directory/$format");
		my $copy = Shop->on($node, $format);
		Copies::same(Copies::catalog($copy), $catalog, 'the catalog is what it was');
		Copies::grants_are_kept($copy);
		is_in_order($copy);
	};
}

subtest 'rows only, into tables that are there' => sub {
	run($node, 'pg_dump', '--data-only', '--disable-triggers', '--format=custom', '--schema=weedgo_data', "--file=$directory/rows", '-d', $node->connstr('shop'));
	$node->safe_psql('postgres', 'CREATE DATABASE rows');
	$node->safe_psql('rows', Shop::set_up() . Copies::helpers() . q{DO 'BEGIN PERFORM weedgo.create_tables(options => ''{"row_security": true}''); END'});
	my $empty = Shop->on($node, 'rows');
	$empty->ask('TRUNCATE ' . $empty->ask("SELECT string_agg(oid::regclass::text, ', ') FROM pg_class WHERE relnamespace = 'weedgo_data'::regnamespace AND relkind = 'r'"));
	restore($node, 'rows', "$directory/rows", '--data-only', '--disable-triggers');
	is_in_order($empty);
};

subtest 'without the extension, and with it again' => sub {
	$node->safe_psql('postgres', 'CREATE DATABASE again');
	restore($node, 'again', "$directory/custom");
	my $again = Shop->on($node, 'again');
	$again->ask('DROP FUNCTION shop.fill; DROP EXTENSION weedgo_checkout');
	is(Copies::rows($again), $rows, 'every row stays');
	$again->ask("CREATE EXTENSION weedgo_checkout; DO 'BEGIN PERFORM weedgo.create_tables(); END'");
	Copies::grant($again);
	Copies::same(Copies::catalog($again), $catalog, 'the catalog is what it was');

	# Also the right of the tables' owner to call lock_cart, as it does when items are edited.
	run($node, 'pg_dump', '--format=custom', "--file=$directory/of_again", '-d', $node->connstr('again'));
	$node->safe_psql('postgres', 'CREATE DATABASE of_again');
	restore($node, 'of_again', "$directory/of_again");
	my $copy = Shop->on($node, 'of_again');
	Copies::same(Copies::catalog($copy), $catalog, 'so it is in a copy of it');
	Copies::grants_are_kept($copy);
	is_in_order($_) for $again, $copy;
};

# By the later release's own pg_dump, as its manual wants it.
for my $release (17, 18)
{
	my $path = "/usr/lib/postgresql/$release";
	my $server_has_us = -x "$path/bin/pg_ctl" && -e "/usr/share/postgresql/$release/extension/weedgo_checkout.control";
	diag("PostgreSQL $release with weedgo_checkout is not here: no restore into it is tested"), next unless $server_has_us;
	subtest "into PostgreSQL $release" => sub {
		my $later = PostgreSQL::Test::Cluster->new("release_$release", install_path => $path);
		$later->init;
		$later->append_conf('postgresql.conf', "jit = off\nfsync = off\nsession_preload_libraries = 'weedgo_checkout'\n");
		$later->start;
		$later->safe_psql('postgres', "CREATE ROLE $_") for 'weedgo_owner', Copies::roles();
		run($later, 'pg_dump', '--format=custom', "--file=$directory/$release", '-d', $node->connstr('shop'));
		$later->safe_psql('postgres', 'CREATE DATABASE shop');
		restore($later, 'shop', "$directory/$release");
		is_in_order(Shop->on($later, 'shop'));
	};
}

done_testing();
