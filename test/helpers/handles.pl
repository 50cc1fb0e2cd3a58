# File handles of a mounted tree (x86-64): `save` writes one a line for every entry, with its inode number; `open` opens
# each in a new mount and compares. Prints how many there were.
use strict;
my ($command, $root, $list) = @ARGV;
my ($O_RDONLY, $O_PATH, $AT_FDCWD) = (0, 0x200000, -100);
if ($command eq "save") {
  open my $out, ">", $list or die "$list: $!";
  my $count = 0;
  my $visit;
  $visit = sub {
    my ($path) = @_;
    my @stat = lstat $path or die "$path: $!";
    my $handle = pack("LL", 64, 0) . "\0" x 64;
    my $mount = pack("L", 0);
    syscall(303, $AT_FDCWD, $path, $handle, $mount, 0) == 0 or die "name_to_handle_at $path: $!";
    my ($size) = unpack("L", $handle);
    print $out unpack("H*", substr($handle, 0, 8 + $size)), " $stat[1] $stat[2]\n";
    $count++;
    return unless -d _;
    opendir my $dir, $path or die "$path: $!";
    my @names = grep { $_ ne "." && $_ ne ".." } readdir $dir;
    closedir $dir;
    $visit->("$path/$_") for @names;
  };
  $visit->($root);
  print $count;
} else {
  open my $in, "<", $list or die "$list: $!";
  opendir my $dir, $root or die "$root: $!";
  my $count = 0;
  while (<$in>) {
    my ($hex, $inode, $mode) = split;
    my $fd = syscall(304, fileno($dir), pack("H*", $hex), $O_PATH);
    $fd >= 0 or die "open_by_handle_at inode $inode: $!";
    my @stat = stat "/proc/self/fd/$fd";
    # a link cannot be looked at through its own descriptor
    if (($mode & 0170000) != 0120000) {
      die "inode $inode became $stat[1]" unless $stat[1] == $inode && $stat[2] == $mode;
    }
    syscall(3, $fd);
    $count++;
  }
  print $count;
}
