/** A tree with extended attributes, made by a shell: getfattr and setfacl have to be there, and root has to run it. */

/** Attributes of every namespace that Linux stores, on entries of every kind that can have them. */
export const MAKE_ATTRIBUTES = `
set -e
mkdir -p tree/sub/deep tree/many tree/acl
printf 1 > tree/file; printf 2 > tree/sub/caps; printf 3 > tree/sub/deep/label; ln tree/file tree/sub/name
ln -s file tree/link; ln -s nowhere tree/dangling; mkfifo tree/fifo; mknod tree/null c 1 3
setfattr -n user.root -v "of the root" tree
setfattr -n user.empty tree/file
setfattr -n user.binary -v 0x00ff0a0d00 tree/file
setfattr -n user.equals=sign -v x tree/file
setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 tree/sub/caps
for each in tree/sub/deep/label tree/sub/deep tree/link tree/dangling tree/fifo tree/null; do
  setfattr -h -n security.selinux -v system_u:object_r:bin_t:s0 $each
done
setfattr -h -n trusted.link -v of-the-link tree/link
setfattr -n trusted.overlay.opaque -v y tree/sub
# shared, by more files than the tolerance
for i in 1 2 3 4 5 6 7 8 9; do printf $i > tree/many/$i; setfattr -n user.shared -v "the same for all" tree/many/$i; done
# longer than what readers begin with: the list, and a value
for i in $(seq 60); do setfattr -n user.one-of-many-names-$i -v $i tree/many/1; done
setfattr -n user.long -v "$(printf '%3000s' x)" tree/many/2
# the same names in a row, of the same values and others
mkdir tree/row; for each in a b c d e f g h i j; do printf $each > tree/row/$each; done
for each in a b d; do setfattr -n user.kind -v one tree/row/$each; done
setfattr -n user.kind -v two tree/row/e
setfattr -n user.kind -v tw tree/row/f
for each in g i j; do setfattr -n user.kind -v one tree/row/$each; done
for each in g h i j; do setfattr -n user.lot -v two tree/row/$each; done
printf a > tree/acl/file
setfacl -m u:1234:rw,g:55:r tree/acl/file
setfacl -d -m u:1234:rwx tree/acl
`;
