# A database that was dumped and restored has the ledger it had: what COPY puts into stock on the way
# is not entered a second time.
use strict;
use warnings;
use Shop;
use Test::More;

my $shop = Shop->start('restore');
my $node = $shop->node;
my $directory = PostgreSQL::Test::Utils::tempdir();
$shop->ask("SELECT shop.fill('cart', 1, 2), shop.fill('held', 3)");
my $order = $shop->ask(Shop::checkout('cart', "delivery_type => 'in_store'") =~ s/total/order_id/r);
$shop->ask("SELECT weedgo.fulfil_order(shop.id('store'), '$order')");
$shop->ask(Shop::reserve('held'));
$shop->ask("SELECT weedgo.adjust_stock(shop.id('store'), 'SKU-04', -1, 'lost')");

# Runs a program of PostgreSQL's against this cluster.
sub run
{
	my (@command) = @_;
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port);
	ok(PostgreSQL::Test::Utils::run_log(\@command), $command[0]);
}
my $ledger = 'SELECT md5(string_agg(l::text, chr(10) ORDER BY entry_id)) FROM weedgo_data.stock_ledger l';

sub is_in_order
{
	my ($database) = @_;
	my $ask = sub { return $node->safe_psql($database, "SET jit = off; $_[0]"); };
	is($ask->($ledger), $shop->ask($ledger), 'the ledger is the one that was dumped');
	is($ask->('SELECT * FROM weedgo.verify_invariants()'), '', 'every invariant holds');
	is($ask->('SELECT * FROM weedgo.check_setup() WHERE object LIKE \'weedgo_data.%\''), '', 'the triggers are there');
	$ask->("INSERT INTO weedgo_data.stock (store_id, sku, available) VALUES (shop.id('store'), 'NEW', 5)");
	is($ask->("SELECT change || ' ' || reason FROM weedgo_data.stock_ledger WHERE sku = 'NEW'"), '5 opening', 'and what is inserted now is entered');
}

for my $format ('custom', 'plain')
{
	subtest "a whole database, format $format" => sub {
		run('pg_dump', "--format=$format", "--file=$directory/$format", 'postgres');
		$node->safe_psql('postgres', "CREATE DATABASE $format");
		run($format eq 'plain' ? ('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$directory/$format", $format)
			: ('pg_restore', '--exit-on-error', "--dbname=$format", "$directory/$format"));
		is_in_order($format);
	};
}

subtest 'rows only, into tables that are there' => sub {
	run('pg_dump', '--data-only', '--disable-triggers', '--format=custom', '--schema=weedgo_data',
		"--file=$directory/rows", 'postgres');
	$node->safe_psql('postgres', 'CREATE DATABASE rows');
	$node->safe_psql('rows', "CREATE EXTENSION weedgo_checkout; DO 'BEGIN PERFORM weedgo.create_tables(); END';"
		  . ' DELETE FROM weedgo_data.tax_rates; CREATE SCHEMA shop;'
		  . ' CREATE FUNCTION shop.id(name text) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN md5(name)::uuid');
	run('pg_restore', '--data-only', '--disable-triggers', '--exit-on-error', '--dbname=rows', "$directory/rows");
	is_in_order('rows');
};

done_testing();
