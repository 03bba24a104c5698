# Lists what is in a volume, without reading it. It runs in the helper pod as `sh -c <this text> nkvm-walk VOLUME` (walk.ts). Each
# record is `TYPE SIZE TIME PATH` and a NUL byte; of another file system that is mounted in the volume, its directory with the
# type `m`, and nothing below.

set -u
export LC_ALL=C
volume=$1
set -- -false
while IFS= read -r mount; do set -- "$@" -o -path "$mount"; done <<EOF
$(awk -v at="$volume/" 'index($5, at) == 1 {
  gsub(/[*?[]/, "\\\\&", $5)
  gsub(/\\040/, " ", $5); gsub(/\\011/, "\t", $5); gsub(/\\012/, "?", $5); gsub(/\\134/, "\\\\\\\\", $5)
  print $5
}' /proc/self/mountinfo)
EOF
exec find "$volume" -mindepth 1 \( "$@" \) -prune -printf 'm %s %T@ %P\0' -o -printf '%y %s %T@ %P\0'
