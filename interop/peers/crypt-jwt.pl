# Perl's Crypt::JWT. A line of JSON in, a line out.

use strict;
use warnings;

# The library reads its clock with time and takes no other: this has to stand
# before it is loaded.
our $now;
BEGIN { *CORE::GLOBAL::time = sub () { defined $now ? $now : CORE::time() } }

use Crypt::JWT qw(encode_jwt decode_jwt);
use JSON::PP;

my $json = JSON::PP->new->utf8->canonical;

sub key {
    my ($request) = @_;
    return $request->{alg} =~ /^HS/ ? $request->{key} : \$request->{key};
}

# verify_aud compares one string with one string: an audience that may be an
# array in the token, or one of several here, takes code.
sub audience {
    my ($wanted) = @_;
    return $wanted unless ref $wanted;
    return sub {
        my ($aud) = @_;
        my %has = map { $_ => 1 } ref $aud ? @$aud : $aud;
        return grep { $has{$_} } @$wanted;
    };
}

my %operation = (
    hello => sub { return { version => $Crypt::JWT::VERSION } },
    sign  => sub {
        my ($request) = @_;
        return { token => encode_jwt(
            payload => $request->{claims},
            alg     => $request->{alg},
            key     => key($request),
        ) };
    },
    verify => sub {
        my ($request) = @_;
        local $now = $request->{now};
        return { claims => scalar decode_jwt(
            token        => $request->{token},
            key          => key($request),
            accepted_alg => $request->{alg},
            verify_aud   => audience($request->{audience}),
        ) };
    },
);

$| = 1;
while (my $line = <STDIN>) {
    my $request = $json->decode($line);
    my $answer  = eval { $operation{ $request->{op} }->($request) };
    if (!$answer) {
        (my $error = $@) =~ s/ at \S+ line \d+\.?\n.*//s;
        $answer = { error => $error };
    }
    print $json->encode($answer), "\n";
}
