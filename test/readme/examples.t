#!/usr/bin/env perl
#
# Runs the examples of README.md, word for word, and prints TAP.
#
#	```sql		goes to psql; blocks that follow one another share a session. A
#				```text block right behind one is what psql prints for it.
#	```console	lines that begin with "$ " are run by bash, the others are what
#				they print. "# exit status N" behind one is just that.
#	```FORMAT	behind a line <!-- file: NAME --> is written to that file, sql too.
#
# A line <!-- not run: REASON --> before a block leaves it out. Times and rates
# are compared as such, not by their digits. Works in a directory and a
# database of its own, on the server of the PG* environment, with the client of
# this checkout.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename;
use File::Temp qw(tempdir);

my $top = abs_path(dirname($0) . '/../..');
my $dir = tempdir(CLEANUP => 1);
my ($n, $failed) = (0, 0);

# An installation of the client for the compiler and the shell to find.
sub install_client
{
	my $out = `make -s -C $top/client install PREFIX=$dir/usr 2>&1`;
	die "cannot install the client: $out" if $?;
	$ENV{PATH} = "$dir/usr/bin:$ENV{PATH}";
	$ENV{PKG_CONFIG_PATH} = "$dir/usr/lib/pkgconfig";
	$ENV{LD_LIBRARY_PATH} = "$dir/usr/lib";
	return;
}

# {language, text, line, file, skip} of each fenced block
sub read_blocks
{
	my ($path) = @_;
	my (@blocks, $block, $file, $skip);
	open my $in, '<', $path or die "cannot read $path: $!\n";
	while (my $line = <$in>)
	{
		if ($block)
		{
			if ($line =~ /^```\s*$/) { push @blocks, $block; undef $block; }
			else { $block->{text} .= $line; }
		}
		elsif ($line =~ /^```(\w*)/)
		{
			$block = {language => $1, text => '', line => $., file => $file, skip => $skip};
			undef $file;
			undef $skip;
		}
		elsif ($line =~ /^<!-- file: (\S+) -->/) { $file = $1; }
		elsif ($line =~ /^<!-- not run: .+ -->/) { $skip = 1; }
	}
	close $in;
	die "$path: block at line $block->{line} does not end\n" if $block;
	return @blocks;
}

sub comparable
{
	my ($text) = @_;
	$text =~ s/\b\d+(\.\d+)? (ms|s)\b/N $2/g;
	$text =~ s/\b[\d,.]+k? rows\/s/N rows\/s/g;
	$text =~ s/"seconds": [\d.]+/"seconds": N/g;
	$text =~ s/\(PostgreSQL \d+\S+(?: \(Debian [^)]*\))?\)/(PostgreSQL)/g;
	$text =~ s/[ \t]+$//mg;
	$text =~ s/^TAP version 1[34]\n//mg; # of newer cmockas
	# 18 has them, with names
	$text =~ s/^ +Not-null constraints:\n(?: {4,}.*\n)+//mg;
	$text =~ s/\n+\z/\n/;
	return $text;
}

sub report
{
	my ($what, $got, $expected) = @_;
	$n++;
	if (comparable($got) eq comparable($expected)) { print "ok $n - $what\n"; return; }
	$failed++;
	print "not ok $n - $what\n";
	print "# expected:\n", map { "#   $_\n" } split /\n/, $expected;
	print "# got:\n", map { "#   $_\n" } split /\n/, $got;
	return;
}

# One session; what is printed between two marks belongs to one block.
sub run_sql
{
	my @group = @_;
	my $script = "$dir/script.sql";
	open my $out, '>', $script or die "$script: $!\n";
	print $out $_->{text}, "\\echo <<end of block>>\n" for @group;
	close $out;
	my @got = split /<<end of block>>\n/, `cd $dir && psql -X -q <$script 2>&1`, -1;
	for my $i (0 .. $#group)
	{
		my $expected = $group[$i]->{output};
		report("README.md:$group[$i]->{line} sql", $got[$i] // "(psql ended before it)\n", $expected // '')
		  if defined $expected || ($got[$i] // "ERROR: psql ended") =~ /ERROR|FATAL/;
		report("README.md:$group[$i]->{line} sql runs", '', '') if !defined $expected;
	}
	return;
}

sub run_console
{
	my ($block) = @_;
	my @steps = split /^\$ /m, $block->{text};
	shift @steps;
	for my $step (@steps)
	{
		my ($command, $expected) = $step =~ /\A((?:[^\n]*\\\n)*[^\n]*)\n(.*)\z/s;
		open my $script, '>', "$dir/command.sh" or die "$!\n";
		print $script "$command\n";
		close $script;
		my $got = `cd $dir && bash command.sh 2>&1 </dev/null`;
		my $status = $? >> 8;
		$got .= "# exit status $status\n" if $status;
		report("README.md:$block->{line} \$ $command", $got, $expected);
	}
	return;
}

install_client();
my $database = "aiodal_readme_$$";
system('createdb', '-T', 'template0', $database) == 0 or die "cannot create database $database\n";
END { system('dropdb', '--force', $database) if $database; }
$ENV{PGDATABASE} = $database;
my @blocks = read_blocks("$top/README.md");
my @group;
for my $block (@blocks)
{
	if ($block->{language} eq 'text' && @group && !defined $group[-1]->{output})
	{
		$group[-1]->{output} = $block->{text};
		next;
	}
	if ($block->{language} eq 'sql' && !$block->{skip} && !$block->{file}) { push @group, $block; next; }
	next if $block->{skip};
	if ($block->{file})
	{
		open my $out, '>', "$dir/$block->{file}" or die "$block->{file}: $!\n";
		print $out $block->{text};
		close $out;
	}
	if ($block->{language} eq 'console')
	{
		run_sql(@group) if @group;
		@group = ();
		run_console($block);
	}
}
run_sql(@group) if @group;
print "1..$n\n";
exit($failed ? 1 : 0);
