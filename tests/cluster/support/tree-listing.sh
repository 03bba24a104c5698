#!/bin/sh
# Prints everything that a restored tree must have in common with the original, one entry after another.
# usage, as root: tree-listing.sh DIRECTORY
set -eu
export LC_ALL=C
cd "$1"
echo '# type, mode, owner, group, time, size, links, target, name'
find . ! -type d -printf '%y %m %U %G %T@ %s %n %l %p\0' | sort -z | tr '\0' '\n'
find . -type d -printf '%y %m %U %G %T@ %p\0' | sort -z | tr '\0' '\n'
echo '# contents'
find . -type f -print0 | sort -z | xargs -0 sha256sum -z | tr '\0' '\n'
echo '# hard links, by the names that share an inode'
find . -type f -links +1 -printf '%i %p\0' | sort -z | awk 'BEGIN { RS = "\0" }
  { inode = $1; sub(/^[0-9]+ /, ""); names[inode] = names[inode] " | " $0 }
  END { for (i in names) print names[i] }' | sort
echo '# extended attributes'
find . -print0 | sort -z | xargs -0 getfattr --no-dereference --dump --match=- --encoding=hex -- 2>/dev/null
echo '# ACLs'
find . ! -type l -print0 | sort -z | xargs -0 getfacl --numeric --absolute-names --skip-base -- 2>/dev/null
echo '# holes: sparse files take less than their size'
find . -type f -size +64k -printf '%b %s %p\0' | sort -z | awk 'BEGIN { RS = "\0" }
  { if ($1 * 512 < $2) { sub(/^[0-9]+ [0-9]+ /, ""); print } }'
