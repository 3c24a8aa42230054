# Every released version becomes the newest: by ALTER EXTENSION UPDATE and create_tables() its catalog is
# that of a fresh install, its rows are what they were, what was going on goes on.
#
# The scripts of releases are run with the library of today: one that names a C function that is gone
# does not install (CREATE FUNCTION looks it up), and the shop is filled by the functions as they were.
use strict;
use warnings;
use Copies;
use Shop;
use Test::More;

my ($here) = __FILE__ =~ m{^(.*/)} ? $1 : './';
my @released = map { /--([0-9.]+)\.sql$/ ? $1 : () } glob("${here}../../sql/weedgo_checkout--*.sql");
ok(@released > 0, 'there is a release: ' . join(' ', @released));

my $node = PostgreSQL::Test::Cluster->new('upgrade');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\nfsync = off\nsession_preload_libraries = 'weedgo_checkout'\n");
$node->start;
my $fresh = Copies::make_shop($node, 'fresh');
my $catalog = Copies::catalog($fresh);
$fresh->close; # it is copied below
my $directory = PostgreSQL::Test::Utils::tempdir();

# A program of PostgreSQL's, against this cluster.
sub run { $node->command_ok([@_], "$_[0] $_[-1]"); }
sub make_tables { $_[0]->ask("DO 'BEGIN PERFORM weedgo.create_tables(); END'"); }

# What a DBA does who wants the new functions, too: roles have those of the release that they were granted.
sub bring_up_to_date
{
	my ($shop) = @_;
	make_tables($shop);
	$shop->ask("SELECT weedgo.grant_app('shop_staff', 'staff')");
}

# A copy of a database, by dump and restore.
sub restored
{
	my ($from, $to) = @_;
	run('pg_dump', '--format=custom', "--file=$directory/$to", '-d', $node->connstr($from));
	$node->safe_psql('postgres', "CREATE DATABASE $to");
	run('pg_restore', '--exit-on-error', '-d', $node->connstr($to), "$directory/$to");
	return Shop->on($node, $to);
}

for my $version (@released)
{
	subtest "from $version" => sub {
		my $name = 'from_' . $version =~ tr/./_/r;
		my $shop = Copies::make_shop($node, $name, $version);
		is($shop->ask("SELECT extversion FROM pg_extension WHERE extname = 'weedgo_checkout'"), $version, 'it is that version');
		my $rows = Copies::rows($shop);
		is(join(' ', $rows =~ /^(\w+)\|0\|/mg), '', 'no table is empty');
		my $loaded = restored($name, "${name}_loaded");
		my $session = $shop->session;
		is($session->value("SELECT total FROM weedgo.calc_order_totals(shop.id('store'), shop.id('waiting'))"), '11.30', 'a session is at work');

		$shop->ask('ALTER EXTENSION weedgo_checkout UPDATE');
		bring_up_to_date($shop);
		Copies::same(Copies::catalog($shop), $catalog, 'its catalog is that of a fresh install');
		is(Copies::rows($shop), $rows, 'every row is what it was');
		Copies::grants_are_kept($shop);
		my $dumped = restored($name, "${name}_dumped");
		Copies::same(Copies::catalog($dumped), $catalog, 'so is the catalog that its dump makes');
		Copies::grants_are_kept($dumped);
		is($session->value(Shop::checkout('waiting')), '11.30', 'the session goes on');
		$session->close;
		Copies::goes_on($shop);

		bring_up_to_date($loaded);
		Copies::same(Copies::catalog($loaded), $catalog, "a dump of $version that is restored into the newest becomes the same");
		is(Copies::rows($loaded), $rows, 'with the same rows');
		Copies::goes_on($loaded);
	};
}

# What a later release may find missing or changed: SQL that does it to everything of a kind.
my $tables = "relnamespace = 'weedgo_data'::regnamespace AND relkind = 'r'";
my %damages = (
	'the last column of orders is missing' => "VALUES ('ALTER TABLE weedgo_data.orders DROP COLUMN counted_on')",
	'indexes are missing' => "SELECT format('DROP INDEX %s', i.indexrelid::regclass) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE $tables AND NOT indisprimary",
	'triggers are missing' => "SELECT format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE $tables",
	'functions of triggers are missing' => "SELECT format('DROP FUNCTION %s CASCADE', oid::regprocedure) FROM pg_proc WHERE pronamespace = 'weedgo_data'::regnamespace AND prorettype = 'trigger'::regtype",
	'functions are other ones' => "SELECT replace(pg_get_functiondef(oid), prosrc, prosrc || '-- as it was ') FROM pg_proc WHERE pronamespace = 'weedgo_data'::regnamespace AND prosrc <> ''",
	'tables have no comments' => "SELECT format('COMMENT ON TABLE %s IS NULL', oid::regclass) FROM pg_class WHERE $tables",
	'columns have other comments' => "SELECT format('COMMENT ON COLUMN %s.%I IS %L', oid::regclass, attname, 'as it was') FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
	  . " WHERE $tables AND col_description(c.oid, attnum) IS NOT NULL",
	'policies are missing' => "SELECT format('DROP POLICY %I ON %s', polname, polrelid::regclass) FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE $tables",
	'tables are missing' => "SELECT format('DROP TABLE %s CASCADE', oid::regclass) FROM pg_class WHERE $tables AND relname IN ('lots', 'store_roles')",
);
for my $damage (sort keys %damages)
{
	subtest "create_tables() mends it where $damage" => sub {
		$node->safe_psql('postgres', 'CREATE DATABASE damaged TEMPLATE fresh');
		my $shop = Shop->on($node, 'damaged');
		my $rows = Copies::rows($shop);
		$shop->ask("SET client_min_messages = warning; DO \$\$ DECLARE statement text; BEGIN FOR statement IN $damages{$damage} LOOP EXECUTE statement; END LOOP; END \$\$");
		isnt(Copies::catalog($shop), $catalog, 'the catalog is another then');
		make_tables($shop);
		Copies::same(Copies::catalog($shop), $catalog, 'and is what it was afterwards');
		is(Copies::rows($shop), $rows, 'with the rows it had') unless $damage =~ /column of|tables are missing/;
		$shop->close;
		$node->safe_psql('postgres', 'DROP DATABASE damaged');
	};
}

done_testing();
