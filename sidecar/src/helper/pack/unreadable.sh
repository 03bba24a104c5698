# Writes the names of the first entries whose contents cannot be read, each with a NUL byte, and packs nothing. It runs in the
# middle of pack.sh, when that knows what is left out. tar opens files and directories only, and needs more than the names in a
# directory. Where find cannot tell, tar will. most_unreadable is set by packCommand.ts.

counts=
mkfifo names.pipe
head -z -n "$most_unreadable" <names.pipe 4>&- &
find_kept \( -type f ! -readable -o -type d ! \( -readable -executable \) \) -printf '%p\0' -prune >names.pipe 2>/dev/null 4>&- &
find=$!
report_progress "$find" >/dev/null 2>&4 4>&- &
reporter=$!
wait "$find"
kill "$reporter"
wait
exit 0
