# Calls with random arguments, as SQL on one line each that can be called again by hand.
#
# A call is tame, wild or something between. A tame argument is what a shop would say: of its name,
# where %tame knows it, else of its type. A wild one is at the edge of its type, or a tame one that
# somebody broke. So a function that is new is called as well; say in %tame what it likes.
package RandomCalls;

use strict;
use warnings;

use Proof;

my $nil = "'00000000-0000-0000-0000-000000000000'";
my @skus = map { "SKU-0$_" } 1 .. 5;
my @reals = ("'NaN'", "'Infinity'", "'-Infinity'", qw(0 -0.01 -1 0.004 0.005 0.995 1e-16383 1e131071 -1e131071 99999999.99
	  9999999999.99 9999999999.995 1e10 9223372036854775807 92233720368547758.08), 'round(1::numeric / 3, 1000)');

# The edges of every type; a function with an argument of a type that is not here is not tested.
my %edges = (
	uuid => [ $nil, "'ffffffff-ffff-ffff-ffff-ffffffffffff'", 'gen_random_uuid()', map { "shop.id('$_')" } 'store', 'far store', 'alice', 'cart 1' ],
	text => [ "''", "' '", "'%s%n%'", q('" \ '''), "E'\\n\\t\\x01'", "repeat('x', 255)", "repeat('x', 256)", "repeat('x', 1000000)",
		"repeat('🌿', 255)", "'; DROP TABLE weedgo_data.orders; --'", "'SKU-01'", "'{}'", "'NaN'", "'2024-02-30'", "chr(1114111)" ],
	name => [ "''", "'no_such'", "repeat('x', 70)", "'public'", "'none'", "'pg_database_owner'", q('"'), "'fuzz_idle'", 'current_user' ],
	integer => [ 0, -1, 1, 2, 1000, 10_000, 10_001, 2147483647, "'-2147483648'", 65536 ],
	numeric => \@reals,
	boolean => [ 'true', 'false' ],
	date => [ map { "'$_'" } 'infinity', '-infinity', '4713-01-01 BC', '0001-01-01', '0001-12-31 BC', '5874897-12-31', '2024-02-29', '9999-12-31', '10000-01-01' ],
	interval => [ map { "'$_'" } '0', '1 microsecond', '-1 microsecond', '-1 month 30 days', '1 month -29 days', '7 days', '7 days 1 microsecond',
		'178000000 years', '-178000000 years', '2147483647 days', '9223372036854.775807 seconds' ],
	'uuid[]' => [ "'{}'", "'{NULL}'", "ARRAY[$nil, NULL]::uuid[]", "ARRAY[ARRAY[shop.id('store')], ARRAY[shop.id('far store')]]",
		"'[-5:-5]={11111111-1111-1111-1111-111111111111}'", "array_fill(shop.id('store'), ARRAY[10001])", "array_fill(shop.id('store'), ARRAY[10, 10, 10])" ],
	jsonb => [],    # any_json makes them
);

