#!/usr/bin/perl
# Perl's WWW::Facebook::API, a client library of 2008, against /restserver.php of `smsim serve`, unchanged.
use strict;
use warnings;
use utf8;
use Encode qw(decode_utf8 encode_utf8);
use IO::Select;
use IO::Socket::INET;
use WWW::Facebook::API;

# Said in world.sms.
my ( $API_KEY, $SECRET ) = qw(0289b21f46b2ee642d5c42145df5489f 3e4a22bb2f5ed75114b0fc9995ea85f1);
my $SESSION_KEY = '5f34e11bfb97c762e439e6a5-609143784';
my ( $ALICE, $BOB, $CAROL ) = ( 609143784, 609143785, 609143786 );
my $SERVER_URI = "http://127.0.0.1:$ENV{HTTP_PORT}/restserver.php";

$| = 1;
binmode STDOUT, ':encoding(UTF-8)';
$SIG{ALRM} = sub { die "the peer did not finish in 120 s\n" };
alarm 120;

my $failed = 0;

sub check {
    my ( $fact, $ok, $got ) = @_;
    $failed++ if !$ok;
    print $ok ? "  ok   $fact\n" : "  FAIL $fact: got " . ( $got // q{nothing} ) . "\n";
    return;
}

# The library as an app uses it; only server_uri is ours. Errors are read from last_error instead of being warned of.
sub facebook {
    my (%more) = @_;
    my $facebook = WWW::Facebook::API->new(
        api_key      => $API_KEY,
        secret       => $SECRET,
        server_uri   => $SERVER_URI,
        throw_errors => 0,
        %more,
    );
    $facebook->ua->no_proxy('127.0.0.1');
    $facebook->ua->timeout(10);
    return $facebook;
}

# What a call gave: "value V", or "error N" as the library read it.
sub outcome {
    my ( $facebook, $value ) = @_;
    my ( $success, $error ) = @{ $facebook->call_success };
    return 'error ' . ( $error =~ /^(\d+): ./ ? $1 : "unreadable: $error" ) if !$success;
    return 'value ' . ( defined $value ? $value : 'undef' );
}

# What the library reads a callback's fields from: the parameters of CGI.pm, without CGI.pm.
package Query;

sub new { my ( $class, $form ) = @_; return bless { map { _pair($_) } split /&/, $form }, $class }
sub _pair { return map { tr/+/ /; s/%(\p{AHex}{2})/chr hex $1/ge; Encode::decode_utf8($_) } map { "$_" } split /=/, $_[0], 2 }
sub param { my ( $self, $name ) = @_; return defined $name ? $self->{$name} : keys %{$self} }

package main;

# The app's callback URL, and the next callback to it as the library reads it: answered in the same minute, after HTTP's 200.
my $app = IO::Socket::INET->new( Listen => 5, LocalAddr => '127.0.0.1', Proto => 'tcp' ) or die "no port: $@\n";

sub callback {
    my ($facebook) = @_;
    IO::Select->new($app)->can_read(10) or die "no callback in 10 s\n";
    my $connection = $app->accept or die "no callback: $!\n";
    my ( $octets, $body ) = ( q{}, undef );
    while ( !defined $body ) {
        sysread $connection, $octets, 4096, length $octets or die "the callback broke off\n";
        my ( $head, $rest ) = split /\r\n\r\n/, $octets, 2;
        my ($length) = $head =~ /^content-length: (\d+)/im;
        $body = $rest if defined $rest && length $rest >= $length;
    }
    print {$connection} "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    close $connection;
    # The signature is over octets.
    my $query = Query->new($body);
    $query->{$_} = encode_utf8( $query->{$_} ) for keys %{$query};
    return $facebook->canvas->validate_sig($query);
}

# A person texts, as the control API lets them.
sub text {
    my ($line) = @_;
    my $ua = LWP::UserAgent->new( timeout => 10 );
    $ua->no_proxy('127.0.0.1');
    my $done = $ua->post( "http://127.0.0.1:$ENV{HTTP_PORT}/api/v1/worlds/default/steps", Content => encode_utf8($line) );
    die 'nobody texts: ' . $done->as_string if !$done->is_success;
    return;
}

my $facebook = facebook();
my $got;

my $url = 'http://127.0.0.1:' . $app->sockport . '/quiz';
$got = outcome( $facebook, $facebook->call( 'admin.setAppProperties', properties => qq({"callback_url":"$url"}) ) );
check( 'the app says where it listens', $got eq 'value 1' || $got eq 'value true', $got );

text('alice > "quiz play café"');
my $signed = callback($facebook);
check( 'the library takes the callback\'s signature', $signed && $signed->{user} eq $ALICE, $signed && $signed->{user} );
check( 'with the message without the canvas name', decode_utf8( $signed->{message} ) eq 'play café', $signed->{message} );
my @answer = ( uid => $ALICE, message => 'Who directed Jaws?', session_id => $signed->{sms_sid} );
$got = outcome( $facebook, $facebook->sms->send(@answer) );
check( 'the answer within the session is sent', $got eq 'value 0', $got );
$got = outcome( $facebook, $facebook->sms->send(@answer) );
check( 'a second one is read as error 850', $got eq 'error 850', $got );
text('alice > "quiz again"');
my $forger_app = facebook( secret => '0' x 32 );
check( 'with another secret the callback is nothing to the library', !callback($forger_app), 'a callback' );

$got = outcome( $facebook, $facebook->sms->send( uid => $ALICE, message => 'Kings win 4-2', req_session => 1 ) );
check( 'sms.send with req_session gives the session id', $got =~ /^value [1-9]\d*$/, $got );
my $first = $got;

$got = outcome( $facebook, $facebook->sms->send( uid => $ALICE, message => 'Who directed Jaws?', req_session => 1 ) );
check( 'and another for the next question', $got =~ /^value [1-9]\d*$/ && $got ne $first, $got );

$got = outcome( $facebook, $facebook->sms->send( uid => $ALICE, message => 'Kings win 4-2' ) );
check( 'sms.send without a session gives 0', $got eq 'value 0', $got );

$got = outcome( $facebook, $facebook->sms->send( uid => $ALICE, message => 'Café at 8? £5', session_id => q{}, req_session => q{} ) );
check( 'text beyond ASCII and empty parameters are signed and sent', $got eq 'value 0', $got );

$got = outcome( $facebook, $facebook->sms->can_send( uid => $ALICE, session_key => $SESSION_KEY ) );
check( 'sms.canSend with a session key gives 0', $got eq 'value 0', $got );

for my $refusal (
    [ 'not opted in',             270, uid => $BOB,   message => 'Hi' ],
    [ 'Mobile Texts off',         856, uid => $CAROL, message => 'Hi' ],
    [ 'an empty message',         851, uid => $ALICE, message => q{} ],
    [ 'a session that is none',   850, uid => $ALICE, message => 'Hi', session_id => 98 ],
    [ 'two users',                100, uid => [ $ALICE, $BOB ], message => 'Hi' ],
) {
    my ( $fact, $error, @call ) = @{$refusal};
    my $refused = facebook();
    $got = outcome( $refused, $refused->sms->send(@call) );
    check( "$fact is read as error $error", $got eq "error $error", $got );
}

my $no_session = facebook();
$got = outcome( $no_session, $no_session->sms->can_send( uid => $ALICE ) );
check( 'sms.canSend without a session key is read as error 102', $got eq 'error 102', $got );

my $forger = facebook( secret => '0' x 32 );
$got = outcome( $forger, $forger->sms->send( uid => $ALICE, message => 'Hi' ) );
check( 'a wrong secret is read as error 104', $got eq 'error 104', $got );

my $xml = facebook( format => 'XML' );
$got = $xml->sms->send( uid => $ALICE, message => 'As XML' ) // q{};
check( 'in XML the value stands bare in sms_send_response',
    $got =~ m{\A<\?xml [^>]+>\s*<sms_send_response [^>]+>0</sms_send_response>\s*\z}, $got );

my $jsonp = facebook( callback => 'show' );
$got = outcome( $jsonp, $jsonp->sms->can_send( uid => $ALICE, session_key => $SESSION_KEY ) );
check( 'the library unwraps the JSONP callback', $got eq 'value 0', $got );

exit( $failed ? 1 : 0 );
