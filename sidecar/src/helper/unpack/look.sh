# Tells what is in a volume before anything is written to it. It runs in the helper pod as `sh -c <this text> nkvm-look VOLUME`
# (lookAtVolume.ts): the first entry that is not of the file system, its server or another file system (as in program/target.ts),
# then `FREE_BLOCKS BLOCK_SIZE FREE_INODES INODES TYPE`.

set -u
export LC_ALL=C
volume=$1
numbers=$(stat -f -c '%a %S %d %c %T' "$volume") || exit 1
set -- -type d \( -name lost+found -o -name .snapshot -o -name '~snapshot'
[ ! -d "$volume/.zfs/snapshot" ] || ls -A "$volume/.zfs" | grep -qvxE 'snapshot|shares' || set -- "$@" -o -name .zfs
set -- "$@" \)
while IFS= read -r mount; do set -- "$@" -o -path "$mount"; done <<EOF
$(awk -v at="$volume/" 'index($5, at) == 1 {
  gsub(/[*?[]/, "\\\\&", $5)
  gsub(/\\040/, " ", $5); gsub(/\\011/, "\t", $5); gsub(/\\012/, "?", $5); gsub(/\\134/, "\\\\\\\\", $5)
  print $5
}' /proc/self/mountinfo)
EOF
found=$(find "$volume" -mindepth 1 -maxdepth 1 ! \( "$@" \) -printf x -quit) || exit 1
echo "${found:--} $numbers"