sub one_of { return $_[ rand @_ ]; }
sub quoted { return "'" . ($_[0] =~ s/'/''/gr) . "'"; }

# --- documents: a string is a string, a reference to one is written as it is -------------------------

sub json
{
	my ($node) = @_;
	return $$node if ref $node eq 'SCALAR';
	return '[' . join(', ', map { json($_) } @$node) . ']' if ref $node eq 'ARRAY';
	return '{' . join(', ', map { json($_) . ': ' . json($node->{$_}) } sort keys %$node) . '}' if ref $node eq 'HASH';
	return '"' . ($node =~ s/(["\\])/\\$1/gr) . '"';
}

my @scalars = (
	(map { \$_ } qw(null true false 0 -1 1 2 2.5 1e400 -1e-400 2147483647 2147483648 9223372036854775808 1e16000 [] {}), ('[' x 1000) . (']' x 1000)),
	'', 'x', 'SKU-01', 'L-1', '1.00', '-1.00', '0.001', 'NaN', 'Infinity', '2024-02-30', '2024-02-29', 'infinity', 'now', 'cash', 'x' x 300,
	'x' x 20_000, '11111111-1111-1111-1111-111111111111', '1111-11111111-1111-1111-1111-11111111', '🌿', '{"a": 1}');
my @keys = qw(sku quantity lot lots packaged_on expires_on type amount reference latitude longitude street as_of preview wait lift discount
  age_checked row_security stores nonsense);

sub any_json
{
	my ($depth) = @_;
	my $kind = $depth > 3 ? 0 : rand;
	return one_of(@scalars) if $kind < 0.6;
	return [ map { any_json($depth + 1) } 1 .. rand 4 ] if $kind < 0.8;
	return { map { one_of(@keys, '') => any_json($depth + 1) } 1 .. rand 4 };
}

# The same document with one place changed.
sub broken_json
{
	my ($node) = @_;
	return any_json(1) if !ref $node || ref $node eq 'SCALAR' || rand() < 0.2;
	if (ref $node eq 'ARRAY')
	{
		my @items = @$node;
		return [ @items, any_json(1) ] if !@items || rand() < 0.1;
		return [ (@items) x one_of(2, 2, 600) ] if rand() < 0.2;
		my $place = rand @items;
		$items[$place] = broken_json($items[$place]);
		return \@items;
	}
	my %fields = %$node;
	my $key = one_of(keys %fields, one_of(@keys));
	return { %fields, $key => exists $fields{$key} ? broken_json($fields{$key}) : any_json(1) } if rand() < 0.8;
	delete $fields{$key};
	return \%fields;
}

# The same text with a letter gone, doubled, moved or replaced.
sub broken_text
{
	my ($text) = @_;
	for (1 .. 1 + rand 3)
	{
		my $place = int(rand(1 + length $text));
		my $letter = $place < length $text ? substr($text, $place, 1, '') : '';
		substr($text, rand(1 + length $text), 0) = one_of($letter, '', $letter x 2, one_of('-', ':', ' ', '0', 'f', 'G', '.'));
	}
	return $text;
}

# --- what a shop would say ------------------------------------------------------------------------------

sub items
{
	my %lots = map { $_ => one_of(0, 0, 1) } @skus[ 0 .. 2 ];
	return [ map { { sku => $_, quantity => \(1 + int(rand(3))), $lots{$_} ? (lot => $_ =~ s/SKU-0/L-/r) : () } } @skus[ rand @skus, rand @skus ] ];
}

# By name, or 'function.name': SQL, one of a list or what a function says; of jsonb a document, or undef for NULL.
# $_[0] is what the call is about.
my %tame = (
	store_id => sub { return $_[0]{store}; },
	to_store_id => sub { return $_[0]{other}; },
	cart_id => sub { return $_[0]{cart}; },
	order_id => sub { return $_[0]{order}; },
	before_order_id => sub { return $_[0]{order}; },
	'verify_audit.order_id' => [ 'NULL', 'NULL', $nil ],
	customer_id => sub { return $_[0]{customer}; },
	'get_order.customer_id' => [ 'NULL', 'NULL', "shop.id('alice')" ],
	'list_orders.customer_id' => [ "shop.id('alice')", "shop.id('bob')" ],
	payment_method_id => [ 'NULL', "'cash'" ],
	delivery_type => [ "'pickup'", "'delivery'", "'in_store'" ],
	delivery_address => sub { return one_of({ street => '1 King' }, { latitude => \'43.66', longitude => \'-79.38' }); },
	pickup_time => [ "'noon'" ],
	tip => [ 0, '1.005' ],
	promo_code => [ 'NULL', "''", "'SAVE10'", "'each'" ],
	expected_total => ['NULL'],
	idempotency_key => sub { return one_of('NULL', quoted('key ' . int(rand(1e6)))); },
	order_source => [ "'web'", "'pos'" ],
	'put_cart.items' => sub { return [ map { { sku => $_, quantity => \(1 + int(rand(3))) } } @skus[ rand @skus, rand @skus ] ]; },
	'refund_order.items' => sub { return one_of(undef, [ { sku => one_of(@skus), quantity => \'1' } ]); },
	items => \&items,
	payments => sub { return [ { type => 'cash', amount => '1000.00' } ]; },
	discount => [ 'NULL', 'NULL' ],
	discount_reason => ['NULL'],
	hold_for => [ "'15 minutes'", "'1 microsecond'" ],
	unpaid_for => [ "'1 hour'", "'0'" ],
	metadata => sub { return { note => 'x' }; },
	to_status => [ map { "'$_'" } qw(confirmed preparing ready out_for_delivery delivered cancelled) ],
	event => [ map { "'$_'" } qw(authorized captured captured failed voided refunded) ],
	'refund_order.amount' => [ 'NULL', 1 ],
	amount => [ '5.00', '12.34' ],
	provider_reference => sub { return quoted('ref ' . int(rand(1e6))); },
	payment_type => [ "'cash'", "'credit'" ],
	after_position => sub { return quoted($_[0]{position}); },
	max_rows => [ 1, 100 ],
	sku => sub { return quoted(one_of(@skus)); },
	change => [ 1, 2, -1 ],
	buckets => [ 'NULL', 1, 2, 4 ],
	'adjust_stock.reason' => [ "'counted'", "'damaged'", "'returned'" ],
	expected_available => ['NULL'],
	lot => [ "'L-1'", "'L-2'", "'L-3'" ],
	month => [ 'current_date', "'2024-02-29'" ],
	owner => [ 'NULL', "'weedgo_owner'" ],
	role => ["'fuzz_idle'"],
	kind => [ "'checkout'", "'staff'", "'reader'" ],
	store_ids => [ 'NULL', "ARRAY[shop.id('store')]", "ARRAY[shop.id('store'), shop.id('far store')]" ],
	'checkout_cart.options' => sub { return one_of(undef, { age_checked => \'true' }, { lots => { 'SKU-01' => 'L-1' } }); },
	'sell_in_store.options' => sub { return one_of(undef, { age_checked => \'true' }, { lots => { 'SKU-02' => 'L-2' } }); },
	'calc_order_totals.options' => sub { return one_of(undef, { as_of => '2024-02-29T12:00:00Z' }, { as_of => '2090-07-01 12:00:00-04' }); },
	'refund_order.options' => sub { return one_of(undef, { preview => \one_of('true', 'false') }); },
	'adjust_stock.options' => sub { return one_of(undef, { lot => 'L-1' }); },
	'recall_lot.options' => sub { return one_of(undef, { lift => \'true' }, { lift => \'true' }); },
	'tune_stock.options' => sub { return { samples => \'2', interval_ms => \'1', quiet_orders => \one_of(0, 5) }; },
	'hot_skus.options' => sub { return { samples => \'2', interval_ms => \'1' }; },
	'lock_cart.options' => sub { return one_of(undef, { wait => \one_of('true', 'false') }); },
	'create_tables.options' => sub { return one_of(undef, { row_security => \one_of('true', 'true', 'false', 'null') }); },
	'grant_app.options' => sub { return one_of(undef, { stores => \'null' }, { stores => ['00000000-0000-0000-0000-000000000000'] }); },
);

sub tame
{
	my ($about, $argument) = @_;
	my $say = $tame{"$argument->{function}.$argument->{name}"} // $tame{ $argument->{name} };
	return ref $say eq 'CODE' ? $say->($about) : one_of(@$say) if $say;
	return $argument->{type} eq 'jsonb' ? one_of(undef, {}) : one_of('NULL', $edges{ $argument->{type} }[0]);
}

sub wild
{
	my ($about, $argument) = @_;
	my ($type, $tame) = ($argument->{type}, tame($about, $argument));
	return $type eq 'jsonb' ? undef : 'NULL' if rand() < 0.15;
	return rand() < 0.7 ? broken_json($tame // items()) : any_json(0) if $type eq 'jsonb';
	return quoted(broken_text($1)) if rand() < 0.4 && $type eq 'text' && $tame =~ /^'(.*)'$/;
	return one_of(@{ $edges{$type} });
}

sub value
{
	my ($about, $argument, $wildness) = @_;
	my $value = rand() < $wildness ? wild($about, $argument) : tame($about, $argument);
	return $value if $argument->{type} ne 'jsonb';
	return defined $value ? quoted(json($value)) : 'NULL';
}

# The types among these arguments that have no edges here.
sub unknown_types
{
	my %types = map { $_->{type} => 1 } grep { $_->{type} } @_;
	return join(', ', sort grep { !exists $edges{$_} } keys %types);
}

# A call of a function with these arguments.
sub call
{
	my ($about, $function, @arguments) = @_;
	my $wildness = Proof::pick(0 => 4, 0.1 => 3, 0.3 => 2, 1 => 1);
	my @given = grep { !$_->{optional} || rand() < 0.75 } @arguments;
	return "SELECT * FROM weedgo.$function("
	  . join(', ', map { "$_->{name} => " . value($about, $_, $wildness) . "::$_->{type}" } @given) . ')';
}

1;
